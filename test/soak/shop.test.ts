import { expect, test } from 'vitest';
import { shopUnderFire } from './shop-under-fire.ts';

test('tills and relay restarted at random: what the wallets saw acknowledged is what the tills committed', {
  timeout: 240_000,
}, async () => {
  // Minutes of it, from any seed: `npm run soak`.
  const { acknowledged, committed, faults } = await shopUnderFire('short', { harms: 4 });
  expect([...committed].sort()).toEqual([...acknowledged].sort());
  expect(faults).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(10);
});
