import type { RequestHandler } from 'express';
import { problem, problemBody } from '../problems.ts';
import { CONTENT_SECURITY_POLICY } from './content-policy.ts';
import { sendProblem } from './send-problem.ts';

/** Names under which a loopback service is reached; a request for any other name is a rebinding attack. */
const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Refuses requests whose `Host` is not the till's (DNS rebinding), and requests that a page of another
 * origin caused (`Origin`, `Sec-Fetch-Site`), whatever credentials they bring.
 */
export function hostAndOriginGuard(allowedHosts: readonly string[]): RequestHandler {
  const names = new Set([...LOOPBACK_NAMES, ...allowedHosts.map((name) => name.toLowerCase())]);
  return (request, response, next) => {
    const host = request.headers.host?.toLowerCase() ?? '';
    if (!names.has(host.replace(/:\d+$/, ''))) {
      sendProblem(response, problemBody(problem('host_forbidden')));
      return;
    }
    const { origin } = request.headers;
    const site = request.headers['sec-fetch-site'];
    const isForeign = origin !== undefined && origin.toLowerCase() !== `${request.protocol}://${host}`;
    // A link that a person follows (`navigate`) may come from anywhere; calls and subresources may not.
    const isCrossSite =
      (site === 'cross-site' || site === 'same-site') && request.headers['sec-fetch-mode'] !== 'navigate';
    if (isForeign || isCrossSite) {
      sendProblem(response, problemBody(problem('origin_forbidden')));
      return;
    }
    next();
  };
}

/** Headers of every answer. The screens need nothing from anywhere else. */
export function securityHeaders(): RequestHandler {
  return (_request, response, next) => {
    response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    next();
  };
}
