import { type MessagePortMain, type UtilityProcess, utilityProcess } from 'electron';
import type { Clock } from '../ports/clock.ts';
import { SECOND } from '../ports/clock.ts';
import type { FromService, ToService } from './service-messages.ts';
import type { Child } from './supervise.ts';

/** How long a service may take to end by itself. */
const STOP_GRACE_MS = 5 * SECOND;

export interface ServiceChild extends Child {
  send(message: ToService, ports?: MessagePortMain[]): void;
}

/** Forks one of our bundled services as a utility process: a process of its own without a window, and with Node. */
export function forkService(options: {
  script: string;
  name: string;
  args: string[];
  clock: Clock;
  onMessage(message: FromService): void;
}): ServiceChild {
  const child: UtilityProcess = utilityProcess.fork(options.script, options.args, {
    serviceName: options.name,
    stdio: 'inherit',
  });
  const exited = new Promise<{ code: number | null }>((resolve) => {
    child.once('exit', (code) => resolve({ code }));
  });
  child.on('message', (message: FromService) => options.onMessage(message));
  return {
    exited,
    send: (message, ports) => child.postMessage(message, ports),
    async stop() {
      child.postMessage({ type: 'stop' } satisfies ToService);
      const cancelKill = options.clock.after(STOP_GRACE_MS, () => child.kill());
      await exited;
      cancelKill();
    },
  };
}
