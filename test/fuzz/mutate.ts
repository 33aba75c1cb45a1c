import fc from 'fast-check';

/** How many times more inputs than in `npm test`, and from which seed: see README.md. */
const TIMES = Number(process.env.MIANFU_FUZZ_TIMES ?? 1);
const SEED = Number(process.env.MIANFU_FUZZ_SEED ?? 20_261_121);

/** Parameters of fast-check: `runs` inputs, or so many times more by hand. */
export const runsOf = (runs: number) => ({ numRuns: runs * TIMES, seed: SEED });

/** What parsers stumble over: ends of ranges, halves of escapes, names with a meaning, line ends. */
const TOKENS = [
  ...[
    '"',
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '&',
    '=',
    '%',
    '%0',
    '%00',
    '%zz',
    '+',
    ';',
    '<',
    '>',
    '\\',
    '\\u',
    '\\ud800',
  ],
  ...['\0', '\r', '\n', '\r\n', '\r\n\r\n', '\t', ' ', '\x7f', '\u00ff', '\u2028', '😀', '\ufeff'],
  ...['null', 'true', '-0', '1e999', '-1', '0', '9007199254740993', '1e-400', 'NaN', '0x10', '００'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'length',
    '$&',
    '../',
    '..%2f',
    '{{7}}',
    "'--",
    '<!DOCTYPE x>',
    '<![CDATA[',
  ],
  ...[
    'Infinity',
    '2026-13-45',
    '+08:00',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    '0\r\n\r\n',
  ],
].map((token) => Buffer.from(token));

type Mutation =
  | { kind: 'flip'; at: number; bit: number }
  | { kind: 'set'; at: number; byte: number }
  | { kind: 'insert'; at: number; bytes: Uint8Array }
  | { kind: 'repeat'; at: number; length: number; times: number }
  | { kind: 'delete'; at: number; length: number }
  | { kind: 'swap'; at: number; to: number; length: number }
  | { kind: 'cut'; at: number };

/** Places are fractions, so that one mutation fits inputs of every length. */
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('set' as const), at: place, byte: fc.nat(255) }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: place,
    bytes: fc.oneof(fc.constantFrom(...TOKENS), fc.uint8Array({ maxLength: 24 })),
  }),
  fc.record({
    kind: fc.constant('repeat' as const),
    at: place,
    length: fc.integer({ min: 1, max: 40 }),
    times: fc.integer({ min: 1, max: 200 }),
  }),
  fc.record({ kind: fc.constant('delete' as const), at: place, length: fc.integer({ min: 1, max: 60 }) }),
  fc.record({
    kind: fc.constant('swap' as const),
    at: place,
    to: place,
    length: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
);

/** Nothing grows past this, however often it is repeated. */
const BYTES_MAX = 100_000;

function apply(input: Buffer, change: Mutation): Buffer {
  const at = Math.floor(change.at * (input.length + 1));
  const [head, tail] = [input.subarray(0, at), input.subarray(at)];
  switch (change.kind) {
    case 'flip':
    case 'set': {
      const copy = Buffer.from(input);
      if (at < copy.length) {
        copy[at] = change.kind === 'set' ? change.byte : (copy[at] ?? 0) ^ (1 << change.bit);
      }
      return copy;
    }
    case 'insert':
      return Buffer.concat([head, change.bytes, tail]);
    case 'repeat': {
      const piece = tail.subarray(0, change.length);
      return Buffer.concat([head, ...Array.from({ length: change.times }, () => piece), tail]);
    }
    case 'delete':
      return Buffer.concat([head, tail.subarray(change.length)]);
    case 'swap': {
      const from = Math.floor(change.to * (input.length + 1));
      return Buffer.concat([head, input.subarray(from, from + change.length), tail.subarray(change.length)]);
    }
    case 'cut':
      return Buffer.from(head);
  }
}

/** Genuine inputs, spoiled byte by byte; now and then one that was never genuine. */
export function spoiled(corpus: readonly (string | Uint8Array)[]): fc.Arbitrary<Buffer> {
  const genuine = corpus.map((each) => Buffer.from(each as string));
  return fc.oneof(
    {
      weight: 20,
      arbitrary: fc
        .tuple(fc.constantFrom(...genuine), fc.array(mutation, { minLength: 1, maxLength: 6 }))
        .map(([input, changes]) => changes.reduce(apply, input).subarray(0, BYTES_MAX)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  );
}

/** A JSON value of the right shape with members that were replaced, left out, or added. */
export function bent(value: unknown): fc.Arbitrary<unknown> {
  const odd = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      '',
      ' ',
      0,
      -1,
      1.5,
      1e308,
      2 ** 53,
      true,
      [],
      {},
      '0',
      '\0',
      '\ud800',
      'x'.repeat(5_000),
    ),
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.integer(),
    fc.jsonValue({ maxDepth: 3 }),
  );
  if (Array.isArray(value)) {
    const items = value.map(bent);
    return fc.oneof(
      { weight: 4, arbitrary: items.length ? fc.tuple(...items) : fc.constant([]) },
      { weight: 1, arbitrary: odd },
    );
  }
  if (typeof value !== 'object' || value === null) {
    return fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: odd });
  }
  const members = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, bent(each)]));
  return fc.oneof(
    { weight: 8, arbitrary: fc.record(members, { requiredKeys: [] }) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.record(members), fc.constantFrom('__proto__', 'extra', 'type', 'constructor'), odd)
        .map(([object, name, more]) => Object.fromEntries([...Object.entries(object), [name, more]])),
    },
    { weight: 1, arbitrary: odd },
  );
}
