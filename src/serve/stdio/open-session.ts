import type { Writable } from 'node:stream';
import type { JSONRPCMessage, McpServer, RequestId, Transport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Session } from './serve-stdio.ts';
import { createWire } from './wire.ts';

/** Wraps a wire to answer tool calls before the SDK sees them. Only the other messages reach the SDK. */
export type DirectCalls = (wire: Transport) => Transport;

type OpenSessionDeps = {
  readonly factory: () => McpServer;
  /** Without it, the SDK answers every call. */
  readonly direct?: DirectCalls | undefined;
  readonly stdout: Writable;
  /** The ID of the initialize that the fast path has already answered. */
  readonly initializeId: RequestId | undefined;
  readonly isOffered: (tool: unknown, args: unknown) => boolean;
  /** Called for each tools/call that gets a protocol error: the tool does not exist, or the request is malformed. */
  readonly onRefused: (tool: unknown, args: unknown) => void;
  readonly onerror: (error: Error) => void;
};

/** Opens a session in which the SDK answers what it is fed. */
export function openSession(deps: OpenSessionDeps): Session {
  const { factory, direct, stdout, onerror } = deps;
  const wire = createWire(stdout);
  const { transport, answered } = withPending(wire, deps);
  const handle = serveStdio(factory, { transport: direct?.(transport) ?? transport, onerror });
  return { feed: wire.feed, answered, close: () => handle.close() };
}

/** Wraps a transport so that a caller can wait until every received request has been answered or cancelled. */
function withPending(wire: Transport, { initializeId, isOffered, onRefused }: OpenSessionDeps) {
  /** By request ID: the tool and arguments of a tools/call, `undefined` for other requests. */
  const pending = new Map<unknown, { readonly tool: unknown; readonly args: unknown } | undefined>();
  let settled = () => {};
  const settle = (id: unknown) => {
    pending.delete(id);
    if (pending.size === 0) settled();
  };
  /** The initialize whose second answer, the SDK's, is dropped. */
  let answered = initializeId;
  const isSecondAnswer = (message: JSONRPCMessage): boolean => {
    if (answered === undefined || 'method' in message || message.id !== answered) return false;
    answered = undefined;
    return true;
  };
  const transport: Transport = {
    start: () => {
      wire.onmessage = (message, extra) => {
        if ('method' in message && 'id' in message) {
          const { name, arguments: args } = Object(message.params);
          const isCall = message.method === 'tools/call';
          // Not when it is answered: by then the client may have cancelled it, or reused its ID.
          const isOff = isCall && !isOffered(name, args);
          if (isOff) onRefused(name, args);
          pending.set(message.id, isCall && !isOff ? { tool: name, args } : undefined);
        }
        // A cancelled request gets no answer.
        if ('method' in message && message.method === 'notifications/cancelled') {
          const id = message.params?.requestId;
          settle(id);
          if (id === answered) answered = undefined;
        }
        transport.onmessage?.(message, extra);
      };
      wire.onclose = () => {
        delete wire.onmessage;
        transport.onclose?.();
        pending.clear();
        settled();
      };
      wire.onerror = (error) => transport.onerror?.(error);
      return wire.start();
    },
    send: async (message, options) => {
      // A call that reaches a tool is answered with a result, even when it fails. An error is from the protocol.
      const called = 'error' in message ? pending.get(message.id) : undefined;
      try {
        if (called !== undefined) onRefused(called.tool, called.args);
        if (!isSecondAnswer(message)) await wire.send(message, options);
      } finally {
        if (!('method' in message)) settle(message.id);
      }
    },
    close: () => wire.close(),
  };
  return {
    transport,
    answered: () =>
      new Promise<void>((resolve) => {
        settled = resolve;
        if (pending.size === 0) resolve();
      }),
  };
}
