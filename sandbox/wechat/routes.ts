import type { BillKind } from '../bills/desk.ts';
import { splitPath } from '../http.ts';
import { decoded } from './params.ts';

export type WechatRoute =
  | { operation: 'native' }
  | { operation: 'query'; by: 'tradeNo' | 'id'; segment: string }
  | { operation: 'close'; segment: string }
  | { operation: 'refund' }
  | { operation: 'refund_query'; segment: string }
  | { operation: 'certificates' }
  | { operation: 'bill'; kind: BillKind };

const PATHS: readonly {
  method: 'GET' | 'POST';
  pattern: RegExp;
  route: (segment: string) => WechatRoute;
}[] = [
  {
    method: 'POST',
    pattern: /^\/v3\/pay\/transactions\/native$/,
    route: () => ({ operation: 'native' }),
  },
  {
    method: 'GET',
    pattern: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/,
    route: (segment) => ({ operation: 'query', by: 'tradeNo', segment }),
  },
  {
    method: 'GET',
    pattern: /^\/v3\/pay\/transactions\/id\/([^/]+)$/,
    route: (segment) => ({ operation: 'query', by: 'id', segment }),
  },
  {
    method: 'POST',
    pattern: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/,
    route: (segment) => ({ operation: 'close', segment }),
  },
  {
    method: 'POST',
    pattern: /^\/v3\/refund\/domestic\/refunds$/,
    route: () => ({ operation: 'refund' }),
  },
  {
    method: 'GET',
    pattern: /^\/v3\/refund\/domestic\/refunds\/([^/]+)$/,
    route: (segment) => ({ operation: 'refund_query', segment }),
  },
  { method: 'GET', pattern: /^\/v3\/certificates$/, route: () => ({ operation: 'certificates' }) },
  {
    method: 'GET',
    pattern: /^\/v3\/bill\/tradebill$/,
    route: () => ({ operation: 'bill', kind: 'trade' }),
  },
  {
    method: 'GET',
    pattern: /^\/v3\/bill\/fundflowbill$/,
    route: () => ({ operation: 'bill', kind: 'fund_flow' }),
  },
];

/** The endpoint that a request means; `method` when the path exists under another method only. */
export function wechatRoute(method: string, path: string): WechatRoute | 'not_found' | 'method' {
  const { pathname } = splitPath(path);
  let pathKnown = false;
  for (const entry of PATHS) {
    const match = entry.pattern.exec(pathname);
    if (!match) continue;
    if (entry.method === method) return entry.route(match[1] ?? '');
    pathKnown = true;
  }
  return pathKnown ? 'method' : 'not_found';
}

/** The number that a fault may be bound to, as far as the request can be read. */
export function tradeNoHint(
  route: WechatRoute,
  body: Uint8Array,
  known: { byTransactionId: (id: string) => string | null; byRefundNo: (refundNo: string) => string | null },
): string | null {
  switch (route.operation) {
    case 'certificates':
    case 'bill':
      return null;
    case 'close':
      return decoded(route.segment);
    case 'query': {
      const segment = decoded(route.segment);
      return route.by === 'id' && segment !== null ? known.byTransactionId(segment) : segment;
    }
    case 'refund_query': {
      const refundNo = decoded(route.segment);
      return refundNo === null ? null : known.byRefundNo(refundNo);
    }
    case 'native':
    case 'refund':
      try {
        const json = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown> | null;
        if (typeof json?.transaction_id === 'string') return known.byTransactionId(json.transaction_id);
        return typeof json?.out_trade_no === 'string' ? json.out_trade_no : null;
      } catch {
        return null;
      }
  }
}
