import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  classifyInboundRequest,
  type Implementation,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type McpServer,
  SERVER_INFO_META_KEY,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Transport,
} from '@modelcontextprotocol/server';
import type { CancelSignal } from '../../cancel/cancel-signal.ts';
import type { DirectTool } from '../../mcp/direct-tool.ts';
import { isModern } from '../era.ts';
import type { AnswerDirectly, DirectDeps, RequestOrigin } from '../http/handler.ts';
import { isAccepted } from '../http/header-fields.ts';
import { endWith, finish, progress } from '../http/send.ts';
import { isRequest } from '../message.ts';
import { writeMessage } from '../write-message.ts';
import { type Responder, type SendMessage, toResponder } from './tool-call.ts';

/**
 * Answers tool calls without the SDK's HTTP handler, and without its server if the tool can be called directly.
 * @param bareTool finds the tool that a request calls; `undefined` if the caller has no tool of that name
 * @param serverInfo what answers since 2026-07-28 tell of the server
 */
export function toDirectAnswers<Caller>(
  bareTool: (caller: Caller, from: RequestOrigin) => DirectTool | undefined,
  serverInfo: Implementation,
): AnswerDirectly<Caller> {
  return ({ caller, request, response, signal, message }, deps) => {
    const isModern = isModernCall(request, message);
    if (!isModern && !isLegacyCall(request, message)) return undefined;
    const tool = bareTool(caller, deps.from);
    const answering = tool && toResponder(tool, message);
    if (!isModern) return answerCall(answering ?? byServer(deps.toServer()), message, response, signal, deps);
    return answering && answerCall(completed(answering, serverInfo), message, response, signal, deps);
  };
}

/** The params of a call that carries no answer of a person, and asks for nothing but the tool's result. */
const PLAIN_PARAMS: ReadonlySet<string> = new Set(['name', 'arguments', '_meta']);

/**
 * Whether a request is a plain tools/call since 2026-07-28, by the SDK's own criterion. The SDK gets all others, with
 * those whose headers say something else than their body: it refuses them.
 */
function isModernCall({ headers }: IncomingMessage, message: JSONRPCMessage): message is JSONRPCRequest {
  const { 'mcp-protocol-version': version, 'mcp-method': method, 'mcp-name': name } = headers;
  if (version !== MODERN || method !== 'tools/call' || typeof name !== 'string' || !isRequest(message)) return false;
  const params = Object(message.params);
  if (name !== params.name || !Object.keys(params).every((param) => PLAIN_PARAMS.has(param))) return false;
  const route = classifyInboundRequest({
    httpMethod: 'POST',
    protocolVersionHeader: version,
    mcpMethodHeader: method,
    mcpNameHeader: name,
    body: message,
  });
  return route.kind === 'modern' && route.classification.revision === version;
}

const MODERN = '2026-07-28';

/** Adds what the SDK adds to each result since 2026-07-28. */
const completed =
  (answering: Responder, serverInfo: Implementation): Responder =>
  async (request, tell, signal) => {
    const answer = await answering(request, tell, signal);
    if (answer === undefined || !('result' in answer)) return answer;
    // Members in the SDK's order, so that the very bytes are the same.
    const { content, structuredContent, isError, ...rest } = answer.result;
    const own = { resultType: 'complete', _meta: { [SERVER_INFO_META_KEY]: serverInfo } };
    return { result: { content, structuredContent, isError, ...rest, ...own }, jsonrpc: answer.jsonrpc, id: answer.id };
  };

/**
 * Whether a request is a tools/call in the form of clients from before 2026-07-28. Most requests are, and the streams
 * with which the SDK would answer cost more than the call. All other requests go to the SDK.
 */
function isLegacyCall({ headers }: IncomingMessage, message: JSONRPCMessage): message is JSONRPCRequest {
  const { accept, 'mcp-protocol-version': version } = headers;
  return (
    isRequest(message) &&
    message.method === 'tools/call' &&
    isAccepted(accept, 'application/json') &&
    isAccepted(accept, 'text/event-stream') &&
    (version === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(String(version))) &&
    !isModern(message)
  );
}

/** Answers with a server of the SDK. */
function byServer(server: McpServer): Responder {
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
      signal.addEventListener('abort', abort);
      server.connect(transport).then(() => transport.onmessage?.(request), reject);
    });
}

/**
 * Answers such a request: with JSON, or with an event stream if a notification comes before the answer.
 * @returns whether anything was sent
 */
async function answerCall(
  answering: Responder,
  request: JSONRPCRequest,
  response: ServerResponse,
  signal: CancelSignal,
  { stallMs, onError }: Pick<DirectDeps, 'stallMs' | 'onError'>,
): Promise<boolean> {
  let beat: NodeJS.Timeout | undefined;
  const tell: SendMessage = async (message) => {
    if (response.writableEnded) return; // the response has ended
    if (!response.headersSent) {
      response.writeHead(200, EVENT_STREAM_HEADERS);
      // A person may take minutes to answer, and proxies close a silent stream.
      beat = setInterval(() => !response.writableEnded && response.write(KEEP_ALIVE), KEEP_ALIVE_MS);
    }
    if (!response.write(toEvent(message))) await progress(response, 'drain', stallMs);
  };
  const answer = await answering(request, tell, signal).finally(() => clearInterval(beat));
  const hasBegun = response.headersSent;
  if (answer === undefined) {
    if (hasBegun) response.end();
    return hasBegun;
  }
  if ('error' in answer) onError();
  if (hasBegun) response.end(toEvent(answer));
  else endWith(200, { 'content-type': 'application/json' }, writeMessage(answer), response);
  await finish(response, stallMs);
  return true;
}

/** Milliseconds, as the SDK has it. */
const KEEP_ALIVE_MS = 15_000;
/** A comment in an event stream, which clients skip. */
const KEEP_ALIVE = ': keepalive\n\n';

const EVENT_STREAM_HEADERS = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };

const toEvent = (message: JSONRPCMessage) => `event: message\ndata: ${writeMessage(message)}\n\n`;
