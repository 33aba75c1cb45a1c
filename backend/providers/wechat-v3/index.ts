import type { Download } from '../../../ports/download.ts';
import { FEN_MAX, fen } from '../../domain/money.ts';
import type { Provider } from '../provider.ts';
import { bill, readDropped } from './bill.ts';
import { cancel } from './cancel.ts';
import { createVerifiers } from './certificates.ts';
import { close } from './close.ts';
import type { WechatV3Config } from './config.ts';
import { readNotification } from './notification.ts';
import { open } from './open.ts';
import { query } from './query.ts';
import { refund, WECHAT_REFUND_GAP_MS } from './refund.ts';
import { refundQuery } from './refund-query.ts';
import type { WechatPorts } from './send.ts';

/**
 * WeChat Pay API v3, Native, for one merchant. Holds nothing but the keys that answers are verified with;
 * the HTTP client is its own to close.
 */
export function createWechatV3(
  config: WechatV3Config,
  ports: WechatPorts & { download?: Download | undefined },
): Provider {
  const context = { config, ports, verifiers: createVerifiers(config, ports) };
  const { download } = ports;
  return {
    channel: 'wechat',
    // WeChat documents no fixed bound; the merchant's quota decides.
    amountMaxFen: fen(FEN_MAX),
    open: (request, at) => open(context, request, at),
    query: (trade, at) => query(context, trade, at),
    close: (trade, at) => close(context, trade, at),
    cancel: (trade, at) => cancel(context, trade, at),
    refundGapMs: WECHAT_REFUND_GAP_MS,
    refund: (request, at) => refund(context, request, at),
    refundQuery: (request, at) => refundQuery(context, request, at),
    readNotification: (posted, at) => readNotification(context, posted, at),
    ...(download
      ? {
          bills: {
            kinds: ['trade', 'fund_flow'],
            fetch: (request, at) => bill(context, download, request, at),
            read: (bytes, request) => readDropped(config, bytes, request),
          },
        }
      : {}),
    stop: () => ports.http.close(),
  };
}
