import { createServer } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';

/**
 * Both wallets' answers to a query, signed beforehand, so that what is measured is the caller. Runs on a
 * thread of its own and posts its port.
 */
const answers = z
  .object({
    wechat: z.object({ body: z.string(), headers: z.record(z.string(), z.string()) }),
    alipay: z.object({ body: z.string() }),
  })
  .parse(workerData);

const server = createServer((request, response) => {
  const { body, headers } = request.url?.startsWith('/v3/')
    ? answers.wechat
    : { ...answers.alipay, headers: {} };
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(body);
  });
});
server.keepAliveTimeout = 8_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  parentPort?.postMessage(typeof address === 'object' && address ? address.port : 0);
});
