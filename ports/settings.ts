import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

/**
 * The one schema of every option of every process. Each key is a flag (`--charge-ttl-seconds`), an
 * environment variable (`MIANFU_CHARGE_TTL_SECONDS`) and a key of the settings file (`chargeTtlSeconds`);
 * the flag wins over the variable, the variable over the file, the file over the default.
 */
const OPTIONS = {
  data: {
    schema: z.string().min(1),
    used: ['backend', 'sandbox', 'relay'],
    help: 'folder for everything that is kept',
  },
  settings: {
    schema: z.string().min(1),
    used: ['backend', 'sandbox', 'relay'],
    help: 'settings file (JSON); default: settings.json in the data folder, if there is one',
  },
  host: {
    schema: z.string().min(1).default('127.0.0.1'),
    used: ['backend', 'sandbox', 'relay'],
    help: 'address to listen at; anything but loopback opens the service to the network',
  },
  port: {
    schema: z.coerce.number().int().min(0).max(65_535).default(0),
    used: ['backend', 'sandbox', 'relay'],
    help: 'port to listen at; 0 takes a free one',
  },
  allowedHosts: {
    schema: list().default([]),
    used: ['backend', 'sandbox'],
    help: 'further host names (comma separated) under which requests are accepted',
  },
  logLevel: {
    schema: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    used: ['backend', 'sandbox', 'relay'],
    help: 'least level that is logged',
  },
  sandbox: {
    schema: z.url({ protocol: /^https?$/ }),
    used: ['backend'],
    help: 'address of the sandbox to charge against, instead of a merchant',
  },
  notifyScale: {
    schema: z.coerce.number().min(1).max(1_000_000).default(1),
    used: ['sandbox'],
    help: 'how many times faster than the wallets’ a notification that nobody acknowledged is repeated',
  },
  merchant: {
    schema: z.string().min(1),
    used: ['backend'],
    help: 'file with the merchant’s ids and keys (see docs/merchant.md)',
  },
  backup: {
    schema: z.string().min(1),
    used: ['backend'],
    help: 'folder for backups, best on another disk; default: backups in the data folder, lost with its disk',
  },
  backupMinutes: {
    schema: z.coerce.number().int().min(1).max(1_440).default(60),
    used: ['backend'],
    help: 'how often a backup is made',
  },
  ui: {
    schema: z.string().min(1),
    used: ['backend'],
    help: 'folder of the built screens, served at / through a one-time link',
  },
  locks: {
    schema: z
      .string()
      .refine((value) => /^(process|folder)$/.test(value) || isRedis(value), {
        error: 'give process, folder, or an address like redis://10.0.0.5:6379',
      })
      .default('process'),
    used: ['backend'],
    help: 'where orders are locked: process (one till on the folder), folder (several processes on it), or redis://… (several machines)',
  },
  sessions: {
    schema: z
      .string()
      .refine((value) => value === 'database' || isRedis(value), {
        error: 'give database, or an address like redis://10.0.0.5:6379',
      })
      .default('database'),
    used: ['backend'],
    help: 'where people’s sessions are kept: database (the till’s own), or redis://… (shared by several backends)',
  },
  relay: {
    schema: z.url({ protocol: /^https?$/ }),
    used: ['backend'],
    help: 'address of the relay that pushes payments to this till; enrol there once, in the manager’s area or with POST /relay/enrol',
  },
  apiKey: {
    schema: z.string().min(16),
    used: ['backend'],
    help: 'key that integrators send as Authorization: Bearer',
  },
  shopName: {
    schema: z.string().min(1).max(60).default('面付'),
    used: ['backend'],
    help: 'name on the screens',
  },
  storeTimeZone: {
    schema: z
      .string()
      .refine(isTimeZone, 'give a time zone by its name, like Asia/Shanghai')
      .default('Asia/Shanghai'),
    used: ['backend'],
    help: 'time zone in which the store’s days begin and end, whatever the machine’s',
  },
  chargeTtlSeconds: {
    schema: z.coerce.number().int().min(5).max(7_200).default(120),
    used: ['backend'],
    help: 'how long a code is shown and can be paid',
  },
  closeGraceSeconds: {
    schema: z.coerce.number().int().min(0).max(600).default(90),
    used: ['backend'],
    help: 'how long after its end a code that Alipay cannot close is still watched',
  },
  amountMaxFen: {
    schema: z.coerce.number().int().min(1).max(10_000_000_000).default(10_000_000_000),
    used: ['backend'],
    help: 'largest amount of one charge at this till, in fen',
  },
  refundAutomaticMaxFen: {
    schema: z.coerce.number().int().min(0).max(10_000_000_000).default(20_000),
    used: ['backend'],
    help: 'up to this, in fen, a payment that nobody asked for is given back by rule, not by a manager',
  },
  webhook: {
    schema: z
      .url({ protocol: /^https?$/ })
      .refine(isPrivateWay, 'give https, or http on this machine, and no password'),
    used: ['backend'],
    help: 'address at which the shop’s system is told of payments (see docs/integrators.md)',
  },
  webhookSecret: {
    schema: z.string().refine(isWebhookSecret, 'give whsec_ and the base64 of 24 to 64 random bytes'),
    used: ['backend'],
    help: 'secret that signs what the shop’s system is told',
  },
  publicUrl: {
    schema: z.url({ protocol: /^https?$/ }),
    used: ['relay'],
    help: 'address under which wallets and tills reach the relay; its host is the relay’s name, which tills sign',
  },
  trustedProxies: {
    schema: list().default(['127.0.0.1', '::1']),
    used: ['relay'],
    help: 'addresses of proxies whose X-Forwarded-For is believed (comma separated)',
  },
  relayAdminToken: {
    schema: z.string().min(16),
    used: ['relay'],
    help: 'token of the relay’s operator; without it one is made and kept in the data folder',
  },
  walletKeys: {
    schema: z.string().min(1),
    used: ['relay'],
    help: 'folder with the wallets’ public keys, by which forgeries are dropped early (see docs/relay.md)',
  },
  rabbit: {
    schema: z.url({ protocol: /^amqps?$/ }),
    used: ['relay'],
    help: 'RabbitMQ that keeps the mailboxes, for several nodes; without it SQLite in the data folder does',
  },
  rabbitPrefix: {
    schema: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
      .default('mianfu'),
    used: ['relay'],
    help: 'what the names of all queues begin with; nodes of one relay have the same',
  },
  mailboxMaxCount: {
    schema: z.coerce.number().int().min(1).max(10_000_000).default(10_000),
    used: ['relay'],
    help: 'most deliveries that wait for one till; more are refused, so that the wallet sends them again',
  },
  mailboxMaxBytes: {
    schema: z.coerce
      .number()
      .int()
      .min(1_024)
      .default(32 * 1024 * 1024),
    used: ['relay'],
    help: 'most bytes that wait for one till',
  },
  mailboxKeepHours: {
    schema: z.coerce.number().int().min(1).max(8_760).default(720),
    used: ['relay'],
    help: 'how long a delivery waits for its till, and how long a dead one is kept',
  },
  tillRatePerSecond: {
    schema: z.coerce.number().int().min(1).max(100_000).default(50),
    used: ['relay'],
    help: 'notifications a second that one till may receive for long; four times as many at once',
  },
} as const satisfies Record<string, { schema: z.ZodType; used: readonly Service[]; help: string }>;

