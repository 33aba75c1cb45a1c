import type { KeyObject } from 'node:crypto';
import { decodedString, rawMembers } from './json-members.ts';
import { rsaSign, rsaVerify } from './rsa.ts';

/** The parts of a gateway answer. `node` is the raw text that is signed, quotes included when encrypted. */
export interface AlipayAnswer {
  root: 'method' | 'error';
  node: string;
  encrypted: boolean;
  sign: string | null;
  /** `alipay_cert_sn` beside the node, in certificate mode. Not signed. */
  certSn: string | null;
}

export type AlipayReading =
  | { ok: true; answer: AlipayAnswer }
  | { ok: false; why: 'not_utf8' | 'not_json' | 'no_node' | 'duplicate' };

/**
 * - `genuine`: the signature over the node's bytes holds.
 * - `unsigned`: readable, without a signature: a hint at best.
 * - `forged`: a signature that does not hold.
 * - `unreadable`: not an answer of the gateway at all (HTML of a captive portal, half a body).
 */
export type AlipayVerdict =
  | { kind: 'genuine' | 'unsigned'; answer: AlipayAnswer }
  | { kind: 'forged'; answer: AlipayAnswer }
  | { kind: 'unreadable'; why: string };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Finds the signed node in an answer as received (protocol: synchronous response verification). A root name
 * that comes again is refused: a parser would believe the last, the signature covers the first.
 */
export function readAlipayAnswer(body: Uint8Array | string, method: string): AlipayReading {
  const text = typeof body === 'string' ? body : decoded(body);
  if (text === null) return { ok: false, why: 'not_utf8' };
  const members = rawMembers(text);
  if (!members) return { ok: false, why: 'not_json' };
  if (new Set(members.map((member) => member.name)).size !== members.length)
    return { ok: false, why: 'duplicate' };

  const rootName = `${method.replaceAll('.', '_')}_response`;
  const own = members.find((member) => member.name === rootName);
  const node = own ?? members.find((member) => member.name === 'error_response');
  if (!node || !['{', '"'].includes(node.raw[0] ?? '')) return { ok: false, why: 'no_node' };
  if (text.includes(`"${node.name}"`, node.end)) return { ok: false, why: 'duplicate' };

  const stringOf = (name: string) => decodedString(members.find((member) => member.name === name)?.raw ?? '');
  return {
    ok: true,
    answer: {
      root: own ? 'method' : 'error',
      node: node.raw,
      encrypted: node.raw[0] === '"',
      sign: stringOf('sign') || null,
      certSn: stringOf('alipay_cert_sn') || null,
    },
  };
}

/** Reads an answer and checks its signature (RSA2) on the raw node. Total: hostile bytes give a verdict. */
export function verifyAlipayAnswer(body: Uint8Array | string, method: string, key: KeyObject): AlipayVerdict {
  const reading = readAlipayAnswer(body, method);
  if (!reading.ok) return { kind: 'unreadable', why: reading.why };
  const { answer } = reading;
  if (answer.sign === null) return { kind: 'unsigned', answer };
  return { kind: rsaVerify(key, answer.node, answer.sign) ? 'genuine' : 'forged', answer };
}

export interface AlipayAnswerParts {
  method: string;
  /** The node's raw text: a JSON object, or an encrypted node with its quotes. */
  node: string;
  root?: 'method' | 'error';
  /** Absent: an unsigned answer, as the gateway gives for some errors. */
  key?: KeyObject | undefined;
  certSn?: string | undefined;
}

/** The gateway's side: the body of an answer, node first, as Alipay sends it. */
export function signAlipayAnswer(parts: AlipayAnswerParts): string {
  const root = parts.root === 'error' ? 'error_response' : `${parts.method.replaceAll('.', '_')}_response`;
  const certSn = parts.certSn ? `,"alipay_cert_sn":${JSON.stringify(parts.certSn)}` : '';
  const sign = parts.key ? `,"sign":${JSON.stringify(rsaSign(parts.key, parts.node))}` : '';
  return `{${JSON.stringify(root)}:${parts.node}${certSn}${sign}}`;
}

function decoded(body: Uint8Array): string | null {
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}
