/**
 * The page's half of the stand-in, as text: it runs in the page, before any script of the page.
 * `SECRET` names the events and bindings, so that a page cannot forge them by accident.
 */

/** In the page's own world: receives what the preload exposes, frozen. */
export function mainWorldScript(secret: string): string {
  return `(() => {
  if (window !== window.top) return;
  const freeze = (value) => {
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(freeze);
    return Object.freeze(value);
  };
  window.addEventListener('expose-${secret}', (event) => {
    const { key, value } = JSON.parse(event.detail);
    Object.defineProperty(window, key, { value: freeze(value), enumerable: true });
  });
})();`;
}

/** In a world of its own, as with context isolation: `electron`'s renderer modules, then the preload itself. */
export function preloadScript(options: {
  secret: string;
  preload: string;
  platform: string;
  versions: Record<string, string | undefined>;
}): string {
  const { secret, preload } = options;
  const process = JSON.stringify({ platform: options.platform, versions: options.versions, sandboxed: true });
  return `(() => {
  if (window !== window.top) return;
  const binding = globalThis['send_${secret}'];
  const listeners = new Map();
  const ports = new Map();
  const send = (message) => binding(JSON.stringify(message));
  ${codecText}

  const take = {
    ipc({ channel, args, ports: numbers }) {
      const handed = numbers.map((number) => {
        const channel = new MessageChannel();
        ports.set(number, channel.port1);
        channel.port1.onmessage = (event) => send({ kind: 'port-message', port: number, data: encode(event.data) });
        channel.port1.addEventListener('close', () => {
          if (ports.delete(number)) send({ kind: 'port-close', port: number });
        });
        return channel.port2;
      });
      for (const listener of listeners.get(channel) ?? []) listener({ ports: handed }, ...args.map(decode));
    },
    'port-message': ({ port, data }) => ports.get(port)?.postMessage(decode(data)),
    'port-close': ({ port }) => {
      const mine = ports.get(port);
      ports.delete(port);
      mine?.close();
    },
  };
  globalThis['receive_${secret}'] = (message) => take[message.kind](message);

  const electron = {
    contextBridge: {
      exposeInMainWorld(key, value) {
        if (Object.values(value).some((member) => typeof member === 'function'))
          throw new Error('The stand-in exposes data only.');
        window.dispatchEvent(new CustomEvent('expose-${secret}', { detail: JSON.stringify({ key, value }) }));
      },
    },
    ipcRenderer: {
      send: (channel, ...args) => send({ kind: 'ipc', channel, args: args.map(encode) }),
      on(channel, listener) {
        listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
      },
    },
  };
  const require = (name) => {
    if (name === 'electron') return electron;
    throw new Error('A sandboxed preload cannot load ' + name);
  };
  const module = { exports: {} };
  (function (require, process, module, exports) {
${preload}
  })(require, ${process}, module, module.exports);
})();`;
}

/** Both sides of the wire to a page speak JSON; bytes travel as text. */
const codecText = `
  const encode = (value) => {
    const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : value;
    if (bytes instanceof Uint8Array) return { bytes: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) };
    return { json: value === undefined ? null : value, none: value === undefined };
  };
  const decode = ({ bytes, json, none }) =>
    bytes === undefined ? (none ? undefined : json) : Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0));
`;

export interface Encoded {
  bytes?: string;
  json?: unknown;
  none?: boolean;
}

export function encode(value: unknown): Encoded {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  if (value instanceof ArrayBuffer) return { bytes: Buffer.from(value).toString('base64') };
  return { json: value === undefined ? null : value, none: value === undefined };
}

export function decode({ bytes, json, none }: Encoded): unknown {
  if (bytes !== undefined) return new Uint8Array(Buffer.from(bytes, 'base64'));
  return none ? undefined : json;
}
