import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { type Clock, HOUR } from '../../ports/clock.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';
import type { CallContext } from '../access.ts';
import { problem, problemBody } from '../problems.ts';
import type { Store } from '../store/store.ts';
import { sendProblem } from './send-problem.ts';

const SESSION_LIFE_MS = 30 * 24 * HOUR;

/**
 * Who is calling over HTTP: an integrator by API key, or a browser window by the cookie that a one-time
 * link gave it. Keys and cookies are compared by their hash, in constant time.
 */
export type Auth = ReturnType<typeof createAuth>;

export function createAuth(deps: {
  store: Store;
  clock: Clock;
  random: Random;
  tillId: string;
  apiKey: string | undefined;
}) {
  const { store, clock, random } = deps;
  // Cookies of one host are shared by its ports: each till has a name of its own.
  const cookieName = `mianfu_${deps.tillId}`;
  const apiKeyHash = deps.apiKey === undefined ? undefined : sha256(deps.apiKey);
  let link: string | null = null;

  function caller(request: Request): CallContext['caller'] | undefined {
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) {
      return apiKeyHash !== undefined && timingSafeEqual(sha256(bearer), apiKeyHash)
        ? 'integrator'
        : undefined;
    }
    const cookie = readCookie(request.headers.cookie ?? '', cookieName);
    if (cookie === undefined) return undefined;
    const expiredMs = clock.nowMs() - SESSION_LIFE_MS;
    return store.sessions.has(sha256(cookie).toString('hex'), expiredMs) ? 'window' : undefined;
  }

  return {
    caller,
    /** The path of a fresh one-time link; an unused older one stops working. */
    newLinkPath(): string {
      link = randomText(random, ALPHANUMERIC, 32);
      return `/open/${link}`;
    },
    /** `GET /open/{token}`: trades the one-time link for the window's cookie and goes to the till. */
    openLink(): RequestHandler<{ token: string }> {
      return (request, response) => {
        const isRight = link !== null && timingSafeEqual(sha256(request.params.token), sha256(link));
        response.setHeader('Cache-Control', 'no-store');
        if (!isRight) {
          if (caller(request) === 'window') response.redirect(303, '/');
          else response.status(410).type('text/plain').send(LINK_USED);
          return;
        }
        link = null;
        const token = randomText(random, ALPHANUMERIC, 43);
        const nowMs = clock.nowMs();
        store.transact(() =>
          store.sessions.add(sha256(token).toString('hex'), nowMs, nowMs - SESSION_LIFE_MS),
        );
        response.cookie(cookieName, token, {
          httpOnly: true,
          sameSite: 'strict',
          path: '/',
          maxAge: SESSION_LIFE_MS,
        });
        response.redirect(303, '/');
      };
    },
    /** Refuses whoever is neither; else leaves the caller in `response.locals.caller`. */
    required(): RequestHandler {
      return (request, response, next) => {
        const who = caller(request);
        if (who === undefined) {
          response.setHeader('WWW-Authenticate', 'Bearer');
          sendProblem(response, problemBody(problem('unauthorized')));
          return;
        }
        response.locals.caller = who;
        next();
      };
    },
  };
}

const LINK_USED =
  'This link was used already, or is not the newest. Start the till again for a fresh one.\n此链接已使用过，或已不是最新。请重新启动收款台获取新链接。\n';

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function readCookie(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const [key, ...value] = part.trim().split('=');
    if (key === name) return value.join('=');
  }
  return undefined;
}
