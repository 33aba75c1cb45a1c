import { call } from '@orpc/server';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { contract, type ProcedureMeta } from '../../contract/index.ts';
import type { Right } from '../../contract/people.ts';
import { memoryKeys, relayNowhere } from '../../test/fakes/relay.ts';
import { codeOf, NAMES, PINS } from '../../test/fakes/staff.ts';
import { staffedTill } from '../../test/fakes/staffed-till.ts';
import { testTill } from '../../test/fakes/till.ts';
import type { Router } from '../dispatcher.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { createStore } from '../store/store.ts';

/** The rights by which somebody changes how the till works, or who may what at it. */
const SETTING: readonly Right[] = ['set_up', 'manage_people', 'change_own_pin'];
/** Changes nothing that is kept. */
const ONLY_ASKS = ['relay.test'];
const approval = { operator: NAMES.manager, pin: PINS.manager };

type Ids = Record<'manager' | 'cashier', string>;

/** Each procedure that changes a setting, as the owner would call it, and what the ledger then says. */
const CHANGES: Record<
  string,
  { input(ids: Ids, reason: string): object; says: string; what: string | null }
> = {
  'policy.set': {
    input: (_, reason) => ({ lockAfterMinutes: 3, refundApprovalAboveFen: 1, reason, approval }),
    says: 'setting.changed',
    what: 'policy',
  },
  'relay.enrol': {
    input: (_, reason) => ({ url: 'https://relay.example', code: 'x', reason }),
    says: 'setting.changed',
    what: 'relay',
  },
  'people.add': {
    input: (_, reason) => ({ name: '午班收银', role: 'cashier', pin: '640281', reason }),
    says: 'person.created',
    what: null,
  },
  'people.change': {
    input: ({ cashier }, reason) => ({ personId: cashier, role: 'manager', reason }),
    says: 'person.changed',
    what: null,
  },
  'people.resetPin': {
    input: ({ cashier }, reason) => ({ personId: cashier, pin: '640281', reason }),
    says: 'person.pin_reset',
    what: null,
  },
  'people.disable': {
    input: ({ cashier }, reason) => ({ personId: cashier, reason }),
    says: 'person.disabled',
    what: null,
  },
};
/** These say themselves why they are done. */
const SELF_EVIDENT = ['people.setUpOwner', 'people.changePin'];

function changing(each: object, path: string[] = []): string[] {
  if (!('~orpc' in each))
    return Object.entries(each).flatMap(([name, one]) => changing(one as object, [...path, name]));
  const { meta, route } = each['~orpc'] as { meta: ProcedureMeta; route: { method?: string } };
  return SETTING.includes(meta.needs) && route.method !== 'GET' ? [path.join('.')] : [];
}

function procedure(api: Router, name: string): never {
  return name.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], api) as never;
}

test('every procedure that changes a setting is known here', () => {
  expect(changing(contract).sort()).toEqual([...Object.keys(CHANGES), ...SELF_EVIDENT, ...ONLY_ASKS].sort());
});

/** A relay that takes whatever code it is shown. */
function willingRelay() {
  return {
    ...relayNowhere(),
    keys: memoryKeys(),
    http: {
      async send({ body }: { body?: string | undefined }) {
        const { till } = JSON.parse(body ?? '{}');
        const enrolled = {
          till,
          relay: 'relay.example',
          pushUrl: 'wss://relay.example/till',
          notifyUrl: `https://relay.example/notify/${till}/{channel}`,
        };
        return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(enrolled)) };
      },
      async close() {},
    } as never,
  };
}

test.each(Object.entries(CHANGES))('%s is told with who, when, from where and why', async (name, change) => {
  const till = await staffedTill({ relay: willingRelay(), mode: 'live' });
  onTestFinished(() => till.backend.stop());
  const store = createStore(till.db);
  const before = store.events.lastSeq();
  const nowMs = till.clock.nowMs();
  await call(
    procedure(till.api, name),
    change.input(till.staff.ids, '因为换班') as never,
    { context: till.staff.owner } as never,
  );
  const told = store.events.after(before, 10);
  expect(told).toHaveLength(1);
  const ownerId = store.people.list().find(({ role }) => role === 'owner')?.personId;
  expect(told[0]).toMatchObject({
    type: change.says,
    what: change.what,
    atMs: nowMs,
    by: {
      actor: { kind: 'person', personId: ownerId },
      via: 'window',
      reason: '因为换班',
      approvedBy: name === 'policy.set' ? till.staff.ids.manager : null,
    },
  });
});

test.each(Object.keys(CHANGES))('%s that is refused changes nothing and tells nothing', async (name) => {
  const till = await staffedTill();
  onTestFinished(() => till.backend.stop());
  const store = createStore(till.db);
  const before = store.events.lastSeq();
  const people = store.people.list();
  const input = CHANGES[name]?.input(till.staff.ids, 'x') as object;
  const as = { context: name === 'relay.enrol' ? till.staff.owner : till.staff.cashier } as never;
  expect(await codeOf(call(procedure(till.api, name), input as never, as))).toMatch(
    /not_allowed|relay_unreachable/,
  );
  expect(store.events.lastSeq()).toBe(before);
  expect(store.people.list()).toEqual(people);
});

test('one’s own PIN, and the first owner, are told with who and from where', async () => {
  const { staff, ...till } = await staffedTill();
  onTestFinished(() => till.backend.stop());
  await call(till.api.people.changePin, { pin: PINS.cashier, newPin: '640281' }, { context: staff.cashier });
  const events = createStore(till.db).events.after(0, 100);
  expect(events[0]).toMatchObject({ type: 'person.created', by: { actor: { kind: 'till' }, via: 'window' } });
  expect(events.at(-1)).toMatchObject({
    type: 'person.pin_changed',
    by: { actor: { personId: staff.ids.cashier }, via: 'window' },
  });
});

test('what the till is started with is told whenever it is another, and only then', () => {
  const anySettings = fc.record({
    shopName: fc.string(),
    chargeTtlSeconds: fc.integer(),
    allowedHosts: fc.array(fc.string(), { maxLength: 3 }),
    webhook: fc.option(fc.string()),
  });
  fc.assert(
    fc.property(fc.array(anySettings, { minLength: 1, maxLength: 6 }), (starts) => {
      const db = openMemoryDatabase();
      let known: Record<string, unknown> | null = null;
      for (const settings of starts) {
        const { events } = createStore(db);
        const seq = events.lastSeq();
        testTill({ db, settings });
        const told = events.after(seq, 10);
        const due = Object.entries(settings).filter(
          ([key, value]) => JSON.stringify(known?.[key]) !== JSON.stringify(value),
        );
        expect(told).toHaveLength(due.length > 0 ? 1 : 0);
        if (told[0])
          expect(told[0]).toMatchObject({
            type: 'setting.changed',
            what: 'start',
            by: { actor: { kind: 'till' }, via: 'till' },
            data: {
              before: known && Object.fromEntries(due.map(([key]) => [key, known?.[key]])),
              now: Object.fromEntries(due),
            },
          });
        known = settings;
      }
      db.close();
    }),
    { numRuns: 12 },
  );
});
