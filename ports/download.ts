import type { HttpRequest } from './http.ts';

/** A large answer as it arrives. Reading on rejects with `HttpFault` when the connection breaks. */
interface Downloading {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  bytes: AsyncIterable<Uint8Array>;
}

/** Asks for something too large to be held in memory. Resolves with any HTTP status; rejects only with `HttpFault`. */
export type Download = (request: HttpRequest, signal?: AbortSignal) => Promise<Downloading>;
