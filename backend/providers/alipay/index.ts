import type { Download } from '../../../ports/download.ts';
import type { HttpClient } from '../../../ports/http.ts';
import { FEN_MAX, fen } from '../../domain/money.ts';
import type { Provider } from '../provider.ts';
import { bill, readDropped } from './bill.ts';
import { cancel } from './cancel.ts';
import { close } from './close.ts';
import type { AlipayConfig } from './config.ts';
import { readNotification } from './notification.ts';
import { open } from './open.ts';
import { query } from './query.ts';
import { ALIPAY_REFUND_GAP_MS, refund } from './refund.ts';
import { refundQuery } from './refund-query.ts';

/** Alipay 当面付 for one merchant's app. Holds no state; the HTTP client is its own to close. */
export function createAlipay(
  config: AlipayConfig,
  ports: { http: HttpClient; download?: Download | undefined },
): Provider {
  const { download } = ports;
  const context = { config, gateway: new URL(config.gatewayUrl), http: ports.http };
  return {
    channel: 'alipay',
    amountMaxFen: fen(FEN_MAX),
    open: (request, at) => open(context, request, at),
    query: (trade, at) => query(context, trade, at),
    close: (trade, at) => close(context, trade, at),
    cancel: (trade, at) => cancel(context, trade, at),
    refundGapMs: ALIPAY_REFUND_GAP_MS,
    refund: (request, at) => refund(context, request, at),
    refundQuery: (request, at) => refundQuery(context, request, at),
    readNotification: async (posted) => readNotification(config, posted),
    ...(download
      ? {
          bills: {
            kinds: ['trade'],
            fetch: (request, at) => bill(context, download, request, at),
            read: (bytes, request) => readDropped(config, bytes, request),
          },
        }
      : {}),
    stop: () => ports.http.close(),
  };
}
