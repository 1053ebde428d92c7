import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  CLIENT_CAPABILITIES_META_KEY,
  createMcpHandler,
  isInitializeRequest,
  type JSONRPCMessage,
  type JSONRPCResponse,
  type McpServer,
} from '@modelcontextprotocol/server';
import { type CancelSignal, toAbortSignal } from '../../cancel/cancel-signal.ts';
import type { HttpSession } from '../../mcp/sessions.ts';
import { isModern } from '../era.ts';
import { isRequest, isRequestId, withIssuesInWords } from '../message.ts';
import {
  type AnswerTaken,
  type CallsInProgress,
  createCallsInProgress,
  type Relay,
  type RunningRequest,
} from './calls-in-progress.ts';
import { toTraceparent } from './guard.ts';
import { isAccepted } from './header-fields.ts';
import type { Place } from './in-flight.ts';
import { type HttpRefusal, REFUSALS, refuse } from './responses.ts';
import { endWith, sendResponse } from './send.ts';

/** Where a request came from, for the record. */
export type RequestOrigin = {
  /** The W3C trace context that the client is in. */
  readonly traceparent: string | undefined;
  /** The client's address. */
  readonly remote: string | undefined;
  /** The name of the tool that a tools/call names; the tool may not exist. `undefined` for other requests. */
  readonly tool: string | undefined;
  /** The arguments of the call, as the client sent them. */
  readonly args: unknown;
  readonly place: Place;
  /** What a client from before 2026-07-28 declared, if it sends its session ID. */
  readonly session: HttpSession | undefined;
  /** What a client since 2026-07-28 declares with each request. It comes from outside and may be anything. */
  readonly capabilities: unknown;
};

export type HttpExchange<Caller> = {
  /** Creates the server of one caller. It is called for every request, so it must be cheap. */
  readonly factory: (caller: Caller, from: RequestOrigin) => McpServer;
  /** Without it, the SDK answers every request. */
  readonly answerDirectly?: AnswerDirectly<Caller> | undefined;
  /** Called for a tools/call that reached no tool: the caller has no tool of that name, or the request is malformed. */
  readonly onRefused: (caller: Caller, toolName: unknown, from: RequestOrigin) => void;
  /** Makes the session ID for the params of an initialize. Without it, there are no sessions. */
  readonly issueSession?: ((caller: Caller, params: unknown) => string) | undefined;
  readonly relay?: Relay | undefined;
  readonly limits: { readonly requestTimeoutMs: number };
  readonly onerror: (error: Error) => void;
};

/**
 * Answers a request without the SDK, or returns `undefined` to leave it to the SDK. Resolves to false if the request
 * was aborted before it was answered.
 */
export type AnswerDirectly<Caller> = (
  accepted: AcceptedRequest<Caller>,
  deps: DirectDeps,
) => Promise<boolean> | undefined;

export type DirectDeps = {
  readonly from: RequestOrigin;
  /** Creates the server that the SDK would use. */
  readonly toServer: () => McpServer;
  /** Milliseconds that a client may go without reading before it is disconnected. */
  readonly stallMs: number;
  /** Called if the answer is a protocol error. */
  readonly onError: () => void;
};

type AcceptedRequest<Caller> = {
  readonly caller: Caller;
  readonly remote: string | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the client disconnects or cancels the request, and when the server shuts down. */
  readonly signal: CancelSignal;
  /** The request's place among those in flight. */
  readonly place: Place;
  readonly abort: () => void;
  readonly message: JSONRPCMessage;
  readonly session: HttpSession | undefined;
};

/** Creates the function that serves a request that has passed every check. */
export function createHttpExchange<Caller>({
  factory,
  answerDirectly,
  onRefused,
  issueSession,
  relay,
  limits,
  onerror,
}: HttpExchange<Caller>) {
  const inProgress = createCallsInProgress(relay);
  const stallMs = limits.requestTimeoutMs;
  const serve = async (accepted: AcceptedRequest<Caller>, running: RunningRequest | undefined): Promise<void> => {
    const { caller, remote, request, response, signal, place, message, session } = accepted;
    const { method, id, params } = Object(message);
    const { name, arguments: args, _meta } = Object(params);
    const traceparent = toTraceparent(request.headers.traceparent ?? Object(_meta).traceparent);
    const isCall = method === 'tools/call';
    const from = {
      traceparent,
      remote,
      tool: isCall && typeof name === 'string' ? name : undefined,
      args,
      place,
      session,
      capabilities: Object(_meta)[CLIENT_CAPABILITIES_META_KEY],
    };
    let reported = false;
    const report = () => {
      if (isCall && !reported && !signal.aborted) onRefused(caller, name, from);
      reported = true;
    };
    const toServer = () => asking(inWords(factory(caller, from)), running);
    const answered = answerDirectly?.(accepted, { from, toServer, stallMs, onError: report });
    if (answered !== undefined) {
      if (!(await answered)) refuseAborted(accepted, running);
      return;
    }
    if (issueSession !== undefined && isInitializeRequest(message) && !isModern(message)) {
      response.setHeader('mcp-session-id', issueSession(caller, params));
    }
    // One handler per request, so that callers share no state. No list is declared to change, so the SDK acknowledges a
    // subscription as empty and ends it at once.
    const handler = createMcpHandler(() => watched(toServer(), id, report), { onerror });
    const answer = await handler.fetch(toWebRequest(request, toAbortSignal(signal)), { parsedBody: message });
    if (answer.status >= 400) report();
    // The SDK answers an aborted request with 499, which is not a standard HTTP status.
    if (answer.status === 499) return refuseAborted(accepted, running);
    await sendResponse(answer, response, stallMs);
  };

  return async (accepted: AcceptedRequest<Caller>): Promise<void> => {
    const { message, session, abort } = accepted;
    if (session === undefined) return serve(accepted, undefined);
    if (!('method' in message) || !isRequest(message)) {
      if (await isTaken(accepted, session, inProgress)) return;
      return serve(accepted, undefined);
    }
    const running = inProgress.begin(session.id, message.id, abort);
    try {
      await serve(accepted, running);
    } finally {
      running.end();
    }
  };
}

