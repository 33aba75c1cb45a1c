import type { Session, WebContents } from 'electron';
import { isAppUrl } from './app-protocol.ts';

/** Sites of the wallets that a person may open in their own browser: documentation and the merchant platforms. */
const EXTERNAL_HOSTS = new Set(['opendocs.alipay.com', 'b.alipay.com', 'pay.weixin.qq.com']);
const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]']);

export type WindowRequest = 'phone' | 'external' | 'refuse';

/** What becomes of a page's wish to open `address`. The phone exists only in sandbox mode and only on loopback. */
export function judgeWindow(address: string, phoneOrigin: string | null): WindowRequest {
  const url = URL.parse(address);
  if (!url || url.username || url.password) return 'refuse';
  if (isPhoneUrl(url, phoneOrigin)) return 'phone';
  const external = url.protocol === 'https:' && url.port === '' && EXTERNAL_HOSTS.has(url.hostname);
  return external ? 'external' : 'refuse';
}

function isPhoneUrl(url: URL, phoneOrigin: string | null): boolean {
  if (phoneOrigin === null || url.origin !== phoneOrigin) return false;
  if (!LOOPBACK_HOSTS.has(url.hostname)) return false;
  return url.pathname === '/phone' || url.pathname.startsWith('/phone/');
}

/** A session in which nothing is permitted, nothing is downloaded but what the app itself has made, and only `mayLoad` addresses are requested. */
export function lockSession(session: Session, mayLoad: (address: string) => boolean): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event, item) => {
    if (!isOwnBlob(item.getURL())) event.preventDefault();
  });
  session.webRequest.onBeforeRequest((request, answer) => answer({ cancel: !mayLoad(request.url) }));
}

/** A file that the app put together in its own window, e.g. a table for a spreadsheet. */
export function isOwnBlob(address: string): boolean {
  return address.startsWith('blob:') && isAppUrl(address.slice('blob:'.length));
}

/** What the till's own windows may load: the app, and nothing remote. */
export function mayAppLoad(address: string): boolean {
  return (
    isAppUrl(address) || isOwnBlob(address) || address.startsWith('data:') || address.startsWith('devtools:')
  );
}

/** A page that stays where it is: no navigation away, no window, no webview. */
export function lockContents(
  contents: WebContents,
  rules: { mayNavigate(address: string): boolean; openWindow(address: string): void },
): void {
  contents.on('will-navigate', (event) => {
    if (!rules.mayNavigate(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => {
    if (!rules.mayNavigate(event.url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    rules.openWindow(url);
    return { action: 'deny' };
  });
}
