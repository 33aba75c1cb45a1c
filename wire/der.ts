/** One DER element: `body` is what its length covers, `whole` includes tag and length. */
export interface DerElement {
  tag: number;
  body: Buffer;
  whole: Buffer;
}

export class DerError extends Error {
  override readonly name = 'DerError';
}

/** The elements that lie side by side in `bytes`. Throws {@link DerError}; never reads past the end. */
export function derElements(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = byteAt(bytes, at);
    const first = byteAt(bytes, at + 1);
    // High tag numbers and indefinite lengths do not occur in certificates.
    if ((tag & 0x1f) === 0x1f) throw new DerError('Tag number too high.');
    let start = at + 2;
    let length = first;
    if (first & 0x80) {
      const count = first & 0x7f;
      if (count < 1 || count > 3) throw new DerError('Unusable length.');
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + byteAt(bytes, start + i);
      start += count;
    }
    if (start + length > bytes.length) throw new DerError('Element reaches past the end.');
    elements.push({
      tag,
      body: bytes.subarray(start, start + length),
      whole: bytes.subarray(at, start + length),
    });
    at = start + length;
  }
  return elements;
}

/** An object identifier's dotted text. */
export function oidText(body: Buffer): string {
  const parts: bigint[] = [];
  let value = 0n;
  for (const byte of body) {
    value = (value << 7n) | BigInt(byte & 0x7f);
    if (byte & 0x80) continue;
    if (parts.length === 0) {
      const root = value < 40n ? 0n : value < 80n ? 1n : 2n;
      parts.push(root, value - root * 40n);
    } else parts.push(value);
    value = 0n;
  }
  return parts.join('.');
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new DerError('Element is cut off.');
  return byte;
}
