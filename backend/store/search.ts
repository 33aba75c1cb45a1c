import type Database from 'better-sqlite3';
import { beforeClause, type PageQuery, readCursor } from './page.ts';

/**
 * Finding by text in a table of a million rows without reading it all.
 *
 * Subjects and notes are found by any part of them: the table `order_search` holds each pair of neighbouring
 * characters as one word, written as hexadecimal so that every character counts alike (a dish has two
 * characters, too short for SQLite's own trigrams). Numbers are found by their beginning, or by their end
 * from four characters on. What an index brings is compared with the text again, so that it only narrows.
 *
 * The words of an order are a tenth of what its charge costs, so that they are written when nobody waits: until then
 * it is among what every search compares.
 */

/** SQL: the row of the table `searched_orders` is of an order whose words are not in the index yet. */
export const NOT_INDEXED = 'searched_orders.id > (SELECT searched_to FROM upkeep)';

/** Hexadecimal digits of one character; the first six of a word are its first character. */
const WIDTH = 6;
/** The end of a number from which an index finds it. */
const END = 4;
/** `MATCH` of no order: words are hexadecimal. */
const NO_WORD = '"none"';

/** Gives the connection the function that migration 0004 fills the index with. */
export function teachSearch(db: Database.Database): void {
  db.function('search_grams', { deterministic: true }, (orderNo, subject, note) =>
    searchGrams(String(orderNo), String(subject), note === null ? null : String(note)),
  );
}

/** The words under which an order is found. */
export function searchGrams(orderNo: string, subject: string, note: string | null): string {
  const words = new Set([endWord(orderNo)]);
  for (const text of [subject, note ?? '']) {
    const marks = characters(text);
    // The last character stands alone, so that a single one is found wherever it is.
    for (const [index, mark] of marks.entries()) words.add(mark + (marks[index + 1] ?? ''));
  }
  return [...words].join(' ');
}

/**
 * A parameter in SQL. Cast, since SQLite plans a statement anew at every use when its plan may depend on the value
 * of a bare one. Not for comparing with `substr(…)`: the index on that has no type.
 */
function asText(name: string): string {
  return `CAST(:${name} AS TEXT)`;
}

/** What the indexes bring is read at once up to so many rows; of more, a page is likely among the newest. */
const FEW = 200;
const READ_NEWEST = 2_000;

/** The parameters of a search for `text`, for the indexes and for the comparison. */
function wanted(text: string) {
  const marks = characters(text);
  const pairs = marks.slice(0, -1).map((mark, index) => `"${mark}${marks[index + 1] ?? ''}"`);
  const inText = pairs.length > 0 ? pairs.join(' AND ') : `"${marks[0] ?? ''}"*`;
  const hasEnd = text.length >= END;
  const upper = text.toUpperCase();
  return {
    /** `MATCH` of the table `order_search`, by subjects and notes; and by an order number's end. */
    inText,
    endWord: hasEnd ? `"${endWord(text)}"` : NO_WORD,
    // Our own numbers have no small letters; people type them.
    from: text,
    to: `${text}\u{10FFFF}`,
    upper,
    upperTo: `${upper}\u{10FFFF}`,
    end: hasEnd ? text.slice(-END) : null,
    upperEnd: hasEnd ? upper.slice(-END) : null,
    anywhere: `%${escaped(text)}%`,
    begins: `${escaped(text)}%`,
    ends: hasEnd ? `%${escaped(text)}` : null,
  };
}

