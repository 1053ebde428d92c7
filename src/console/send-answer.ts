import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerUnread } from '../serve/http/body.ts';
import { html } from './html.ts';
import { keep } from './kept-tokens.ts';
import { layout } from './pages/layout.ts';
import type { ConsolePage, Viewer } from './routes.ts';
import type { ConsoleAnswer } from './served-routes.ts';

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Seconds: a year. */
const HSTS = 'max-age=31536000';

/** What every answer has. @param isHttps whether people open the console over https */
export function setSafeHeaders(response: ServerResponse, isHttps: boolean): void {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('content-security-policy', CSP);
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('permissions-policy', 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=()');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  if (isHttps) response.setHeader('strict-transport-security', HSTS);
}

export type AnswerParts = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly viewer?: Viewer | undefined;
  readonly hasCookies: boolean;
};

/** Sends the answer of a route, once the headers of all answers are set. */
export function sendAnswer(answer: ConsoleAnswer, parts: AnswerParts): void {
  const { request, response, path, viewer, hasCookies } = parts;
  if (answer.session !== undefined) keep(response, 'session', answer.session, hasCookies);
  if (answer.attempt !== undefined) keep(response, 'attempt', answer.attempt, hasCookies);
  if ('to' in answer) {
    // fetch would follow a redirect by itself, without the tokens that the script is to keep before.
    response.statusCode = hasCookies || request.method !== 'POST' ? 303 : 200;
    response.setHeader('location', answer.to);
    answerUnread(request, response, '');
  } else if ('text' in answer) {
    response.setHeader('content-type', answer.type);
    answerUnread(request, response, answer.text);
  } else {
    response.statusCode = answer.status ?? 200;
    response.setHeader('content-type', 'text/html; charset=utf-8');
    // Browsers send `Origin: null` with the forms of a page that sends no referrer. Other origins get none even so.
    response.setHeader('referrer-policy', 'same-origin');
    if (answer.goesTo !== undefined) response.setHeader('refresh', `0; url=${answer.goesTo}`);
    answerUnread(request, response, layout(answer, { viewer, path }));
  }
}

/** A page that says what is wrong. */
export const toFaultPage = (status: number, title: string, message: string): ConsolePage => ({
  status,
  title,
  main: html`<h1>${title}</h1>
<p>${message}</p>`,
});
