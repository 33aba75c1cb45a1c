import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';
import { StartError } from '../../ports/service.ts';
import type { MailboxLimits } from '../mailbox.ts';
import type { Journal } from '../registry.ts';
import { connectRabbit, type Rabbit } from './connection.ts';
import { listenToControl } from './control.ts';
import { createRabbitJournal } from './journal.ts';
import { createRabbitMailbox, type RabbitMailbox } from './mailbox.ts';
import { createNames } from './topology.ts';

/** Mailboxes and journal of one node on a broker. Throws {@link StartError} `rabbit_away`. */
export async function openRabbit(deps: {
  url: string;
  /** What the names of all queues begin with. */
  prefix: string;
  clock: Clock;
  random: Random;
  log: Log;
  limits: MailboxLimits;
}): Promise<{ mailbox: RabbitMailbox; journal: Journal; rabbit: Rabbit; close(): Promise<void> }> {
  const names = createNames(deps.prefix);
  let made: { rabbit: Rabbit; mailbox: RabbitMailbox } | null = null;
  const parts = () => {
    if (!made) throw new Error('RabbitMQ is used before it is connected.');
    return made;
  };
  const journal = createRabbitJournal({ ...deps, stream: names.journal, rabbit: () => parts().rabbit });
  let rabbit: Rabbit;
  try {
    rabbit = await connectRabbit({
      ...deps,
      async up(connection) {
        await listenToControl(connection, names.control, deps.log, (control) => made?.mailbox.hear(control));
        await journal.attach(connection);
      },
      down: () => made?.mailbox.down(),
    });
  } catch (error) {
    const { hostname, port } = new URL(deps.url);
    const text = `RabbitMQ at ${hostname}:${port || '5672'} cannot be used (${String(error)}). Start it, or correct --rabbit.`;
    throw new StartError('rabbit_away', text, { cause: error });
  }
  const mailbox = createRabbitMailbox({ ...deps, rabbit, names });
  made = { rabbit, mailbox };
  return {
    mailbox,
    journal,
    rabbit,
    async close() {
      await mailbox.close();
      await rabbit.close();
    },
  };
}
