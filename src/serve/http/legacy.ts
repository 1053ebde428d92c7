import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type McpServer,
  type Notification,
  PROTOCOL_VERSION_META_KEY,
  type Result,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Transport,
} from '@modelcontextprotocol/server';
import { endWith, finish, progress } from './send.ts';

/**
 * Whether a request is a tools/call as clients from before 2026-07-28 send it. Most requests are, and the streams by
 * which the SDK would answer cost more than the call. Whatever is not just that is left to the SDK.
 */
export function isLegacyCall({ headers }: IncomingMessage, body: unknown): body is JSONRPCRequest {
  const { accept = '', 'mcp-protocol-version': version } = headers;
  return (
    Object(body).method === 'tools/call' &&
    accept.includes('application/json') &&
    accept.includes('text/event-stream') &&
    (version === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(String(version))) &&
    isJSONRPCRequest(body) &&
    // By which the SDK tells the eras apart, where the header names none.
    !Object.hasOwn(Object(body.params?._meta), PROTOCOL_VERSION_META_KEY)
  );
}

/** A tool of a caller's, to be called without a server around it. */
export type BareTool = (
  params: { readonly arguments?: Record<string, unknown>; readonly _meta?: Record<string, unknown> },
  context: { readonly signal: AbortSignal; readonly notify: (notification: Notification) => Promise<void> },
) => Promise<Result>;

/** Sends a message that comes before the answer. */
type Tell = (message: JSONRPCMessage) => Promise<void>;

/** Finds the answer to a call; `undefined` where that was aborted. */
type Answering = (request: JSONRPCRequest, tell: Tell, signal: AbortSignal) => Promise<JSONRPCMessage | undefined>;

/**
 * The answer of a bare tool, `undefined` where the request is malformed and the SDK is to say so. A server that is made
 * for one call and thrown away costs as much as the call.
 */
export function byTool(tool: BareTool, { params }: JSONRPCRequest): Answering | undefined {
  const { arguments: args, _meta } = Object(params);
  if (![args, _meta].every((part) => part === undefined || isObject(part))) return undefined;
  return async ({ id }, tell, signal) => {
    const notify = (notification: Notification) => tell({ jsonrpc: '2.0', ...notification });
    const result = await tool({ arguments: args, _meta }, { signal, notify });
    return signal.aborted ? undefined : { jsonrpc: '2.0', id, result };
  };
}

/** The answer of a server of the SDK's. */
export function byServer(server: McpServer): Answering {
  return (request, tell, signal) =>
    new Promise((resolve, reject) => {
      const transport: Transport = {
        start: async () => {},
        close: async () => transport.onclose?.(),
        send: async (message) => ('method' in message ? tell(message) : resolve(message)),
      };
      const abort = () => {
        server.close().catch(reject);
        resolve(undefined);
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      server.connect(transport).then(() => transport.onmessage?.(request), reject);
    });
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What becomes of the call, besides its answer. */
type Hooks = {
  /** Aborts the call, which then has no answer. */
  readonly signal: AbortSignal;
  /** For how long a client may leave off reading, in milliseconds. */
  readonly stallMs: number;
  /** Called where the answer is an error of the protocol's. */
  readonly onError: () => void;
};

/**
 * Answers such a request: with JSON, or with events where there is something to tell before the answer.
 * @returns whether anything was
 */
export async function answerCall(
  answering: Answering,
  request: JSONRPCRequest,
  response: ServerResponse,
  { signal, stallMs, onError }: Hooks,
): Promise<boolean> {
  const tell: Tell = async (message) => {
    if (response.writableEnded) return; // told too late
    if (!response.headersSent) response.writeHead(200, STREAM);
    if (!response.write(toEvent(message))) await progress(response, 'drain', stallMs);
  };
  const answer = await answering(request, tell, signal);
  const hasBegun = response.headersSent;
  if (answer === undefined) {
    if (hasBegun) response.end();
    return hasBegun;
  }
  if ('error' in answer) onError();
  if (hasBegun) response.end(toEvent(answer));
  else endWith(200, { 'content-type': 'application/json' }, JSON.stringify(answer), response);
  await finish(response, stallMs);
  return true;
}

const STREAM = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };

const toEvent = (message: JSONRPCMessage) => `event: message\ndata: ${JSON.stringify(message)}\n\n`;
