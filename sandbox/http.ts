/** A request as it reached the sandbox, by socket or in process. */
export interface SandboxRequest {
  method: string;
  /** Path with query exactly as sent. */
  path: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  body: Uint8Array;
}

export interface SandboxAnswer {
  kind: 'answer';
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
  /** Only so many bytes of the body are sent before the connection closes; absent: all. */
  cutAtByte?: number;
}

/** What comes back: an answer, silence until the connection is closed after `holdMs`, or a reset. */
export type SandboxReply = SandboxAnswer | { kind: 'silence'; holdMs: number } | { kind: 'reset' };

export function jsonAnswer(status: number, value: unknown): SandboxAnswer {
  return answer(status, 'application/json; charset=utf-8', JSON.stringify(value));
}

/** The sandbox's own errors (not the wallets'): a stable code and a sentence. */
export function controlError(
  status: number,
  code: string,
  message: string,
  more: object = {},
): SandboxAnswer {
  return jsonAnswer(status, { code, message, ...more });
}

export function answer(status: number, contentType: string, body: string): SandboxAnswer {
  return {
    kind: 'answer',
    status,
    headers: {
      'content-type': contentType,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
    body: Buffer.from(body, 'utf8'),
  };
}

/** Splits `path?query`; the query without its question mark. */
export function splitPath(path: string): { pathname: string; query: string } {
  const at = path.indexOf('?');
  return at === -1
    ? { pathname: path, query: '' }
    : { pathname: path.slice(0, at), query: path.slice(at + 1) };
}
