import type { ErrorCode, ErrorData } from '../../contract/errors.ts';

/** An outcome that the caller must know about, by its contract code. Nothing was changed when it is thrown. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  readonly data: ErrorData;
  constructor(code: ErrorCode, data: ErrorData = {}) {
    super(code);
    this.code = code;
    this.data = data;
  }
}
