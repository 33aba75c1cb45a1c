import { createPrivateKey } from 'node:crypto';
import { type Fen, fenToYuan } from '../../backend/domain/money.ts';
import { MINUTE, SECOND } from '../../ports/clock.ts';
import { type HttpAnswer, type HttpClient, HttpFault } from '../../ports/http.ts';
import { writeAlipayNotification } from '../../wire/alipay-notification.ts';
import { alipayTime } from '../../wire/china-time.ts';
import type { RelayScenario } from './scenario.ts';
import { count } from './tally.ts';
import type { World } from './world.ts';

/** The network between the wallets and the relay: posts get lost on either way, come late, and come twice. */
export function walletsHttp(
  of: Pick<World, 'time' | 'counts' | 'trace' | 'chance' | 'scenario'>,
  scenario: RelayScenario,
  world: () => Pick<World, 'relay' | 'isHealed'>,
): HttpClient {
  const { time, counts, trace } = of;
  const chance = of.chance.of('callbacks');
  const { network } = of.scenario;

  function travelMs(): number {
    const usual = 1 + chance.float() * network.latencyMs;
    return !world().isHealed && chance.happens(network.slow)
      ? usual + chance.float() * network.slowMs
      : usual;
  }

  const lost = () => !world().isHealed && chance.happens(scenario.lost);

  return {
    send({ path, headers, body = '' }, { timeouts = {}, signal } = {}) {
      return new Promise<HttpAnswer>((resolve, reject) => {
        let isOver = false;
        const settle = (as: string, finish: () => void) => {
          if (isOver) return;
          isOver = true;
          cancel();
          count(counts, 'callback', as);
          if (as !== 'answered') trace.say('wallets', `${as} ${path}`);
          finish();
        };
        const fail = (kind: 'connect' | 'timeout' | 'reset' | 'aborted', reached: 'no' | 'maybe') =>
          settle(kind, () => reject(new HttpFault(kind, reached, kind)));
        const cancel = time.after(timeouts.totalMs ?? 5 * SECOND, () => fail('timeout', 'maybe'));
        signal?.addEventListener('abort', () => fail('aborted', 'maybe'), { once: true });

        const arrive = () => {
          if (lost()) return;
          void world()
            .relay?.post(path, headers, body)
            .then((answer) => {
              if (answer === null) fail('connect', 'maybe');
              else if (!lost()) time.after(travelMs(), () => settle('answered', () => resolve(answer)));
            });
        };
        time.after(travelMs(), arrive);
        if (!world().isHealed && chance.happens(scenario.twice)) {
          count(counts, 'callback', 'twice');
          time.after(travelMs(), arrive);
        }
      });
    },
    async close() {},
  };
}

/**
 * Alipay's word that a trade was closed, posted once: the sandbox tells of payments alone, and tills are not to
 * rely on this. Gives what is to be called with each trade that it closes.
 */
export function tellClosings(world: World, http: HttpClient): (tradeNo: string) => void {
  const { time, sandbox, scenario, counts } = world;
  const chance = world.chance.of('closings');
  const { appId, sellerId, alipayPrivateKey } = sandbox.identity().alipay;
  const key = createPrivateKey(alipayPrivateKey);

  function post(tradeNo: string): void {
    const trade = sandbox.ledger.find('alipay', tradeNo);
    if (!trade?.notifyUrl || trade.paidAtMs !== null) return;
    const { origin, pathname } = new URL(trade.notifyUrl);
    const fields = {
      notify_time: alipayTime(time.nowMs()),
      notify_type: 'trade_status_sync',
      notify_id: `closed-${tradeNo}`,
      app_id: appId,
      seller_id: sellerId,
      trade_no: trade.providerTradeNo ?? '',
      out_trade_no: tradeNo,
      trade_status: 'TRADE_CLOSED',
      total_amount: fenToYuan(trade.amountFen as Fen),
    };
    count(counts, 'posted', 'closed');
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const body = writeAlipayNotification(fields, key);
    http.send({ method: 'POST', origin, path: pathname, headers, body }).catch(() => {
      // It is not repeated.
    });
  }

  return (tradeNo) => {
    if (scenario.relay?.tellsClosings) time.after(chance.int(0, MINUTE), () => post(tradeNo));
  };
}
