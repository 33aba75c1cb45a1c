import type { Backlog, Mailbox } from './mailbox.ts';

/** Questions to a broker that are under way at once. */
const AT_ONCE = 32;

/** The backlog of each of these tills, in their order. */
export async function readBacklogs(mailbox: Mailbox, tills: readonly string[]): Promise<Backlog[]> {
  const backlogs: Backlog[] = [];
  for (let from = 0; from < tills.length; from += AT_ONCE) {
    const some = tills.slice(from, from + AT_ONCE);
    backlogs.push(...(await Promise.all(some.map((till) => mailbox.backlog(till)))));
  }
  return backlogs;
}
