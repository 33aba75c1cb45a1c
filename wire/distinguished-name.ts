import { type DerElement, DerError, derElements, oidText } from './der.ts';

/** Short names as OpenSSL and Java print them; any other attribute keeps its number. */
const NAMES: Record<string, string> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
};

/** A `Name` as RFC 2253 text: parts in reverse of their encoding, commas without a space. Throws {@link DerError}. */
export function distinguishedName(name: DerElement): string {
  if (name.tag !== 0x30) throw new DerError('Expected a name.');
  const parts = derElements(name.body).map((set) => derElements(set.body).map(attribute).join('+'));
  return parts.reverse().join(',');
}

function attribute(pair: DerElement): string {
  const [type, value] = derElements(pair.body);
  if (type?.tag !== 0x06 || !value) throw new DerError('Expected an attribute.');
  const oid = oidText(type.body);
  return `${NAMES[oid] ?? oid}=${escaped(text(value))}`;
}

/** Strings by their DER tag: BMPString is UTF-16, TeletexString is read as Latin-1, the others are UTF-8 or ASCII. */
function text(value: DerElement): string {
  if (value.tag === 0x1e)
    return Buffer.from(value.body)
      .subarray(0, value.body.length & ~1)
      .swap16()
      .toString('utf16le');
  return value.body.toString(value.tag === 0x14 ? 'latin1' : 'utf8');
}

function escaped(value: string): string {
  return value.replace(/[,+"\\<>;]|^[ #]| $/g, (character) => `\\${character}`);
}
