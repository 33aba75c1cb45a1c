import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { SignJWT } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { contract } from '../../contract/index.ts';
import { type Answer, httpTill } from '../../test/fakes/http-till.ts';
import { NAMES, PINS, staffed } from '../../test/fakes/staff.ts';
import { type KeyPlace, keysInMemory } from '../people/token-keys.ts';

const DEVICE = 'a-device-of-the-office-0001';
const device = { 'mianfu-device': DEVICE };
const MINUTE = 60_000;

let till: Awaited<ReturnType<typeof httpTill>>;
let staff: Awaited<ReturnType<typeof staffed>>;
let place: KeyPlace;

beforeEach(async () => {
  place = keysInMemory();
  till = await httpTill({ tokenKeys: place });
  staff = await staffed(till.backend);
});

const login = (
  headers: Record<string, string> = device,
  body: object = { operator: NAMES.manager, pin: PINS.manager },
) => till.api('POST', '/auth/login', headers, body);
const refresh = (refreshToken: unknown, headers: Record<string, string> = device) =>
  till.api('POST', '/auth/refresh', headers, { refreshToken });
const people = (token: unknown, headers: Record<string, string> = device) =>
  till.api('GET', '/people', { ...headers, authorization: `Bearer ${token}` });

describe('a person over the network', () => {
  test('signs in with name and PIN, and is who the token says for five minutes', async () => {
    const signedIn = await login();
    expect(signedIn).toMatchObject({
      status: 200,
      body: { person: { name: NAMES.manager, role: 'manager' } },
    });
    expect(signedIn.setCookie).toEqual([]);
    expect((await people(signedIn.body.accessToken)).status).toBe(200);
    await till.clock.advance(5 * MINUTE);
    expect(await people(signedIn.body.accessToken)).toMatchObject({
      status: 401,
      body: { code: 'unauthorized' },
    });
    const fresh = await refresh(signedIn.body.refreshToken);
    expect((await people(fresh.body.accessToken)).status).toBe(200);
  });

  test('has to be on a device, and is given no list of names', async () => {
    expect(await login({})).toMatchObject({ status: 400, body: { code: 'device_missing' } });
    expect(await login({ 'mianfu-device': 'short' })).toMatchObject({ body: { code: 'device_missing' } });
    expect((await till.api('GET', '/auth/names', device)).status).toBe(401);
  });

  test('may do what the role may: every procedure without a token is 401, but to sign in and out', async () => {
    const open: string[] = [];
    const walk = (each: object): { method?: string; path?: string }[] =>
      '~orpc' in each
        ? [(each as { '~orpc': { route: { method?: string; path?: string } } })['~orpc'].route]
        : Object.values(each).flatMap((one) => walk(one as object));
    for (const { method = 'POST', path = '' } of walk(contract)) {
      const url = path.replaceAll(/\{\w+\}/g, 'x');
      const answer = await till.api(method as 'GET', url, device, method === 'GET' ? undefined : {});
      if (answer.body.code !== 'unauthorized') open.push(path);
    }
    expect(open.sort()).toEqual(['/auth/login', '/auth/logout', '/auth/refresh']);
  });

  test('is out at once: by logging out, by being disabled, by a new PIN', async () => {
    const one = (await login()).body;
    const signedOut = await till.api('POST', '/auth/logout', {
      ...device,
      authorization: `Bearer ${one.accessToken}`,
    });
    expect(signedOut).toMatchObject({ status: 200, body: { person: null } });
    expect((await people(one.accessToken)).status).toBe(401);
    expect(await refresh(one.refreshToken)).toMatchObject({ status: 401, body: { code: 'session_over' } });

    const owner = (await login(device, { operator: NAMES.owner, pin: PINS.owner })).body;
    const as = { ...device, authorization: `Bearer ${owner.accessToken}` };
    const two = (await login()).body;
    expect(
      (await till.api('POST', `/people/${staff.ids.manager}/pin`, as, { pin: '730195', reason: '忘了' }))
        .status,
    ).toBe(200);
    expect((await people(two.accessToken)).status).toBe(401);
    const three = (await login(device, { operator: NAMES.manager, pin: '730195' })).body;
    expect((await people(three.accessToken)).status).toBe(200);
    expect(
      (await till.api('POST', `/people/${staff.ids.manager}/disable`, as, { reason: '离职' })).status,
    ).toBe(200);
    expect((await people(three.accessToken)).status).toBe(401);
    expect((await refresh(three.refreshToken)).body.code).toBe('session_over');
    expect((await login(device, { operator: NAMES.manager, pin: '730195' })).body.code).toBe(
      'sign_in_refused',
    );
  });
});

