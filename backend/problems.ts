import { ORPCError } from '@orpc/server';
import { ERRORS, type ErrorCode, type ErrorData, type Problem } from '../contract/errors.ts';
import type { Log } from '../ports/log.ts';
import { type Random, randomText } from '../ports/random.ts';
import { storeInstant } from './domain/store-time.ts';
import { LeaseLost, LockUnavailable, OrderBusy } from './locks/order-mutex.ts';
import { ServiceError } from './services/errors.ts';
import { StorageError } from './store/database.ts';
import { StaleHold } from './store/fences.ts';

/** Anything thrown, as the one kind of error that leaves the backend: a contract code with its data. */
export type Problems = ReturnType<typeof createProblems>;

export function createProblems(deps: {
  log: Log;
  random: Random;
  onStorageError(error: StorageError): void;
}) {
  return {
    /** `whileReading`: the error came from reading the request, so that it is the caller's. */
    from(error: unknown, whileReading: boolean): ORPCError<ErrorCode, ErrorData> {
      if (error instanceof ORPCError && error.code in ERRORS) return error as ORPCError<ErrorCode, ErrorData>;
      if (error instanceof ORPCError && error.code === 'BAD_REQUEST') return fromIssues(error.data);
      if (error instanceof ORPCError && error.code === 'PAYLOAD_TOO_LARGE') return problem('body_too_large');
      if (error instanceof ServiceError) return problem(error.code, error.data);
      if (error instanceof OrderBusy) return problem('order_busy', busyData(error));
      // Nothing was written; the order is somebody else's by now, or free again.
      if (error instanceof StaleHold || error instanceof LeaseLost)
        return problem('order_busy', { orderNo: error.orderNo });
      if (error instanceof LockUnavailable)
        return problem(error.reason === 'stopping' ? 'stopping' : 'lock_unavailable');
      if (error instanceof StorageError) {
        if (error.kind === 'full') return problem('storage_full');
        if (error.kind === 'readonly') return problem('storage_readonly');
        if (error.kind === 'corrupt') return problem('storage_damaged');
      }
      if (whileReading) return problem('invalid_input', { issues: [{ path: '', message: 'unreadable' }] });
      const incidentId = randomText(deps.random, '0123456789abcdef', 12);
      deps.log.error({ incidentId, err: error }, 'internal error');
      return problem('internal', { incidentId });
    },
  };
}

export function problem(code: ErrorCode, data: ErrorData = {}): ORPCError<ErrorCode, ErrorData> {
  return new ORPCError(code, { status: ERRORS[code].status, message: ERRORS[code].title, data });
}

function busyData({ orderNo, holder, untilMs }: OrderBusy): ErrorData {
  return {
    orderNo,
    ...(holder === null ? {} : { holder }),
    ...(untilMs === null ? {} : { until: storeInstant(untilMs) }),
  };
}

/** The RFC 9457 body of an error. */
export function problemBody(error: ORPCError<ErrorCode, ErrorData>): Problem {
  return {
    type: `https://mianfu.invalid/problems/${error.code}`,
    title: ERRORS[error.code].title,
    status: ERRORS[error.code].status,
    code: error.code,
    ...error.data,
  };
}

/** Fields whose trouble has a code of its own, so that a screen can say it in the user's words. */
const FIELD_CODES: Record<string, ErrorCode> = {
  amountFen: 'amount_invalid',
  subject: 'subject_invalid',
  orderNo: 'order_no_invalid',
};

function fromIssues(data: unknown): ORPCError<ErrorCode, ErrorData> {
  const raw = (data as { issues?: unknown } | undefined)?.issues;
  const issues = (Array.isArray(raw) ? raw : [])
    .slice(0, 20)
    .map((issue: { path?: unknown; message?: unknown }) => ({
      path: Array.isArray(issue.path) ? issue.path.map(String).join('.') : '',
      message: String(issue.message ?? ''),
    }));
  const field = issues[0]?.path ?? '';
  return problem(FIELD_CODES[field] ?? 'invalid_input', { issues });
}
