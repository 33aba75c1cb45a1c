import { createHash, createHmac } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { type Clock, HOUR, MINUTE, SECOND } from '../../ports/clock.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';
import type { TokenKeys } from './token-keys.ts';

const ACCESS_MS = 5 * MINUTE;
export const REFRESH_MS = 24 * HOUR;
export const GRACE_MS = 10 * SECOND;

const ALGORITHM = 'EdDSA';
const TYPE = 'at+jwt';
const AUDIENCE = 'mianfu-api';

/** What an access token says: this session, of this person, on this device. */
export interface Claims {
  sessionId: string;
  personId: string;
  deviceHash: string;
  untilMs: number;
}

export type TokenSmith = ReturnType<typeof createTokens>;

/** Signs and checks access tokens (JWT, Ed25519 and nothing else), and makes refresh tokens. */
export function createTokens(deps: { keys: TokenKeys; clock: Clock; random: Random; tillId: string }) {
  const { keys, clock, random } = deps;
  const issuer = `mianfu:${deps.tillId}`;

  return {
    async sign({
      sessionId,
      personId,
      deviceHash,
    }: Omit<Claims, 'untilMs'>): Promise<{ token: string; untilMs: number }> {
      const nowMs = clock.nowMs();
      const { kid, key } = keys.signing(nowMs);
      const seconds = Math.floor(nowMs / SECOND);
      const untilMs = seconds * SECOND + ACCESS_MS;
      const token = await new SignJWT({ sid: sessionId, dev: deviceHash })
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: TYPE })
        .setSubject(personId)
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setIssuedAt(seconds)
        .setNotBefore(seconds)
        .setExpirationTime(untilMs / SECOND)
        .sign(key);
      return { token, untilMs };
    },
    /** What a token says; null for whatever this till did not sign for now. */
    async read(token: string): Promise<Claims | null> {
      const nowMs = clock.nowMs();
      try {
        const { kid } = decodeProtectedHeader(token);
        const key = typeof kid === 'string' ? keys.verifying(kid, nowMs) : null;
        if (key === null) return null;
        const { payload } = await jwtVerify(token, key, {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer,
          audience: AUDIENCE,
          requiredClaims: ['sub', 'sid', 'dev', 'exp', 'nbf', 'iat'],
          maxTokenAge: ACCESS_MS / SECOND,
          currentDate: new Date(nowMs),
        });
        const { sub, sid, dev, exp } = payload;
        if (typeof sub !== 'string' || typeof sid !== 'string' || typeof dev !== 'string') return null;
        return { personId: sub, sessionId: sid, deviceHash: dev, untilMs: (exp ?? 0) * SECOND };
      } catch {
        return null;
      }
    },
    newRefreshToken: (): string => randomText(random, ALPHANUMERIC, 43),
    newSessionId: (): string => randomText(random, ALPHANUMERIC, 22),
    /**
     * The one successor of a refresh token: all that refresh with it at once are given the same, so that
     * a copy of it leads to no second line that nobody would notice.
     */
    successor(refreshToken: string): string {
      return createHmac('sha256', keys.secret(clock.nowMs())).update(refreshToken).digest('base64url');
    },
  };
}

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
