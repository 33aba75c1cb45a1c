import { TextInput } from '@mantine/core';
import { type PointerEvent, useState } from 'react';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { FIELD, PIN_MAX } from './fields.ts';
import { PinKeys } from './pin-keys.tsx';

/** A PIN in a form. Pressed with a finger it brings its own digits: such a till may have no keyboard. */
export function PinField(props: {
  label: string;
  description?: string;
  value: string;
  isBusy?: boolean;
  onChange(pin: string): void;
}) {
  const { label, description, value, isBusy = false, onChange } = props;
  const { t } = useWords();
  const [isFinger, setFinger] = useState(false);
  const [hasKeys, setKeys] = useState(false);
  const take = (text: string) => onChange(text.replaceAll(/\D/g, '').slice(0, PIN_MAX));
  return (
    <div className="pin-in-form">
      <TextInput
        {...FIELD}
        type="password"
        inputMode={isFinger ? 'none' : 'numeric'}
        maxLength={PIN_MAX}
        label={label}
        description={description}
        value={value}
        readOnly={isBusy}
        onChange={(event) => take(event.currentTarget.value)}
        onPointerDown={(event: PointerEvent) => setFinger(event.pointerType !== 'mouse')}
        // Not before the finger is up: what moves under it would be pressed.
        onClick={() => isFinger && setKeys(true)}
      />
      {hasKeys && !isBusy && (
        <fieldset aria-label={t('people.keys')} ref={intoSight}>
          <PinKeys
            onDigit={(digit) => take(`${value}${digit}`)}
            onClear={() => onChange('')}
            last={
              <Action onPress={() => onChange(value.slice(0, -1))} label={t('idle.erase')}>
                ⌫
              </Action>
            }
          />
        </fieldset>
      )}
    </div>
  );
}

/** Whoever presses the field sees its digits, also at the end of a dialog. */
function intoSight(keys: HTMLElement | null): void {
  keys?.scrollIntoView({ block: 'nearest' });
}
