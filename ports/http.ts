/**
 * The network as a port: one request, one answer, and a fault that says how far the request got.
 * `http-undici.ts` is the real one; tests and simulations bring their own.
 */
export interface HttpRequest {
  method: 'GET' | 'POST';
  /** Scheme, host and port, e.g. `https://api.mch.weixin.qq.com`. */
  origin: string;
  /** Path with query, percent-encoded, exactly as it is signed. */
  path: string;
  headers: Record<string, string>;
  body?: string;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case; of a repeated header the values joined by `, `. */
  headers: Record<string, string>;
  body: Uint8Array;
}

export interface HttpTimeouts {
  /** TCP and TLS. */
  connectMs: number;
  /** From the sent request to the answer's headers. */
  headersMs: number;
  /** Between two pieces of the answer's body. */
  bodyMs: number;
  /** The whole call. */
  totalMs: number;
}

/** How far a failed request got: `no`: it certainly never reached the server; `maybe`: it may have acted. */
export type ReachedServer = 'no' | 'maybe';

export class HttpFault extends Error {
  override readonly name = 'HttpFault';
  readonly kind: 'connect' | 'timeout' | 'reset' | 'body_too_large' | 'aborted';
  readonly reachedServer: ReachedServer;

  constructor(
    kind: HttpFault['kind'],
    reachedServer: ReachedServer,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.kind = kind;
    this.reachedServer = reachedServer;
  }
}

export interface HttpClient {
  /** Resolves with any HTTP status; rejects only with {@link HttpFault}. Never repeats a request by itself. */
  send(
    request: HttpRequest,
    options?: { timeouts?: Partial<HttpTimeouts>; signal?: AbortSignal },
  ): Promise<HttpAnswer>;
  /** Ends idle connections and refuses new requests. */
  close(): Promise<void>;
}
