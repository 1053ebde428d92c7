import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import type { CallParams } from '../../mcp/direct-tool.ts';
import type { HttpSession } from '../../mcp/sessions.ts';
import type { PoolPlace } from '../../memory/byte-pool.ts';
import { isModern } from '../era.ts';
import { readBytes } from '../message.ts';
import { readBody } from './body.ts';
import type { ConnectionUse } from './connections.ts';
import { type HeadersOf, hasTooManyHeaders, toHeadersOf, toRemote, whyMalformed } from './guard.ts';
import type { Entered, InFlight } from './in-flight.ts';
import {
  type HttpRefusal,
  openTo,
  REFUSALS,
  sendPreflight,
  sendPublic,
  sendStatus,
  toRefusal,
  toUnacceptable,
} from './responses.ts';

/**
 * The checks of every request, in order. A check ends the request by returning a refusal, or 'answered' after it has
 * answered itself. Otherwise the next check runs.
 */
export const CHECKS: readonly Check[] = [
  form, // First: of a repeated header the other checks see one value, and a proxy may have used the other.
  host, // Before any answer: a page that uses DNS rebinding learns nothing.
  publicDocument, // Before the origin: any page may read it.
  origin, // Before any other answer: a page of an allowed origin can read all that follow, refusals included.
  health, // Before the token, which a probe does not send. It has its own paths.
  path, // Before the method: only the MCP path defines which methods are allowed.
  preflight, // Before the method and the token: a browser sends OPTIONS, without a token.
  method, // Before the checks that apply only to a POST.
  query, // Before the token: a token in the URL is refused even if the header has a valid one.
  identify, // Before the body: the server does not buffer the body of an unauthenticated client.
  mediaType, // After the token: only an authenticated client learns which types are accepted.
  notClosing, // After the token: the server may have begun to close while it was verified.
  inFlight, // Right before the body, so that a request that waits in line has not used memory yet.
  body, // After the count, which limits how many bodies are in memory.
  identifyAgain, // After the wait in line and the body, which may be sent slowly: a reload may have revoked the token.
  message, // After the body, from which it is parsed.
  session, // After the message, which decides whether an unknown session matters; with the caller to whom it belongs.
];

type CheckOutcome = HttpRefusal | 'answered' | undefined;

export type Check = <Caller>(
  context: RequestContext<Caller>,
  state: RequestState<Caller>,
) => CheckOutcome | Promise<CheckOutcome>;

/** The part of a request that authentication uses. */
export type Head = {
  readonly authorization: string | undefined;
  readonly headersOf: HeadersOf;
  /** The client's address, for people to read. It is not proof of identity. */
  readonly remote: string | undefined;
};

export type Identified<Caller> =
  | { readonly ok: true; readonly caller: Caller }
  | {
      readonly ok: false;
      readonly status: 400 | 401 | 403 | 429 | 503;
      /** A word of the server's own, by which refusals are counted. */
      readonly reason: string;
      /** The agent that sent the request, if known. */
      readonly agent?: string | undefined;
      readonly message: string;
      /** The WWW-Authenticate header. */
      readonly challenge?: string | undefined;
      /** Seconds. */
      readonly retryAfter?: number | undefined;
    };

/** What the checks of one server need. */
export type CheckDeps<Caller> = ServerFacts & {
  /** @param isAgain the same request was identified and counted before */
  readonly identify: (head: Head, isAgain: boolean) => Promise<Identified<Caller>>;
  /** Identifies the configuration that callers are identified by. A reload changes it. */
  readonly generation: () => unknown;
  /** The session of an ID that was issued to this caller. */
  readonly readSession: (caller: Caller, id: string) => HttpSession | undefined;
  /** Whether a call of this tool may ask a person. */
  readonly mayAsk: (caller: Caller, params: CallParams) => boolean;
  /** Adds a request to the caller's requests in flight, perhaps after a wait, or refuses it. */
  readonly enter: (caller: Caller, response: ServerResponse) => Entered | Promise<Entered>;
  /** Waits for room for a body. Resolves to `undefined` if there is none in time, or if the client has gone. */
  readonly findRoom: (caller: Caller, bytes: number, response: ServerResponse) => Promise<PoolPlace | undefined>;
};