export type Service = 'backend' | 'sandbox' | 'relay';
type Options = typeof OPTIONS;
export type Settings = {
  [K in keyof Options]:
    | z.output<Options[K]['schema']>
    | (Options[K]['schema'] extends z.ZodDefault ? never : undefined);
};

/** A setting that cannot be used. `setting` names it as the person wrote it; the message says what to do. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly setting: string;
  constructor(setting: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.setting = setting;
  }
}

/** Reads settings from flags, environment and file. Throws {@link SettingsError}; `'help'` when help was asked for. */
export function readSettings(
  service: Service,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Settings | 'help' {
  const flags = readFlags(service, argv);
  if (flags === 'help') return 'help';
  const fromEnv = (key: string) => {
    const value = env[envName(key)];
    return value === undefined || value === '' ? undefined : { value, name: envName(key) };
  };
  const pick = (key: string) => {
    const flag = flags[key];
    return flag === undefined ? fromEnv(key) : { value: flag, name: `--${flagName(key)}` };
  };
  const file = readFile(pick('settings')?.value, pick('data')?.value);
  const settings: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(OPTIONS)) {
    if (!(option.used as readonly string[]).includes(service)) continue;
    const given =
      pick(key) ?? (key in file ? { value: file[key], name: `${key} in the settings file` } : undefined);
    const parsed = optional(option.schema).safeParse(given?.value);
    if (!parsed.success) {
      const why = parsed.error.issues[0]?.message ?? 'not valid';
      throw new SettingsError(
        given?.name ?? key,
        `${given?.name ?? key} is not usable: ${why}. It sets: ${option.help}.`,
      );
    }
    settings[key] = parsed.data;
  }
  if (settings.webhook !== undefined && settings.webhookSecret === undefined) {
    throw new SettingsError(
      '--webhook-secret',
      'A webhook needs a secret that signs it: give --webhook-secret or, better, MIANFU_WEBHOOK_SECRET.',
    );
  }
  return settings as Settings;
}

