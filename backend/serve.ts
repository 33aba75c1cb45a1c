import { OpenAPIGenerator } from '@orpc/openapi';
import { OpenAPIHandler } from '@orpc/openapi/node';
import type { ORPCError } from '@orpc/server';
import { RPCHandler } from '@orpc/server/message-port';
import { BodyLimitPlugin } from '@orpc/server/node';
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4';
import type { RequestHandler } from 'express';
import { type ErrorCode, type ErrorData, Problem } from '../contract/errors.ts';
import { contract } from '../contract/index.ts';
import type { CallContext } from './access.ts';
import type { Router } from './dispatcher.ts';
import { sendProblem } from './http/send-problem.ts';
import { portSeat } from './people/sessions.ts';
import { type Problems, problem, problemBody } from './problems.ts';

/**
 * The server side of oRPC, and with the window's link the only code that knows it: mounts the router on
 * HTTP and on MessagePorts, with one kind of error on both.
 */
export const API_PREFIX = '/api/v1';

const BODY_MAX_BYTES = 64 * 1024;

type Port = Parameters<RPCHandler<CallContext>['upgrade']>[0];

/** Serves the contract on a port that the window got in a handshake. */
export function portServer(router: Router, problems: Problems, tillId: string): (port: Port) => void {
  const handler = new RPCHandler<CallContext>(router, { ...errorsOf(problems) });
  return (port) => handler.upgrade(port, { context: { caller: 'window', seat: portSeat(tillId) } });
}

/** Serves the contract under {@link API_PREFIX}; `response.locals.caller` must hold the call's context. */
export function httpServer(router: Router, problems: Problems): RequestHandler {
  const handler = new OpenAPIHandler<CallContext>(router, {
    customErrorResponseBodyEncoder: (error) => problemBody(error as ORPCError<ErrorCode, ErrorData>),
    // A comment line every few seconds shows a reader that the stream is alive.
    eventIteratorKeepAliveInterval: 5_000,
    plugins: [new BodyLimitPlugin({ maxBodySize: BODY_MAX_BYTES })],
    rootInterceptors: [
      async ({ next, context }) => {
        const result = await next();
        if (!result.matched) return result;
        if (result.response.body instanceof File) return { ...result, response: asDownload(result.response) };
        if (result.response.status < 400) return result;
        // The adapter would name it plain JSON; it is sent as a problem below.
        (context as HttpContext).problem = result.response.body as Problem;
        return { matched: false, response: undefined };
      },
    ],
    ...errorsOf(problems),
  });
  return async (request, response) => {
    const context: HttpContext = response.locals.caller;
    const { matched } = await handler.handle(request, response, { prefix: API_PREFIX, context });
    if (!matched) sendProblem(response, context.problem ?? problemBody(problem('not_found')));
  };
}

/** A file is kept, not shown: a page of its own would stand under this origin. */
function asDownload<T extends { body?: unknown; headers: object }>(response: T): T {
  const { name } = response.body as File;
  return {
    ...response,
    headers: { ...response.headers, 'content-disposition': `attachment; filename="${name}"` },
  };
}

type HttpContext = CallContext & { problem?: Problem };

/** The OpenAPI 3.1 document of the contract. */
export async function openApiDocument(version: string): Promise<object> {
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  return await generator.generate(contract, {
    info: {
      title: 'Mianfu till',
      version,
      description:
        'Amounts are integer fen; times are RFC 3339 with offset; errors are RFC 9457 problems with a stable `code`.',
    },
    servers: [{ url: API_PREFIX }],
    security: [{ apiKey: [] }],
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Problem: (await new ZodToJsonSchemaConverter().convert(Problem, { strategy: 'output' }))[1] as object,
      },
    },
  });
}

function errorsOf(problems: Problems) {
  return {
    interceptors: [
      async <T>({ next }: { next: () => Promise<T> }): Promise<T> => {
        try {
          return await next();
        } catch (error) {
          throw problems.from(error, true);
        }
      },
    ],
    clientInterceptors: [
      async <T>({ next }: { next: () => Promise<T> }): Promise<T> => {
        try {
          return await next();
        } catch (error) {
          throw problems.from(error, false);
        }
      },
    ],
  };
}
