import { expect, test } from 'vitest';
import { SimClock } from '../../ports/sim-clock.ts';
import { createHub } from './hub.ts';

test('what follows from commits runs once a turn, after those who tell screens of them', async () => {
  const clock = new SimClock(0);
  const hub = createHub((task) => void clock.after(0, task));
  const happened: string[] = [];
  const stopFollowing = hub.followCommits(() => happened.push('followed'));
  hub.listen(({ kind }) => {
    happened.push(kind);
  });
  hub.tell({ kind: 'committed' });
  hub.tell({ kind: 'status' });
  hub.tell({ kind: 'committed' });
  expect(happened).toEqual(['committed', 'status', 'committed']);
  await clock.advance(0);
  expect(happened).toEqual(['committed', 'status', 'committed', 'followed']);
  hub.tell({ kind: 'status' });
  await clock.advance(0);
  expect(happened).toHaveLength(5);
  stopFollowing();
  hub.tell({ kind: 'committed' });
  await clock.advance(0);
  expect(happened).toHaveLength(6);
});
