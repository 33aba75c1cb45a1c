import { TextInput, UnstyledButton } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import type { Shift } from '../../contract/shift.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { type LinkErrorCode, linkError } from '../link-error.ts';
import { ListState } from '../lists/list-state.tsx';
import { yuanText } from '../money.ts';
import { useTillContext } from '../till-context.ts';
import { dayAndTime } from '../times.ts';
import { Yuan } from '../yuan.tsx';
import { ShiftSlip } from './shift-slip.tsx';
import './shifts.css';

const SHOWN = 60;

/** The running shift, and those that were closed, each with its slip. */
export default function ShiftsPage() {
  const { api } = useTillContext();
  const { t } = useWords();
  const [shifts, setShifts] = useState<Shift[] | null>(null);
  const [failure, setFailure] = useState<LinkErrorCode | null>(null);
  const [refusal, setRefusal] = useState<LinkErrorCode | null>(null);
  const [reason, setReason] = useState('');
  const [slip, setSlip] = useState<Shift | null>(null);

  const read = useCallback(() => {
    api.shifts.list({ limit: SHOWN }).then(
      ({ items }) => {
        setShifts(items);
        setFailure(null);
      },
      (error: unknown) => setFailure(linkError(error).code),
    );
  }, [api]);
  useEffect(read, [read]);

  const running = shifts?.find((shift) => shift.closedAt === null);
  const needsReason = (running?.unfinished ?? 0) > 0;

  function attempt(work: Promise<Shift>): void {
    setRefusal(null);
    work
      .then(
        (shift) => {
          setReason('');
          if (shift.closedAt !== null) setSlip(shift);
        },
        (error: unknown) => setRefusal(linkError(error).code),
      )
      .finally(read);
  }

  if (slip)
    return (
      <>
        <Action onPress={() => setSlip(null)}>{t('shift.back')}</Action>
        <ShiftSlip shift={slip} />
      </>
    );
  return (
    <>
      <ListState isRead={shifts !== null} failure={failure} empty={null} onAgain={read} />
      {shifts !== null && !running && (
        <section className="shift-now">
          <p>{t('shift.none')}</p>
          <Action kind="main" onPress={() => attempt(api.shifts.open())} testId="shift-open">
            {t('shift.open')}
          </Action>
        </section>
      )}
      {running && (
        <section className="shift-now">
          <p className="quiet">
            {t('shift.running', { at: dayAndTime(running.openedAt).slice(5, 16) })} ·{' '}
            {running.openedBy ?? t('shift.nobody')}
          </p>
          <p className="shift-sum">
            <Yuan fen={running.totals.paidFen} />
          </p>
          <ul className="shift-channels">
            {running.totals.byChannel.map((each) => (
              <li key={each.channel}>
                {t(`wallet.${each.channel}`)} <b>¥ {yuanText(each.paidFen)}</b>{' '}
                <small>{t('shift.count', { count: each.paidCount })}</small>
              </li>
            ))}
          </ul>
          <form
            className="shift-close"
            onSubmit={(event) => {
              event.preventDefault();
              attempt(api.shifts.close(needsReason && reason.trim() !== '' ? { reason: reason.trim() } : {}));
            }}
          >
            {needsReason && (
              <>
                <p className="shift-unfinished">
                  {t('shift.unfinished', { unfinished: running.unfinished })}
                </p>
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
            <Action type="submit" kind="main" testId="shift-close">
              {t('shift.close')}
            </Action>
          </form>
        </section>
      )}
      {refusal !== null && <p role="alert">{t(`errors.${refusal}`)}</p>}
      <h3>{t('shift.closed')}</h3>
      {shifts?.every((shift) => shift.closedAt === null) && <p className="quiet">{t('shift.none_closed')}</p>}
      <ul className="list">
        {shifts
          ?.filter((shift) => shift.closedAt !== null)
          .map((shift) => (
            <li key={shift.shiftId}>
              <UnstyledButton className="list-row" onClick={() => setSlip(shift)}>
                <span className="list-main">{shift.closedBy ?? t('shift.nobody')}</span>
                <time>{dayAndTime(shift.closedAt ?? shift.openedAt).slice(5, 16)}</time>
                <span className="number list-amount">¥ {yuanText(shift.totals.paidFen)}</span>
                <span className="list-state-word quiet">
                  {t('shift.count', { count: shift.totals.paidCount })}
                </span>
              </UnstyledButton>
            </li>
          ))}
      </ul>
    </>
  );
}
