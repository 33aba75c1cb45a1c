import { RPCLink } from '@orpc/client/message-port';
import { after } from './clock.ts';
import { LinkError } from './link-error.ts';
import type { OpenLine } from './link-line.ts';

const HANDSHAKE_MS = 5_000;

/** The backend over a MessagePort that the preload hands in, one handshake per line. */
export const openPort: OpenLine = async (onLost) => {
  const port = await handshake();
  const onMessage = (event: MessageEvent) => {
    if (isOurs(event) && event.data?.type === 'mianfu:backend-restarted') lost();
  };
  const lost = () => {
    window.removeEventListener('message', onMessage);
    port.close();
    onLost();
  };
  window.addEventListener('message', onMessage);
  port.addEventListener('close', lost);
  const link = new RPCLink({ port });
  port.start();
  return link;
};

function handshake(): Promise<MessagePort> {
  const id = crypto.randomUUID();
  return new Promise((resolve, reject) => {
    const settle = () => {
      stop();
      window.removeEventListener('message', onMessage);
    };
    const stop = after(HANDSHAKE_MS, () => {
      settle();
      reject(new LinkError('link_down'));
    });
    const onMessage = (event: MessageEvent) => {
      if (!isOurs(event) || event.data?.type !== 'mianfu:port' || event.data.id !== id) return;
      const port = event.ports[0];
      if (port === undefined) return;
      settle();
      resolve(port);
    };
    window.addEventListener('message', onMessage);
    window.postMessage({ type: 'mianfu:connect', id }, location.origin);
  });
}

/** The preload speaks as the page itself; nobody else may hand in a port. */
function isOurs(event: MessageEvent): boolean {
  return event.source === window && event.origin === location.origin;
}
