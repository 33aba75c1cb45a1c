import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { HttpFault, type HttpTimeouts } from './http.ts';

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface CallLimits {
  timeouts: HttpTimeouts;
  bodyMaxBytes: number;
  signal?: AbortSignal | undefined;
}

/**
 * One request on a dispatcher, settled exactly once. Undici calls `onRequestStart` when a connection stands
 * and just before the first byte is written: what fails earlier certainly never reached the server, anything
 * later may have. Rejects only with {@link HttpFault}.
 */
export function undiciCall(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  limits: CallLimits,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { timeouts, signal } = limits;
    let controller: Dispatcher.DispatchController | null = null;
    let settled = false;
    let status = 0;
    let headers: IncomingHttpHeaders = {};
    let bytes = 0;
    const chunks: Buffer[] = [];
    const totalAtMs = performance.now() + timeouts.totalMs;
    let phase = { untilMs: totalAtMs, ms: timeouts.totalMs, message: 'No answer' };
    let timer: NodeJS.Timeout | undefined;
    let timerAtMs = Number.POSITIVE_INFINITY;

    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      return true;
    };
    const fail = (kind: HttpFault['kind'], message: string, cause?: unknown): void => {
      if (!settle()) return;
      const fault = new HttpFault(kind, controller ? 'maybe' : 'no', message, cause ? { cause } : undefined);
      reject(fault);
      controller?.abort(fault);
    };
    const onAbort = () => fail('aborted', 'The call was given up.', signal?.reason);
    // One timer serves every phase: it is moved only towards an earlier end, and looks again when it fires.
    const enter = (ms: number, message: string): void => {
      phase = { untilMs: performance.now() + ms, ms, message };
      arm(Math.min(phase.untilMs, totalAtMs));
    };
    const arm = (atMs: number): void => {
      if (settled || atMs >= timerAtMs) return;
      clearTimeout(timer);
      timerAtMs = atMs;
      timer = setTimeout(onTimer, Math.max(1, atMs - performance.now()));
    };
    const onTimer = (): void => {
      timerAtMs = Number.POSITIVE_INFINITY;
      const nowMs = performance.now();
      if (nowMs >= totalAtMs) fail('timeout', `No whole answer in ${timeouts.totalMs} ms.`);
      else if (nowMs >= phase.untilMs) fail('timeout', `${phase.message} in ${phase.ms} ms.`);
      else arm(Math.min(phase.untilMs, totalAtMs));
    };

    if (signal?.aborted) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    dispatcher.dispatch(options, {
      onRequestStart(started) {
        // Given up while waiting for a connection: undici then writes nothing.
        if (settled) {
          started.abort(new Error('Given up.'));
          return;
        }
        controller = started;
        enter(timeouts.headersMs, 'No answer');
      },
      onResponseStart(_controller, statusCode, received) {
        if (statusCode < 200) return;
        status = statusCode;
        headers = received;
        enter(timeouts.bodyMs, 'The answer stopped: no further byte');
      },
      onResponseData(_controller, chunk) {
        bytes += chunk.length;
        if (bytes > limits.bodyMaxBytes) {
          fail('body_too_large', `The answer is larger than ${limits.bodyMaxBytes} bytes.`);
          return;
        }
        chunks.push(chunk);
        if (!settled) phase.untilMs = performance.now() + phase.ms;
      },
      onResponseEnd() {
        if (settle())
          resolve({
            status,
            headers,
            body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes),
          });
      },
      onResponseError(_controller, error) {
        if (controller) fail('reset', `The connection broke: ${error.message}`, error);
        else fail('connect', `No connection: ${error.message}`, error);
      },
    });
    // On a connection that stands the request has begun by now.
    if (!controller && !settled) enter(timeouts.connectMs, 'No connection');
  });
}
