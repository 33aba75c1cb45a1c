import { eventIterator } from '@orpc/contract';
import { TillEvent } from './events.ts';
import { bills, reports, shifts } from './procedures/books.ts';
import { outbox, refunds } from './procedures/money-back.ts';
import { auth, people, policy } from './procedures/people.ts';
import { procedure } from './procedures/procedure.ts';
import { relay } from './procedures/relay.ts';
import { charges, orders, till, trades } from './procedures/sales.ts';

export type { ProcedureMeta } from './procedures/procedure.ts';

/** The API, served to windows over a MessagePort and to everybody over HTTP: see `backend/dispatcher.ts`. */
export const contract = {
  till,
  orders,
  charges,
  trades,
  refunds,
  outbox,
  relay,
  auth,
  people,
  policy,
  shifts,
  bills,
  reports,
  events: procedure('look')
    .route({ method: 'GET', path: '/events', summary: 'What happens, as server-sent events; resumable' })
    .output(eventIterator(TillEvent)),
};
export type Contract = typeof contract;
