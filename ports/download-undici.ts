import { request as undiciRequest } from 'undici';
import type { Download } from './download.ts';
import { HttpFault } from './http.ts';
import { checkedOrigin, joined } from './http-undici.ts';

const HEADERS_MS = 30_000;
/** Between two pieces. */
const BODY_MS = 30_000;

/** The real network: https, or http on this machine alone; no redirects, no repeats. */
export const undiciDownload: Download = async (request, signal) => {
  const { method, path, headers, body } = request;
  try {
    const answer = await undiciRequest(`${checkedOrigin(request.origin)}${path}`, {
      method,
      headers,
      body: body ?? null,
      headersTimeout: HEADERS_MS,
      bodyTimeout: BODY_MS,
      signal: signal ?? null,
    });
    return { status: answer.statusCode, headers: joined(answer.headers), bytes: pieces(answer.body) };
  } catch (error) {
    throw asFault(error);
  }
};

async function* pieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw asFault(error);
  }
}

/** Whether it reached the server does not matter: what is downloaded changes nothing there. */
function asFault(error: unknown): HttpFault {
  if (error instanceof HttpFault) return error;
  const { name, message } = error as Error;
  const kind = name === 'AbortError' ? 'aborted' : /Timeout/.test(name) ? 'timeout' : 'reset';
  return new HttpFault(kind, 'maybe', message, { cause: error });
}
