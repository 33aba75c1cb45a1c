import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from 'amqplib';
import { quietPort } from './quiet-port.ts';

const run = promisify(execFile);
/** Beside each other, and not the packages' wrappers: those run the system's own broker under an account of its own. */
const HOMES = [
  '/usr/lib/rabbitmq/bin/rabbitmq-server',
  '/opt/rabbitmq/sbin/rabbitmq-server',
  '/opt/homebrew/sbin/rabbitmq-server',
  '/usr/local/sbin/rabbitmq-server',
];
const START_MS_MAX = 60_000;

/** A RabbitMQ of this test's own, which may be stopped and killed. */
export interface OwnBroker {
  url: string;
  /** What an operator does to restart the broker and leave its machine up. */
  stopApp(): Promise<void>;
  startApp(): Promise<void>;
  /** SIGKILL to the broker's process. */
  kill(): Promise<void>;
  /** After {@link kill}. Resolves once it takes connections. */
  start(): Promise<void>;
}

/** Starts a broker with all that it keeps in `dir`, at free ports. Throws when RabbitMQ is not installed here. */
export async function startOwnBroker(dir: string): Promise<OwnBroker> {
  const server = HOMES.find((path) => existsSync(path));
  if (!server) throw new Error(`RabbitMQ is not installed (looked at ${HOMES.join(', ')}).`);
  const port = await quietPort();
  const distPort = await quietPort();
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const config = join(dir, 'rabbitmq.conf');
  const plugins = join(dir, 'enabled_plugins');
  mkdirSync(dir, { recursive: true });
  // What the disk has left is the machine's business.
  writeFileSync(config, 'disk_free_limit.absolute = 1MB\n');
  writeFileSync(plugins, '[].\n');
  const env = {
    ...process.env,
    // Its cookie is made there, so that no other broker of the machine can be meant.
    HOME: dir,
    RABBITMQ_NODENAME: `mianfu-${randomBytes(4).toString('hex')}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_MNESIA_BASE: join(dir, 'data'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_CONF_ENV_FILE: join(dir, 'none'),
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    // The start script becomes the broker, so that the child's pid is the broker's.
    RABBITMQ_ALLOW_INPUT: '1',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-noinput',
  };
  const ctl = (...args: string[]) => run(join(dirname(server), 'rabbitmqctl'), args, { env });
  let child: ChildProcess | null = null;
  let ended: Promise<void> = Promise.resolve();

  async function start(): Promise<void> {
    const started = spawn(server ?? '', [], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    let said = '';
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding('utf8').on('data', (piece: string) => {
        said = `${said}${piece}`.slice(-4_000);
      });
    }
    ended = new Promise((resolve) => started.once('exit', () => resolve()));
    await answers(url, () => {
      if (started.exitCode !== null) throw new Error(`RabbitMQ ended: ${said}`);
    });
  }

  await start();
  return {
    url,
    stopApp: async () => void (await ctl('stop_app')),
    async startApp() {
      await ctl('start_app');
      await answers(url, () => {});
    },
    async kill() {
      child?.kill('SIGKILL');
      await ended;
    },
    start,
  };
}

async function answers(url: string, look: () => void): Promise<void> {
  const endMs = performance.now() + START_MS_MAX;
  for (;;) {
    look();
    try {
      const connection = await connect(url, { timeout: 5_000 });
      await connection.close();
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
