import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { type Burst, looksScanned, NO_BURST, nextBurst, scannedAt } from '../store/scanner.ts';
import { useTillContext } from '../till-context.ts';
import { type Filters, NO_FILTERS } from './history-query.ts';

/** Trades of one receipt: its order's charges, of each wallet. More means that it is no receipt's number. */
const OF_A_RECEIPT = 10;

/**
 * The search of a history: what is typed, what it is narrowed to, and what the barcode gun says. A scanned receipt
 * opens the payment that it is about, wherever the focus was; so does Enter, where just one trade is found.
 */
export function useHistory(
  root: RefObject<HTMLElement | null>,
  onOpen: (tradeNo: string) => void,
  isOpen: boolean,
) {
  const { api } = useTillContext();
  const [query, setQuery] = useState('');
  const [filters, setFilters] = useState<Filters>(NO_FILTERS);
  const now = useRef({ query, filters });
  now.current = { query, filters };

  const openOne = useCallback(
    async (q: string): Promise<void> => {
      const { items } = await api.trades.list({ q, limit: OF_A_RECEIPT + 1 });
      const paid = items.filter(({ state }) => state === 'paid');
      const [only] = items.length === 1 ? items : paid;
      if (only && (items.length === 1 || paid.length === 1) && items.length <= OF_A_RECEIPT)
        onOpen(only.tradeNo);
    },
    [api, onOpen],
  );

  useEffect(() => {
    if (!isOpen) return undefined;
    let burst: Burst = NO_BURST;
    let before = now.current;

    function onKey(event: KeyboardEvent): void {
      if ((event.key === 'f' && (event.ctrlKey || event.metaKey)) || (event.key === '/' && !isField(event))) {
        event.preventDefault();
        root.current?.querySelector<HTMLInputElement>('input[type="search"]')?.focus();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key.length === 1) {
        const next = nextBurst(burst, event.key, event.timeStamp);
        if (next.text.length === 1) before = now.current;
        burst = next;
        return;
      }
      if (event.key !== 'Enter') return;
      const scanned = scannedAt(burst, event.timeStamp);
      const isScan = scanned !== null && looksScanned(burst);
      burst = NO_BURST;
      const isSearch = event.target instanceof Element && event.target.matches('input[type="search"]');
      if (!isScan && !isSearch) return;
      event.preventDefault();
      event.stopPropagation();
      const text = isScan ? scanned : now.current.query.trim();
      if (isScan) {
        // Whichever field the gun typed into is put back.
        setFilters(before.filters);
        setQuery(scanned);
      }
      if (text !== '') openOne(text).catch(() => {});
    }

    window.addEventListener('keydown', onKey, true);
    return () => window.removeEventListener('keydown', onKey, true);
  }, [isOpen, openOne, root]);

  return { query, setQuery, filters, setFilters };
}

function isField(event: Event): boolean {
  return event.target instanceof Element && event.target.matches('input, textarea, select');
}
