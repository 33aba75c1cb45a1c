import { createPrivateKey } from 'node:crypto';
import { WebSocket } from 'ws';
import { RELAY_FRAME_BYTES_MAX, RELAY_PROTOCOL, signHello } from '../wire/relay.ts';

/** Many tills in one process, each from a loopback address of its hundred: they greet, answer pings, and wait. */
const AT_ONCE = 100;

process.once('message', async (work) => {
  const { origin, privateKey, from, to } = work as {
    origin: string;
    privateKey: string;
    from: number;
    to: number;
  };
  const key = createPrivateKey(privateKey);
  const pushUrl = `${origin.replace('http', 'ws')}/till`;

  function connect(n: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const localAddress = `127.0.${1 + Math.floor(n / 25_000)}.${1 + (Math.floor(n / 100) % 250)}`;
      const socket = new WebSocket(pushUrl, {
        localAddress,
        perMessageDeflate: false,
        maxPayload: RELAY_FRAME_BYTES_MAX,
      });
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data)) as { type: string; relay: string; nonce: string };
        if (frame.type === 'ping') socket.send('{"type":"pong"}');
        if (frame.type === 'challenge') {
          const till = `T${n}`;
          const signature = signHello({ relay: frame.relay, till, nonce: frame.nonce }, key);
          socket.send(
            JSON.stringify({ type: 'hello', protocol: RELAY_PROTOCOL, till, signature, after: null }),
          );
        }
        if (frame.type === 'welcome') resolve();
      });
      socket.on('error', reject);
      socket.on('close', (code) => reject(new Error(`The relay closed: ${code}.`)));
    });
  }

  for (let n = from; n < to; n += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, to - n) }, (_, k) => connect(n + k)));
  }
  process.send?.('connected');
});
