import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { CONTENT_SECURITY_POLICY } from '../backend/http/content-policy.ts';

/** The only origin that the till's windows may show. */
export const APP_SCHEME = 'app';
const APP_HOST = 'mianfu';
export const APP_URL = `${APP_SCHEME}://${APP_HOST}/`;

const CONTENT_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
};

/** True for addresses of the app itself. Never throws. */
export function isAppUrl(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.protocol === `${APP_SCHEME}:` && url.host === APP_HOST;
}

/**
 * Serves the files below `root` at {@link APP_URL}: GET only, nothing outside `root`, 404 for the rest.
 * Every answer carries the content security policy.
 */
export function appFiles(root: string): (request: { url: string; method: string }) => Promise<Response> {
  return async ({ url, method }) => {
    if (method !== 'GET' || !isAppUrl(url)) return answer(405, 'text/plain', '');
    const file = fileBelow(root, new URL(url).pathname);
    if (!file) return answer(404, 'text/plain', '');
    try {
      const type = CONTENT_TYPES[extname(file)] ?? 'application/octet-stream';
      return answer(200, type, await readFile(file));
    } catch {
      return answer(404, 'text/plain', '');
    }
  };
}

/** The file that a path names below `root`; null when it is not a plain path below it. */
function fileBelow(root: string, pathname: string): string | null {
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (path.includes('\0') || path.includes('\\')) return null;
  const file = normalize(join(root, path === '/' ? 'index.html' : path));
  return file.startsWith(root + sep) ? file : null;
}

function answer(status: number, type: string, body: string | Uint8Array<ArrayBuffer>): Response {
  return new Response(body, {
    status,
    headers: {
      'Content-Type': type,
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cache-Control': 'no-cache',
    },
  });
}
