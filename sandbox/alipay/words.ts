/** A refusal in Alipay's words: `code`, `sub_code` and their texts (protocol: return codes). */
export class AlipayRefusal extends Error {
  override readonly name = 'AlipayRefusal';
  readonly subCode: string;

  constructor(subCode: string, subMessage: string) {
    super(subMessage);
    this.subCode = subCode;
  }
}

const MESSAGES = {
  '10000': 'Success',
  '20000': 'Service Currently Unavailable',
  '40001': 'Missing Required Arguments',
  '40002': 'Invalid Arguments',
  '40004': 'Business Failed',
  '40005': 'Call Limited',
  '40006': 'Insufficient Permissions',
} as const;

type AlipayCode = keyof typeof MESSAGES;

/** The `code` that goes with a `sub_code`. */
function codeOf(subCode: string): AlipayCode {
  if (/^isv\.(app|method)-call-limited$/.test(subCode)) return '40005';
  if (/^isp\.bill_/.test(subCode)) return '40004';
  if (/^(isp|aop)\./.test(subCode)) return '20000';
  if (/^isv\.(missing-|decryption-error-missing)/.test(subCode)) return '40001';
  if (subCode === 'isv.insufficient-isv-permissions') return '40006';
  return subCode.startsWith('isv.') ? '40002' : '40004';
}

/** A success node's first members. */
export const SUCCESS = { code: '10000', msg: MESSAGES['10000'] } as const;

export function refusalNode(refusal: AlipayRefusal): Record<string, string> {
  const code = codeOf(refusal.subCode);
  return { code, msg: MESSAGES[code], sub_code: refusal.subCode, sub_msg: refusal.message };
}

/** JSON as Alipay writes it, with `\/`: clients must verify the raw text. */
export function alipayJson(node: object): string {
  return JSON.stringify(node).replaceAll('/', '\\/');
}
