import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Unzip, type UnzipFile, UnzipInflate } from 'fflate';
import { BILL_BYTES_MAX, BillError } from './bill.ts';

/** So little goes to the unpacker at once that even the densest zip yields some MB at a time. */
const SLICE_BYTES = 4 * 1024;

/** Passes bytes on and throws {@link BillError} `hash` at their end unless their SHA-1 is `expected` (hexadecimal). */
export async function* hashChecked(
  bytes: AsyncIterable<Uint8Array>,
  expected: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha1');
  for await (const piece of bytes) {
    hash.update(piece);
    yield piece;
  }
  const found = hash.digest('hex');
  if (found !== expected.toLowerCase())
    throw new BillError('hash', `The bill’s SHA-1 is ${found}, announced was ${expected}.`);
}

/** What gzip unpacks to, bounded. Throws {@link BillError} on damage, on a cut, and beyond the bound. */
export async function* gunzipped(
  bytes: AsyncIterable<Uint8Array>,
  bytesMax = BILL_BYTES_MAX,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  const source = Readable.from(bytes, { objectMode: false });
  const unpacked = createGunzip();
  // A source that fails ends the unpacker with its own error.
  source.on('error', (error) => unpacked.destroy(error));
  try {
    for await (const piece of source.pipe(unpacked) as AsyncIterable<Uint8Array>) {
      size += piece.length;
      if (size > bytesMax) throw new BillError('too_large', 'The bill unpacks beyond all measure.');
      yield piece;
    }
  } catch (error) {
    if (!isZlibError(error)) throw error;
    throw new BillError('truncated', 'The packed bill is damaged or cut off.', { cause: error });
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

/**
 * The one file of a zip whose name `isWanted` accepts, unpacked, bounded; what a Mac adds about a file is none. Names
 * are read as GBK unless the zip says UTF-8. Throws {@link BillError} when there is none, or more than one, and on
 * damage.
 */
export async function* unzipped(
  bytes: AsyncIterable<Uint8Array>,
  isWanted: (name: string) => boolean,
  bytesMax = BILL_BYTES_MAX,
): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  let isFound = false;
  let size = 0;
  let failure: Error | null = null;
  const unzip = new Unzip((file: UnzipFile) => {
    const name = zipName(file.name);
    if (/(^|[/\\])\._/.test(name) || !isWanted(name)) return;
    // Which of two is the day's nobody can say; one alone would pass for all of it.
    if (isFound) failure ??= new BillError('format', 'The zip holds more than one bill.');
    if (isFound) return;
    isFound = true;
    file.ondata = (error, piece) => {
      if (error) failure ??= error;
      else ready.push(piece);
    };
    file.start();
  });
  unzip.register(UnzipInflate);

  function* push(piece: Uint8Array, isLast: boolean): Generator<Uint8Array> {
    try {
      unzip.push(piece, isLast);
    } catch (error) {
      failure ??= error as Error;
    }
    if (failure instanceof BillError) throw failure;
    if (failure) throw new BillError('truncated', 'The zip is damaged or cut off.', { cause: failure });
    for (const unpacked of ready.splice(0)) {
      size += unpacked.length;
      if (size > bytesMax) throw new BillError('too_large', 'The bill unpacks beyond all measure.');
      yield unpacked;
    }
  }

  for await (const piece of bytes)
    for (let at = 0; at < piece.length; at += SLICE_BYTES)
      yield* push(piece.subarray(at, at + SLICE_BYTES), false);
  yield* push(new Uint8Array(0), true);
  if (!isFound) throw new BillError('format', 'The zip holds no bill.');
}

/** The first bytes of a stream, and the stream with them still in it. */
export async function peeked(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ first: Uint8Array; bytes: AsyncIterable<Uint8Array> }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const step = await iterator.next();
  const first = step.done ? new Uint8Array(0) : step.value;
  async function* whole(): AsyncGenerator<Uint8Array> {
    try {
      if (first.length > 0) yield first;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { first, bytes: whole() };
}

/** The library reads names as UTF-8 where the zip says so, else byte by byte. */
function zipName(name: string): string {
  const isBytes = [...name].every((character) => character.charCodeAt(0) < 256);
  return isBytes ? new TextDecoder('gbk').decode(Buffer.from(name, 'latin1')) : name;
}

function isZlibError(error: unknown): boolean {
  return (
    typeof (error as { code?: unknown }).code === 'string' && /^Z_/.test((error as { code: string }).code)
  );
}
