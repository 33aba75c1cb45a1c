import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Contestant,
  floorListener,
  ourTill,
  ownSocket,
  twoCommits,
  verifyingSocket,
} from './relay-event-contestants.ts';
import type { Server } from './relay-posts.ts';
import { percentile, table } from './report.ts';

/** Samples of each contestant in a turn, and turns; the first ones are for what is compiled and connected late. */
const IN_TURN = 20;
const TURNS = 20;
const WARM_UP_TURNS = 10;
/** Between what goes before a payment and the payment: a customer looks at a code for longer than this. */
const PAUSE_MS = 5;
const REACH = 1.3;

/** Rows of the report, in their order: what was timed, ms each. */
const FLOOR = 'floor: http → verify → SQLite FULL → ws';
const BARE = 'bare, two commits: http → FULL → ws → verify → FULL';
const SOCKET = 'relay → socket of a till that only listens';
const VERIFIED = 'like the floor: http → relay’s FULL → ws → verified at the till';
const OURS = 'relay → till → event in its window';
const LEGS = [
  '  of it: post → the till’s socket',
  '  of it: socket → the till’s commit',
  '  of it: commit → the window’s event',
];

/**
 * From a WeChat post to the event in the till's window that says paid: relay, connection, a till that verifies,
 * opens, settles and commits. Beside a floor that verifies, commits one row and pushes it to a WebSocket; beside
 * the least that relay and till could be when each keeps it for good; beside the relay's own part of the way; and
 * beside that part with the till's verification, which is what the floor does: one commit, and the bytes are judged.
 */
export async function eventAtTill(relay: Server, floor: Server, bareRelay: Server): Promise<void> {
  const times = new Map<string, number[]>();
  const note = (name: string, ms: number) => times.set(name, [...(times.get(name) ?? []), ms]);
  const contestants: [string, Contestant][] = [
    [FLOOR, await floorListener(floor)],
    [BARE, await twoCommits(bareRelay)],
    [SOCKET, await ownSocket(relay)],
    [VERIFIED, await verifyingSocket(relay)],
    [OURS, await ourTill(relay)],
  ];
  for (let turn = -WARM_UP_TURNS; turn < TURNS; turn++) {
    for (const [name, { prepare }] of contestants) {
      for (let n = 0; n < IN_TURN; n++) {
        const deliver = await prepare();
        await sleep(PAUSE_MS);
        const { ms, legs = [] } = await deliver();
        if (turn < 0) continue;
        note(name, ms);
        for (const [leg, legMs] of legs.entries()) note(LEGS[leg] ?? '', legMs);
      }
    }
  }
  for (const [, { stop }] of contestants) await stop();

  const at = (name: string, percent: number) => percentile(times.get(name) ?? [], percent);
  const against = (name: string, peer: string) => (at(name, 50) / at(peer, 50)).toFixed(2);
  const verdict = (name: string) => (at(name, 50) / at(FLOOR, 50) <= REACH ? 'kept' : 'MISSED');
  table(
    `From a wallet’s post to the till, ms (p50 within ${REACH}× of the floor: verified there, ${verdict(VERIFIED)}; ` +
      `told to its window, two commits, ${verdict(OURS)})`,
    [
      ['', 'p50', 'p95', '× floor', '× two commits'],
      ...[FLOOR, BARE, SOCKET, VERIFIED, OURS, ...LEGS].map((name) => [
        name,
        at(name, 50).toFixed(2),
        at(name, 95).toFixed(2),
        against(name, FLOOR),
        against(name, BARE),
      ]),
    ],
  );
}
