import { TextInput } from '@mantine/core';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { FIELD } from './fields.ts';

const REASON_MAX = 200;

/** Why something is changed: one of the usual reasons, where there are any, or another in words. Kept in the ledger. */
export function ReasonField(props: {
  usual: readonly string[];
  value: string;
  isBusy: boolean;
  onChange(reason: string): void;
}) {
  const { usual, value, isBusy, onChange } = props;
  const { t } = useWords();
  return (
    <fieldset className="people-group">
      <legend>
        {t('people.why')} <small>{t('people.why_hint')}</small>
      </legend>
      {usual.length > 0 && (
        <div className="people-chips">
          {usual.map((each) => (
            <Action key={each} pressed={value === each} onPress={() => onChange(each)}>
              {each}
            </Action>
          ))}
        </div>
      )}
      <TextInput
        {...FIELD}
        aria-label={t('people.why')}
        value={value}
        maxLength={REASON_MAX}
        readOnly={isBusy}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </fieldset>
  );
}
