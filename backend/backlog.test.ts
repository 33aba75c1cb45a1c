import { expect, test } from 'vitest';
import { SimClock } from '../ports/sim-clock.ts';
import { fillBacklog } from '../test/fakes/backlog.ts';
import { windowOf } from '../test/fakes/client.ts';
import { farWallet } from '../test/fakes/far-wallet.ts';
import { ScriptedProvider } from '../test/fakes/provider.ts';
import { START_MS, testTill } from '../test/fakes/till.ts';
import { isGreeting } from './services/greet.ts';
import { openMemoryDatabase } from './store/database.ts';
import { createStore } from './store/store.ts';

const TRADES = 10_000;
const WALLET_AWAY_MS = 30;
/** Every so many orders were paid by WeChat while the till was off. */
const PAID_EVERY = 10;

test('10,000 trades that were left open all resolve, the oldest first, while new charges get their codes', async () => {
  const clock = new SimClock(START_MS);
  const db = openMemoryDatabase();
  const store = createStore(db);
  const numbers = fillBacklog(store, TRADES, START_MS);
  const wallets = [new ScriptedProvider('alipay'), new ScriptedProvider('wechat')] as const;
  const paid = new Set<string>();
  for (const [index, tradeNo] of numbers.entries()) {
    const isPaid = index % (2 * PAID_EVERY) === 1;
    if (isPaid) paid.add(tradeNo);
    wallets[index % 2 === 0 ? 0 : 1].status.set(tradeNo, isPaid ? 'paid' : 'closed');
  }
  const providers = wallets.map((wallet) => farWallet(wallet, clock, WALLET_AWAY_MS));
  const { backend } = testTill({ clock, db, providers });
  const till = windowOf(backend, clock);
  backend.start();

  const left: number[] = [];
  do {
    const orderNo = `N${left.length}`;
    await till.startCharge({ orderNo, amountFen: 100 });
    // Two ways to the wallet: the longest that a code may take while up to eight older questions are under way.
    await clock.advance(2 * WALLET_AWAY_MS);
    expect(await till.order(orderNo)).toMatchObject({ charge: { state: 'waiting' } });
    await till.cancelOrder(orderNo);
    await clock.advance(1_000);
    left.push(numbers.filter((tradeNo) => store.outbox.ofTrade(tradeNo) !== undefined).length);
  } while ((left.at(-1) ?? 0) > 0);

  expect(left.length).toBeGreaterThan(10);
  expect((await till.status()).outbox).toMatchObject({ parked: 0, unanswered: 0 });
  for (const tradeNo of numbers) {
    const state = paid.has(tradeNo) ? 'paid' : 'closed';
    expect(store.trades.byNo(tradeNo)).toMatchObject({ state, unknown: null });
  }
  for (const wallet of wallets) {
    const mine = new Set(numbers.filter((tradeNo) => wallet.status.has(tradeNo)));
    const asked = wallet.asked.map(({ tradeNo }) => tradeNo).filter((no) => !isGreeting(no));
    expect([...new Set(asked)].filter((tradeNo) => mine.has(tradeNo))).toEqual([...mine]);
  }
  await backend.stop();
}, 90_000);
