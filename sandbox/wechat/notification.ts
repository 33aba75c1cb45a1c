import type { Clock } from '../../ports/clock.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';
import { parseApiV3Key } from '../../wire/wechat-v3-aead.ts';
import { writeWechatNotification } from '../../wire/wechat-v3-notification.ts';
import { signWechatMessage } from '../../wire/wechat-v3-signature.ts';
import type { Plight } from '../faults/armed.ts';
import type { Identity } from '../identity/identity.ts';
import type { LedgerRefund } from '../ledger/refund.ts';
import type { LedgerTrade } from '../ledger/trade.ts';
import type { Message, Notification } from '../notifications/notification.ts';
import { transaction } from './operations.ts';
import { refundNotice } from './refund.ts';
import { AnswerSigners } from './signer.ts';
import { told } from './told.ts';
import { REFUND_TEXT, STATE_TEXT } from './words.ts';

/**
 * Writes TRANSACTION.SUCCESS for a paid trade, or REFUND.… for a refund of it, sealed and signed anew each time
 * (protocol: notifications).
 */
export function createWechatNotifications(deps: {
  /** Read anew for each one: a rotation changes it. */
  identity: () => Identity['wechat'];
  clock: Clock;
  random: Random;
}) {
  const { identity, clock, random } = deps;
  const signers = new AnswerSigners(identity);
  const apiV3Key = parseApiV3Key(identity().apiV3Key);

  const ofTrade = (trade: LedgerTrade) => ({
    eventType: 'TRANSACTION.SUCCESS',
    summary: STATE_TEXT.SUCCESS ?? '',
    originalType: 'transaction',
    content: transaction(identity(), { ...trade, state: 'SUCCESS' }),
  });
  const ofRefund = (trade: LedgerTrade, refund: LedgerRefund) => ({
    eventType: `REFUND.${refund.status}`,
    summary: REFUND_TEXT[refund.status] ?? '',
    originalType: 'refund',
    content: refundNotice(identity().mchId, trade, refund),
  });

  return function write(
    trade: LedgerTrade,
    refund: LedgerRefund | null,
    { id, createdAtMs: createdMs }: Pick<Notification, 'id' | 'createdAtMs'>,
    plight: Plight,
  ): Message {
    const { main, skewMs } = plight;
    const said = refund ? ofRefund(trade, refund) : ofTrade(trade);
    const body = writeWechatNotification(
      {
        id,
        createdMs,
        ...said,
        content: told(said.content, plight),
      },
      apiV3Key,
      { nonce: randomText(random, ALPHANUMERIC, 12) },
    );
    const signer = main?.kind === 'other_key' ? signers.other() : signers.byDefault();
    const privateKey = main?.kind === 'wrong_signature' ? signers.foreign() : signer.privateKey;
    const signature = signWechatMessage(
      body,
      { serial: signer.serial, privateKey },
      {
        timestamp: String(Math.floor((clock.nowMs() + skewMs) / 1_000)),
        nonce: randomText(random, ALPHANUMERIC, 32),
      },
    );
    if (main?.kind === 'signtest')
      signature['Wechatpay-Signature'] = `WECHATPAY/SIGNTEST/${signature['Wechatpay-Signature']}`;
    return {
      headers: {
        'content-type': 'application/json',
        accept: '*/*',
        'user-agent': 'Mozilla/4.0',
        'Request-ID': `08${Buffer.from(random.bytes(14)).toString('hex').toUpperCase()}-0`,
        ...(main?.kind === 'missing_signature' ? {} : signature),
      },
      body,
    };
  };
}
