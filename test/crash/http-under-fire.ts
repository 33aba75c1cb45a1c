import type { HttpClient, HttpRequest } from '../../ports/http.ts';
import type { FaultPoints } from './fault-points.ts';

/** Has fault points around every question to a wallet. After: the wallet has acted and answered, nobody has read it. */
export function httpUnderFire(http: HttpClient, points: FaultPoints): HttpClient {
  return {
    async send(request, options) {
      const step = nameOf(request);
      if (step === null) return await http.send(request, options);
      points.pass('before', step);
      try {
        return await http.send(request, options);
      } finally {
        points.pass('after', step);
      }
    },
    close: () => http.close(),
  };
}

/** Null for what is asked of no wallet. */
function nameOf({ method, path, body }: HttpRequest): string | null {
  if (path === '/merchant.json') return null;
  const words = decodeURIComponent(`${path} ${body ?? ''}`);
  const isAlipay = path.startsWith('/alipay/');
  const operation = isAlipay
    ? /method=alipay\.trade\.([\w.]+)/.exec(words)?.[1]
    : wechatOperation(method, path);
  return `send:${isAlipay ? 'alipay' : 'wechat'}.${words.includes('GREETING') ? 'greeting' : operation}`;
}

function wechatOperation(method: string, path: string): string {
  if (path.includes('/certificates')) return 'certificates';
  if (path.includes('/native')) return 'native';
  if (path.includes('/refund/')) return method === 'GET' ? 'refund_query' : 'refund';
  return method === 'GET' ? 'query' : 'close';
}