describe('a refresh token', () => {
  test('is good once; replayed after the grace, it takes the whole session with it', async () => {
    const { refreshToken } = (await login()).body;
    const first = await refresh(refreshToken);
    expect(first.status).toBe(200);
    expect(first.body.refreshToken).not.toBe(refreshToken);
    await till.clock.advance(11_000);
    expect(await refresh(refreshToken)).toMatchObject({ status: 401, body: { code: 'session_over' } });
    expect((await people(first.body.accessToken)).status).toBe(401);
    expect((await refresh(first.body.refreshToken)).body.code).toBe('session_over');
    expect(whys()).toContain('token_reused');
  });

  test('shown twenty times at once keeps the person in', async () => {
    const { refreshToken } = (await login()).body;
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(refreshToken)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    await till.clock.advance(MINUTE);
    const last = await refresh(answers[7]?.body.refreshToken);
    expect((await people(last.body.accessToken)).status).toBe(200);
  });

  test('from another device ends the session, and an access token is worth nothing there', async () => {
    const other = { 'mianfu-device': 'a-device-of-somebody-else-1' };
    const { refreshToken, accessToken } = (await login()).body;
    expect((await people(accessToken, other)).status).toBe(401);
    expect((await people(accessToken)).status).toBe(200);
    expect((await refresh(refreshToken, other)).body.code).toBe('session_over');
    expect((await people(accessToken)).status).toBe(401);
    expect(whys()).toContain('token_elsewhere');
  });

  test('lasts a day, from its last use', async () => {
    const { refreshToken } = (await login()).body;
    await till.clock.advance(24 * 60 * MINUTE - 1);
    const fresh = await refresh(refreshToken);
    expect(fresh.status).toBe(200);
    await till.clock.advance(24 * 60 * MINUTE);
    expect((await refresh(fresh.body.refreshToken)).body.code).toBe('session_over');
  });

  test('is kept as its hash alone', async () => {
    const { refreshToken, accessToken } = (await login()).body;
    const kept = till.db.serialize().toString('latin1');
    for (const secret of [refreshToken, accessToken, PINS.manager, PINS.owner])
      expect(kept.includes(String(secret))).toBe(false);
  });
});

describe('a browser window', () => {
  test('keeps its refresh token in a cookie that no script and no other site can send', async () => {
    const cookie = await till.openWindow();
    expect((await till.api('GET', '/people', { cookie })).body.code).toBe('sign_in_needed');
    expect((await till.api('GET', '/auth/names', { cookie })).body).toEqual(Object.values(NAMES));
    const signedIn = await login({ cookie });
    expect(signedIn.body.refreshToken).toBeNull();
    const [kept = ''] = signedIn.setCookie;
    expect(kept).toMatch(/HttpOnly/);
    expect(kept).toMatch(/SameSite=Strict/);
    expect(kept).toMatch(/Path=\/api\/v1\/auth/);
    const both = { cookie: `${cookie}; ${kept.split(';')[0]}` };
    const fresh = await till.api('POST', '/auth/refresh', both, {});
    expect(fresh).toMatchObject({
      status: 200,
      body: { person: { name: NAMES.manager }, refreshToken: null },
    });
    expect((await people(fresh.body.accessToken, { cookie })).status).toBe(200);
    // Stolen into another window it is worth nothing.
    const other = await till.openWindow();
    expect((await people(fresh.body.accessToken, { cookie: other })).body.code).toBe('sign_in_needed');
    const foreign = { ...both, origin: 'http://evil.example' };
    expect((await till.api('POST', '/auth/refresh', foreign, {})).body.code).toBe('origin_forbidden');
  });
});

