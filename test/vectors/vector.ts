import { z } from 'zod';

const vectorShape = z.object({
  name: z.string().min(1),
  inputs: z.record(z.string(), z.unknown()),
  keys: z.record(z.string(), z.unknown()),
  expected: z.record(z.string(), z.unknown()),
});

export const vectorFileShape = z.object({
  schemaVersion: z.literal(1),
  suite: z.string(),
  vectors: z.array(vectorShape).min(1),
});

export type Vector = z.output<typeof vectorShape>;

/**
 * Runs one vector through our code and returns every fact that an `expected` of its suite may state, by the
 * same names. Throws {@link Refused} where `expected` would say `error: true`, and anything else for a kind
 * of case that it does not know.
 */
export type Runner = (vector: Vector) => Facts | Promise<Facts>;

export type Facts = Record<string, unknown>;

/** Our code refused the input with one of its own typed errors. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** Runs `task`; turns the given typed errors, and no other, into {@link Refused}. */
export function refusing<T>(typed: readonly (abstract new (...args: never[]) => Error)[], task: () => T): T {
  try {
    return task();
  } catch (error) {
    if (typed.some((type) => error instanceof type)) throw new Refused('Refused.', { cause: error });
    throw error;
  }
}

/** A text from `inputs` or `keys`; a missing or foreign one fails the vector. */
export function text(from: Record<string, unknown>, name: string): string {
  const value = from[name];
  if (typeof value !== 'string') throw new Error(`The vector has no text "${name}".`);
  return value;
}

/** A map of texts; JSON null and absent values stay as they are. */
export function texts(from: Record<string, unknown>, name: string): Record<string, string> {
  return z.record(z.string(), z.string()).parse(from[name]);
}

export function unknownCase(what: string): never {
  throw new Error(`Unknown kind of case: ${what}.`);
}
