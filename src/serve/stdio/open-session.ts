import type { Readable, Writable } from 'node:stream';
import type { JSONRPCMessage, JSONRPCRequest, McpServer, RequestId, Transport } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Session } from './serve-stdio.ts';

/** What answers tool calls before the SDK sees them. */
export type DirectCalls = {
  /** Wraps a wire so that only what is left to the SDK comes through. */
  readonly wrap: (wire: Transport) => Transport;
  /** The call that a chunk of whole lines consists of, where the SDK need not check it. */
  readonly parse: (chunk: Buffer) => JSONRPCRequest | undefined;
};

type OpenSessionDeps = {
  readonly factory: () => McpServer;
  /** Without it, the SDK answers every call. */
  readonly direct?: DirectCalls | undefined;
  readonly input: Readable;
  readonly stdout: Writable;
  /** The initialize in the input that was answered before. */
  readonly greeted: RequestId | undefined;
  readonly isOffered: (tool: unknown) => boolean;
  /** Told of each tools/call that the protocol itself refuses: of a tool that is not there, or malformed. */
  readonly onRefused: (tool: unknown, args: unknown) => void;
  readonly onerror: (error: Error) => void;
};

/** Has the SDK read the input and answer. */
export function openSession(deps: OpenSessionDeps): Session {
  const { factory, direct, input, stdout, onerror } = deps;
  const wire = new StdioServerTransport(input, stdout);
  const { transport, answered, closed } = withPending(wire, deps);
  const handle = serveStdio(factory, { transport: direct?.wrap(transport) ?? transport, onerror });
  const take = (chunk: Buffer) => {
    const call = wire.onmessage && direct?.parse(chunk);
    try {
      if (call !== undefined) wire.onmessage?.(call);
    } catch (error) {
      wire.onerror?.(error instanceof Error ? error : new Error('a call could not be taken')); // as the SDK's wire does
    }
    return call !== undefined;
  };
  return { take: direct && take, answered, closed, close: () => handle.close() };
}

/** Wraps a transport so that one can wait until every request that came in has been answered or cancelled. */
function withPending(wire: Transport, { greeted, isOffered, onRefused }: OpenSessionDeps) {
  /** By request ID: what is called, where it is a tool. */
  const pending = new Map<unknown, { readonly tool: unknown; readonly args: unknown } | undefined>();
  let settled = () => {};
  let gone = () => {};
  const closed = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const settle = (id: unknown) => {
    pending.delete(id);
    if (pending.size === 0) settled();
  };
  /** Whether a message answers a second time. */
  let answered = greeted;
  const isGreeting = (message: JSONRPCMessage): boolean => {
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
          // At once: by the time of the answer the client may have cancelled it, or used its ID again.
          const isOff = isCall && !isOffered(name);
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
        gone();
      };
      wire.onerror = (error) => transport.onerror?.(error);
      return wire.start();
    },
    send: async (message, options) => {
      // Whatever reaches a tool is answered with a result, even when it fails.
      const called = 'error' in message ? pending.get(message.id) : undefined;
      try {
        if (called !== undefined) onRefused(called.tool, called.args);
        if (!isGreeting(message)) await wire.send(message, options);
      } finally {
        if (!('method' in message)) settle(message.id);
      }
    },
    close: () => wire.close(),
  };
  return {
    transport,
    closed,
    answered: () =>
      new Promise<void>((resolve) => {
        settled = resolve;
        if (pending.size === 0) resolve();
      }),
  };
}
