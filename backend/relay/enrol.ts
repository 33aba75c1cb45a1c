import { type HttpAnswer, type HttpClient, HttpFault } from '../../ports/http.ts';
import { Enrolled, type EnrolRequest } from '../../wire/relay.ts';
import { ServiceError } from '../services/errors.ts';

/** Both wallets take an address of this length. */
const NOTIFY_URL_MAX = 255;
const LOOPBACK = /^(127(\.\d{1,3}){3}|\[::1\]|localhost)$/;

/** Where a relay is reached: `path` stands before its own paths and does not end with a slash. */
export interface RelayAddress {
  origin: string;
  path: string;
}

/** Reads what a person gave as the relay's address. Throws `relay_url_unusable`. */
export function relayAddress(url: string): RelayAddress {
  const { origin, pathname, search, hash, username, password } = new URL(url);
  const isPlain = search === '' && hash === '' && username === '' && password === '';
  if (!isPlain || !isPrivate(url)) throw new ServiceError('relay_url_unusable');
  return { origin, path: pathname.replace(/\/+$/, '') };
}

/**
 * Sends an enrolment. Throws `relay_unreachable`, `relay_refused`, or `relay_odd` when the answer is not one
 * that this till can use; `isLive`: real wallets must be able to call the address that it names.
 */
export async function enrolAt(
  { origin, path }: RelayAddress,
  request: EnrolRequest,
  { http, isLive }: { http: HttpClient; isLive: boolean },
): Promise<Enrolled> {
  let answer: HttpAnswer;
  try {
    answer = await http.send({
      method: 'POST',
      origin,
      path: `${path}/enrol`,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(request),
    });
  } catch (error) {
    if (error instanceof HttpFault) throw new ServiceError('relay_unreachable');
    throw error;
  }
  if (answer.status === 403) throw new ServiceError('relay_refused');
  if (answer.status === 429 || answer.status >= 500) throw new ServiceError('relay_unreachable');
  const enrolled = answer.status === 200 ? readEnrolled(answer.body) : null;
  if (enrolled?.till !== request.till || !isUsable(enrolled, isLive)) throw new ServiceError('relay_odd');
  return enrolled;
}

function readEnrolled(body: Uint8Array): Enrolled | null {
  try {
    return Enrolled.parse(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch {
    return null;
  }
}

/** An address that the wallets refuse would stop every charge, so it is never told to them. */
function isUsable({ pushUrl, notifyUrl }: Enrolled, isLive: boolean): boolean {
  const address = notifyAddress(notifyUrl, 'wechat_v2');
  if (!URL.canParse(address) || !notifyUrl.includes('{channel}')) return false;
  const { protocol, search, hash } = new URL(address);
  const isForWallets = isLive ? protocol === 'https:' : isPrivate(address);
  const isShort = address.length <= NOTIFY_URL_MAX && search === '' && hash === '';
  return isForWallets && isShort && /^wss?:/.test(pushUrl) && isPrivate(pushUrl);
}

/** What a wallet of this channel is told. */
export function notifyAddress(notifyUrl: string, channel: string): string {
  return notifyUrl.replace('{channel}', channel);
}

/** Nobody on the way reads along: TLS, or this machine. */
function isPrivate(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || protocol === 'wss:' || LOOPBACK.test(hostname);
}
