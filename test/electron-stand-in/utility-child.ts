import { EventEmitter } from 'node:events';
import { PortRelay, type RelayMessage } from './message-port.ts';

type WireMessage = RelayMessage | { kind: 'message'; data: unknown; ports: number[] };

/** Loaded into a child before its script: gives it `process.parentPort`, as a utility process has. */
class ParentPort extends EventEmitter {
  readonly #relay = new PortRelay((message) => this.#send(message));
  readonly #early: WireMessage[] = [];

  constructor() {
    super();
    process.on('message', (message: WireMessage) => this.#take(message));
    process.once('disconnect', () => {
      this.#relay.end();
      process.exit(1);
    });
    // Messages wait for the first listener.
    this.on('newListener', (event) => {
      if (event === 'message')
        setImmediate(() => this.#early.splice(0).forEach((early) => void this.#take(early)));
    });
  }

  postMessage(data: unknown): void {
    this.#send({ kind: 'message', data, ports: [] });
  }

  #take(message: WireMessage): void {
    if (message.kind !== 'message') this.#relay.take(message);
    else if (this.listenerCount('message') === 0) this.#early.push(message);
    else {
      const ports = message.ports.map((port) => this.#relay.receive(port));
      this.emit('message', { data: message.data, ports });
    }
  }

  #send(message: WireMessage): void {
    if (process.connected) process.send?.(message);
  }
}

Object.defineProperty(process, 'parentPort', { value: new ParentPort() });
