import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { type Clock, HOUR } from '../../ports/clock.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';
import type { CallContext } from '../access.ts';
import { httpSeat } from '../people/sessions.ts';
import { REFRESH_MS, type TokenSmith } from '../people/tokens.ts';
import { problem, problemBody } from '../problems.ts';
import type { Store } from '../store/store.ts';
import { sendProblem } from './send-problem.ts';

const SESSION_LIFE_MS = 30 * 24 * HOUR;

/**
 * Who is calling over HTTP: an integrator by API key, a browser window by the cookie that a one-time link
 * gave it, a person by access token, or a stranger who signs in. Keys and cookies are compared by their hash.
 */
export type Auth = ReturnType<typeof createAuth>;

export function createAuth(deps: {
  store: Store;
  clock: Clock;
  random: Random;
  tillId: string;
  apiKey: string | undefined;
  tokens: TokenSmith;
}) {
  const { store, clock, random, tokens } = deps;
  // Cookies of one host are shared by its ports: each till has a name of its own.
  const cookieName = `mianfu_${deps.tillId}`;
  const refreshCookie = `${cookieName}_refresh`;
  const apiKeyHash = deps.apiKey === undefined ? undefined : sha256(deps.apiKey);
  let link: string | null = null;

  /** The window's cookie; null of whoever came in through no link of ours. */
  function windowOf(request: Request): string | null {
    const cookie = readCookie(request.headers.cookie ?? '', cookieName);
    if (cookie === undefined) return null;
    const expiredMs = clock.nowMs() - SESSION_LIFE_MS;
    return store.sessions.has(sha256(cookie).toString('hex'), expiredMs) ? cookie : null;
  }

  /** Null of a call that brings a key or token which is none of ours. */
  async function callOf(request: Request, response: Response): Promise<CallContext | null> {
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined && apiKeyHash !== undefined && timingSafeEqual(sha256(bearer), apiKeyHash))
      return { caller: 'integrator' };
    const claims = bearer === undefined ? null : await tokens.read(bearer);
    const window = windowOf(request);
    const device = window ?? request.headers[DEVICE_HEADER]?.toString() ?? '';
    // A refresh or a sign-in needs no token that is still good.
    const isSigningIn = SIGN_IN_PATHS.includes(request.path);
    if (claims === null && !isSigningIn && (bearer !== undefined || window === null)) return null;
    const seat = httpSeat(tokens, {
      place: window === null ? { at: 'network', address: request.socket.remoteAddress ?? '' } : AT_THE_TILL,
      deviceHash: window !== null || device.length >= DEVICE_MIN ? sha256(device).toString('hex') : null,
      claims,
      refreshToken:
        window === null ? null : (readCookie(request.headers.cookie ?? '', refreshCookie) ?? null),
      setCookie: window === null ? null : (value) => keepRefreshToken(response, value),
    });
    return { caller: window === null ? 'stranger' : 'window', seat };
  }

  function keepRefreshToken(response: Response, value: string | null): void {
    const options = { httpOnly: true, sameSite: 'strict', path: SIGN_IN_PREFIX } as const;
    if (value === null) response.clearCookie(refreshCookie, options);
    else response.cookie(refreshCookie, value, { ...options, maxAge: REFRESH_MS });
  }

  return {
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
          if (windowOf(request) !== null) response.redirect(303, '/');
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
    /** Refuses who is nobody and does not sign in; else leaves the call's context in `response.locals.caller`. */
    required(): RequestHandler {
      return async (request, response, next) => {
        const context = await callOf(request, response);
        if (context === null) {
          response.setHeader('WWW-Authenticate', 'Bearer');
          sendProblem(response, problemBody(problem('unauthorized')));
          return;
        }
        response.locals.caller = context;
        next();
      };
    },
  };
}

/** Where strangers may knock. The paths are relative to the API's prefix, under which this stands. */
const SIGN_IN_PATHS = ['/auth/login', '/auth/refresh', '/auth/logout'];
const SIGN_IN_PREFIX = '/api/v1/auth';
/** What a device that is no browser window keeps to itself, and its tokens are bound to. */
const DEVICE_HEADER = 'mianfu-device';
const DEVICE_MIN = 22;
const AT_THE_TILL = { at: 'till', address: null } as const;

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
