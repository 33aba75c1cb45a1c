import { NativeSelect, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import type { Shift } from '../../contract/shift.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { FIELD, isPin } from '../people/fields.ts';
import { PinField } from '../people/pin-field.tsx';
import { useTill, useTillContext } from '../till-context.ts';
import { dayAndTime } from '../times.ts';
import { Yuan } from '../yuan.tsx';

/** A shift that was closed, and who took over. */
export interface Ended {
  closed: Shift;
  next: string | null;
}

/** The running shift: what it has taken, and its end, either for good or handed to the person who goes on. */
export function ShiftNow(props: {
  shift: Shift;
  /** Its end is under way: it is not asked for twice. */
  isBusy: boolean;
  onEnd(work: Promise<Ended>): void;
}) {
  const { shift, isBusy, onEnd } = props;
  const { api, till } = useTillContext();
  const { t } = useWords();
  const hasPeople = useTill((state) => state.session?.hasPeople ?? false);
  const [reason, setReason] = useState('');
  const [isHandingOver, setHandingOver] = useState(false);
  const [next, setNext] = useState('');
  const [pin, setPin] = useState('');
  const [lack, setLack] = useState<string | null>(null);
  // A PIN is good for one try: what is typed after a refusal is not added to it.
  useEffect(() => (isBusy ? () => setPin('') : undefined), [isBusy]);
  const needsReason = shift.unfinished > 0;
  const why = needsReason && reason.trim() !== '' ? { reason: reason.trim() } : {};

  async function handOver(): Promise<Ended> {
    const to = hasPeople ? { operator: next, pin } : undefined;
    const { closed, opened } = await api.shifts.handOver({ ...why, ...(to ? { to } : {}) });
    // The same PIN signs them in, so that nobody works under the name of who has left.
    if (to) await till.signIn(to.operator, to.pin);
    return { closed, next: opened.openedBy };
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isBusy) return;
    const isNextGiven = !isHandingOver || !hasPeople || (next !== '' && isPin(pin));
    setLack(isNextGiven ? null : t('shift.next_missing'));
    if (!isNextGiven) return;
    onEnd(isHandingOver ? handOver() : api.shifts.close(why).then((closed) => ({ closed, next: null })));
  };

  return (
    <section className="shift-now">
      <p className="quiet">
        {t('shift.running', { at: dayAndTime(shift.openedAt).slice(5, 16) })} ·{' '}
        {shift.openedBy ?? t('shift.nobody')}
      </p>
      <p className="shift-sum">
        <Yuan fen={shift.totals.paidFen} />
      </p>
      <ul className="shift-channels">
        {shift.totals.byChannel.map((each) => (
          <li key={each.channel}>
            {t(`wallet.${each.channel}`)} <b>¥ {yuanText(each.paidFen)}</b>{' '}
            <small>{t('shift.count', { count: each.paidCount })}</small>
            {each.refundedCount > 0 && (
              <>
                {' '}
                <b>−¥ {yuanText(each.refundedFen)}</b>{' '}
                <small>{t('shift.refunds', { count: each.refundedCount })}</small>
              </>
            )}
          </li>
        ))}
      </ul>
      <form className="shift-close" onSubmit={submit}>
        {needsReason && (
          <>
            <p className="shift-unfinished">{t('shift.unfinished', { unfinished: shift.unfinished })}</p>
            <TextInput
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              placeholder={t('shift.reason')}
              aria-label={t('shift.reason')}
              maxLength={200}
              classNames={{ input: 'search' }}
              variant="unstyled"
            />
          </>
        )}
        {isHandingOver && hasPeople && (
          <NextPerson
            but={shift.openedBy}
            next={next}
            onNext={setNext}
            pin={pin}
            onPin={setPin}
            isBusy={isBusy}
          />
        )}
        {lack !== null && (
          <p className="trade-notice shift-lack" role="alert">
            {lack}
          </p>
        )}
        <div className="shift-ends">
          {isHandingOver ? (
            <>
              {/* Keyed: a button that became this one under the press would send the form with it. */}
              <Action key="confirm" type="submit" kind="main" busy={isBusy} testId="shift-hand-over-confirm">
                {t('shift.hand_over_confirm')}
              </Action>
              <Action
                key="not"
                onPress={() => {
                  setHandingOver(false);
                  setLack(null);
                }}
              >
                {t('shift.hand_over_not')}
              </Action>
            </>
          ) : (
            <>
              <Action
                key="begin"
                kind="main"
                busy={isBusy}
                testId="shift-hand-over"
                onPress={() => (hasPeople ? setHandingOver(true) : onEnd(handOver()))}
              >
                {t('shift.hand_over')}
              </Action>
              <Action key="close" type="submit" busy={isBusy} testId="shift-close">
                {t('shift.close')}
              </Action>
            </>
          )}
        </div>
      </form>
    </section>
  );
}

/** Who goes on, and their PIN: anybody `but` whose shift it is. */
function NextPerson(props: {
  but: string | null;
  next: string;
  onNext(name: string): void;
  pin: string;
  onPin(pin: string): void;
  isBusy: boolean;
}) {
  const { api } = useTillContext();
  const { t } = useWords();
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    api.auth.names().then(setNames, () => {});
  }, [api]);
  return (
    <fieldset className="shift-next">
      <legend>{t('shift.next')}</legend>
      <NativeSelect
        {...FIELD}
        label={t('shift.next_who')}
        value={props.next}
        onChange={(event) => props.onNext(event.currentTarget.value)}
        data={['', ...names.filter((name) => name !== props.but)]}
      />
      <PinField label={t('people.pin')} value={props.pin} isBusy={props.isBusy} onChange={props.onPin} />
    </fieldset>
  );
}
