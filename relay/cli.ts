import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { type HttpClient, HttpFault } from '../ports/http.ts';
import { StartError } from '../ports/service.ts';
import { readSettings, SettingsError } from '../ports/settings.ts';
import { InspectView, InviteView, KeysView, ReplayView, TillsView } from './admin.ts';
import { readAdminToken } from './admin-token.ts';

const COMMANDS = ['enrol', 'revoke', 'inspect', 'replay', 'keys'] as const;
type Command = (typeof COMMANDS)[number];

export const CLI_HELP = `
The operator's commands, against a running relay with the same --host, --port and --data (or --relay-admin-token):
  npm run relay -- enrol   --till ID              a one-time code for this till; its next key replaces the old one
  npm run relay -- revoke  --till ID              ends the till's connection and drops its mailbox
  npm run relay -- inspect [--till ID]            all tills, or one with its dead letters
  npm run relay -- replay  --till ID [--id ID]    puts dead letters back: one, or all
  npm run relay -- keys                           reads the wallets' public keys anew, and tells which are used
`;

export function commandOf(argv: readonly string[]): Command | null {
  return COMMANDS.find((command) => command === argv[0]) ?? null;
}

/**
 * Carries out one command over the relay's admin API; resolves with what to print. Throws `SettingsError` for
 * arguments that cannot be used, and `StartError` when the relay is away or refuses.
 */
export async function runCommand(
  command: Command,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  http: HttpClient,
): Promise<string> {
  const { till, id, rest } = splitArguments(argv.slice(1));
  const settings = readSettings('relay', rest, env);
  if (settings === 'help') return CLI_HELP;
  const token = readAdminToken(settings);
  if (token === null) {
    throw new SettingsError(
      '--data',
      'There is no operator’s token in the data folder: start the relay on it first.',
    );
  }
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  const call = caller(http, `http://${host}:${settings.port}`, token);

  if (command === 'keys') return keysText(await call('GET', '/admin/keys', KeysView));
  if (command === 'inspect' && till === undefined)
    return tillsText(await call('GET', '/admin/tills', TillsView));
  if (till === undefined) throw new SettingsError('--till', `Say which till: ${command} --till ID.`);
  const path = `/admin/tills/${encodeURIComponent(till)}`;
  switch (command) {
    case 'inspect':
      return tillText(await call('GET', path, InspectView));
    case 'enrol': {
      const { code, expiresMs } = await call('POST', `${path}/code`, InviteView);
      return `code ${code}\nIt works once, for till ${till}, until ${new Date(expiresMs).toISOString()}.\n`;
    }
    case 'revoke':
      await call('POST', `${path}/revoke`, null);
      return `revoked ${till}\n`;
    case 'replay': {
      const { replayed } = await call('POST', `${path}/replay`, ReplayView, { id: id ?? null });
      return `replayed ${replayed}\n`;
    }
  }
}

function splitArguments(argv: readonly string[]): { till?: string; id?: string; rest: string[] } {
  const own = { till: { type: 'string' }, id: { type: 'string' } } as const;
  const { tokens, values } = parseArgs({ args: [...argv], options: own, strict: false, tokens: true });
  const mine = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== 'option' || !(token.name in own)) continue;
    mine.add(token.index);
    if (token.inlineValue === false) mine.add(token.index + 1);
  }
  const { till, id } = values;
  return {
    ...(typeof till === 'string' ? { till } : {}),
    ...(typeof id === 'string' ? { id } : {}),
    rest: argv.filter((_, index) => !mine.has(index)),
  };
}

function caller(http: HttpClient, origin: string, token: string) {
  return async <S extends z.ZodType | null>(
    method: 'GET' | 'POST',
    path: string,
    schema: S,
    body?: object,
  ): Promise<S extends z.ZodType ? z.output<S> : null> => {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body) headers['content-type'] = 'application/json';
    const request = { method, origin, path, headers };
    const answer = await http
      .send(body ? { ...request, body: JSON.stringify(body) } : request)
      .catch((error: unknown) => {
        if (!(error instanceof HttpFault)) throw error;
        const text = `No relay answers at ${origin}. Start it, or say where it is with --host and --port.`;
        throw new StartError('relay_away', text, { cause: error });
      });
    const text = Buffer.from(answer.body).toString();
    if (answer.status >= 300) throw new StartError('relay_refused', `The relay refused: ${detailOf(text)}`);
    return (schema ? schema.parse(JSON.parse(text)) : null) as never;
  };
}

function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    return typeof detail === 'string' ? detail : text.slice(0, 200);
  } catch {
    // Not the relay's own answer: show its beginning.
    return text.slice(0, 200);
  }
}

function tillsText({ tills, invited }: z.output<typeof TillsView>): string {
  const rows = tills.map(({ till, connected, lastSeenMs, waiting, dead, fingerprint }) => [
    till,
    connected
      ? 'connected'
      : lastSeenMs === null
        ? 'not seen'
        : `last seen ${new Date(lastSeenMs).toISOString()}`,
    `${waiting} waiting`,
    `${dead} dead`,
    `key ${fingerprint}`,
  ]);
  return `${[...rows, ...invited.map((till) => [till, 'invited'])].map((row) => row.join('  ')).join('\n')}\n`;
}

function tillText(view: z.output<typeof InspectView>): string {
  const letters = view.deadLetters.map(
    ({ id, channel, receivedMs, bytes, reason }) =>
      `  ${id}  ${channel}  ${new Date(receivedMs).toISOString()}  ${bytes} bytes  ${printable(reason)}`,
  );
  return `${tillsText({ tills: [view], invited: [] })}${letters.map((line) => `${line}\n`).join('')}`;
}

function keysText({ files }: z.output<typeof KeysView>): string {
  if (files.length === 0) return 'No keys: forgeries are not dropped here, every till judges its own.\n';
  const rows = files.map(({ file, till, channel, name, trouble }) =>
    [trouble === null ? 'used' : 'NOT USED', channel, till ?? 'every till', name ?? '', file, trouble ?? '']
      .filter((part) => part !== '')
      .join('  '),
  );
  return `${rows.join('\n')}\n`;
}

/** A till wrote it: nothing in it may steer the terminal. */
function printable(text: string): string {
  return text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?');
}
