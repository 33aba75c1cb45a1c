/** Steps that people count in. */
const STEPS = [1, 2, 5];
const YUAN = 100;
/** More lines than this say no more. */
const LINES_MAX = 4;

/** The upper end of a scale that holds all values, fen, and its lines: whole yuan that are easily read, from zero up. */
export function scaleOf(values: readonly number[]): { topFen: number; lines: number[] } {
  const most = Math.max(YUAN, ...values);
  for (let power = YUAN; ; power *= 10) {
    for (const step of STEPS) {
      const count = Math.ceil(most / (step * power));
      if (count > LINES_MAX) continue;
      const lines = Array.from({ length: count + 1 }, (_, index) => index * step * power);
      return { topFen: count * step * power, lines };
    }
  }
}
