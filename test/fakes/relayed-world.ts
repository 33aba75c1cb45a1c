import { generateKeyPairSync } from 'node:crypto';
import { publicKeyOf } from '../../backend/relay/keys.ts';
import { type Db, openMemoryDatabase } from '../../backend/store/database.ts';
import { relayTable } from '../../backend/store/relay.ts';
import { windowOf } from './client.ts';
import { memoryKeys, relayNowhere } from './relay.ts';
import { EPOCH, RELAY_NAME, ScriptedRelay } from './scripted-relay.ts';
import { START_MS, testTill } from './till.ts';
import type { WalletPost } from './wallet-notifications.ts';
import { world } from './world.ts';

/** A till that is enrolled at a relay, with both wallets of the sandbox, in one process on one simulated clock. */
export async function relayedWorld() {
  const relay = new ScriptedRelay();
  const { privateKey } = generateKeyPairSync('ed25519');
  const publicKey = publicKeyOf(privateKey);
  const keys = memoryKeys();
  keys.prepare(privateKey).keep();
  relay.enrol(publicKey);
  const db = openMemoryDatabase();
  relayTable(db).enrol({
    url: 'https://relay.example',
    till: 'T0MW',
    relay: RELAY_NAME,
    pushUrl: 'wss://relay.example/till',
    notifyUrl: 'https://relay.example/notify/T0MW/{channel}',
    publicKey,
    enrolledAtMs: START_MS,
  });
  const atRelay = { ...relayNowhere(), openSocket: relay.openSocket, keys };
  const made = await world(undefined, { db, relay: atRelay });
  const { clock } = made;
  await clock.advance(0);
  let seq = 0;

  /** Delivers what a wallet posted at `receivedMs`, and says what the till answered. */
  async function deliver(post: WalletPost, receivedMs = clock.nowMs()): Promise<'ack' | string | null> {
    seq += 1;
    const mine = seq;
    const { channel, headers, body } = post;
    relay.line.deliver(mine, body, { channel, headers, receivedMs });
    await clock.advance(0);
    for (const frame of relay.line.said) {
      if (frame.type === 'ack' && frame.seq === mine) return 'ack';
      if (frame.type === 'reject' && frame.seq === mine) return frame.reason;
    }
    return null;
  }

  let { backend } = made;
  /** The till goes on with another database, at the same relay and the same wallets. */
  async function goOnWith(other: Db) {
    await backend.stop();
    backend = testTill({ clock, providers: made.providers, db: other, relay: atRelay }).backend;
    backend.start();
    await clock.advance(0);
    return { db: other, backend, till: windowOf(backend, clock) };
  }

  return { ...made, relay, deliver, goOnWith, identity: made.sandbox.identity(), epoch: EPOCH };
}
