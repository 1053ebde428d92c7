import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestId } from '@modelcontextprotocol/server';
import { answerUnread } from './body.ts';
import { MAX_HEADERS } from './guard.ts';
import { toList, toMediaType } from './header-fields.ts';

export type HttpRefusal = {
  readonly status: number;
  /** A word of the server's own, by which refusals are counted. */
  readonly reason: string;
  /** The agent that sent the request, if it was identified. */
  readonly agent?: string | undefined;
  readonly message: string;
  /** The JSON-RPC error code. */
  readonly code?: number;
  /** The ID of the request, if it could be read. */
  readonly id?: RequestId | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the client was identified. More of its body is read, so that it gets to see the refusal. */
  readonly isIdentified?: boolean;
};

export const REFUSALS = {
  tooManyHeaders: {
    status: 431,
    reason: 'too-many-headers',
    message: `The request has too many headers: at most ${MAX_HEADERS} are read.`,
  },
  host: { status: 403, reason: 'host', message: 'This host is not allowed.' },
  origin: { status: 403, reason: 'origin', message: 'This origin is not allowed.' },
  notPost: { status: 405, reason: 'method', message: 'Only POST is supported.', headers: { allow: 'POST' } },
  notGet: { status: 405, reason: 'method', message: 'Only GET is supported.', headers: { allow: 'GET, HEAD' } },
  query: {
    status: 400,
    reason: 'query',
    message: 'This URL must not have a query. Send tokens in the Authorization header: tokens in URLs end up in logs.',
  },
  notJson: { status: 415, reason: 'media-type', message: 'The content type must be application/json.' },
  notUtf8: { status: 415, reason: 'media-type', message: 'The charset must be UTF-8.' },
  compressed: {
    status: 415,
    reason: 'media-type',
    message: 'The body must not be compressed.',
    headers: { 'accept-encoding': 'identity' },
  },
  tooLarge: {
    status: 413,
    reason: 'too-large',
    message: 'The body is too large: at most 1 MiB is read.',
    isIdentified: true,
  },
  noRoom: {
    status: 503,
    reason: 'no-room',
    message:
      'The server holds too many large bodies. Nothing was sent to WorkOS. Wait a second, then send this one again.',
    headers: { 'retry-after': '1' },
  },
  full: {
    status: 503,
    reason: 'line-full',
    message: 'The server has too many requests waiting. Nothing was sent to WorkOS. Call again in a few seconds.',
    headers: { 'retry-after': '1' },
  },
  callerFull: {
    status: 429,
    reason: 'line-full-of-agent',
    message: 'You have too many requests waiting. Nothing was sent to WorkOS. Call again when some have finished.',
    headers: { 'retry-after': '1' },
  },
  waitedTooLong: {
    status: 503,
    reason: 'waited-too-long',
    message: 'The request waited too long for its turn. Nothing was sent to WorkOS. Call again in a few seconds.',
    headers: { 'retry-after': '1' },
  },
  closing: { status: 503, reason: 'closing', message: 'The server is closing.', headers: { 'retry-after': '1' } },
  longSession: { status: 400, reason: 'session', message: 'The Mcp-Session-Id header is too long.' },
  unknownSession: {
    status: 404,
    reason: 'session',
    message:
      'This session is not known here: the server was restarted, or the session is too old. Nothing was sent to WorkOS. Initialize again.',
  },
  notAsked: {
    status: 400,
    reason: 'not-asked',
    message:
      'No call of this session waits for an answer with this ID: it was answered already, or the call has ended.',
  },
  longAnswer: {
    status: 413,
    reason: 'too-large',
    message: 'The answer is too long: another server asked, and at most 16 KB reach it.',
  },
  answerAway: {
    status: 503,
    reason: 'no-redis',
    message:
      'This server passes answers on through Redis and cannot reach it. Send the answer again in a few seconds, or at the server that asked.',
    headers: { 'retry-after': '1' },
  },
  broken: {
    status: 500,
    reason: 'failed',
    code: -32603,
    message: 'Internal server error. The server log has the details.',
  },
} satisfies Record<string, HttpRefusal>;

/** The refusal of a request whose body the server cannot use; `undefined` if it can. */
export function toUnacceptable({ headers }: IncomingMessage): HttpRefusal | undefined {
  const type = toMediaType(headers['content-type'] ?? '');
  if (type?.essence !== 'application/json') return REFUSALS.notJson;
  if ((type.parameters.get('charset') ?? 'utf-8').toLowerCase() !== 'utf-8') return REFUSALS.notUtf8;
  if (!toList(headers['content-encoding'] ?? '').every((coding) => coding.toLowerCase() === 'identity'))
    return REFUSALS.compressed;
  return undefined;
}

type ChallengingRefusal = HttpRefusal & {
  readonly challenge?: string | undefined;
  readonly retryAfter?: number | undefined;
};

/** The refusal of a client that was not authenticated or may not call now. */
export function toRefusal({ status, reason, agent, message, challenge, retryAfter }: ChallengingRefusal): HttpRefusal {
  return {
    status,
    reason,
    agent,
    message,
    headers: {
      ...(challenge !== undefined && { 'www-authenticate': challenge }),
      ...(retryAfter !== undefined && { 'retry-after': String(Math.ceil(retryAfter)) }),
    },
  };
}

/** Refuses a request with a JSON-RPC error, which MCP clients can show. */
export function refuse(request: IncomingMessage, response: ServerResponse, refusal: HttpRefusal): void {
  const { status, code = -32000, message, id = null, headers = {}, isIdentified } = refusal;
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  answerUnread(request, response, JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id }), isIdentified);
}

/** Answers a probe. It shows only the names of the failing checks. */
export function sendStatus(request: IncomingMessage, response: ServerResponse, failed: readonly string[]): void {
  if (failed.length === 0) sendJson(request, response, 200, '{"status":"ok"}');
  else sendJson(request, response, 503, JSON.stringify({ status: 'failing', failed }));
}

function sendJson(request: IncomingMessage, response: ServerResponse, status: number, json: string): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    refuse(request, response, REFUSALS.notGet);
    return;
  }
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  answerUnread(request, response, json);
}

/** Lets pages of an allowed origin read the answer. */
export function openTo(origin: string, response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', 'www-authenticate, retry-after, mcp-session-id');
  response.setHeader('vary', 'origin');
}

/** Sends a document that any page may read. */
export function sendPublic(request: IncomingMessage, response: ServerResponse, json: string): void {
  response.setHeader('access-control-allow-origin', '*');
  if (request.method === 'OPTIONS') sendPreflight(request, response, 'GET');
  else sendJson(request, response, 200, json);
}

/** Answers a preflight. Once the page's origin is allowed, it may send any headers. */
export function sendPreflight(request: IncomingMessage, response: ServerResponse, method: string): void {
  const wanted = request.headers['access-control-request-headers'];
  response.statusCode = 204;
  response.setHeader('access-control-allow-methods', method);
  if (wanted !== undefined) response.setHeader('access-control-allow-headers', wanted);
  response.setHeader('access-control-max-age', 600);
  answerUnread(request, response, '');
}
