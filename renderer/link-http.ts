import routes from 'virtual:contract-routes';
import { ORPCError } from '@orpc/client';
import { OpenAPILink } from '@orpc/openapi-client/fetch';
import { after } from './clock.ts';
import type { Credentials } from './credentials.ts';
import type { OpenLine } from './link-line.ts';

/** The server sends a comment every 5 s; three missing ones mean that the stream is dead. */
const STREAM_SILENCE_MS = 15_000;

/** The backend over HTTP, at the address the page came from, by the window's cookie and whoever is signed in. */
export const openHttp =
  (credentials: Credentials): OpenLine =>
  async () =>
    new OpenAPILink(routes, {
      url: `${location.origin}/api/v1`,
      headers: () =>
        credentials.accessToken === null ? {} : { authorization: `Bearer ${credentials.accessToken}` },
      fetch: async (request, init) => readable(await fetch(request, { ...init, credentials: 'same-origin' })),
      customErrorResponseBodyDecoder: (body, response) => {
        if (typeof body !== 'object' || body === null || !('code' in body)) return null;
        return new ORPCError(String(body.code), { status: response.status, data: body });
      },
    });

/** oRPC reads JSON by its plain name only, and streams without a watch. */
function readable(response: Response): Response {
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('text/event-stream')) return watched(response);
  if (!type.startsWith('application/problem+json')) return response;
  const headers = { 'content-type': 'application/json' };
  return new Response(response.body, { status: response.status, headers });
}

/** An event stream that fails after too long a silence, instead of looking alive for ever. */
function watched(response: Response): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      let stop = () => {};
      const silence = new Promise<never>((_, reject) => {
        stop = after(STREAM_SILENCE_MS, () => reject(new TypeError('silent')));
      });
      try {
        const { done, value } = await Promise.race([reader.read(), silence]);
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
        reader.cancel().catch(() => {});
      } finally {
        stop();
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { status: response.status, headers: response.headers });
}
