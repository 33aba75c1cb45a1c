import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** Electron's `MessagePortMain` over a port of Node's: the queue until `start`, the clone and `close` are Node's. */
export class StandInPort extends EventEmitter {
  #port: MessagePort | null;

  constructor(port: MessagePort) {
    super();
    this.#port = port;
  }

  start(): void {
    const port = this.#port;
    if (!port || port.listenerCount('message') > 0) return;
    port.on('message', (data) => this.emit('message', { data, ports: [] }));
    port.once('close', () => this.emit('close'));
  }

  postMessage(data: unknown, transfer: readonly StandInPort[] = []): void {
    if (transfer.length > 0) throw new Error('The stand-in does not send ports over ports.');
    this.#port?.postMessage(data);
  }

  close(): void {
    this.#port?.close();
  }

  /** Gives the port away, as a transfer does; this object is then dead. */
  detach(): MessagePort {
    const port = this.#port;
    if (!port) throw new Error('The port was given away already.');
    this.#port = null;
    return port;
  }
}

export class MessageChannelMain {
  readonly port1: StandInPort;
  readonly port2: StandInPort;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port1 = new StandInPort(port1);
    this.port2 = new StandInPort(port2);
  }
}

/** Carries ports over a wire that knows only messages: both ends name a port by a number. */
export class PortRelay {
  readonly #send: (message: RelayMessage) => void;
  readonly #ports = new Map<number, MessagePort>();
  #next = 1;

  constructor(send: (message: RelayMessage) => void) {
    this.#send = send;
  }

  /** Takes a port that was transferred over the wire; its messages travel under the returned number. */
  carry(port: StandInPort): number {
    const number = this.#next++;
    this.#bind(number, port.detach());
    return number;
  }

  /** The other end: makes the port that the wire speaks of. */
  receive(number: number): StandInPort {
    const { port1, port2 } = new MessageChannel();
    this.#bind(number, port1);
    return new StandInPort(port2);
  }

  take(message: RelayMessage): void {
    const port = this.#ports.get(message.port);
    if (message.kind === 'port-message') port?.postMessage(message.data);
    else port?.close();
  }

  /** The wire is gone: every port closes. */
  end(): void {
    for (const port of this.#ports.values()) port.close();
    this.#ports.clear();
  }

  #bind(number: number, port: MessagePort): void {
    this.#ports.set(number, port);
    port.on('message', (data) => this.#send({ kind: 'port-message', port: number, data }));
    port.once('close', () => {
      if (this.#ports.delete(number)) this.#send({ kind: 'port-close', port: number });
    });
  }
}

export type RelayMessage =
  | { kind: 'port-message'; port: number; data: unknown }
  | { kind: 'port-close'; port: number };