type ServerFacts = {
  readonly isHost: (host: string | undefined) => boolean;
  readonly isOrigin: (origin: string) => boolean;
  /** The RFC 9728 document, which pages of every origin may read. */
  readonly metadata: { readonly path: string; readonly json: () => string | undefined } | undefined;
  /** Resolves to the names of the health checks that fail. */
  readonly failing: () => Promise<readonly string[]>;
  /** The path where MCP is served. */
  readonly mcpPath: string;
  /** Whether a proxy in front sets X-Forwarded-For. The server reads no other forwarded header. */
  readonly trustProxy: boolean;
  readonly isClosing: () => boolean;
  readonly maxBodyBytes: number;
};

export type RequestContext<Caller> = {
  readonly server: CheckDeps<Caller>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: ConnectionUse;
  /** The path of the request, without the query. */
  readonly path: string;
};

/** The context for checks that do not depend on the type of the caller. */
type CheckFacts = Omit<RequestContext<unknown>, 'server'> & { readonly server: ServerFacts };

/** What the checks have found so far. */
export type RequestState<Caller> = {
  /** The address that the request came from. */
  remote?: string | undefined;
  caller?: { readonly is: Caller };
  /** The configuration by which it was identified. */
  generation?: unknown;
  counted?: InFlight;
  /** The place of a large body, held until the request is answered: so long the message stays in memory. */
  place?: PoolPlace | undefined;
  body?: Buffer;
  message?: JSONRPCMessage;
  session?: HttpSession | undefined;
};

function form({ request }: CheckFacts): CheckOutcome {
  if (hasTooManyHeaders(request)) return REFUSALS.tooManyHeaders;
  const message = whyMalformed(request);
  return message === undefined ? undefined : { status: 400, reason: 'malformed', message };
}

function host({ server, request }: CheckFacts): CheckOutcome {
  return server.isHost(request.headers.host) ? undefined : REFUSALS.host;
}

function publicDocument({ server, request, response, path }: CheckFacts): CheckOutcome {
  const { metadata } = server;
  const document = path === metadata?.path ? metadata.json() : undefined;
  if (document === undefined) return undefined;
  sendPublic(request, response, document);
  return 'answered';
}

function origin({ server, request, response }: CheckFacts): CheckOutcome {
  const { origin } = request.headers;
  if (origin === undefined) return undefined;
  if (!server.isOrigin(origin)) return REFUSALS.origin;
  openTo(origin, response);
  return undefined;
}

function health({ server, request, response, path }: CheckFacts): CheckOutcome | Promise<CheckOutcome> {
  const answer = (failed: readonly string[]) => {
    sendStatus(request, response, failed);
    return 'answered' as const;
  };
  if (path === '/healthz') return answer([]);
  return path === '/readyz' ? server.failing().then(answer) : undefined;
}

function path({ server, path }: CheckFacts): CheckOutcome {
  const { mcpPath } = server;
  return path === mcpPath
    ? undefined
    : { status: 404, reason: 'path', message: `Not found: MCP is served at ${mcpPath}.` };
}

function preflight({ request, response }: CheckFacts): CheckOutcome {
  if (request.method !== 'OPTIONS' || request.headers.origin === undefined) return undefined;
  sendPreflight(request, response, 'POST');
  return 'answered';
}

function method({ request }: CheckFacts): CheckOutcome {
  return request.method === 'POST' ? undefined : REFUSALS.notPost;
}

function query({ request, path }: CheckFacts): CheckOutcome {
  return request.url === path ? undefined : REFUSALS.query;
}

