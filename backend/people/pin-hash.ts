import { scrypt, timingSafeEqual } from 'node:crypto';
import { Semaphore } from 'async-mutex';
import type { Random } from '../../ports/random.ts';

/** 16 MiB and some 50 ms each: dear for whoever has the file, bearable for whoever waits at the till. */
const COST = { N: 2 ** 14, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** More at once would only share the processor and fill the memory. */
const AT_ONCE = 2;

const turns = new Semaphore(AT_ONCE);

/** `scrypt$N$r$p$salt$hash`, salt and hash in base64url: its parameters stay with it when the defaults change. */
export async function hashPin(random: Random, pin: string): Promise<string> {
  const salt = Buffer.from(random.bytes(SALT_BYTES));
  const hash = await derive(pin, salt, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Whether the PIN is the one. Of a person who has none it takes as long, and is never. */
export async function isPin(stored: string | null, pin: string): Promise<boolean> {
  const [kind, N, r, p, salt, hash] = (stored ?? NOBODYS).split('$');
  const due = Buffer.from(hash ?? '', 'base64url');
  if (kind !== 'scrypt' || due.length !== HASH_BYTES) throw new Error('A stored PIN is not one.');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const got = await derive(pin, Buffer.from(salt ?? '', 'base64url'), cost);
  return timingSafeEqual(got, due) && stored !== null;
}

/** What a name that nobody has is compared with. */
const NOBODYS = `scrypt$${COST.N}$${COST.r}$${COST.p}$${Buffer.alloc(SALT_BYTES).toString('base64url')}$${Buffer.alloc(HASH_BYTES).toString('base64url')}`;

function derive(pin: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  return turns.runExclusive(
    () =>
      new Promise((resolve, reject) => {
        scrypt(pin, salt, HASH_BYTES, cost, (error, hash) => (error ? reject(error) : resolve(hash)));
      }),
  );
}
