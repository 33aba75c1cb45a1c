/**
 * A fault point: `before` or `after` a step that leaves a trace outside the process, by the step's name and how
 * often it had been passed: `before commit:charge #1`, `after send:alipay.precreate #1`.
 */
export type FaultPoint = string;

export interface FaultPoints {
  /** Counts a pass; never returns from the one that was armed. */
  pass(when: 'before' | 'after', step: string): void;
  /** Counts afresh from here on. The process dies at `point`, if it is not null. */
  begin(point: FaultPoint | null): void;
}

/** `tell` hears of every pass. */
export function createFaultPoints(tell: (point: FaultPoint) => void): FaultPoints {
  const passes = new Map<string, number>();
  let armed: FaultPoint | null = null;
  return {
    pass(when, step) {
      const name = `${when} ${step}`;
      const count = (passes.get(name) ?? 0) + 1;
      passes.set(name, count);
      const point = `${name} #${count}`;
      if (point === armed) die();
      tell(point);
    },
    begin(point) {
      passes.clear();
      armed = point;
    },
  };
}

/** No handler, no flush, no further statement: what a power switch does to a process. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
