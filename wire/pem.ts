/** One PEM block: its label and its decoded bytes. */
export interface PemBlock {
  label: string;
  der: Buffer;
}

/** The largest text that is looked at; real bundles stay below 16 kB. */
const PEM_TEXT_MAX = 256 * 1024;

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----/g;

/**
 * The blocks of a PEM text in file order; text between them is ignored. Takes what people paste: CRLF, no
 * line breaks at all, or the two characters `\n` instead of each. Blocks that are not base64 are left out.
 */
export function pemBlocks(text: string): PemBlock[] {
  if (text.length > PEM_TEXT_MAX) return [];
  const blocks: PemBlock[] = [];
  for (const match of text.matchAll(BLOCK)) {
    const der = decodeBase64Text(match[2] ?? '');
    if (der) blocks.push({ label: match[1] ?? '', der });
  }
  return blocks;
}

/** Base64 with white space or `\n` escapes in it, as pasted; null if anything else is in it. */
export function decodeBase64Text(text: string): Buffer | null {
  if (text.length > PEM_TEXT_MAX) return null;
  const compact = text.replaceAll('\\r', '').replaceAll('\\n', '').replace(/\s+/g, '');
  return compact === '' ? null : strictBase64(compact);
}

/**
 * Canonical base64 to bytes, else null. Node's own decoder skips foreign characters, so that two texts
 * could stand for one signature.
 */
export function strictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

/** Bytes as a PEM block with 64 characters a line and a final line feed. */
export function pemText(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
