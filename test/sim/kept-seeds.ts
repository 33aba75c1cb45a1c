/** Seeds that have found a bug, each with the bug. They are lived through again on every run of the tests. */
export const KEPT_SEEDS: readonly { seed: number; found: string }[] = [];
