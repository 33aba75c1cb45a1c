import { UnstyledButton } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { OutboxEntry } from '../../contract/outbox.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { orderTail } from '../order-number.ts';
import { useTill, useTillContext } from '../till-context.ts';
import { dayAndTime } from '../times.ts';
import { WalletName } from '../wallet.tsx';
import { AttentionEntry } from './attention-entry.tsx';
import { headline } from './attention-words.ts';
import { ListState } from './list-state.tsx';
import { Sheet } from './sheet.tsx';
import { usePage } from './use-page.ts';

const PAGE = 50;

/** What the machine gave up on and money to give back: one of them opens with what to do next. */
export default function Attention(props: { entry: OutboxEntry | undefined; onClose(): void }) {
  const { api } = useTillContext();
  const { t } = useWords();
  const [opened, setOpened] = useState(props.entry ?? null);
  const [isAsking, setAsking] = useState(false);
  const [done, setDone] = useState<string | null>(null);
  const outbox = useTill((state) => state.status?.outbox);
  const read = useCallback(
    (_: string, cursor: string | undefined) =>
      api.outbox.list({ state: 'parked', limit: PAGE, ...(cursor === undefined ? {} : { cursor }) }),
    [api],
  );
  const { page, failure, more, again } = usePage(read, '', `${outbox?.parked} ${outbox?.refundsDue}`);
  const items = page?.items ?? [];
  const refunding = outbox?.refunding ?? 0;
  const rows = useRef<HTMLUListElement>(null);
  const hasRows = items.length > 0;
  // The keyboard goes on where the hand expects it: at the first of what is left.
  useEffect(() => {
    if (opened === null && hasRows) rows.current?.querySelector('button')?.focus();
  }, [opened, hasRows]);

  function onDone(words: string): void {
    setDone(words);
    setOpened(null);
    again();
  }

  return (
    <Sheet
      title={t('attention.heading')}
      onClose={props.onClose}
      keepsOpen={isAsking}
      instead={
        opened === null ? (
          <p className="quiet" role="status">
            {done ?? (hasRows ? t('attention.lead') : '')}
          </p>
        ) : (
          <Action onPress={() => setOpened(null)}>{t('attention.back')}</Action>
        )
      }
    >
      {opened !== null ? (
        <AttentionEntry
          entry={items.find((each) => each.entryId === opened.entryId) ?? opened}
          onAsking={setAsking}
          onDone={onDone}
          onGone={again}
        />
      ) : (
        <>
          <ListState
            isRead={page !== null}
            failure={failure}
            empty={page !== null && !hasRows ? t('attention.empty') : null}
            onAgain={again}
          />
          <ul className="list" ref={rows}>
            {items.map((entry) => (
              <li key={entry.entryId}>
                <Row entry={entry} onOpen={() => setOpened(entry)} />
              </li>
            ))}
          </ul>
          {page?.nextCursor && <Action onPress={more}>{t('history.more')}</Action>}
          {refunding > 0 && <p className="list-note">{t('attention.refunding', { number: refunding })}</p>}
        </>
      )}
    </Sheet>
  );
}

function Row({ entry, onOpen }: { entry: OutboxEntry; onOpen(): void }) {
  const { t } = useWords();
  return (
    <UnstyledButton className="list-row list-row-attention" onClick={onOpen}>
      <span className="list-main">
        <b>{headline(t, entry)}</b>
        <small className="list-facts">
          {entry.channel && <WalletName channel={entry.channel} />}
          <span>
            {t('stage.order')} …{orderTail(entry.orderNo)}
          </span>
          {entry.tradeNo && (
            <span>
              {t('attention.trade')} …{orderTail(entry.tradeNo)}
            </span>
          )}
          <time>{t('checking.since', { time: dayAndTime(entry.createdAt).slice(5, 16) })}</time>
        </small>
      </span>
      <span className="number list-amount">
        {entry.amountFen !== null && `¥ ${yuanText(entry.amountFen)}`}
      </span>
      <span className="list-go">{t('attention.open')}</span>
    </UnstyledButton>
  );
}
