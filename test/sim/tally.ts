/** How often each thing happened: group → name → count. Plain data, so that worker threads can send it. */
export type Counts = Record<string, Record<string, number>>;

export function count(counts: Counts, group: string, name: string, times = 1): void {
  counts[group] ??= {};
  const names = counts[group];
  names[name] = (names[name] ?? 0) + times;
}

export function addCounts(to: Counts, from: Counts): void {
  for (const [group, names] of Object.entries(from)) {
    for (const [name, times] of Object.entries(names)) count(to, group, name, times);
  }
}
