import type { Response } from 'express';
import type { Problem } from '../../contract/errors.ts';

/** Answers with an RFC 9457 problem. */
export function sendProblem(response: Response, problem: Problem): void {
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}
