import { describe, expect, test } from 'vitest';
import type { TillStatus } from '../../contract/till.ts';
import { withEvent } from './apply.ts';
import { backlogView } from './backlog.ts';
import { INITIAL_STATE, type TillState } from './state.ts';

const START = Date.parse('2026-11-21T14:32:00.000+08:00');
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
const WELL = { ok: true, since: at(-9_000), reason: null };
const LOST = { ok: false, since: at(-10), reason: 'network' } as const;

function status(left: number, options: { isLost?: boolean; oldestAt?: string } = {}): TillStatus {
  const charging = options.isLost ? LOST : WELL;
  return {
    charging,
    seesPayments: charging,
    push: { ok: false, since: at(-9_000), reason: 'not_configured' },
    storage: WELL,
    backup: null,
    channels: [{ channel: 'alipay', charging, lastAnswerAt: null }],
    outbox: {
      unanswered: left,
      oldestAt: left === 0 ? null : (options.oldestAt ?? at(-2)),
      nextAt: left === 0 ? null : at(8),
      parked: 0,
      refundsDue: 0,
      refunding: 0,
    },
    clockSkewMs: null,
  };
}

/** The window's state after these statuses, one a second. */
function stateAfter(...told: TillStatus[]): TillState {
  return told.reduce<TillState>(
    (state, each, second) => withEvent(state, { type: 'status', at: at(second), status: each }),
    INITIAL_STATE,
  );
}

const view = (state: TillState, seconds: number) =>
  backlogView(state.backlog, state.status?.outbox, START + seconds * 1_000);

describe('the line of unanswered questions', () => {
  test('is not there for a single silence', () => {
    expect(view(stateAfter(status(1)), 3)).toBeNull();
    expect(view(stateAfter(status(1), status(0)), 2)).toBeNull();
  });

  test('says how many, from when, and when the next is asked, once an ability is lost', () => {
    const state = stateAfter(status(1), status(3, { isLost: true }));
    expect(view(state, 2)).toEqual({ phase: 'waiting', left: 3, peak: 3, oldestAt: at(-2), nextAt: at(8) });
  });

  test('is there for old silence at the start, whatever the wallets do now', () => {
    expect(view(stateAfter(status(10_000, { oldestAt: at(-86_400) })), 1)).toMatchObject({ left: 10_000 });
  });

  test('appears by itself when one silence grows long', () => {
    const state = stateAfter(status(1));
    expect(view(state, 10)).toBeNull();
    expect(view(state, 18)).toMatchObject({ phase: 'waiting', left: 1 });
  });

  test('counts down from the most there ever were, also after the network is back', () => {
    const state = stateAfter(status(12, { isLost: true }), status(11), status(7));
    expect(view(state, 3)).toMatchObject({ phase: 'draining', left: 7, peak: 12 });
  });

  test('says for some seconds that all are answered, then nothing', () => {
    const state = stateAfter(status(12, { isLost: true }), status(4), status(0), status(0));
    expect(view(state, 4)).toEqual({ phase: 'ended' });
    expect(view(state, 60)).toBeNull();
  });

  test('begins anew with the next outage', () => {
    const state = stateAfter(status(12, { isLost: true }), status(0), status(2, { isLost: true }));
    expect(view(state, 3)).toMatchObject({ phase: 'waiting', left: 2, peak: 2 });
  });
});
