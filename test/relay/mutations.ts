import { generateKeyPairSync } from 'node:crypto';
import { signWechatMessage } from '../../wire/wechat-v3-signature.ts';
import type { WalletPost } from '../fakes/wallet-notifications.ts';

/** Pseudo-random, from a seed: a run can be repeated. */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    state = (state ^ (state >>> 12)) >>> 0;
    return state % below;
  };
}

type Pick = (below: number) => number;
/** A genuine notification about a trade that is not this till's, and a way to spoil one about a trade that is. */
interface Loot {
  own: WalletPost;
  other: WalletPost;
  pick: Pick;
}

const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const without = (headers: Record<string, string>, name: string) =>
  Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name));
const signatureHeaders = (post: WalletPost) =>
  Object.keys(post.headers).filter((name) => name.startsWith('wechatpay-'));

/** What a relay in full control could do to a notification. None of them is genuine afterwards. */
export const MUTATIONS_BY_NAME: Record<string, (loot: Loot) => WalletPost> = {
  'a bit flipped': ({ own, pick }) => {
    const body = Buffer.from(own.body);
    const at = pick(body.length);
    body.writeUInt8(body.readUInt8(at) ^ (1 << pick(8)), at);
    return { ...own, body };
  },
  'a byte replaced': ({ own, pick }) => {
    const body = Buffer.from(own.body);
    const at = pick(body.length);
    body.writeUInt8((body.readUInt8(at) + 1 + pick(254)) % 256, at);
    return { ...own, body };
  },
  truncated: ({ own, pick }) => ({ ...own, body: own.body.subarray(0, pick(own.body.length)) }),
  lengthened: ({ own, pick }) => ({
    ...own,
    body: Buffer.concat([own.body, Buffer.from('&{}" \0x=1,'.slice(0, 1 + pick(9)))]),
  }),
  'the amount lowered': ({ own, pick }) => {
    const text = own.body.toString('utf8');
    const changed =
      own.channel === 'alipay'
        ? text.replace(/total_amount=[^&]*/, `total_amount=0.${10 + pick(89)}`)
        : text.replace(/"ciphertext":"./, `"ciphertext":"${'ABCDEFGH'.charAt(pick(8))}`);
    return changed === text ? { ...own, body: Buffer.alloc(0) } : { ...own, body: Buffer.from(changed) };
  },
  're-encoded': ({ own, pick }) => {
    const text = own.body.toString('utf8');
    if (own.channel === 'wechat') {
      return { ...own, body: Buffer.from(JSON.stringify(JSON.parse(text), null, 1 + pick(4))) };
    }
    // Encoded once more, as a proxy that does not know that it was.
    return { ...own, body: Buffer.from(text.replaceAll('%', '%25')) };
  },
  'sent as another type': ({ own }) => {
    if (own.channel === 'wechat') {
      const fields = JSON.parse(own.body.toString('utf8')) as Record<string, unknown>;
      return { ...own, body: Buffer.from(new URLSearchParams({ body: JSON.stringify(fields) }).toString()) };
    }
    const fields = Object.fromEntries(new URLSearchParams(own.body.toString('utf8')));
    return { ...own, body: Buffer.from(JSON.stringify(fields)) };
  },
  'the signature of another': ({ own, other }) => {
    if (own.channel === 'wechat') return { ...own, headers: other.headers };
    const sign = new URLSearchParams(other.body.toString('utf8')).get('sign') ?? '';
    const form = new URLSearchParams(own.body.toString('utf8'));
    form.set('sign', sign);
    return { ...own, body: Buffer.from(form.toString()) };
  },
  'replayed to another trade': ({ own, other }) => {
    if (own.channel === 'wechat') {
      const envelope = JSON.parse(own.body.toString('utf8')) as Record<string, unknown>;
      const foreign = JSON.parse(other.body.toString('utf8')) as Record<string, unknown>;
      return { ...other, body: Buffer.from(JSON.stringify({ ...foreign, id: envelope.id })) };
    }
    const ours = new URLSearchParams(own.body.toString('utf8')).get('out_trade_no') ?? '';
    const form = new URLSearchParams(other.body.toString('utf8'));
    form.set('out_trade_no', ours);
    return { ...own, body: Buffer.from(form.toString()) };
  },
  'a field added twice': ({ own, pick }) => {
    const text = own.body.toString('utf8');
    const more = ['total_amount=0.01', 'trade_status=TRADE_SUCCESS', 'sign_type=RSA', 'app_id=1'];
    return own.channel === 'alipay'
      ? { ...own, body: Buffer.from(`${more[pick(more.length)]}&${text}`) }
      : { ...own, body: Buffer.from(text.replace('{', `{"event_type":"REFUND.SUCCESS","x":${pick(9)},`)) };
  },
  'a field left out': ({ own, pick }) => {
    if (own.channel === 'wechat') {
      const envelope = JSON.parse(own.body.toString('utf8')) as Record<string, unknown>;
      const names = Object.keys(envelope);
      delete envelope[names[pick(names.length)] ?? ''];
      return { ...own, body: Buffer.from(JSON.stringify(envelope)) };
    }
    const form = new URLSearchParams(own.body.toString('utf8'));
    const names = [...form.keys()].filter((name) => name !== 'sign_type');
    form.delete(names[pick(names.length)] ?? '');
    return { ...own, body: Buffer.from(form.toString()) };
  },
  'headers stripped': ({ own, pick }) => {
    if (own.channel === 'alipay') {
      const form = new URLSearchParams(own.body.toString('utf8'));
      form.delete('sign');
      return { ...own, headers: {}, body: Buffer.from(form.toString()) };
    }
    const names = signatureHeaders(own).filter((name) => name !== 'wechatpay-signature-type');
    return { ...own, headers: without(own.headers, names[pick(names.length)] ?? '') };
  },
  'headers emptied or altered': ({ own, pick }) => {
    if (own.channel === 'alipay') {
      const form = new URLSearchParams(own.body.toString('utf8'));
      form.set('sign', ['', 'x', 'AAAA', '='][pick(4)] ?? '');
      return { ...own, body: Buffer.from(form.toString()) };
    }
    const names = ['wechatpay-timestamp', 'wechatpay-nonce', 'wechatpay-signature', 'wechatpay-serial'];
    const name = names[pick(names.length)] ?? '';
    const value = ['', '0', 'NaN', '-1', '9'.repeat(400), 'PUB_KEY_ID_', '\n'][pick(7)] ?? '';
    return { ...own, headers: { ...own.headers, [name]: value } };
  },
  'the serial swapped': ({ own, pick }) => {
    const serial =
      pick(2) === 0
        ? `PUB_KEY_ID_${pick(1e9)}`
        : pick(2 ** 31)
            .toString(16)
            .padStart(40, '5');
    if (own.channel === 'wechat') return { ...own, headers: { ...own.headers, 'wechatpay-serial': serial } };
    const form = new URLSearchParams(own.body.toString('utf8'));
    form.set('app_id', serial.slice(0, 16));
    return { ...own, body: Buffer.from(form.toString()) };
  },
  'signed by a stranger': ({ own, pick }) => {
    if (own.channel === 'alipay') {
      const form = new URLSearchParams(own.body.toString('utf8'));
      form.set(
        'sign',
        Buffer.from(`${pick(1e9)}`.repeat(30))
          .subarray(0, 256)
          .toString('base64'),
      );
      return { ...own, body: Buffer.from(form.toString()) };
    }
    const signer = { serial: own.headers['wechatpay-serial'] ?? '', privateKey: stranger.privateKey };
    const fresh = { timestamp: own.headers['wechatpay-timestamp'] ?? '', nonce: 'n' };
    const signed = Object.entries(signWechatMessage(own.body, signer, fresh));
    const headers = Object.fromEntries(signed.map(([name, value]) => [name.toLowerCase(), value]));
    return { ...own, headers };
  },
  'posted as the other wallet’s': ({ own }) => ({
    ...own,
    channel: own.channel === 'alipay' ? 'wechat' : 'alipay',
  }),
  noise: ({ own, pick }) => ({
    ...own,
    body: Buffer.from(Array.from({ length: pick(600) }, () => pick(256))),
  }),
};

/** Further ones, of what tells of a refund. */
export const REFUND_MUTATIONS_BY_NAME: Record<string, (loot: Loot) => WalletPost> = {
  'the end renamed': ({ own, pick }) => {
    const text = own.body.toString('utf8');
    const ends = ['REFUND.SUCCESS', 'REFUND.CLOSED', 'REFUND.ABNORMAL', 'TRANSACTION.SUCCESS'];
    const said = ends.findIndex((end) => text.includes(end));
    const other = ends[(said + 1 + pick(ends.length - 1)) % ends.length] ?? '';
    const changed =
      own.channel === 'wechat'
        ? text.replace(ends[said] ?? '', other)
        : text.replace(/trade_status=TRADE_[A-Z]+/, (now) =>
            now.endsWith('CLOSED') ? 'trade_status=TRADE_SUCCESS' : 'trade_status=TRADE_CLOSED',
          );
    return { ...own, body: Buffer.from(changed) };
  },
  'the refund renamed': ({ own, pick }) => {
    const text = own.body.toString('utf8');
    const changed =
      own.channel === 'wechat'
        ? text.replace('"original_type":"refund"', '"original_type":"transaction"')
        : text.replace(/out_biz_no=[^&]*/, `out_biz_no=R${pick(1e9)}`);
    return { ...own, body: Buffer.from(changed) };
  },
  'the sum altered': ({ own, pick }) => {
    const text = own.body.toString('utf8');
    const changed =
      own.channel === 'wechat'
        ? text.replace(/"nonce":"(.)/, (_, first: string) => `"nonce":"${first === 'x' ? 'y' : 'x'}`)
        : text.replace(/refund_fee=[^&]*/, `refund_fee=${100 + pick(900)}.00`);
    return { ...own, body: Buffer.from(changed) };
  },
  'the refund taken out': ({ own, pick }) => {
    const text = own.body.toString('utf8');
    const names = ['out_biz_no', 'refund_fee', 'gmt_refund'];
    const changed =
      own.channel === 'wechat'
        ? text.replace(/"associated_data":"refund"/, '"associated_data":""')
        : text.replace(new RegExp(`&?${names[pick(names.length)]}=[^&]*`), '');
    return { ...own, body: Buffer.from(changed) };
  },
};

/** What is said and signed, whatever its spelling. */
export function meaning({ channel, headers, body }: WalletPost): string {
  const bytes = (base64 = '') => Buffer.from(base64, 'base64').toString('hex');
  if (channel === 'wechat') {
    const said = ['timestamp', 'nonce', 'serial'].map((name) => headers[`wechatpay-${name}`]);
    return JSON.stringify([body.toString('latin1'), said, bytes(headers['wechatpay-signature'])]);
  }
  const fields = new URLSearchParams(body.toString('latin1'));
  const sign = fields.get('sign') ?? '';
  fields.delete('sign');
  fields.sort();
  return JSON.stringify([[...fields], bytes(sign)]);
}
