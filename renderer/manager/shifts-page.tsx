import { UnstyledButton } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import type { Shift } from '../../contract/shift.ts';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { type LinkErrorCode, linkError } from '../link-error.ts';
import { ListState } from '../lists/list-state.tsx';
import { yuanText } from '../money.ts';
import { useTillContext } from '../till-context.ts';
import { dayAndTime } from '../times.ts';
import { type Ended, ShiftNow } from './shift-now.tsx';
import { ShiftSlip } from './shift-slip.tsx';
import './shifts.css';

const SHOWN = 60;

/** The running shift, and those that were closed, each with its slip. */
export default function ShiftsPage() {
  const { api } = useTillContext();
  const { t } = useWords();
  const [shifts, setShifts] = useState<Shift[] | null>(null);
  const [failure, setFailure] = useState<LinkErrorCode | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [ended, setEnded] = useState<Ended | null>(null);

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
  function attempt<T>(work: Promise<T>, onDone: (result: T) => void): void {
    setRefusal(null);
    setBusy(true);
    work
      .then(onDone, (error: unknown) => {
        const { code, data } = linkError(error);
        setRefusal(errorWords(t, code, data));
      })
      .finally(() => {
        setBusy(false);
        read();
      });
  }

  if (ended)
    return (
      <>
        <Action onPress={() => setEnded(null)} testId="slip-back">
          {t('shift.back')}
        </Action>
        <ShiftSlip shift={ended.closed} next={ended.next} />
      </>
    );
  return (
    <>
      <ListState isRead={shifts !== null} failure={failure} empty={null} onAgain={read} />
      {shifts !== null && !running && (
        <section className="shift-now">
          <p>{t('shift.none')}</p>
          <Action
            kind="main"
            busy={isBusy}
            onPress={() => attempt(api.shifts.open(), () => {})}
            testId="shift-open"
          >
            {t('shift.open')}
          </Action>
        </section>
      )}
      {running && <ShiftNow shift={running} isBusy={isBusy} onEnd={(work) => attempt(work, setEnded)} />}
      {refusal !== null && (
        <p className="trade-notice" role="alert">
          {refusal}
        </p>
      )}
      <h3>{t('shift.closed')}</h3>
      {shifts?.every((shift) => shift.closedAt === null) && <p className="quiet">{t('shift.none_closed')}</p>}
      <ul className="list">
        {shifts
          ?.filter((shift) => shift.closedAt !== null)
          .map((shift) => (
            <li key={shift.shiftId}>
              <UnstyledButton className="list-row" onClick={() => setEnded({ closed: shift, next: null })}>
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
