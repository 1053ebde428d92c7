import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer, type StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { toDirectAnswers } from '../../src/serve/direct/http-calls.ts';
import { HTTP_LIMITS, type HttpLimits, serveOverHttp } from '../../src/serve/http/serve-http.ts';
import type { Peer } from './session.ts';

type Options = Parameters<typeof serveOverHttp<string>>[0];

/** What the server of a test has seen. */
type Seen = {
  identified: Parameters<Options['identify']>[0][];
  from: Parameters<Options['factory']>[1][];
  refused: { caller: string; tool: unknown }[];
  errors: Error[];
  /** Names of the tools that have been started, and of those whose signal was aborted. */
  started: string[];
  aborted: string[];
};

/**
 * A server, until the end of the test. Its callers are known by the tokens `token-of-NAME`, and its tools tell who their
 * server was made for.
 * @param atEnd of the test, where others run beside it
 */
export async function startHttp(
  over: Partial<Omit<Options, 'limits'>> & { limits?: Partial<HttpLimits> } = {},
  atEnd: typeof onTestFinished = onTestFinished,
): Promise<{ url: string; port: number; seen: Seen; close: () => Promise<void>; release: () => void }> {
  const seen: Seen = { identified: [], from: [], refused: [], errors: [], started: [], aborted: [] };
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { url, close } = await serveOverHttp<string>({
    host: '127.0.0.1',
    port: 0,
    path: '/mcp',
    allowedHosts: [],
    allowedOrigins: [],
    trustProxy: false,
    identify: async (head) => {
      seen.identified.push(head);
      const caller = /^Bearer token-of-(\w+)$/.exec(head.authorization ?? '')?.[1];
      return caller === undefined
        ? { ok: false, status: 401, reason: 'unknown', message: 'Who are you?', challenge: 'Bearer realm="test"' }
        : { ok: true, caller };
    },
    generation: () => 0,
    keyOf: (caller) => caller,
    factory: (caller, from) => {
      seen.from.push(from);
      return toServer(caller, seen, released);
    },
    answerDirectly: toDirectAnswers(() => undefined, { name: 'test', version: '1' }),
    onRefused: (caller, tool) => seen.refused.push({ caller, tool }),
    checks: {},
    onerror: (error) => seen.errors.push(error),
    clock: { ...systemClock, now: () => 0 },
    ...over,
    limits: { ...HTTP_LIMITS, ...over.limits },
  });
  atEnd(close);
  return { url, port: Number(new URL(url).port), seen, close, release };
}

const ANY: StandardSchemaWithJSON = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => ({ value }),
    jsonSchema: { input: () => ({ type: 'object' }), output: () => ({ type: 'object' }) },
  },
};

function toServer(caller: string, seen: Seen, released: Promise<void>): McpServer {
  const server = new McpServer({ name: 'test', version: '1' }, { capabilities: { tools: { listChanged: false } } });
  const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });
  server.registerTool('echo', { inputSchema: ANY }, (args) => say(`${caller}: ${Object(args).text}`));
  server.registerTool(`only_${caller}`, { inputSchema: ANY }, () => say(caller));
  // Answers once the test lets it, or its signal is aborted.
  server.registerTool('wait', { inputSchema: ANY }, async (_, { mcpReq: { signal } }) => {
    seen.started.push(caller);
    const aborted = signal.aborted ? undefined : once(signal, 'abort');
    await Promise.race([released, aborted]);
    if (signal.aborted) seen.aborted.push(caller);
    return say(`${caller}: waited`);
  });
  server.registerTool('steps', { inputSchema: ANY }, async (args, { mcpReq: { signal, _meta, notify } }) => {
    const progressToken = _meta?.progressToken ?? 0;
    const { count, message = '' } = Object(args);
    for (let progress = 1; progress <= count && !signal.aborted; progress += 1) {
      await notify({ method: 'notifications/progress', params: { progressToken, progress, message } });
      await setImmediate();
    }
    return say('done');
  });
  server.registerTool('big', { inputSchema: ANY }, (args) => say('x'.repeat(Object(args).size)));
  return server;
}

const MODES = {
  'v2 client, legacy': 'legacy',
  'v2 client, auto': 'auto',
  'v2 client, pinned to 2026-07-28': { pin: '2026-07-28' },
} as const;

/** A client of an SDK, connected. */
export async function connectHttp(url: string, caller: string, peer: Peer = 'v2 client, auto') {
  const requestInit = { headers: { authorization: `Bearer token-of-${caller}` } };
  const info = { name: 'test', version: '1' };
  const client =
    peer === 'v1 client' ? new ClientV1(info) : new Client(info, { versionNegotiation: { mode: MODES[peer] } });
  if (client instanceof ClientV1) {
    // With exactOptionalPropertyTypes the SDK's transport is none of its own Transports.
    await client.connect(new TransportV1(new URL(url), { requestInit }) as Parameters<ClientV1['connect']>[0]);
  } else await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  type Call = { signal?: AbortSignal; onprogress?: (step: { progress: number }) => void };
  return {
    call: async (name: string, args: Record<string, unknown> = {}, options?: Call): Promise<string> => {
      const params = { name, arguments: args };
      const result: unknown = await (client instanceof ClientV1
        ? client.callTool(params, undefined, options)
        : client.callTool(params, options));
      return Object(result).content[0].text;
    },
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    close: () => client.close(),
  };
}

/** What is sent and comes back on a bare socket. */
export function openRaw(port: number) {
  const socket = connectSocket({ host: '127.0.0.1', port });
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  return {
    socket,
    closed,
    text: () => text,
    /** Resolves once the other side has sent something that matches. */
    until: async (pattern: RegExp): Promise<string> => {
      while (!pattern.test(text))
        await Promise.race([once(socket, 'data'), closed.then(() => rejected(pattern, text))]);
      return text;
    },
  };
}

function rejected(pattern: RegExp, text: string): void {
  if (!pattern.test(text)) throw new Error(`closed before ${pattern}: ${JSON.stringify(text.slice(0, 500))}`);
}

/** Sends text as it is and returns all that comes back until the server closes. */
export async function sendRaw(port: number, text: string): Promise<string> {
  const raw = openRaw(port);
  raw.socket.write(text);
  const timer = setTimeout(() => raw.socket.destroy(), 10_000);
  const answer = await raw.closed;
  clearTimeout(timer);
  return answer;
}

/** A correct request as text, changed: a header's value replaces the one there, `undefined` leaves it out. */
export function rawRequest(
  {
    line = 'POST /mcp HTTP/1.1',
    headers = {},
    body = callOf('echo'),
  }: {
    line?: string;
    headers?: Record<string, string | undefined>;
    body?: string;
  } = {},
  extra: readonly string[] = [],
): string {
  const all = {
    Host: 'localhost',
    Authorization: HEADERS.authorization,
    'Content-Type': HEADERS['content-type'],
    Accept: HEADERS.accept,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return [line, ...lines, ...extra, '', body].join('\r\n');
}

/** The headers of a correct request, to be changed one at a time. */
export const HEADERS = {
  authorization: 'Bearer token-of-ada',
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

export const callOf = (name: string, args: Record<string, unknown> = {}) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } });

/** Polls until it holds, and fails where it never does. */
export async function eventually(holds: () => boolean, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
