import type { Actor } from './actor.ts';

/**
 * Who began a charge, as one word: `person:ID`, `integrator:NAME`. Null where nobody was signed in: the window of a
 * till without people.
 */
export function cashierOf(actor: Actor): string | null {
  switch (actor.kind) {
    case 'person':
      return `person:${actor.personId}`;
    case 'integrator':
      return `integrator:${actor.name}`;
    case 'till':
      return null;
  }
}

/** Whom the word names. */
export function cashierNamed(word: string | null): Actor {
  const [, kind, id = ''] = /^(person|integrator):(.+)$/s.exec(word ?? '') ?? [];
  if (kind === 'person') return { kind, personId: id };
  return kind === 'integrator' ? { kind, name: id } : { kind: 'till' };
}
