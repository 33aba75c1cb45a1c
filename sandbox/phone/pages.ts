import { readFile } from 'node:fs/promises';
import { answer, type SandboxAnswer } from '../http.ts';

/** Nothing from elsewhere, nothing inline. Loopback pages and the till's own window may frame the phone. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self' http://127.0.0.1:* http://localhost:* app:",
].join('; ');

const FILES: Record<string, { file: string; type: string }> = {
  '/phone': { file: 'page.html', type: 'text/html; charset=utf-8' },
  '/phone/page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/phone/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
};

/** The customer's phone as a page; null when the path is none of its files. */
export async function phonePage(pathname: string): Promise<SandboxAnswer | null> {
  const entry = FILES[pathname];
  if (!entry) return null;
  const text = await readFile(new URL(`./${entry.file}`, import.meta.url), 'utf8');
  const page = answer(200, entry.type, text);
  return {
    ...page,
    headers: {
      ...page.headers,
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'referrer-policy': 'no-referrer',
    },
  };
}
