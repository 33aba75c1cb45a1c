import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Inbox, InboxEnd, Mailbox, MailboxLimits, Notification, Outgoing } from './mailbox.ts';

/** One implementation under test: `mailbox` reaches the same store as every other node that `another` makes. */
export interface MailboxBench {
  mailbox: Mailbox;
  nowMs(): number;
  /** Another process on the same store: a further node, or, where there is but one, its successor. */
  another(): Promise<Mailbox>;
  /** Lets `ms` pass for a store that goes by the clock; one that goes by its own needs no help. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

export const CONFORMANCE_LIMITS: MailboxLimits = {
  window: 4,
  waitingMax: 20,
  waitingBytesMax: 400_000,
  keepMs: 3_600_000,
  deadMax: 5,
  returnsMax: 3,
};

let serial = 0;

export function sample(till: string, change: Partial<Notification> = {}): Notification {
  serial += 1;
  return {
    id: `id-${serial}`,
    till,
    channel: 'wechat',
    receivedMs: 1_800_000_000_000,
    source: '203.0.113.7',
    headers: { 'content-type': 'application/json; charset=utf-8', 'wechatpay-serial': 'PUB_KEY_ID_01' },
    body: new Uint8Array([123, 0, 255, 13, 10, 195, 40, serial % 256]),
    ...change,
  };
}

/** Collects what an inbox hands out, and lets a test wait for it. */
export function collect(inbox: Inbox): {
  got: Outgoing[];
  ended: Promise<InboxEnd>;
  /** Resolves with the first `count` deliveries. */
  first(count: number): Promise<Outgoing[]>;
} {
  const got: Outgoing[] = [];
  let waiters: { count: number; done: (all: Outgoing[]) => void }[] = [];
  const look = () => {
    waiters = waiters.filter(({ count, done }) => {
      if (got.length < count) return true;
      done(got.slice(0, count));
      return false;
    });
  };
  const ended = new Promise<InboxEnd>((resolve) => {
    inbox.start({
      deliver(delivery) {
        got.push(delivery);
        look();
      },
      ended: resolve,
    });
  });
  return {
    got,
    ended,
    first: (count) =>
      new Promise((done) => {
        waiters.push({ count, done });
        look();
      }),
  };
}

const ids = (all: readonly Outgoing[]) => all.map(({ notification }) => notification.id);

/** Waits until a question is answered as hoped; the suite's time-out ends a vain wait. */
async function until<T>(ask: () => Promise<T>, hoped: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (hoped(answer)) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What every mailbox keeps. */
export function mailboxConformance(
  name: string,
  make: (limits: MailboxLimits) => Promise<MailboxBench>,
): void {
  describe(`${name}: a mailbox`, () => {
    let bench: MailboxBench;
    let box: Mailbox;
    const till = 'till-1';

    async function begin(limits: MailboxLimits): Promise<void> {
      bench = await make(limits);
      box = bench.mailbox;
      await box.prepare(till);
      await box.prepare('till-2');
    }
    beforeEach(() => begin(CONFORMANCE_LIMITS));
    afterEach(async () => {
      await bench.close();
    });

    test('gives back every byte and header as they came', async () => {
      const sent = sample(till, { body: Buffer.from([...Array(256).keys()]) });
      expect(await box.put(sent)).toBe('stored');
      const [delivery] = await collect(await box.open(till, null)).first(1);
      expect({
        ...delivery?.notification,
        body: Buffer.from(delivery?.notification.body ?? []).toString('hex'),
      }).toEqual({
        ...sent,
        body: Buffer.from(sent.body).toString('hex'),
      });
    });

    test('hands out in the order of arrival, before and after the inbox was opened', async () => {
      const sent = Array.from({ length: 12 }, () => sample(till));
      for (const notification of sent.slice(0, 6)) await box.put(notification);
      const inbox = await box.open(till, null);
      const seen = collect(inbox);
      for (const notification of sent.slice(6)) await box.put(notification);
      for (let count = 1; count <= sent.length; count++) {
        const last = (await seen.first(count)).at(-1);
        inbox.ack(last?.seq ?? 0);
      }
      expect(ids(seen.got)).toEqual(sent.map(({ id }) => id));
      const seqs = seen.got.map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
      expect(new Set(seqs).size).toBe(seqs.length);
    });

    test('has no more under way than the window', async () => {
      const sent = Array.from({ length: 8 }, () => sample(till));
      for (const notification of sent) await box.put(notification);
      const inbox = await box.open(till, null);
      const seen = collect(inbox);
      await seen.first(4);
      await box.put(sample('till-2'));
      expect(seen.got).toHaveLength(4);
      inbox.ack(seen.got[1]?.seq ?? 0);
      await seen.first(5);
      expect(seen.got).toHaveLength(5);
    });

    test('takes a retry for the same delivery, while it waits, while it is out, and after it was acknowledged', async () => {
      const sent = sample(till);
      expect(await box.put(sent)).toBe('stored');
      expect(await box.put({ ...sent, receivedMs: sent.receivedMs + 15_000 })).toBe('repeated');
      const inbox = await box.open(till, null);
      const seen = collect(inbox);
      await seen.first(1);
      expect(await box.put(sent)).toBe('repeated');
      inbox.ack(seen.got[0]?.seq ?? 0);
      await until(
        () => box.backlog(till),
        ({ waiting }) => waiting === 0,
      );
      expect(await box.put(sent)).toBe('repeated');
      const next = sample(till);
      await box.put(next);
      expect(ids(await seen.first(2))).toEqual([sent.id, next.id]);
    });

    test('takes other bytes under an id for another delivery until the till has judged the first: a forgery stands for nothing', async () => {
      const forged = sample(till);
      const genuine = { ...forged, body: new Uint8Array([1]) };
      expect(await box.put(forged)).toBe('stored');
      expect(await Promise.all([box.put(genuine), box.put(genuine)])).toEqual(
        expect.arrayContaining(['stored', 'repeated']),
      );
      expect(await box.put(genuine)).toBe('repeated');
      expect(await box.put(forged)).toBe('repeated');
      const inbox = await box.open(till, null);
      const seen = collect(inbox);
      const [first, second] = await seen.first(2);
      expect(second?.notification.body).toEqual(Buffer.from([1]));
      expect(second?.notification.id).not.toBe(first?.notification.id);
      inbox.reject(first?.seq ?? 0, 'forged');
      inbox.ack(second?.seq ?? 0);
      await until(
        () => box.backlog(till),
        ({ waiting, dead }) => waiting === 0 && dead === 1,
      );
    });

    test('takes other bytes under an id that was acknowledged for a retry', async () => {
      const sent = sample(till);
      await box.put(sent);
      const inbox = await box.open(till, null);
      const seen = collect(inbox);
      inbox.ack((await seen.first(1))[0]?.seq ?? 0);
      await until(
        () => box.backlog(till),
        ({ waiting }) => waiting === 0,
      );
      expect(await box.put({ ...sent, body: new Uint8Array([1]) })).toBe('repeated');
    });

    test('stores one of many posts of one notification that come at once', async () => {
      const sent = sample(till);
      const results = await Promise.all(Array.from({ length: 10 }, () => box.put(sent)));
      expect(results.filter((result) => result === 'stored')).toHaveLength(1);
      expect(results.filter((result) => result === 'repeated')).toHaveLength(9);
      expect((await box.backlog(till)).waiting).toBe(1);
    });

    test('keeps tills apart, also for one id', async () => {
      const sent = sample(till);
      expect(await box.put(sent)).toBe('stored');
      expect(await box.put({ ...sent, till: 'till-2' })).toBe('stored');
      const other = collect(await box.open('till-2', null));
      const [delivery] = await other.first(1);
      expect(delivery?.notification.till).toBe('till-2');
      await box.put(sample(till));
      const mine = collect(await box.open(till, null));
      await mine.first(2);
      expect(other.got).toHaveLength(1);
      expect(mine.got.every(({ notification }) => notification.till === till)).toBe(true);
    });

    test('sends again what was not answered, and only that', async () => {
      const sent = [sample(till), sample(till), sample(till)];
      for (const notification of sent) await box.put(notification);
      const first = await box.open(till, null);
      const seen = collect(first);
      await seen.first(3);
      first.ack(seen.got[1]?.seq ?? 0);
      await until(
        () => box.backlog(till),
        ({ waiting }) => waiting === 2,
      );
      first.close();
      const again = collect(await box.open(till, null));
      expect(ids(await again.first(2))).toEqual([sent[0]?.id, sent[2]?.id]);
    });

    test('sends everything to a till that names the last of another epoch', async () => {
      const sent = [sample(till), sample(till), sample(till)];
      for (const notification of sent) await box.put(notification);
      const first = await box.open(till, null);
      const seen = collect(first);
      await seen.first(3);
      first.close();
      const foreign = await box.open(till, { epoch: 'another', seq: seen.got[2]?.seq ?? 0 });
      expect(ids(await collect(foreign).first(3))).toEqual(sent.map(({ id }) => id));
      foreign.close();
    });

    test('lets a second inbox take over, in order, and ends the first', async () => {
      const sent = Array.from({ length: 6 }, () => sample(till));
      for (const notification of sent) await box.put(notification);
      const first = await box.open(till, null);
      const old = collect(first);
      await old.first(4);
      const second = await box.open(till, null);
      const seen = collect(second);
      expect(await old.ended).toBe('taken_over');
      for (let count = 1; count <= sent.length; count++) {
        second.ack((await seen.first(count)).at(-1)?.seq ?? 0);
      }
      expect(ids(seen.got)).toEqual(sent.map(({ id }) => id));
      first.ack(1);
      first.close();
      expect(old.got).toHaveLength(4);
    });

    test('parks a rejected one with its reason, and goes on with the next', async () => {
      const sent = [sample(till), sample(till)];
      for (const notification of sent) await box.put(notification);
      const inbox = await box.open(till, null);
      const seen = collect(inbox);
      await seen.first(2);
      inbox.reject(seen.got[0]?.seq ?? 0, 'the signature is not the wallet’s');
      inbox.ack(seen.got[1]?.seq ?? 0);
      await until(
        () => box.backlog(till),
        ({ waiting, dead }) => waiting === 0 && dead === 1,
      );
      expect(await box.deadLetters(till, 10)).toEqual([
        {
          id: sent[0]?.id,
          channel: 'wechat',
          receivedMs: sent[0]?.receivedMs,
          bytes: 8,
          reason: 'the signature is not the wallet’s',
        },
      ]);
      expect(await box.deadLetters('till-2', 10)).toEqual([]);
    });

    test('does not let a rejected one shut out a genuine one of the same id', async () => {
      const forged = sample(till);
      await box.put(forged);
      const inbox = await box.open(till, null);
      const seen = collect(inbox);
      await seen.first(1);
      inbox.reject(seen.got[0]?.seq ?? 0, 'forged');
      await until(
        () => box.backlog(till),
        ({ dead }) => dead === 1,
      );
      expect(await box.put({ ...forged, body: new Uint8Array([1]) })).toBe('stored');
      expect((await seen.first(2))[1]?.notification.body).toHaveLength(1);
    });

    test('replays one dead letter, or all', async () => {
      const sent = [sample(till), sample(till), sample(till)];
      for (const notification of sent) await box.put(notification);
      const inbox = await box.open(till, null);
      const seen = collect(inbox);
      for (const { seq } of await seen.first(3)) inbox.reject(seq, 'the key is missing');
      await until(
        () => box.backlog(till),
        ({ dead }) => dead === 3,
      );
      expect(await box.replay(till, sent[1]?.id ?? '')).toBe(1);
      expect(ids(await seen.first(4))[3]).toBe(sent[1]?.id);
      expect(await box.replay(till, null)).toBe(2);
      expect(
        ids(await seen.first(6))
          .slice(4)
          .sort(),
      ).toEqual([sent[0]?.id, sent[2]?.id].sort());
      expect(await box.replay(till, null)).toBe(0);
      expect(await box.replay(till, 'no such id')).toBe(0);
    });

    test('keeps the latest dead letters only', async () => {
      const inbox = await box.open(till, null);
      const seen = collect(inbox);
      const sent = Array.from({ length: 8 }, () => sample(till));
      for (const [index, notification] of sent.entries()) {
        await box.put(notification);
        inbox.reject((await seen.first(index + 1)).at(-1)?.seq ?? 0, 'no');
      }
      const letters = await until(
        () => box.deadLetters(till, 10),
        (all) => all[0]?.id === sent.at(-1)?.id,
      );
      expect(letters.map(({ id }) => id)).toEqual(
        sent
          .slice(3)
          .map(({ id }) => id)
          .reverse(),
      );
    });

    test('gives up a delivery that every connection ends without answering', async () => {
      const poison = sample(till);
      await box.put(poison);
      for (let round = 0; round < CONFORMANCE_LIMITS.returnsMax; round++) {
        const inbox = await box.open(till, null);
        await collect(inbox).first(1);
        inbox.close();
      }
      // A broker counts one further.
      const next = sample(till);
      await box.put(next);
      const last = await box.open(till, null);
      const seen = collect(last);
      const [first] = await seen.first(1);
      if (first?.notification.id === poison.id) {
        last.close();
        const after = collect(await box.open(till, null));
        expect(ids(await after.first(1))).toEqual([next.id]);
      } else {
        expect(first?.notification.id).toBe(next.id);
      }
      const [letter] = await until(
        () => box.deadLetters(till, 10),
        (all) => all.length > 0,
      );
      expect(letter).toMatchObject({ id: poison.id, reason: 'undeliverable' });
    });

    test('refuses what would take a till’s mailbox past its limit, and still knows retries', async () => {
      const first = sample(till);
      await box.put(first);
      const results: string[] = [];
      while (!results.includes('full') && results.length < 100) results.push(await box.put(sample(till)));
      expect(results).toContain('full');
      expect(await box.put(first)).toBe('repeated');
      expect(await box.put(sample('till-2'))).toBe('stored');
      const { waiting } = await box.backlog(till);
      expect(waiting).toBeGreaterThanOrEqual(CONFORMANCE_LIMITS.waitingMax - 2);
      expect(waiting).toBeLessThanOrEqual(CONFORMANCE_LIMITS.waitingMax + 2);
    });

    test('takes again what it refused, once there is room', async () => {
      let refused: Notification;
      do {
        refused = sample(till);
      } while ((await box.put(refused)) !== 'full');
      const inbox = await box.open(till, null);
      const seen = collect(inbox);
      for (const { seq } of await seen.first(4)) inbox.ack(seq);
      expect(
        await until(
          () => box.put(refused),
          (result) => result !== 'full',
        ),
      ).toBe('stored');
    });

    test('lets what waited too long die', async () => {
      await bench.close();
      await begin({ ...CONFORMANCE_LIMITS, keepMs: 500 });
      await box.put(sample(till, { receivedMs: bench.nowMs() }));
      await bench.pass(501);
      await box.sweep();
      const [letter] = await until(
        () => box.deadLetters(till, 10),
        (all) => all.length > 0,
      );
      expect(letter?.reason).toBe('expired');
      expect((await box.backlog(till)).waiting).toBe(0);
    });

    test('is found again by another process', async () => {
      const sent = [sample(till), sample(till)];
      for (const notification of sent) await box.put(notification);
      const other = await bench.another();
      expect((await other.backlog(till)).waiting).toBe(2);
      expect(ids(await collect(await other.open(till, null)).first(2))).toEqual(sent.map(({ id }) => id));
    });

    test('forgets a till wholly, and ends its inbox', async () => {
      const sent = sample(till);
      await box.put(sent);
      const open = collect(await box.open(till, null));
      await open.first(1);
      await box.forget(till);
      await open.ended;
      await box.prepare(till);
      expect(await box.backlog(till)).toEqual({ waiting: 0, oldestMs: null, dead: 0 });
      expect(await box.put(sample(till))).toBe('stored');
      await until(
        () => box.put(sent),
        (result) => result === 'stored',
      );
    });
  });
}
