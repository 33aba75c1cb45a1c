import { parentPort, workerData } from 'node:worker_threads';
import SmeeClient from 'smee-client';

/** smee-client from `source` to `target`, silent; says when it listens. */
const { source, target } = workerData as { source: string; target: string };
const nothing = () => {};
await new SmeeClient({ source, target, logger: { info: nothing, error: nothing } }).start();
parentPort?.postMessage('listening');
