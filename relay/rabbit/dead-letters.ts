import type { GetMessage } from 'amqplib';
import type { DeadLetter, Notification } from '../mailbox.ts';
import type { Rabbit } from './connection.ts';
import { notificationOf, reasonOf } from './messages.ts';

export interface DeadLetters {
  newestFirst(queue: string, limit: number): Promise<DeadLetter[]>;
  /** Hands each chosen letter to `raise`, oldest first, and takes it out once that has resolved. */
  raise(
    queue: string,
    id: string | null,
    raise: (notification: Notification) => Promise<void>,
  ): Promise<number>;
}

/** Looks into queues of dead letters; what is only looked at goes back to its place. */
export function createDeadLetters(rabbit: Rabbit, countMax: number): DeadLetters {
  /** One look at a time: a second one would find nothing while the first holds the letters. */
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(look: () => Promise<T>): Promise<T> {
    const turn = last.then(look, look);
    last = turn.catch(() => {});
    return turn;
  }

  return {
    newestFirst: (queue, limit) =>
      inTurn(() =>
        rabbit.withChannel(async (channel) => {
          const letters: GetMessage[] = [];
          while (letters.length < countMax) {
            const message = await channel.get(queue, { noAck: false });
            if (!message) break;
            letters.push(message);
          }
          // The channel's end gives them back.
          return letters.reverse().slice(0, limit).map(letterOf);
        }),
      ),

    raise: (queue, id, raise) =>
      inTurn(() =>
        rabbit.withChannel(async (channel) => {
          let raised = 0;
          for (let looked = 0; looked < countMax; looked++) {
            const message = await channel.get(queue, { noAck: false });
            if (!message) break;
            if (id !== null && message.properties.messageId !== id) continue;
            await raise(notificationOf(message));
            channel.ack(message);
            raised += 1;
          }
          return raised;
        }),
      ),
  };
}

function letterOf(message: GetMessage): DeadLetter {
  const { id, channel, receivedMs, body } = notificationOf(message);
  return { id, channel, receivedMs, bytes: body.length, reason: reasonOf(message) };
}
