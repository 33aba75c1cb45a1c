import express, { type ErrorRequestHandler, type Express } from 'express';
import type { Registry } from 'prom-client';
import type { Router } from '../dispatcher.ts';
import { type Problems, problem, problemBody } from '../problems.ts';
import { API_PREFIX, httpServer, openApiDocument } from '../serve.ts';
import type { Auth } from './auth.ts';
import { hostAndOriginGuard, securityHeaders } from './guards.ts';
import { sendProblem } from './send-problem.ts';

/** The backend over HTTP: the contract, its description, health and metrics, and the screens where a folder is given. */
export function createApp(deps: {
  router: Router;
  problems: Problems;
  auth: Auth;
  metrics: Registry;
  version: string;
  allowedHosts: readonly string[];
  uiDir: string | undefined;
  /** Null when well; else what is wrong. */
  health(): string | null;
}): Express {
  const { auth, metrics, problems } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.use(hostAndOriginGuard(deps.allowedHosts));
  app.use(securityHeaders());

  app.get('/healthz', (_request, response) => {
    const trouble = deps.health();
    response.status(trouble === null ? 200 : 503).json({ ok: trouble === null, trouble });
  });
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.metrics());
  });

  let document: Promise<object> | undefined;
  app.get(`${API_PREFIX}/openapi.json`, async (_request, response) => {
    document ??= openApiDocument(deps.version);
    response.json(await document);
  });
  app.use(API_PREFIX, auth.required());
  const api = httpServer(deps.router, problems);
  app.use((request, response, next) =>
    request.path.startsWith(`${API_PREFIX}/`) ? api(request, response, next) : next(),
  );

  if (deps.uiDir !== undefined) {
    app.get('/open/:token', auth.openLink());
    app.use(express.static(deps.uiDir, { index: 'index.html', cacheControl: false }));
  }
  app.use((_request, response) => sendProblem(response, problemBody(problem('not_found'))));

  const onError: ErrorRequestHandler = (error, _request, response, next) => {
    if (response.headersSent) next(error);
    else sendProblem(response, problemBody(problems.from(error, false)));
  };
  app.use(onError);
  return app;
}
