import type { Clock } from '../../ports/clock.ts';

/** Where a till's process may die: around everything by which the world could tell that it had lived. */
export const DEATH_POINTS = [
  'call',
  'send',
  'arrived',
  'answered',
  'timer',
  'before_commit',
  'after_commit',
] as const;
export type DeathPoint = (typeof DEATH_POINTS)[number];

/** Unwinds the code of a process that has just died; nothing that it does afterwards is seen by anybody. */
export class Dead extends Error {
  override readonly name = 'Dead';
}

/**
 * One incarnation of a till's process. Once it is over its timers never fire, its requests are never answered
 * and its database handle throws {@link Dead}.
 */
export interface Life {
  readonly isOver: boolean;
  readonly clock: Clock;
  /** Asks fate at a death point. True: the process is dead, and the caller must not go on. */
  diesAt(point: DeathPoint): boolean;
  end(): void;
}

/** `fate` decides, at each point, whether this is where it ends. */
export function newLife(clock: Clock, fate: (point: DeathPoint) => boolean, onEnd: () => void): Life {
  let isOver = false;
  const life: Life = {
    get isOver() {
      return isOver;
    },
    clock: {
      nowMs: clock.nowMs,
      monotonicMs: clock.monotonicMs,
      sinceBootMs: clock.sinceBootMs,
      after: (delayMs, task) =>
        clock.after(delayMs, () => {
          if (!life.diesAt('timer')) task();
        }),
    },
    diesAt(point) {
      if (!isOver && fate(point)) life.end();
      return isOver;
    },
    end() {
      if (isOver) return;
      isOver = true;
      onEnd();
    },
  };
  return life;
}