/** The text of `--help`. */
export function settingsHelp(service: Service): string {
  const rows = Object.entries(OPTIONS).filter(([, option]) =>
    (option.used as readonly string[]).includes(service),
  );
  const lines = rows.map(([key, option]) => {
    const byDefault = option.schema instanceof z.ZodDefault ? option.schema.parse(undefined) : undefined;
    const shown = byDefault === undefined || String(byDefault) === '' ? '' : ` [${String(byDefault)}]`;
    return `  --${flagName(key).padEnd(20)} ${option.help}${shown}\n${' '.repeat(25)}${envName(key)}`;
  });
  return `Usage: npm run ${service} -- [options]\n\n${lines.join('\n')}\n  --${'help'.padEnd(20)} this text\n`;
}

function readFlags(service: Service, argv: readonly string[]): Record<string, string> | 'help' {
  const known: Record<string, { type: 'string' | 'boolean' }> = { help: { type: 'boolean' } };
  for (const [key, option] of Object.entries(OPTIONS)) {
    if ((option.used as readonly string[]).includes(service)) known[flagName(key)] = { type: 'string' };
  }
  try {
    const { values } = parseArgs({ args: [...argv], options: known, strict: true, allowPositionals: false });
    if (values.help) return 'help';
    const flags: Record<string, string> = {};
    for (const key of Object.keys(OPTIONS)) {
      const value = values[flagName(key)];
      if (typeof value === 'string') flags[key] = value;
    }
    return flags;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SettingsError('arguments', `${message} See --help.`, { cause: error });
  }
}

function readFile(named: string | undefined, data: string | undefined): Record<string, unknown> {
  const path = named ? resolve(named) : data ? join(resolve(data), 'settings.json') : undefined;
  if (!path) return {};
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (!named && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new SettingsError('settings', `The settings file ${path} cannot be read.`, { cause: error });
  }
  try {
    const parsed = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
    for (const key of Object.keys(parsed)) {
      if (!(key in OPTIONS))
        throw new SettingsError(key, `The settings file ${path} has an unknown key ${key}.`);
    }
    return parsed;
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    throw new SettingsError('settings', `The settings file ${path} is not a JSON object.`, { cause: error });
  }
}

/** Whether what is sent there can be read by nobody on the way. */
function isPrivateWay(text: string): boolean {
  const url = URL.parse(text);
  if (url === null) return false;
  const isLoopback =
    url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname);
  return url.username === '' && url.password === '' && (url.protocol === 'https:' || isLoopback);
}

/** As Standard Webhooks has it. */
function isWebhookSecret(text: string): boolean {
  const base64 = /^whsec_([A-Za-z0-9+/]+=*)$/.exec(text)?.[1] ?? '';
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length >= 24 && bytes.length <= 64 && bytes.toString('base64') === base64;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function list() {
  return z.preprocess(
    (value) =>
      typeof value === 'string'
        ? value
            .split(',')
            .map((part) => part.trim())
            .filter(Boolean)
        : value,
    z.array(z.string()),
  );
}

function isRedis(value: string): boolean {
  return /^rediss?:\/\/./.test(value) && URL.canParse(value);
}

function optional(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodDefault ? schema : schema.optional();
}

function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function envName(key: string): string {
  return `MIANFU_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
