/**
 * Keyset pages over (created_at_ms, key), newest first. A cursor is the last row's pair, opaque to
 * callers. A cursor that is not ours reads as the first page's end: nothing follows it.
 */
export interface PageQuery {
  cursor?: string | undefined;
  limit: number;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** SQL after which `:beforeMs` and `:beforeKey` bound a page; `key` is the table's unique text column. */
export function beforeClause(key: string): string {
  return `(created_at_ms, ${key}) < (:beforeMs, :beforeKey)`;
}

export function readCursor(cursor: string): { beforeMs: number; beforeKey: string } {
  const match = /^(\d{1,15})\.(.+)$/.exec(cursor);
  return { beforeMs: Number(match?.[1] ?? 0), beforeKey: match?.[2] ?? '' };
}

/** Cuts rows read with `LIMIT limit + 1` into a page. */
export function asPage<T>(
  rows: T[],
  limit: number,
  cursorOf: (item: T) => { ms: number; key: string },
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  if (rows.length <= limit || last === undefined) return { items, nextCursor: null };
  const { ms, key } = cursorOf(last);
  return { items, nextCursor: `${ms}.${key}` };
}
