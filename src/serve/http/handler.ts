import type { IncomingMessage, ServerResponse } from 'node:http';
import { createMcpHandler, type JSONRPCMessage, type McpServer } from '@modelcontextprotocol/server';
import { withIssuesInWords } from '../message.ts';
import { toTraceparent } from './guard.ts';
import { isAccepted } from './header-fields.ts';
import { REFUSALS, refuse } from './responses.ts';
import { sendResponse } from './send.ts';

/** Where a request came from, for the record. */
export type RequestOrigin = {
  /** The W3C trace context that the client is in. */
  readonly traceparent: string | undefined;
  /** The client's address. */
  readonly remote: string | undefined;
  /** The one tool that the request calls: its server needs no other. Not every request calls one, and it may not exist. */
  readonly tool: string | undefined;
  /** What it calls that with, as it came. */
  readonly args: unknown;
};

export type HttpExchange<Caller> = {
  /** The server of one caller. It is made for every request: cheap. */
  readonly factory: (caller: Caller, from: RequestOrigin) => McpServer;
  /** Without it, the SDK answers every request. */
  readonly answerDirectly?: AnswerDirectly<Caller> | undefined;
  /** A tools/call that no tool has got to see: there is none of that name for the caller, or it is malformed. */
  readonly onRefused: (caller: Caller, toolName: unknown, from: RequestOrigin) => void;
  readonly limits: { readonly requestTimeoutMs: number };
  readonly onerror: (error: Error) => void;
};

/**
 * Answers a request past the SDK, or leaves it to the SDK by returning `undefined`. Resolves to false where the request
 * was aborted before there was an answer.
 */
export type AnswerDirectly<Caller> = (
  accepted: AcceptedRequest<Caller>,
  deps: DirectDeps,
) => Promise<boolean> | undefined;

export type DirectDeps = {
  readonly from: RequestOrigin;
  /** The server that the SDK would ask. */
  readonly toServer: () => McpServer;
  /** For how long a client may leave off reading, in milliseconds. */
  readonly stallMs: number;
  /** Called where the answer is an error of the protocol's. */
  readonly onError: () => void;
};

type AcceptedRequest<Caller> = {
  readonly caller: Caller;
  readonly remote: string | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the client has gone, or the server has to. */
  readonly signal: AbortSignal;
  readonly message: JSONRPCMessage;
};

/** Makes the function that serves a request that has passed every check. */
export function createHttpExchange<Caller>({
  factory,
  answerDirectly,
  onRefused,
  limits,
  onerror,
}: HttpExchange<Caller>) {
  const stallMs = limits.requestTimeoutMs;
  return async (accepted: AcceptedRequest<Caller>): Promise<void> => {
    const { caller, remote, request, response, signal, message } = accepted;
    const { method, id, params } = Object(message);
    const { name, arguments: args, _meta } = Object(params);
    const traceparent = toTraceparent(request.headers.traceparent ?? Object(_meta).traceparent);
    const isCall = method === 'tools/call';
    const from = { traceparent, remote, tool: isCall && typeof name === 'string' ? name : undefined, args };
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
    // One handler for each request: callers share nothing that could be mixed up. Since nothing here is declared to
    // change, the SDK acknowledges a subscription as one to nothing and ends it at once.
    const handler = createMcpHandler(() => watched(toServer(), id, report), { onerror });
    const answer = await handler.fetch(toWebRequest(request, signal), { parsedBody: message });
    if (answer.status >= 400) report();
    // The SDK's answer to an aborted request is not one of HTTP's.
    if (answer.status === 499) return refuse(request, response, REFUSALS.closing);
    await sendResponse(answer, response, stallMs);
  };
}

/** A server whose answers say what is wrong with a request in a sentence. */
function inWords(server: McpServer): McpServer {
  const connect = server.connect.bind(server);
  server.connect = (transport) => {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => send(withIssuesInWords(message), options);
    return connect(transport);
  };
  return server;
}

/** A server that tells when it answers the request with an error of the protocol's: no tool of ours does. */
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

/** What the SDK may answer with. */
const ANSWER_TYPES = ['application/json', 'text/event-stream'];

/**
 * The request as the SDK takes it, with the headers that are MCP's. The token goes no further than this. It is all that
 * the SDK reads of one whose body it is handed; a Request of Node's costs more than making the server. The SDK looks for
 * the names of media types in the text of a header, so it gets those that the header means.
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
