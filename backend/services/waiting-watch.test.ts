import { expect, test } from 'vitest';
import { SimClock } from '../../ports/sim-clock.ts';
import type { Store } from '../store/store.ts';
import { createHub } from './hub.ts';
import { createWaitingWatch } from './waiting-watch.ts';

const SECOND_MS = 1_000;

function watched() {
  const clock = new SimClock(0);
  const hub = createHub((task) => task());
  const counts = { parked: 0, refundsDue: 0, refunding: 1 };
  const store = { outbox: { counts: () => counts } } as unknown as Store;
  const watch = createWaitingWatch({ clock, store, hub });
  const news: string[] = [];
  hub.listen(({ kind }) => news.push(kind));
  watch.start();
  return { clock, hub, counts, watch, news };
}

test('a refund that gets stuck is told within a second of its commit, and once', async () => {
  const { clock, hub, counts, watch, news } = watched();
  Object.assign(counts, { parked: 1, refunding: 0 });
  hub.tell({ kind: 'committed' });
  hub.tell({ kind: 'committed' });
  await clock.advance(SECOND_MS);
  expect(news).toEqual(['committed', 'committed', 'status']);
  hub.tell({ kind: 'committed' });
  await clock.advance(SECOND_MS);
  expect(news).toEqual(['committed', 'committed', 'status', 'committed']);
  watch.stop();
});

test('commits that leave nothing for a person tell no status, and nothing is looked at after the end', async () => {
  const { clock, hub, counts, watch, news } = watched();
  hub.tell({ kind: 'committed' });
  await clock.advance(SECOND_MS);
  counts.parked = 1;
  hub.tell({ kind: 'committed' });
  watch.stop();
  hub.tell({ kind: 'committed' });
  await clock.advance(SECOND_MS);
  expect(news).toEqual(['committed', 'committed', 'committed']);
});
