import { ratio, ratioLine } from './measure.ts';
import { eventAtTill } from './relay-event.ts';
import { forwarding, receivedBy } from './relay-forwarding.ts';
import { another, IN_FLIGHT, paid, server } from './relay-posts.ts';

/** Notifications through the relay, beside a bare floor that commits every post by itself, and beside smee. */
export async function run(): Promise<void> {
  const relay = await server('relay');
  const floor = await server('floor');
  const bareRelay = await server('bareRelay');
  // First, so that each has as many posts behind it as the others: the floods below warm two of them alone.
  await eventAtTill(relay, floor, bareRelay);
  await bareRelay.stop();
  const smee = await server('smee');
  const sample = paid('T1');
  console.log('\nNotifications through the relay, rate against a peer (more is better):');

  const ingest =
    (path: string, { post }: typeof relay) =>
    () =>
      post(path, another(sample));
  const durable = await ratio(ingest('/notify/away/wechat', relay), ingest('/', floor), {
    rounds: 15,
    roundMs: 400,
    inFlight: IN_FLIGHT,
  });
  console.log(ratioLine('16 posts in flight, against http → verify → SQLite FULL', durable, 0.7));

  const ours = await receivedBy(relay);
  const theirs = await forwarding(smee);
  const forwarded = await ratio(ours.deliver, theirs.deliver, {
    rounds: 9,
    roundMs: 400,
    inFlight: IN_FLIGHT,
  });
  console.log(ratioLine('16 in flight, post to receiver, against smee-client 5', forwarded, 1));
  await ours.stop();
  await theirs.stop();

  for (const { stop } of [relay, floor, smee]) await stop();
}
