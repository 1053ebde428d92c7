import type { JSONRPCMessage, JSONRPCRequest, RequestId, Transport } from '@modelcontextprotocol/server';
import type { DirectTool } from '../../mcp/direct-tool.ts';
import type { DirectCalls } from '../stdio/open-session.ts';
import { isModern, toResponder } from './tool-call.ts';

/** The tool of that name; `undefined` where the SDK has to see to the call, as it does where a client may be asked. */
export type FindTool = (name: unknown, canAsk: boolean) => DirectTool | undefined;

/** Answers tool calls without the SDK, over stdio. */
export const toDirectCalls =
  (findTool: FindTool): DirectCalls =>
  (wire) =>
    withBareTools(wire, findTool);

/**
 * Wraps a wire so that the tool calls of a client of before 2026-07-28, once it is connected, are answered without the
 * SDK, whose checks and contexts cost as much as the call. Whatever is not just that passes on.
 */
function withBareTools(wire: Transport, findTool: FindTool): Transport {
  /** What aborts each call that is under way. */
  const running = new Map<RequestId, AbortController>();
  let opening: JSONRPCRequest | undefined;
  /** Whether the client can be asked something, once it is connected. */
  let canAsk: boolean | undefined;

  const answeringOf = (request: JSONRPCRequest) => {
    if (request.method !== 'tools/call' || canAsk === undefined || isModern(request)) return undefined;
    const tool = findTool(request.params?.name, canAsk);
    return tool && toResponder(tool, request);
  };

  /** Whether the message was seen to here. */
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
    const aborting = new AbortController();
    running.set(id, aborting);
    answering(message, (told) => transport.send(told), aborting.signal)
      .then((answer) => answer && wire.send(answer))
      .catch((error) => transport.onerror?.(error)) // the client has gone
      // A client may have used the ID again, against the rules.
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
        canAsk = Object(opening.params?.capabilities).elicitation !== undefined;
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
