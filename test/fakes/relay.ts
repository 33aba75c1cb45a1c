import type { KeyObject } from 'node:crypto';
import type { RelayKeys } from '../../backend/relay/keys.ts';
import type { RelayPorts } from '../../backend/relay/relay-client.ts';
import { HttpFault } from '../../ports/http.ts';

/** No relay in the settings, and none to be reached. */
export function relayNowhere(): RelayPorts {
  return {
    url: undefined,
    openSocket: (_url, _limits, events) => {
      setImmediate(() => events.closed(null));
      return { send() {}, close() {} };
    },
    http: {
      async send() {
        throw new HttpFault('connect', 'no', 'No network.');
      },
      async close() {},
    },
    keys: memoryKeys(),
  };
}

/** Keys that end with the process. */
export function memoryKeys(): RelayKeys & { kept: KeyObject | null } {
  const keys = {
    kept: null as KeyObject | null,
    read: () => keys.kept,
    prepare: (privateKey: KeyObject) => ({
      keep() {
        keys.kept = privateKey;
      },
      discard() {},
    }),
  };
  return keys;
}
