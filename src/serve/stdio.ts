import { once } from 'node:events';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { McpServer, Transport } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { type FindTool, withBareTools } from './stdio-bare.ts';

/** Milliseconds that calls under way get to finish once the client or the system asks the server to stop. */
const GRACE = 3_000;

const CLOSE = 500;

type Stdio = {
  readonly factory: () => McpServer;
  readonly findTool: FindTool;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Aborted when the process is asked to stop. */
  readonly stop: AbortSignal;
  /** Told of each tools/call that the protocol itself refuses: of a tool that is not there, or malformed. */
  readonly onRefused: (tool: unknown, args: unknown) => void;
  readonly onerror: (error: Error) => void;
};

/**
 * Serves MCP over stdin and stdout, of either protocol era. Resolves once the client has closed either, or `stop` is
 * aborted, and the calls then under way have been answered or, after a grace period, aborted.
 */
export async function serveOverStdio(options: Stdio): Promise<void> {
  const { factory, findTool, stdin, stdout, stop, onRefused, onerror } = options;
  // The SDK aborts what is under way as soon as its input ends; this one ends only after the calls were answered.
  const input = new PassThrough();
  stdin.pipe(input, { end: false });
  // Each answer that waits for the client to read listens for the stream to drain or fail.
  stdout.setMaxListeners(0);
  const { transport, answered, closed } = withPending(new StdioServerTransport(input, stdout), onRefused);
  const handle = serveStdio(factory, { transport: withBareTools(transport, findTool), onerror });

  const over = new AbortController();
  const until = { signal: over.signal };
  const ended = once(stdin, 'end', until).catch(() => {}); // a broken stdin ends it as well
  const stopped = stop.aborted ? undefined : once(stop, 'abort', until).catch(() => {});
  await Promise.race([closed, ended, stopped]);
  over.abort();

  // What stdin held has passed the pipe one turn of the loop later.
  await setImmediate();
  await Promise.race([answered(), setTimeout(GRACE, undefined, { ref: false })]);
  // Closing waits for what cannot be written when the client does not read.
  await Promise.race([handle.close(), setTimeout(CLOSE, undefined, { ref: false })]);
}

/** Wraps a transport so that one can wait until every request that came in has been answered or cancelled. */
function withPending(wire: Transport, onRefused: Stdio['onRefused']) {
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
  const transport: Transport = {
    start: () => {
      wire.onmessage = (message, extra) => {
        if ('method' in message && 'id' in message) {
          const { name, arguments: args } = Object(message.params);
          pending.set(message.id, message.method === 'tools/call' ? { tool: name, args } : undefined);
        }
        // A cancelled request gets no answer.
        if ('method' in message && message.method === 'notifications/cancelled') settle(message.params?.requestId);
        transport.onmessage?.(message, extra);
      };
      wire.onclose = () => {
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
        await wire.send(message, options);
      } finally {
        if (!('method' in message)) settle(message.id);
      }
    },
    close: () => wire.close(),
  };
  return {
    transport,
    /** Settles when the wire closes by itself, as it does when the client no longer reads. */
    closed,
    answered: () =>
      new Promise<void>((resolve) => {
        settled = resolve;
        if (pending.size === 0) resolve();
      }),
  };
}
