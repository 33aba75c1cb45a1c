import { useState } from 'react';
import { PERSON_ROLES, type Person } from '../../contract/people.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { PersonForm } from '../people/person-form.tsx';
import { useTillContext } from '../till-context.ts';

/** One person: another name or role, a new PIN, or that they leave. Each with its reason. */
export function PersonChange(props: {
  person: Person;
  isOwner: boolean;
  onDone(words: string): void;
  onCancel(): void;
}) {
  const { person, isOwner, onDone, onCancel } = props;
  const { personId, name } = person;
  const { api } = useTillContext();
  const { t } = useWords();
  const [what, setWhat] = useState<'change' | 'pin' | 'leave'>('change');
  const tabs = { change: t('people.change'), pin: t('people.reset'), leave: t('people.disable') };
  return (
    <>
      <h3>{name}</h3>
      <fieldset className="people-chips" aria-label={name}>
        {(['change', 'pin', 'leave'] as const).map((each) => (
          <Action key={each} pressed={each === what} onPress={() => setWhat(each)} testId={`person-${each}`}>
            {tabs[each]}
          </Action>
        ))}
      </fieldset>
      {what === 'change' && (
        <PersonForm
          key={what}
          asks={['name']}
          roles={isOwner ? PERSON_ROLES : []}
          reasons={[t('people.why.promoted'), t('people.why.renamed')]}
          began={person}
          action={t('people.save')}
          onSend={async (to) => {
            const now = await api.people.change({
              personId,
              name: to.name,
              role: to.role,
              reason: to.reason,
            });
            onDone(t('people.changed', { name: now.name, role: t(`role.${now.role}`) }));
          }}
          onCancel={onCancel}
        />
      )}
      {what === 'pin' && (
        <>
          <p>{t('people.reset_lead', { name })}</p>
          <PersonForm
            key={what}
            asks={['pin']}
            roles={[]}
            reasons={[t('people.why.forgot'), t('people.why.seen')]}
            action={t('people.reset')}
            onSend={async ({ pin, reason }) => {
              await api.people.resetPin({ personId, pin, reason });
              onDone(t('people.reset_done', { name }));
            }}
            onCancel={onCancel}
          />
        </>
      )}
      {what === 'leave' && (
        <>
          <p>{t('people.disable_lead', { name })}</p>
          <PersonForm
            key={what}
            asks={[]}
            roles={[]}
            reasons={[t('people.why.left'), t('people.why.moved')]}
            action={t('people.disable')}
            onSend={async ({ reason }) => {
              await api.people.disable({ personId, reason });
              onDone(t('people.disabled_done', { name }));
            }}
            onCancel={onCancel}
          />
        </>
      )}
    </>
  );
}
