import { useCallback, useEffect, useRef, useState } from 'react';
import { after } from '../clock.ts';
import { type LinkErrorCode, linkError } from '../link-error.ts';

/** Typing is not answered key by key. */
const TYPING_MS = 180;

export interface Page<T> {
  items: readonly T[];
  nextCursor: string | null;
}

/** A keyset list for what stands in the search field, read again when `revision` changes. */
export function usePage<T>(
  read: (query: string, cursor: string | undefined) => Promise<Page<T>>,
  query: string,
  revision: unknown,
) {
  const [page, setPage] = useState<Page<T> | null>(null);
  const [failure, setFailure] = useState<LinkErrorCode | null>(null);
  const [attempt, setAttempt] = useState(0);
  const wanted = `${attempt} ${String(revision)}`;
  const isFirst = useRef(true);

  useEffect(() => {
    let isCurrent = true;
    const stop = after(isFirst.current || wanted === '' ? 0 : TYPING_MS, () => {
      isFirst.current = false;
      read(query, undefined).then(
        (next) => {
          if (!isCurrent) return;
          setPage(next);
          setFailure(null);
        },
        (error) => isCurrent && setFailure(linkError(error).code),
      );
    });
    return () => {
      isCurrent = false;
      stop();
    };
  }, [query, read, wanted]);

  const more = useCallback(async () => {
    if (page === null || page.nextCursor === null) return;
    try {
      const next = await read(query, page.nextCursor);
      setPage({ items: [...page.items, ...next.items], nextCursor: next.nextCursor });
    } catch (error) {
      setFailure(linkError(error).code);
    }
  }, [page, query, read]);

  return { page, failure, more, again: () => setAttempt(attempt + 1) };
}
