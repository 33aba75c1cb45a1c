import { type ChildProcess, fork as forkChild } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PortRelay, type RelayMessage, type StandInPort } from './message-port.ts';
import { report } from './report.ts';

type WireMessage = RelayMessage | { kind: 'message'; data: unknown; ports: number[] };

/** Electron's utility process as a child of Node's, with the same structured clone on the wire. */
class StandInUtilityProcess extends EventEmitter {
  readonly #child: ChildProcess;
  readonly #relay: PortRelay;

  constructor(script: string, args: readonly string[], name: string) {
    super();
    this.#child = forkChild(script, [...args], {
      serialization: 'advanced',
      execArgv: ['--import', new URL('./utility-child.ts', import.meta.url).href],
      stdio: 'inherit',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const child = this.#child;
    this.#relay = new PortRelay((message) => this.#send(message));
    child.once('spawn', () => {
      report({ type: 'forked', name, pid: child.pid ?? 0 });
      this.emit('spawn');
    });
    child.on('message', (message: WireMessage) => {
      if (message.kind === 'message') this.emit('message', message.data);
      else this.#relay.take(message);
    });
    child.once('exit', (code, signal) => {
      this.#relay.end();
      // Electron gives the signal's number as the code; which one is not asked here.
      this.emit('exit', code ?? (signal ? 9 : 1));
    });
    child.on('error', (error) => console.error(`${name}: ${error.message}`));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  postMessage(data: unknown, transfer: readonly StandInPort[] = []): void {
    this.#send({ kind: 'message', data, ports: transfer.map((port) => this.#relay.carry(port)) });
  }

  kill(): boolean {
    return this.#child.kill('SIGTERM');
  }

  #send(message: WireMessage): void {
    if (this.#child.connected) this.#child.send(message);
  }
}

export const utilityProcess = {
  fork: (script: string, args: readonly string[] = [], options: { serviceName?: string } = {}) =>
    new StandInUtilityProcess(script, args, options.serviceName ?? 'utility'),
};
