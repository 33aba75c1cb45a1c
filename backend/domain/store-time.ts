/** The store's time zone is Asia/Shanghai: +08:00 all year, without daylight saving since 1992, whatever the machine's zone. */
const OFFSET_MS = 8 * 3_600_000;

/** `2026-11-21T14:32:10.000+08:00` */
export function storeInstant(ms: number): string {
  return new Date(ms + OFFSET_MS).toISOString().replace('Z', '+08:00');
}

/** The accounting day that holds the instant: its name (`yyyy-MM-dd`) and bounds in ms, the end exclusive. */
export function storeDay(ms: number): { day: string; startMs: number; endMs: number } {
  const day = new Date(ms + OFFSET_MS).toISOString().slice(0, 10);
  const startMs = Date.parse(`${day}T00:00:00.000Z`) - OFFSET_MS;
  return { day, startMs, endMs: startMs + 86_400_000 };
}