describe('a forged access token', () => {
  const claims = () => {
    const seconds = Math.floor(till.clock.nowMs() / 1_000);
    return { iat: seconds, nbf: seconds, exp: seconds + 300 };
  };
  const parts = (token: unknown) =>
    String(token)
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
  const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const keyOf = () => {
    const { keys } = JSON.parse(place.read() ?? '') as { keys: { kid: string; pem: string }[] };
    return keys.at(-1) ?? { kid: '', pem: '' };
  };
  /** Signed with the till's own key, but saying something else. */
  const signed = (header: object, payload: object) => {
    const text = `${b64(header)}.${b64(payload)}`;
    return `${text}.${sign(null, Buffer.from(text), keyOf().pem).toString('base64url')}`;
  };

  test('is refused, whatever about it is wrong', async () => {
    const { accessToken } = (await login()).body;
    const [header, payload] = parts(accessToken);
    expect(header).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' });
    expect((await people(signed(header, payload))).status).toBe(200);

    const publicKey = createPublicKey(keyOf().pem);
    const hmacOf = (secret: string | Buffer) => {
      const text = `${b64({ ...header, alg: 'HS256' })}.${b64(payload)}`;
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    };
    const foreign = generateKeyPairSync('ed25519').privateKey;
    const withForeignKey = (kid: string) =>
      new SignJWT({ ...payload, ...claims() }).setProtectedHeader({ ...header, kid }).sign(foreign);
    const withAnother = (alg: string, privateKey: KeyObject) =>
      new SignJWT({ ...payload, ...claims() }).setProtectedHeader({ ...header, alg }).sign(privateKey);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const now = payload.iat;
    const { exp: _exp, ...withoutEnd } = payload;
    const { sid: _sid, ...withoutSession } = payload;
    const [, body = '', signature = ''] = String(accessToken).split('.');
    const forged: Record<string, string> = {
      'no algorithm': `${b64({ ...header, alg: 'none' })}.${body}.`,
      'no algorithm, signature kept': `${b64({ ...header, alg: 'none' })}.${body}.${signature}`,
      'algorithm confusion: the public key as PEM for a secret': hmacOf(
        publicKey.export({ format: 'pem', type: 'spki' }),
      ),
      'algorithm confusion: the public key as DER for a secret': hmacOf(
        publicKey.export({ format: 'der', type: 'spki' }),
      ),
      'algorithm confusion: the raw public key for a secret': hmacOf(
        Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
      ),
      'algorithm confusion: RSA under our id': await withAnother('RS256', rsa),
      'algorithm confusion: RSA-PSS under our id': await withAnother('PS256', rsa),
      'algorithm confusion: P-256 under our id': await withAnother('ES256', p256),
      'another name for the algorithm, our key': signed({ ...header, alg: 'Ed25519' }, payload),
      'a foreign key under our id': await withForeignKey(header.kid),
      'a foreign key under its own id': await withForeignKey('foreign'),
      'a key that the token brings itself': await new SignJWT({ ...payload, ...claims() })
        .setProtectedHeader({
          ...header,
          kid: 'own',
          jwk: createPublicKey(foreign).export({ format: 'jwk' }),
        })
        .sign(foreign),
      'no key id': signed({ alg: header.alg, typ: header.typ }, payload),
      'a key id that is no text': signed({ ...header, kid: { $ne: '' } }, payload),
      expired: signed(header, { ...payload, iat: now - 600, nbf: now - 600, exp: now - 300 }),
      'not yet valid': signed(header, { ...payload, nbf: now + 60 }),
      'issued in the future': signed(header, { ...payload, iat: now + 60 }),
      'without an end': signed(header, withoutEnd),
      'good for longer than we give': signed(header, {
        ...payload,
        iat: now - 3_600,
        nbf: now - 3_600,
        exp: now + 86_400,
      }),
      'for another audience': signed(header, { ...payload, aud: 'somebody-else' }),
      'by another till': signed(header, { ...payload, iss: 'mianfu:OTHER' }),
      'of another kind': signed({ ...header, typ: 'JWT' }, payload),
      'for another session': signed(header, { ...payload, sid: 'none' }),
      'for no session': signed(header, withoutSession),
      'a changed body': `${String(accessToken).split('.')[0]}.${b64({ ...payload, sub: 'owner' })}.${signature}`,
      'a cut signature': String(accessToken).slice(0, -4),
      'three dots': '...',
      nothing: 'x',
    };
    const let_in: string[] = [];
    for (const [what, token] of Object.entries(forged)) {
      const answer: Answer = await people(token);
      if (answer.status !== 401) let_in.push(`${what}: ${answer.status}`);
    }
    expect(let_in).toEqual([]);
    expect((await people(accessToken)).status).toBe(200);
  });

  test('keys rotate: the new one signs, the old one is believed a little longer, and then no more', async () => {
    const before = (await login()).body;
    const kidOf = (token: unknown) => parts(token)[0].kid;
    await till.clock.advance(1_000);
    const { clock } = till;
    await clock.advance(30 * 24 * 60 * MINUTE - 2 * MINUTE);
    const late = (await login()).body;
    expect(kidOf(late.accessToken)).toBe(kidOf(before.accessToken));
    await clock.advance(2 * MINUTE);
    const after = (await login()).body;
    expect(kidOf(after.accessToken)).not.toBe(kidOf(before.accessToken));
    expect((await people(late.accessToken)).status).toBe(200);
    expect((await people(after.accessToken)).status).toBe(200);
    await clock.advance(61 * MINUTE);
    const end = Math.floor(clock.nowMs() / 1_000);
    const [header, payload] = parts(late.accessToken);
    const old = (JSON.parse(place.read() ?? '') as { keys: { kid: string; pem: string }[] }).keys[0];
    const text = `${b64(header)}.${b64({ ...payload, iat: end, nbf: end, exp: end + 300 })}`;
    const withOldKey = `${text}.${sign(null, Buffer.from(text), old?.pem ?? '').toString('base64url')}`;
    expect((await people(withOldKey)).status).toBe(401);
  });
});

function whys(): string[] {
  return till.db.prepare<[], string>("SELECT what FROM events WHERE type = 'session.ended'").pluck().all();
}