/** A page of a table, filtered and searched. `compared` and `found` are SQL over the parameters of a text. */
export function pageFinder<Row>(
  db: Database.Database,
  table: {
    table: string;
    key: string;
    compared: string;
    found: string;
    /** What a filter of this name demands, as SQL; of any other, that the column is equal. */
    bounds?: Readonly<Record<string, string>>;
  },
): (
  query: PageQuery & { text?: string; amountFen?: number },
  filters: Readonly<Record<string, string | number | undefined>>,
) => Row[] {
  const { key, compared } = table;
  const newestFirst = `ORDER BY created_at_ms DESC, ${key} DESC`;

  function prepare(bounds: readonly string[]) {
    const statement = (sql: string) => db.prepare<[Record<string, unknown>], Row>(sql);
    const within = bounds.length > 0 ? `WHERE ${bounds.join(' AND ')}` : '';
    return {
      all: statement(`SELECT * FROM ${table.table} ${within} ${newestFirst} LIMIT CAST(:limit AS INTEGER)`),
      newest: statement(
        `SELECT * FROM ${table.table} WHERE ${[...bounds, compared].join(' AND ')} AND created_at_ms >=
           (SELECT min(created_at_ms) FROM (SELECT created_at_ms FROM ${table.table} ${within} ${newestFirst} LIMIT ${READ_NEWEST}))
         ${newestFirst} LIMIT CAST(:limit AS INTEGER)`,
      ),
      few: statement(picked('SELECT DISTINCT value FROM json_each(:keys)', bounds)),
      many: statement(picked(`SELECT DISTINCT * FROM (${table.found})`, bounds)),
    };
  }

  /** What was found comes first, whatever the planner would guess. */
  function picked(keys: string, bounds: readonly string[]): string {
    return `WITH found (${key}) AS (${keys}) SELECT ${table.table}.* FROM found CROSS JOIN ${table.table} USING (${key})
      WHERE ${[...bounds, compared].join(' AND ')} ${newestFirst} LIMIT CAST(:limit AS INTEGER)`;
  }

  const find = db
    .prepare<[Record<string, unknown>], string>(`SELECT DISTINCT * FROM (${table.found}) LIMIT ${FEW + 1}`)
    .pluck();
  // A condition that is not asked for is not in the statement: each set of them has its own index.
  const prepared = new Map<string, ReturnType<typeof prepare>>();

  return (query, filters) => {
    const given = Object.entries(filters).filter(([, value]) => value !== undefined);
    const bounds = [
      ...(query.cursor === undefined ? [] : [beforeClause(key)]),
      ...given.map(([name]) => table.bounds?.[name] ?? `${name} = ${asText(name)}`),
    ];
    const shape = bounds.join();
    const statements = prepared.get(shape) ?? prepare(bounds);
    prepared.set(shape, statements);
    const { text } = query;
    const asked = {
      ...Object.fromEntries(given),
      ...(query.cursor === undefined ? {} : readCursor(query.cursor)),
      limit: query.limit + 1,
    };
    if (!text) return statements.all.all(asked);
    const search = { ...asked, ...wanted(text), amountFen: query.amountFen ?? null };
    const keys = find.all(search);
    if (keys.length <= FEW) return statements.few.all({ ...search, keys: JSON.stringify(keys) });
    const rows = statements.newest.all(search);
    return rows.length > query.limit ? rows : statements.many.all(search);
  };
}

/** SQL: the row is of the amount that the text means, if it means one. */
export const AMOUNT = 'amount_fen = CAST(:amountFen AS INTEGER)';

/** SQL: a number that ends, or a text that goes, as the parameter says. */
export function like(column: string, pattern: 'begins' | 'ends' | 'anywhere'): string {
  return `${column} LIKE ${asText(pattern)} ESCAPE '\\'`;
}

/** SQL: a number that lies between two parameters, the second excluded. */
export function between(column: string, from: string, to: string): string {
  return `${column} >= ${asText(from)} AND ${column} < ${asText(to)}`;
}

/** SQL that compares the numbers and texts of a row with the parameters of {@link wanted}. */
export function comparison(
  numbers: readonly string[],
  texts: readonly string[],
  more: string[] = [],
): string {
  const tests = [
    ...numbers.flatMap((name) => [like(name, 'begins'), like(name, 'ends')]),
    ...texts.map((name) => like(name, 'anywhere')),
    AMOUNT,
    ...more,
  ];
  return `(${tests.join(' OR ')})`;
}

/**
 * SQL for what the indexes of the orders know for the parameters of {@link wanted}: `column` of the order, or of
 * the table that `join` adds. Rows may come twice; none is read before it is asked for.
 */
export function foundOrders(column: string, join = ''): string {
  return `
    SELECT ${column} FROM order_search CROSS JOIN searched_orders ON id = order_search.rowid ${join}
      WHERE order_search MATCH ${asText('inText')}
    UNION ALL SELECT ${column} FROM order_search CROSS JOIN searched_orders ON id = order_search.rowid ${join}
      WHERE order_search MATCH ${asText('endWord')} AND ${like('searched_orders.order_no', 'ends')}
    UNION ALL SELECT ${column} FROM searched_orders ${join} WHERE ${NOT_INDEXED}
    UNION ALL SELECT ${column} FROM orders ${join} WHERE ${between('orders.order_no', 'from', 'to')}
    UNION ALL SELECT ${column} FROM orders ${join} WHERE ${between('orders.order_no', 'upper', 'upperTo')}`;
}

/** The wildcards in a text taken literally (`ESCAPE '\\'`). */
function escaped(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/** Case counts as little as in `LIKE`: only that of A to Z is overlooked. */
function characters(text: string): string[] {
  return [...text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())].map((character) =>
    (character.codePointAt(0) ?? 0).toString(16).padStart(WIDTH, '0'),
  );
}

/** No word of a text begins with `e`: code points end at 10ffff. */
function endWord(number: string): string {
  return `e${characters(number.slice(-END)).join('')}`;
}
