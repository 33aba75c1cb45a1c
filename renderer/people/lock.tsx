import { useEffect, useState } from 'react';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { useTill, useTillContext } from '../till-context.ts';
import { PinPad } from './pin-pad.tsx';
import { SignIn } from './sign-in.tsx';

/** Over what runs: that the screen is locked, and the way in. Any digit opens it, too. */
export function LockStrip({ onOpen, isNeeded }: { onOpen(): void; isNeeded: boolean }) {
  const { t } = useWords();
  const name = useTill((state) => state.session?.person?.name ?? '');
  useEffect(() => {
    if (!isNeeded) return;
    const onKey = (event: KeyboardEvent) => {
      if (/^[0-9]$/.test(event.key) || event.key === 'Enter') onOpen();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [isNeeded, onOpen]);
  if (!isNeeded) return null;
  return (
    <div className="strip strip-calm strip-act" role="status" data-testid="locked">
      {t('people.locked_by', { name })}
      <Action onPress={onOpen} testId="open-lock">
        {t('people.unlock')}
      </Action>
    </div>
  );
}

/** The PIN of whoever locked it goes on where it was; somebody else signs in instead. */
export function Unlock({ onBack }: { onBack: (() => void) | null }) {
  const { t } = useWords();
  const { till } = useTillContext();
  const name = useTill((state) => state.session?.person?.name ?? '');
  const [isOther, setOther] = useState(false);
  if (isOther) return <SignIn />;
  return (
    <div className="people-gate" data-testid="unlock">
      <h1>{t('people.locked_by', { name })}</h1>
      <PinPad
        label={t('people.pin_of', { name })}
        action={t('people.unlock')}
        onPin={(pin) => till.unlock(pin)}
      />
      <div className="people-acts">
        {onBack && (
          <Action kind="quiet" onPress={onBack}>
            {t('people.back')}
          </Action>
        )}
        <Action kind="quiet" onPress={() => setOther(true)} testId="somebody-else">
          {t('people.somebody_else')}
        </Action>
      </div>
    </div>
  );
}
