import { UnstyledButton } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import type { Bill } from '../../contract/bill.ts';
import { Action } from '../action.tsx';
import { every } from '../clock.ts';
import { useWords } from '../i18n/index.ts';
import { type LinkErrorCode, linkError } from '../link-error.ts';
import { ListState } from '../lists/list-state.tsx';
import { useTillContext } from '../till-context.ts';
import { WalletName } from '../wallet.tsx';
import { BillProgress } from './bill-progress.tsx';
import { BillResult } from './bill-result.tsx';
import { BillStart } from './bill-start.tsx';
import { stateWord } from './bill-words.ts';
import './bills.css';

const SHOWN = 60;
/** How often a bill that is being read is looked at. */
const LOOK_MS = 700;

/** The wallets' bills: fetch or drop in, how far they are, what came of them. */
export default function BillsPage() {
  const { api } = useTillContext();
  const { t } = useWords();
  const [bills, setBills] = useState<Bill[] | null>(null);
  const [failure, setFailure] = useState<LinkErrorCode | null>(null);
  const [opened, setOpened] = useState<number | null>(null);

  const read = useCallback(() => {
    api.bills.list({ limit: SHOWN }).then(
      ({ items }) => {
        setBills(items);
        setFailure(null);
      },
      (error: unknown) => setFailure(linkError(error).code),
    );
  }, [api]);
  useEffect(read, [read]);

  const isUnderWay = bills?.some(({ state }) => state === 'running' || state === 'asking') ?? false;
  useEffect(() => (isUnderWay ? every(LOOK_MS, read) : undefined), [isUnderWay, read]);

  const stop = (billId: number) => {
    api.bills.stop({ billId }).then(read, (error: unknown) => setFailure(linkError(error).code));
  };
  const found = bills?.find(({ billId }) => billId === opened);
  if (found)
    return (
      <>
        <Action onPress={() => setOpened(null)}>{t('bills.back')}</Action>
        <BillProgress bill={found} onStop={stop} />
        <BillResult bill={found} onChanged={read} />
      </>
    );
  return (
    <>
      <BillStart onBegun={read} />
      <ListState
        isRead={bills !== null}
        failure={failure}
        empty={bills?.length === 0 ? t('bills.empty') : null}
        onAgain={read}
      />
      <ul className="list">
        {bills?.map((bill) => (
          <li key={bill.billId}>
            <UnstyledButton className="list-row bill-item" onClick={() => setOpened(bill.billId)}>
              <span className="list-main">
                <WalletName channel={bill.channel} />
                <small>{t(`bills.kind.${bill.kind}`)}</small>
              </span>
              <time>{bill.day}</time>
              <span className={bill.open > 0 ? 'bill-word bill-open' : 'bill-word'} role="status">
                {stateWord(t, bill)}
              </span>
            </UnstyledButton>
            <BillProgress bill={bill} onStop={stop} />
          </li>
        ))}
      </ul>
    </>
  );
}
