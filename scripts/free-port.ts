import { createServer } from 'node:net';

/** The first port from `first` on that nobody listens at on loopback; 0, the system's choice, after `tries`. */
export async function freePort(first: number, tries = 20): Promise<number> {
  for (let port = first; port < first + tries; port++) {
    if (await isFree(port)) return port;
  }
  return 0;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