/** Takes what concerns a call in progress: a client's answer to a question, and its cancellation. */
async function isTaken<Caller>(
  { request, response, message }: AcceptedRequest<Caller>,
  session: HttpSession,
  inProgress: CallsInProgress,
): Promise<boolean> {
  if ('method' in message) {
    if (message.method !== 'notifications/cancelled') return false;
    const { requestId } = Object(message.params);
    if (isRequestId(requestId)) await inProgress.cancel(session.id, requestId);
  } else {
    const taken = isAnswer(message) ? await inProgress.answer(session.id, message) : 'not asked';
    if (taken !== 'taken') {
      refuse(request, response, ANSWER_REFUSALS[taken]);
      return true;
    }
  }
  response.writeHead(202, { 'content-length': 0 }).end();
  return true;
}

const ANSWER_REFUSALS = {
  'not asked': REFUSALS.notAsked,
  'too long': REFUSALS.longAnswer,
  away: REFUSALS.answerAway,
} satisfies Record<Exclude<AnswerTaken, 'taken'>, HttpRefusal>;

const isAnswer = (message: JSONRPCMessage): message is JSONRPCResponse =>
  !('method' in message) && message.id !== undefined;

/** Ends a request that was aborted before it was answered. */
function refuseAborted<Caller>(
  { request, response }: Pick<AcceptedRequest<Caller>, 'request' | 'response'>,
  running: RunningRequest | undefined,
): void {
  // A cancelled request gets no answer, so its stream ends without one.
  if (running?.isCancelled()) endWith(200, { 'content-type': 'text/event-stream' }, '', response);
  else refuse(request, response, REFUSALS.closing);
}

/**
 * Wraps a server so that it can ask the client: each POST has a server of its own, which the client's answer does not
 * reach by itself, and the servers of a session would use the same IDs.
 */
function asking(server: McpServer, running: RunningRequest | undefined): McpServer {
  if (running === undefined) return server;
  const connect = server.connect.bind(server);
  server.connect = (transport) => {
    const send = transport.send.bind(transport);
    const asked = new Map<unknown, string>();
    transport.send = async (message, options) => {
      if (!('method' in message)) return send(message, options);
      if (isRequest(message)) {
        const own = message.id;
        const { id, ready } = running.ask((response) => transport.onmessage?.({ ...response, id: own }));
        asked.set(own, id);
        await ready;
        return send({ ...message, id }, options);
      }
      const id = asked.get(message.params?.requestId);
      if (id === undefined) return send(message, options);
      return send({ ...message, params: { ...message.params, requestId: id } }, options);
    };
    return connect(transport);
  };
  return server;
}

/** Wraps a server so that schema issues in its answers are sentences. */
function inWords(server: McpServer): McpServer {
  const connect = server.connect.bind(server);
  server.connect = (transport) => {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => send(withIssuesInWords(message), options);
    return connect(transport);
  };
  return server;
}

/** Wraps a server to report when it answers the request with a protocol error. The server's own tools never do. */
function watched(server: McpServer, id: unknown, onError: () => void): McpServer {
  const connect = server.connect.bind(server);
  server.connect = (transport) => {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => {
      if ('error' in message && message.id === id) onError();
      return send(message, options);
    };
    return connect(transport);
  };
  return server;
}

/** The media types of the SDK's answers. */
const ANSWER_TYPES = ['application/json', 'text/event-stream'];

/**
 * The request for the SDK, with only the MCP headers: the token is not passed on. The SDK gets the parsed body
 * separately, and reads nothing else of the request; creating a Request of Node costs more than creating the server.
 * The SDK searches the Accept header for the names of media types as text, so it gets the names of the accepted ones.
 */
function toWebRequest({ headers: all }: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers({
    accept: ANSWER_TYPES.filter((type) => isAccepted(all.accept, type)).join(', '),
    'content-type': 'application/json',
  });
  for (const name in all) {
    const value = all[name];
    if (typeof value === 'string' && name.startsWith('mcp-')) headers.set(name, value);
  }
  return { method: 'POST', url: 'http://mcp.invalid/', headers, signal } as Request;
}
