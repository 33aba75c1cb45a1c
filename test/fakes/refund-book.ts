import { createNumbers } from '../../backend/services/numbers.ts';
import { createRefundBook, type RefundBook } from '../../backend/services/refund-book.ts';
import type { Store } from '../../backend/store/store.ts';
import { systemRandom } from '../../ports/random.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { START_MS } from './till.ts';

/** The book of a till that listens at no relay. */
export function testBook(store: Store): RefundBook {
  const numbers = createNumbers({
    store,
    clock: new SimClock(START_MS),
    random: systemRandom(),
    tillId: 'T7K2',
  });
  return createRefundBook({ store, numbers, notifyUrl: () => null });
}
