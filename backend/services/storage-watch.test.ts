import { expect, test } from 'vitest';
import { SimClock } from '../../ports/sim-clock.ts';
import { StorageError } from '../store/database.ts';
import type { Store } from '../store/store.ts';
import { createHub } from './hub.ts';
import type { StatusService } from './status.ts';
import { createStorageWatch } from './storage-watch.ts';

test('a disk that goes on refusing is not said to work because something smaller still fits', async () => {
  const clock = new SimClock(Date.parse('2026-11-21T14:32:10.000+08:00'));
  const said: unknown[] = [];
  const watch = createStorageWatch({
    clock,
    store: { transact: () => undefined } as unknown as Store,
    status: { noteStorage: (trouble) => said.push(trouble) > 0 } as StatusService,
    hub: createHub(),
    isIdle: () => true,
    checkpoint: async () => {},
  });
  const full = new StorageError('full', 'The disk is full.');
  watch.onFault(full);
  await clock.advance(4_000);
  watch.onFault(full);
  await clock.advance(4_000);
  expect(said).toEqual(['storage_full', 'storage_full']);
  await clock.advance(1_000);
  expect(said).toEqual(['storage_full', 'storage_full', null]);
});
