import { DEATH_POINTS, type DeathPoint } from './life.ts';
import type { Chance } from './random.ts';

/** Every how many passings of a point a process dies there, at most. */
const DEATH_EVERY: Record<DeathPoint, number> = {
  call: 6,
  send: 60,
  arrived: 60,
  answered: 60,
  timer: 250,
  before_commit: 30,
  after_commit: 30,
};

/** Decides at each death point whether it is the end; `dies` hears of it. At most `deaths` times in all. */
export function createFate(deps: {
  chance: Chance;
  deaths: number;
  isSpared(): boolean;
  dies(point: DeathPoint): void;
}): (point: DeathPoint) => boolean {
  const { chance } = deps;
  let deathsLeft = deps.deaths;
  let next = draw();

  function draw(): { point: DeathPoint; countdown: number } {
    const point = chance.pick(DEATH_POINTS);
    return { point, countdown: chance.int(1, DEATH_EVERY[point]) };
  }

  return (point) => {
    if (deathsLeft === 0 || deps.isSpared() || point !== next.point) return false;
    next.countdown -= 1;
    if (next.countdown > 0) return false;
    deathsLeft -= 1;
    next = draw();
    deps.dies(point);
    return true;
  };
}
