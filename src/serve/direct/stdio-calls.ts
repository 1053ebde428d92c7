import type { JSONRPCMessage, JSONRPCRequest, RequestId, Transport } from '@modelcontextprotocol/server';
import { type Canceller, createCanceller } from '../../cancel/cancel-signal.ts';
import type { CallParams, DirectTool } from '../../mcp/direct-tool.ts';
import { isModern } from '../era.ts';
import type { DirectCalls } from '../stdio/open-session.ts';
import { toResponder } from './tool-call.ts';

/**
 * Finds the tool that a call is about; `undefined` if the SDK must handle the call, for example to elicit an answer.
 * @param capabilities of the client, not validated
 */
export type FindTool = (params: CallParams, capabilities: object) => DirectTool | undefined;

/** Answers tool calls without the SDK, over stdio. */
export const toDirectCalls =
  (findTool: FindTool): DirectCalls =>
  (wire) =>
    withBareTools(wire, findTool);

/**
 * Wraps a wire to answer the tool calls of a client from before 2026-07-28 without the SDK, once the client has
 * initialized. The SDK's checks and contexts cost as much as the call. All other messages go to the SDK.
 */
function withBareTools(wire: Transport, findTool: FindTool): Transport {
  /** What cancels each call in flight. */
  const running = new Map<RequestId, Canceller>();
  let opening: JSONRPCRequest | undefined;
  /** What the client can do; `undefined` before it has initialized. */
  let capabilities: object | undefined;

  const answeringOf = (request: JSONRPCRequest) => {
    if (request.method !== 'tools/call' || capabilities === undefined || isModern(request)) return undefined;
    const tool = findTool(request.params ?? {}, capabilities);
    return tool && toResponder(tool, request);
  };

  /** Whether the message was handled here. */
  const take = (message: JSONRPCMessage): boolean => {
    if (!('method' in message)) return false;
    if (!('id' in message)) {
      const aborting = message.method === 'notifications/cancelled' && running.get(Object(message.params).requestId);
      if (aborting) aborting.abort();
      return Boolean(aborting);
    }
    if (message.method === 'initialize') opening = message;
    const answering = answeringOf(message);
    if (answering === undefined) return false;
    const { id } = message;
    const aborting = createCanceller();
    running.set(id, aborting);
    answering(message, (told) => transport.send(told), aborting.signal)
      .then((answer) => answer && wire.send(answer))
      .catch((error) => transport.onerror?.(error)) // the client has gone
      // A client may have reused the ID, which the protocol forbids.
      .finally(() => running.get(id) === aborting && running.delete(id));
    return true;
  };

  const abortAll = () => {
    for (const aborting of running.values()) aborting.abort();
  };

  const transport: Transport = {
    start: () => {
      wire.onmessage = (message, extra) => {
        if (!take(message)) transport.onmessage?.(message, extra);
      };
      wire.onclose = () => {
        abortAll();
        transport.onclose?.();
      };
      wire.onerror = (error) => transport.onerror?.(error);
      return wire.start();
    },
    send: (message, options) => {
      if ('result' in message && message.id === opening?.id && !isModern(opening)) {
        capabilities = Object(opening.params?.capabilities);
      }
      return wire.send(message, options);
    },
    close: () => {
      abortAll();
      return wire.close();
    },
  };
  return transport;
}
