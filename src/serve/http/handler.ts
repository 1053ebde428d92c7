import type { IncomingMessage, ServerResponse } from 'node:http';
import { createMcpHandler, type JSONRPCMessage, type McpServer } from '@modelcontextprotocol/server';
import { withIssuesInWords } from '../message.ts';
import { toTraceparent } from './guard.ts';
import { isAccepted } from './header-fields.ts';
import type { Place } from './in-flight.ts';
import { REFUSALS, refuse } from './responses.ts';
import { sendResponse } from './send.ts';

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
};

export type HttpExchange<Caller> = {
  /** Creates the server of one caller. It is called for every request, so it must be cheap. */
  readonly factory: (caller: Caller, from: RequestOrigin) => McpServer;
  /** Without it, the SDK answers every request. */
  readonly answerDirectly?: AnswerDirectly<Caller> | undefined;
  /** Called for a tools/call that reached no tool: the caller has no tool of that name, or the request is malformed. */
  readonly onRefused: (caller: Caller, toolName: unknown, from: RequestOrigin) => void;
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
  /** Aborted when the client disconnects or the server shuts down. */
  readonly signal: AbortSignal;
  /** The request's place among those in flight. */
  readonly place: Place;
  readonly message: JSONRPCMessage;
};

/** Creates the function that serves a request that has passed every check. */
export function createHttpExchange<Caller>({
  factory,
  answerDirectly,
  onRefused,
  limits,
  onerror,
}: HttpExchange<Caller>) {
  const stallMs = limits.requestTimeoutMs;
  return async (accepted: AcceptedRequest<Caller>): Promise<void> => {
    const { caller, remote, request, response, signal, place, message } = accepted;
    const { method, id, params } = Object(message);
    const { name, arguments: args, _meta } = Object(params);
    const traceparent = toTraceparent(request.headers.traceparent ?? Object(_meta).traceparent);
    const isCall = method === 'tools/call';
    const from = { traceparent, remote, tool: isCall && typeof name === 'string' ? name : undefined, args, place };
    let reported = false;
    const report = () => {
      if (isCall && !reported && !signal.aborted) onRefused(caller, name, from);
      reported = true;
    };
    const toServer = () => inWords(factory(caller, from));
    const answered = answerDirectly?.(accepted, { from, toServer, stallMs, onError: report });
    if (answered !== undefined) {
      if (!(await answered)) refuse(request, response, REFUSALS.closing);
      return;
    }
    // One handler per request, so that callers share no state. No list is declared to change, so the SDK acknowledges a
    // subscription as empty and ends it at once.
    const handler = createMcpHandler(() => watched(toServer(), id, report), { onerror });
    const answer = await handler.fetch(toWebRequest(request, signal), { parsedBody: message });
    if (answer.status >= 400) report();
    // The SDK answers an aborted request with 499, which is not a standard HTTP status.
    if (answer.status === 499) return refuse(request, response, REFUSALS.closing);
    await sendResponse(answer, response, stallMs);
  };
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
