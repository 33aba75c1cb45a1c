import { createHash, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type Clock, HOUR } from '../ports/clock.ts';
import { type Random, randomText } from '../ports/random.ts';
import { type EnrolRequest, plainCode, TillName, tillKey, verifyEnrol } from '../wire/relay.ts';

/** How long a one-time code is good. */
const CODE_TTL_MS = HOUR;
/** No letters that are read as digits. 12 of 32: 60 bits. */
const CODE_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const CODE_CHARACTERS = 12;

/** What happened to tills, in order. A node's picture of the tills is what these add up to. */
const Entry = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('invited'),
    till: TillName,
    /** SHA-256 of the code: who reads the journal cannot enrol. */
    codeHash: z.string(),
    expiresMs: z.number().int(),
  }),
  z.strictObject({
    kind: z.literal('enrolled'),
    till: TillName,
    codeHash: z.string(),
    publicKey: z.string(),
    atMs: z.number().int(),
  }),
  z.strictObject({ kind: z.literal('revoked'), till: TillName, atMs: z.number().int() }),
]);
type Entry = z.infer<typeof Entry>;

/** A durable list of records, the same in the same order for every node. */
export interface Journal {
  /** Hands over what is there, oldest first, then resolves; later records follow as they are written. */
  follow(apply: (record: string) => void): Promise<void>;
  /** Resolves once the record is durable and has been handed over here. Rejects when it may not be durable. */
  append(record: string): Promise<void>;
}

interface EnrolledTill {
  till: string;
  key: KeyObject;
  /** Short name of the key, for people to compare. */
  fingerprint: string;
  enrolledMs: number;
}

export interface Registry {
  find(till: string): EnrolledTill | undefined;
  list(): EnrolledTill[];
  /** Tills with a code that is still good and no key yet. */
  invited(): string[];
  /** A fresh one-time code; it replaces an earlier one of the till. Using it replaces the till's key. */
  invite(till: string): Promise<{ code: string; expiresMs: number }>;
  /** False when the code or the proof is wrong, old or used. */
  enrol(request: EnrolRequest): Promise<boolean>;
  /** False when there is no such till. */
  revoke(till: string): Promise<boolean>;
  /** Calls back when a till's key is no longer good: revoked, or replaced. */
  onRevoked(listener: (till: string) => void): void;
}

/** Reads the journal and keeps following it. Rejects when it holds what this version does not know. */
export async function createRegistry(deps: {
  journal: Journal;
  clock: Clock;
  random: Random;
}): Promise<Registry> {
  const { journal, clock, random } = deps;
  const tills = new Map<string, EnrolledTill & { codeHash: string }>();
  const invitations = new Map<string, { codeHash: string; expiresMs: number }>();
  const listeners: ((till: string) => void)[] = [];

  await journal.follow((record) => apply(Entry.parse(JSON.parse(record))));

  function apply(entry: Entry): void {
    const { till } = entry;
    if (entry.kind === 'invited') {
      invitations.set(till, entry);
      return;
    }
    if (entry.kind === 'enrolled') {
      const invitation = invitations.get(till);
      // Two nodes may have taken one code at once: the journal's order decides, for all alike.
      if (invitation?.codeHash !== entry.codeHash || entry.atMs > invitation.expiresMs) return;
      const key = tillKey(entry.publicKey);
      if (!key) return;
      const replaced = tills.has(till);
      const { codeHash, publicKey, atMs: enrolledMs } = entry;
      invitations.delete(till);
      tills.set(till, { till, key, fingerprint: hash(publicKey).slice(0, 16), enrolledMs, codeHash });
      if (replaced) tell(till);
      return;
    }
    invitations.delete(till);
    if (tills.delete(till)) tell(till);
  }

  function tell(till: string): void {
    for (const listener of listeners) listener(till);
  }

  const append = (entry: Entry) => journal.append(JSON.stringify(entry));

  return {
    find: (till) => tills.get(till),
    list: () => [...tills.values()],
    invited: () =>
      [...invitations].filter(([, { expiresMs }]) => expiresMs > clock.nowMs()).map(([till]) => till),

    async invite(till) {
      const code = randomText(random, CODE_ALPHABET, CODE_CHARACTERS);
      const expiresMs = clock.nowMs() + CODE_TTL_MS;
      await append({ kind: 'invited', till, codeHash: hash(code), expiresMs });
      return { code: code.replace(/(.{4})(?=.)/g, '$1-'), expiresMs };
    },

    async enrol(request) {
      const { till, publicKey } = request;
      const codeHash = hash(plainCode(request.code));
      const invitation = invitations.get(till);
      const atMs = clock.nowMs();
      if (invitation?.codeHash !== codeHash || atMs > invitation.expiresMs) return false;
      if (!verifyEnrol(request)) return false;
      await append({ kind: 'enrolled', till, codeHash, publicKey, atMs });
      const now = tills.get(till);
      return now?.codeHash === codeHash && now.fingerprint === hash(publicKey).slice(0, 16);
    },

    async revoke(till) {
      if (!tills.has(till) && !invitations.has(till)) return false;
      await append({ kind: 'revoked', till, atMs: clock.nowMs() });
      return true;
    },

    onRevoked: (listener) => listeners.push(listener),
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
