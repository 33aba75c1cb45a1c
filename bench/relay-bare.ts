import { type KeyObject, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** A table of posts on disk, each insert a commit with `synchronous=FULL`: what the bare peers keep. */
export function bareDatabase(): { insert(headers: object, body: Uint8Array): void; close(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-bench-'));
  const db = new Database(join(dir, 'bare.sqlite'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE posts (id INTEGER PRIMARY KEY, headers TEXT, body BLOB) STRICT');
  const insert = db.prepare('INSERT INTO posts (headers, body) VALUES (?, ?)');
  return {
    insert: (headers, body) => void insert.run(JSON.stringify(headers), body),
    close() {
      db.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Whether WeChat's signature holds over the body: bare node:crypto. */
export function isGenuine(
  headers: Readonly<Record<string, unknown>>,
  body: Uint8Array,
  key: KeyObject,
): boolean {
  const signed = `${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${body}\n`;
  const signature = Buffer.from(String(headers['wechatpay-signature']), 'base64');
  return verify('sha256', Buffer.from(signed), key, signature);
}
