/** Keys this close together are a machine's, milliseconds. */
const MACHINE_GAP_MS = 35;
/** A pause this long ends a burst. A gun's keys may be held up on their way; a hand's pauses are longer. */
const BURST_BREAK_MS = 150;
/** A payment code, an order number: nothing shorter is a scan. */
const SCAN_LENGTH_MIN = 10;
/** So many of the gaps, of ten, must be a machine's: the computer may stumble over some. */
const MACHINE_GAPS_OF_TEN = 7;

/**
 * Tells a barcode gun from a hand by the gaps between keys. Keys are not held back: the amount shows them
 * at once, and the till is put back when they turn out to be a scan.
 */
export interface Burst {
  text: string;
  lastAtMs: number;
  /** Gaps that only a machine makes. */
  machineGaps: number;
}

export const NO_BURST: Burst = { text: '', lastAtMs: Number.NEGATIVE_INFINITY, machineGaps: 0 };

/** One more printable key, at its own time (when it was pressed, not when it was handled). */
export function nextBurst(burst: Burst, key: string, atMs: number): Burst {
  const gapMs = atMs - burst.lastAtMs;
  if (burst.text === '' || gapMs >= BURST_BREAK_MS) return { text: key, lastAtMs: atMs, machineGaps: 0 };
  const machineGaps = burst.machineGaps + (gapMs < MACHINE_GAP_MS ? 1 : 0);
  return { text: burst.text + key, lastAtMs: atMs, machineGaps };
}

/** Whether the keys so far are too many, too quickly, for a hand. */
export function looksScanned(burst: Burst): boolean {
  const gaps = burst.text.length - 1;
  return burst.text.length >= SCAN_LENGTH_MIN && burst.machineGaps * 10 >= gaps * MACHINE_GAPS_OF_TEN;
}

/** At Enter: the scanned text, or null when a person typed. */
export function scannedAt(burst: Burst, atMs: number): string | null {
  return looksScanned(burst) && atMs - burst.lastAtMs < BURST_BREAK_MS ? scannedText(burst) : null;
}

/** What was scanned, without the control characters of a gun's prefix or suffix. */
export function scannedText(burst: Burst): string {
  return burst.text.replace(/\p{Cc}/gu, '').slice(0, 64);
}

/**
 * A customer's payment code: Alipay's has 16 to 24 digits and begins with 25 to 30, WeChat's has 18 and begins with 10
 * to 15. No number of an order, a trade or a refund looks like that.
 */
export function isPaymentCode(text: string): boolean {
  return /^(?:(?:2[5-9]|30)\d{14,22}|1[0-5]\d{16})$/.test(text);
}
