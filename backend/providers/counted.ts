import type { FileRead } from './provider.ts';

/**
 * A download's bytes as they are taken, and how many were: of how many is said by its `content-length`, where it has
 * one (as sent, before anything is unpacked).
 */
export function counted(answer: { headers: Record<string, string>; bytes: AsyncIterable<Uint8Array> }): {
  bytes: AsyncIterable<Uint8Array>;
  read(): FileRead;
} {
  const length = answer.headers['content-length'] ?? '';
  const of = /^\d{1,15}$/.test(length) ? Number(length) : null;
  let done = 0;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const piece of answer.bytes) {
      done += piece.length;
      yield piece;
    }
  }
  return { bytes: bytes(), read: () => ({ done, of }) };
}