function identify<Caller>(context: RequestContext<Caller>, state: RequestState<Caller>): Promise<CheckOutcome> {
  return identifyBy(context, state, false);
}

async function identifyBy<Caller>(
  { server, request, connection }: RequestContext<Caller>,
  state: RequestState<Caller>,
  isAgain: boolean,
): Promise<CheckOutcome> {
  const remote = toRemote(request, server.trustProxy);
  const { authorization } = request.headers;
  state.generation = server.generation();
  const identified = await server.identify({ authorization, headersOf: toHeadersOf(request), remote }, isAgain);
  if (!identified.ok) return toRefusal(identified);
  state.remote = remote;
  state.caller = { is: identified.caller };
  connection.hold();
  return undefined;
}

function mediaType({ request }: CheckFacts): CheckOutcome {
  return toUnacceptable(request);
}

function notClosing({ server }: CheckFacts): CheckOutcome {
  return server.isClosing() ? REFUSALS.closing : undefined;
}

function inFlight<Caller>(
  { server, response }: RequestContext<Caller>,
  state: RequestState<Caller>,
): CheckOutcome | Promise<CheckOutcome> {
  if (state.caller === undefined) throw new Error('a request is counted whose caller is not known');
  const begin = (entered: Entered): CheckOutcome => {
    if (entered === 'gone') return 'answered'; // The client has left: there is nothing to answer.
    if ('status' in entered) return entered;
    state.counted = entered;
    return undefined;
  };
  const entered = server.enter(state.caller.is, response);
  return entered instanceof Promise ? entered.then(begin) : begin(entered);
}

async function body<Caller>(
  { server, request, response }: RequestContext<Caller>,
  state: RequestState<Caller>,
): Promise<CheckOutcome> {
  const { caller } = state;
  if (caller === undefined) throw new Error('a body is read whose sender is not known');
  const findRoom = async (bytes: number) => {
    state.place = await server.findRoom(caller.is, bytes, response);
    return state.place !== undefined;
  };
  const read = await readBody(request, response, { maxBytes: server.maxBodyBytes, findRoom });
  if (read === 'gone') return 'answered'; // The client has left: there is nothing to answer.
  if (typeof read === 'string') return REFUSALS[read];
  state.body = read;
  return undefined;
}

function identifyAgain<Caller>(
  context: RequestContext<Caller>,
  state: RequestState<Caller>,
): CheckOutcome | Promise<CheckOutcome> {
  return context.server.generation() === state.generation ? undefined : identifyBy(context, state, true);
}

function message(_: CheckFacts, state: RequestState<unknown>): CheckOutcome {
  const read = readBytes(state.body);
  delete state.body; // not needed while the message is served
  if ('message' in read) {
    state.message = read.message;
    return undefined;
  }
  const { id, error } = read.refusal;
  return { status: 400, reason: 'message', id, ...error };
}

/** Characters. Session IDs of this server have about a hundred. */
const MAX_SESSION_ID_CHARS = 1_024;

/**
 * Reads the session of a client from before 2026-07-28. A session that is not known, after a restart without a
 * deployment key, is refused only where it matters: most clients do not initialize again by themselves, and everything
 * else works without a session.
 */
function session<Caller>({ server, request }: RequestContext<Caller>, state: RequestState<Caller>): CheckOutcome {
  const { 'mcp-session-id': id } = request.headers;
  const { caller, message } = state;
  if (id === undefined || caller === undefined || message === undefined) return undefined;
  if (id.length > MAX_SESSION_ID_CHARS) return REFUSALS.longSession;
  if (isModern(message)) return undefined;
  state.session = server.readSession(caller.is, String(id));
  if (state.session !== undefined) return undefined;
  const { method, params } = Object(message);
  const needsIt =
    method === undefined ||
    method === 'notifications/cancelled' ||
    (method === 'tools/call' && server.mayAsk(caller.is, Object(params)));
  return needsIt ? REFUSALS.unknownSession : undefined;
}
