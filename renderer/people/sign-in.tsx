import { UnstyledButton } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { useTillContext } from '../till-context.ts';
import { PinPad } from './pin-pad.tsx';

/** Pick the name, type the PIN. The till goes on where it stood. */
export function SignIn() {
  const { api, till } = useTillContext();
  const { t } = useWords();
  const [names, setNames] = useState<readonly string[]>([]);
  const [name, setName] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    // Without the line there is nothing to pick; the window tries again by itself.
    api.auth.names().then(
      (next) => isCurrent && setNames(next),
      () => {},
    );
    // Whose till it is, and that it may be a sandbox, is said before anybody signs in.
    api.till.get().then(
      (known) => till.change((state) => ({ ...state, till: known })),
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [api, till]);
  const only = names.length === 1 ? (names[0] ?? null) : null;
  const chosen = name ?? only;
  return (
    <div className="people-gate" data-testid="sign-in">
      {chosen === null ? (
        <>
          <h1>{t('people.who')}</h1>
          <ul className="people-tiles">
            {names.map((each) => (
              <li key={each}>
                <UnstyledButton className="people-tile" onClick={() => setName(each)}>
                  {each}
                </UnstyledButton>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <>
          <h1>{chosen}</h1>
          <PinPad
            label={t('people.pin_of', { name: chosen })}
            action={t('people.sign_in')}
            onPin={(pin) => till.signIn(chosen, pin)}
          />
          {only === null && (
            <Action kind="quiet" onPress={() => setName(null)} testId="somebody-else">
              {t('people.somebody_else')}
            </Action>
          )}
        </>
      )}
    </div>
  );
}
