import { pino } from 'pino';

/** Structured log lines. Fields never hold keys, tokens or payer data: what is logged is named, not dumped. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

/** JSON lines on standard error, so that standard output stays for people. */
export function systemLog(service: string, level: string): Log {
  return pino(
    {
      level,
      base: { service },
      redact: {
        paths: [
          '*.privateKey',
          '*.apiKey',
          '*.authorization',
          'authorization',
          'cookie',
          '*.token',
          'token',
          '*.secret',
          '*.webhookSecret',
        ],
        censor: '[hidden]',
      },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}

export function silentLog(): Log {
  const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
  return log;
}
