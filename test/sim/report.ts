import { VOCABULARY } from '../../sandbox/faults/vocabulary.ts';
import { allRefundTransitions, allTransitions, whyUnmet } from './coverage.ts';
import { DEATH_POINTS } from './life.ts';
import type { SeedReport } from './pool.ts';
import { addCounts, type Counts } from './tally.ts';

const HOUR_MS = 3_600_000;

/** What must have been exercised, group by group: a name with no count is said. */
const EXPECTED: Record<string, readonly string[]> = {
  transition: allTransitions(),
  'refund transition': allRefundTransitions(),
  fault: Object.keys(VOCABULARY),
  death: [...DEATH_POINTS, 'power', 'orderly'],
};

/** The text at the end of a run: how much was lived through, and how often each thing happened in it. */
export function reportText(reports: readonly SeedReport[], tookMs: number): string {
  const counts: Counts = {};
  for (const report of reports) addCounts(counts, report.counts);
  const simulatedMs = reports.reduce((sum, report) => sum + report.simulatedMs, 0);
  const lines = [
    `${reports.length} seeds, ${reports.filter((report) => report.violations.length > 0).length} failed`,
    `${(reports.length / (tookMs / 1_000)).toFixed(1)} seeds/s, ` +
      `${(simulatedMs / HOUR_MS).toFixed(1)} simulated hours, ` +
      `${(simulatedMs / HOUR_MS / (tookMs / 60_000)).toFixed(1)} simulated hours per minute`,
  ];
  for (const group of Object.keys(counts).sort()) {
    const names = counts[group] ?? {};
    lines.push('', group);
    for (const name of Object.keys(names).sort()) lines.push(`${String(names[name]).padStart(9)}  ${name}`);
    for (const name of EXPECTED[group] ?? []) {
      const why = whyUnmet(group, name);
      if (!names[name]) lines.push(`    never  ${name}${why ? ` (${why})` : ''}`);
    }
  }
  return lines.join('\n');
}

const TAIL_LINES = 40;

/** What a failed seed says of itself: enough to begin, and the command that shows the rest. */
export function failureText(report: SeedReport): string {
  return [
    `Seed ${report.seed} failed (trace ${report.traceHash}):`,
    ...report.violations.slice(0, 10).map((violation) => `  ${violation}`),
    ...report.trace.slice(-TAIL_LINES),
    `Replay: npm run sim -- --seed ${report.seed} --verbose`,
  ].join('\n');
}
