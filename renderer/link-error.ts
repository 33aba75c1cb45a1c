import { ORPCError } from '@orpc/client';
import type { ErrorCode, ErrorData, LINK_ERROR_CODES } from '../contract/errors.ts';

export type LinkErrorCode = ErrorCode | (typeof LINK_ERROR_CODES)[number];

/** Every error that a call can end with. Words come from the catalogue, by code. */
export class LinkError extends Error {
  readonly code: LinkErrorCode;
  readonly data: ErrorData;

  constructor(code: LinkErrorCode, data: ErrorData = {}) {
    super(code);
    this.code = code;
    this.data = data;
  }
}

/** True where asking the same thing again, under the same number, is right. */
export function isPassing(error: LinkError): boolean {
  return ['link_timeout', 'link_down', 'order_busy', 'stopping'].includes(error.code);
}

/** Anything thrown by a call: a contract code is kept; everything else means that nobody of ours answered. */
export function linkError(thrown: unknown): LinkError {
  if (thrown instanceof LinkError) return thrown;
  // Contract codes are lower case; oRPC's own (`BAD_GATEWAY`, …) are not.
  if (thrown instanceof ORPCError && /^[a-z][a-z_]+$/.test(thrown.code))
    return new LinkError(thrown.code as LinkErrorCode, errorData(thrown.data));
  return new LinkError('link_down');
}

function errorData(data: unknown): ErrorData {
  return typeof data === 'object' && data !== null ? data : {};
}
