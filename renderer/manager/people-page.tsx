import { useCallback, useEffect, useState } from 'react';
import { PERSON_ROLES, type Person } from '../../contract/people.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { type LinkErrorCode, linkError } from '../link-error.ts';
import { ListState } from '../lists/list-state.tsx';
import { PersonForm } from '../people/person-form.tsx';
import { useTill, useTillContext } from '../till-context.ts';
import { clockTime, dayAndTime } from '../times.ts';
import { PersonChange } from './person-change.tsx';

/** Who works here. Of a till without people: its first one. */
export default function PeoplePage() {
  const { t } = useWords();
  const { till } = useTillContext();
  const session = useTill((state) => state.session);
  if (session === null) return null;
  if (!session.hasPeople)
    return (
      <>
        <p>{t('people.set_up_lead')}</p>
        <PersonForm
          asks={['name', 'pin']}
          roles={[]}
          action={t('people.set_up')}
          onSend={({ name, pin }) => till.setUpOwner(name, pin)}
          onCancel={null}
        />
      </>
    );
  if (!session.rights.includes('manage_people')) return <p className="quiet">{t('errors.not_allowed')}</p>;
  return <People isOwner={session.person?.role === 'owner'} />;
}

function People({ isOwner }: { isOwner: boolean }) {
  const { api } = useTillContext();
  const { t } = useWords();
  const [people, setPeople] = useState<readonly Person[] | null>(null);
  const [failure, setFailure] = useState<LinkErrorCode | null>(null);
  const [doing, setDoing] = useState<Person | 'new' | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const read = useCallback(() => {
    api.people.list().then(
      (next) => {
        setPeople(next);
        setFailure(null);
      },
      (error) => setFailure(linkError(error).code),
    );
  }, [api]);
  useEffect(read, [read]);

  function done(words: string): void {
    setSaid(words);
    setDoing(null);
    read();
  }

  if (doing === 'new')
    return (
      <PersonForm
        asks={['name', 'pin']}
        roles={isOwner ? PERSON_ROLES : []}
        action={t('people.add')}
        onSend={async ({ name, role, pin }) => {
          const added = await api.people.add({ name, role, pin });
          done(t('people.added', { name: added.name }));
        }}
        onCancel={() => setDoing(null)}
      />
    );
  if (doing !== null)
    return <PersonChange person={doing} isOwner={isOwner} onDone={done} onCancel={() => setDoing(null)} />;
  return (
    <>
      <Action kind="main" onPress={() => setDoing('new')} testId="add-person">
        {t('people.add')}
      </Action>
      <p role="status">{said}</p>
      <ListState isRead={people !== null} failure={failure} empty={null} onAgain={read} />
      <ul className="list">
        {(people ?? []).map((person) => (
          <li key={person.personId} className="people-row">
            <span className="list-main">
              <b>{person.name}</b>
              <small>
                {t(`role.${person.role}`)}
                {person.lockedUntil &&
                  ` · ${t('people.locked_until', { time: clockTime(person.lockedUntil) })}`}
                {person.disabledAt &&
                  ` · ${t('people.disabled_at', { time: dayAndTime(person.disabledAt).slice(0, 10) })}`}
              </small>
            </span>
            {person.disabledAt === null && (isOwner || person.role === 'cashier') && (
              <Action onPress={() => setDoing(person)} testId="change-person">
                {t('people.change')}
              </Action>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
