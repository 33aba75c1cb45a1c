import { useCallback, useEffect, useState } from 'react';
import { type Bill, type BillLine, LINE_CLASSES, type LineClass } from '../../contract/bill.ts';
import type { Approval } from '../../contract/people.ts';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { linkError } from '../link-error.ts';
import { Fact } from '../lists/fact.tsx';
import { ListState } from '../lists/list-state.tsx';
import { usePage } from '../lists/use-page.ts';
import { yuanText } from '../money.ts';
import { useTillContext } from '../till-context.ts';
import { WalletName } from '../wallet.tsx';
import { BillRow } from './bill-row.tsx';
import { againstWord, grouped, stateWord } from './bill-words.ts';
import { saveBillCsv } from './save-csv.ts';

const PAGE = 50;
type Which = LineClass | 'open';

/** What came of one bill: its classes as a picture, and the lines of the one that is chosen. */
export function BillResult({ bill, onChanged }: { bill: Bill; onChanged(): void }) {
  const { api } = useTillContext();
  const { t } = useWords();
  const [chosen, setWhich] = useState<Which | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const found = LINE_CLASSES.flatMap((name) => bill.counts.filter((each) => each.class === name));
  const { billId } = bill;
  // Without a choice, or when nothing is open any more, what there is.
  const first = bill.open > 0 ? 'open' : (found[0]?.class ?? 'matched');
  const which = chosen === null || (chosen === 'open' && bill.open === 0) ? first : chosen;
  const read = useCallback(
    (name: string, cursor: string | undefined) =>
      api.bills.lines({
        billId,
        class: name as Which,
        limit: PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      }),
    [api, billId],
  );
  const { page, failure: unread, more, again } = usePage<BillLine>(read, which, '');
  const isWhole = bill.state === 'done';
  // biome-ignore lint/correctness/useExhaustiveDependencies: read anew once the wallet has answered.
  useEffect(() => again(), [bill.state]);

  async function resolve(lines: number[], reason: string, approval: Approval | null): Promise<string | null> {
    try {
      await api.bills.resolveLines({ billId, lines, reason, ...(approval ? { approval } : {}) });
    } catch (error) {
      const { code, data } = linkError(error);
      return errorWords(t, code, data);
    }
    onChanged();
    again();
    return null;
  }

  const attempt = (work: () => Promise<unknown>) => {
    setFailure(null);
    work().then(
      () => {
        onChanged();
        again();
      },
      (error: unknown) => {
        const { code, data } = linkError(error);
        setFailure(errorWords(t, code, data));
      },
    );
  };

  return (
    <>
      <header className="bill-head">
        <h3>
          <WalletName channel={bill.channel} /> {bill.day}
        </h3>
        <p role="status">{stateWord(t, bill)}</p>
      </header>
      {bill.state !== 'failed' && (
        <>
          <div className="bill-sums">
            <dl className="bill-facts">
              <Fact name={t('bills.paid')} value={`¥ ${yuanText(bill.paidFen)}`} />
              <Fact name={t('bills.refunded')} value={`¥ ${yuanText(bill.refundedFen)}`} />
              <Fact name={t('bills.fee')} value={`¥ ${yuanText(Math.round(bill.feeMilliFen / 1_000))}`} />
            </dl>
            <div className="bill-actions">
              {isWhole && bill.open > 0 && (
                <Action onPress={() => attempt(() => api.bills.ask({ billId }))}>{t('bills.ask')}</Action>
              )}
              {isWhole && (
                <Action onPress={() => attempt(() => saveBillCsv(api, billId))}>{t('bills.csv')}</Action>
              )}
            </div>
          </div>
          {bill.kind === 'fund_flow' && isWhole && <p className="bill-against">{againstWord(t, bill)}</p>}
          <div className="bill-bar" aria-hidden="true">
            {found.map((each) => (
              <span key={each.class} className={`bill-part-${each.class}`} style={{ flexGrow: each.count }} />
            ))}
          </div>
          <div className="bill-classes">
            {bill.open > 0 && (
              <Action pressed={which === 'open'} onPress={() => setWhich('open')}>
                <span className="bill-dot bill-part-open" /> {t('bills.class.open')}{' '}
                <b>{grouped(bill.open)}</b>
              </Action>
            )}
            {found.map((each) => (
              <Action
                key={each.class}
                pressed={which === each.class}
                onPress={() => setWhich(each.class)}
                testId={`bill-class-${each.class}`}
              >
                <span className={`bill-dot bill-part-${each.class}`} /> {t(`bills.class.${each.class}`)}{' '}
                <b>{grouped(each.count)}</b>
              </Action>
            ))}
          </div>
          {failure !== null && (
            <p role="alert" className="bill-failure">
              {failure}
            </p>
          )}
          <ListState
            isRead={page !== null}
            failure={unread}
            empty={page?.items.length === 0 ? t('bills.no_lines') : null}
            onAgain={again}
          />
          <ul className="list">
            {page?.items.map((line) => (
              <BillRow
                key={line.line}
                line={line}
                alike={page.items
                  .filter((each) => each.line !== line.line && isAlike(each, line))
                  .map(({ line }) => line)}
                onResolve={resolve}
              />
            ))}
          </ul>
          {page?.nextCursor && <Action onPress={more}>{t('history.more')}</Action>}
        </>
      )}
    </>
  );
}

/** Whether one reason can end both: they wait for a person, and the same is known about them. */
function isAlike(one: BillLine, other: BillLine): boolean {
  return (
    one.resolution === null && one.class === other.class && one.why === other.why && one.said === other.said
  );
}
