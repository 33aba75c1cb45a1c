import { join } from 'node:path';
import type { MessagePortMain } from 'electron';
import type { Clock } from '../ports/clock.ts';
import type { MerchantFile } from './keychain.ts';
import { EXIT_UNUSABLE } from './service-messages.ts';
import { forkService, type ServiceChild } from './service-process.ts';
import { supervise } from './supervise.ts';

export interface ServicesOptions {
  clock: Clock;
  /** Folder of the bundled service scripts. */
  scripts: string;
  /** Folder of everything that is kept; live and sandbox data lie in folders of their own below it. */
  userData: string;
  /** Null: the built-in sandbox. */
  merchant: MerchantFile | null;
  /** The address of a sandbox that somebody else runs; null: ours. */
  sandbox: string | null;
  onSandbox(origin: string): void;
  /** The backend serves again after a crash: the ports that pages hold are dead. */
  onBackendRestarted(): void;
  /** A service cannot run any more; the sentence is for a person. */
  onFailure(message: string): void;
}

type Supervised = ReturnType<typeof supervise>;

/** Pages that asked while there was no backend; each window asks again after a while. */
const PORTS_WAITING_MAX = 16;

/** The till's two service processes: the backend, and in sandbox mode the wallets with their ledger. */
export class Services {
  readonly #options: ServicesOptions;
  readonly #data: string;
  #backend: { child: ServiceChild | null; supervised: Supervised } | null = null;
  #sandbox: Supervised | null = null;
  #failure = '';
  #waiting: MessagePortMain[] = [];

  constructor(options: ServicesOptions) {
    this.#options = options;
    this.#data = join(options.userData, options.merchant ? 'live' : 'sandbox');
  }

  start(): void {
    const { merchant, sandbox } = this.#options;
    if (merchant) this.#startBackend([]);
    else if (sandbox) this.#chargeAgainst(sandbox);
    else this.#startSandbox();
  }

  /** Gives a page's port to the backend, at once or as soon as there is one; false when too many wait already. */
  connect(port: MessagePortMain): boolean {
    const child = this.#backend?.child;
    if (child) child.send({ type: 'connect' }, [port]);
    else if (this.#waiting.length < PORTS_WAITING_MAX) this.#waiting.push(port);
    else return false;
    return true;
  }

  async stop(): Promise<void> {
    await this.#backend?.supervised.stop();
    await this.#sandbox?.stop();
  }

  /** The wallets outlive a restart of the backend, and come back at the same address after one of their own. */
  #startSandbox(): void {
    let port = '0';
    this.#sandbox = this.#supervise('sandbox', {
      args: () => ['--port', port, '--data', join(this.#data, 'wallets')],
      onStarted: (origin) => {
        if (!origin || port !== '0') return;
        port = new URL(origin).port;
        this.#chargeAgainst(origin);
      },
    }).supervised;
  }

  #chargeAgainst(origin: string): void {
    this.#options.onSandbox(new URL(origin).origin);
    this.#startBackend(['--sandbox', origin]);
  }

  #startBackend(args: string[]): void {
    this.#backend = this.#supervise('backend', {
      args: () => ['--data', this.#data, ...args],
      onStarted: (_origin, restarts) => {
        if (restarts > 0) this.#options.onBackendRestarted();
      },
    });
  }

  #supervise(
    name: 'backend' | 'sandbox',
    service: { args(): string[]; onStarted(origin: string | null, restarts: number): void },
  ): { child: ServiceChild | null; supervised: Supervised } {
    const { clock, scripts, merchant } = this.#options;
    const running: { child: ServiceChild | null } = { child: null };
    const supervised = supervise({
      clock,
      start: (restarts) => {
        const child = forkService({
          script: join(scripts, `${name}-process.js`),
          name: `mianfu-${name}`,
          args: service.args(),
          clock,
          onMessage: (message) => {
            if (message.type === 'failed') this.#failure = message.message;
            else service.onStarted(message.origin, restarts);
          },
        });
        child.send({ type: 'start', merchant: name === 'backend' ? merchant : null });
        running.child = child;
        if (name === 'backend') {
          for (const port of this.#waiting.splice(0)) child.send({ type: 'connect' }, [port]);
        }
        void child.exited.then(() => {
          if (running.child === child) running.child = null;
        });
        return child;
      },
      isFinal: (code) => code === EXIT_UNUSABLE,
      onCrash: (code, delayMs) =>
        console.error(`The ${name} ended (${code ?? 'killed'}); it starts again in ${delayMs} ms.`),
      onGiveUp: (code) =>
        this.#options.onFailure(this.#failure || `The ${name} keeps ending (${code ?? 'killed'}).`),
    });
    return Object.assign(running, { supervised });
  }
}
