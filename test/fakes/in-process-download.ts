import type { Download } from '../../ports/download.ts';
import { HttpFault } from '../../ports/http.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';

/** Downloads as a function call into a sandbox, in pieces. */
export interface TestDownload extends Download {
  pieceBytes: number;
  /** The connection breaks after so many bytes. */
  cut: number | null;
  /** What becomes of the bytes on the way. */
  spoil: (bytes: Uint8Array) => Uint8Array;
}

export function inProcessDownload(sandbox: () => Sandbox): TestDownload {
  const download: Download = async ({ method, path, headers: asked }) => {
    const reply = await sandbox().handle({
      method,
      path,
      headers: { host: '127.0.0.1', ...asked },
      body: Buffer.alloc(0),
    });
    if (reply.kind !== 'answer') throw new HttpFault('reset', 'maybe', 'The connection was reset.');
    const body = port.spoil(reply.body);
    // As the sandbox's server says it.
    const headers = { ...reply.headers, 'content-length': String(body.length) };
    return { status: reply.status, headers, bytes: pieces(body) };
  };
  async function* pieces(body: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < body.length; at += port.pieceBytes) {
      if (port.cut !== null && at >= port.cut)
        throw new HttpFault('reset', 'maybe', 'The connection was reset.');
      yield body.subarray(at, at + port.pieceBytes);
    }
  }
  const port: TestDownload = Object.assign(download, {
    pieceBytes: 1_000,
    cut: null,
    spoil: (bytes: Uint8Array) => bytes,
  });
  return port;
}
