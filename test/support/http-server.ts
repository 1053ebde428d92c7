import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { createToken, type NewToken } from '../../src/agents/token.ts';
import type { Ability, Question, Reply } from './asking.ts';
import { MAIN } from './built.ts';
import { findPort } from './find-port.ts';
import type { Peer, Result } from './session.ts';
import { listen, type Upstream } from './upstream.ts';

export type Env = Readonly<Record<string, string>>;
export type Entry = Readonly<Record<string, unknown>>;

/** A folder with a configuration in it, gone when the test file is through. */
export function openFolder() {
  const path = mkdtempSync(join(tmpdir(), 'wmcp-http-'));
  return {
    path,
    write: (name: string, text: string): string => {
      writeFileSync(join(path, name), text, { mode: 0o600 });
      return join(path, name);
    },
    read: (name: string): string => readFileSync(join(path, name), 'utf8'),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export const hashOf = ({ hash }: NewToken): string => `${hash.id}:${hash.sha256}`;
export const newTokens = <const Name extends string>(...names: readonly Name[]): Record<Name, NewToken> =>
  Object.fromEntries(names.map((name) => [name, createToken()])) as Record<Name, NewToken>; // fromEntries forgets names

export type HttpServer = {
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Everything on stderr so far. */
  readonly log: () => string;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Resolves once stderr has a match, behind so many characters. */
  readonly until: (pattern: RegExp, from?: number) => Promise<void>;
  /** Reads the configuration anew and tells whether it holds. */
  readonly reload: () => Promise<boolean>;
  /** Ends it by SIGTERM and resolves to its exit code. */
  readonly stop: () => Promise<number | null>;
};

/** The built server in a process of its own, on a free port; it has no variables but those given. */
export async function serve(args: readonly string[], env: Env = {}, tries = 3): Promise<HttpServer> {
  const port = await findPort();
  const child = spawn(process.execPath, [MAIN, 'http', '--port', String(port), ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  const log = () => text;
  const until = (pattern: RegExp, from = 0) =>
    waitFor(
      () => {
        if (pattern.test(text.slice(from))) return true;
        const { exitCode, signalCode } = child;
        if (exitCode !== null || signalCode !== null)
          throw new Error(`ended (${exitCode ?? signalCode}) before ${pattern}: ${text.slice(-2_000)}`);
        return false;
      },
      () => `no ${pattern} in: ${text.slice(-2_000)}`,
    );
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    return child.exitCode;
  };
  try {
    await until(/"msg":"serving http"/);
    // It listens to signals only after it has said so; once it answers, even if not over TLS, it does.
    await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => {});
  } catch (error) {
    child.kill('SIGKILL');
    // Somebody else may have taken the port in between.
    if (tries > 1 && /The server cannot listen on .*EADDRINUSE/.test(text)) return serve(args, env, tries - 1);
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    port,
    process: child,
    log,
    signal: (signal) => void child.kill(signal),
    until,
    reload: async () => {
      const from = text.length;
      child.kill('SIGHUP');
      await until(/"msg":"(configuration reloaded|the configuration was not reloaded)/, from);
      return text.slice(from).includes('"msg":"configuration reloaded"');
    },
    stop,
  };
}

/** Runs the command to its end. One that serves instead, or does not end in time, is killed: its code is `null`. */
export async function run(args: readonly string[], env: Env = {}, ms = 15_000) {
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    if (stderr.includes('"msg":"serving http"')) child.kill('SIGKILL');
  });
  await once(child, 'close');
  clearTimeout(timer);
  return { code: child.exitCode, stdout, stderr };
}

/** Polls until it holds, and fails where it never does. */
export async function waitFor(holds: () => boolean | Promise<boolean>, why = () => `${holds}`, ms = 15_000) {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`never: ${why()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export type Connected = {
  readonly tools: () => Promise<readonly string[]>;
  readonly call: (name: string, args?: Record<string, unknown>, signal?: AbortSignal) => Promise<Result>;
  /** Every question so far. */
  readonly asked: readonly Question[];
  readonly close: () => Promise<void>;
};

export type ClientOptions = {
  readonly peer?: Peer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly elicitation?: Ability;
  readonly person?: (question: Question) => Reply | Promise<Reply>;
};

const MODES = {
  'v2 client, legacy': 'legacy',
  'v2 client, auto': 'auto',
  'v2 client, pinned to 2026-07-28': { pin: '2026-07-28' },
} as const;

/** A client of an SDK, connected with a bearer token. */
export async function connectTo(
  url: string,
  token: string | undefined,
  { peer = 'v2 client, auto', headers = {}, elicitation, person = () => ({ action: 'cancel' }) }: ClientOptions = {},
): Promise<Connected> {
  const requestInit = { headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers } };
  const info = { name: 'workos-mcp-test', version: '1' };
  const capabilities = elicitation === undefined ? {} : { elicitation };
  const asked: Question[] = [];
  const ask = async (params: object): Promise<Reply> => {
    const question = params as Question; // the server asks with forms alone
    asked.push(question);
    return person(question);
  };
  const client =
    peer === 'v1 client'
      ? new ClientV1(info, { capabilities })
      : new Client(info, { capabilities, versionNegotiation: { mode: MODES[peer] } });
  if (client instanceof ClientV1) {
    if (elicitation !== undefined) client.setRequestHandler(ElicitRequestSchema, ({ params }) => ask(params));
    // With exactOptionalPropertyTypes the SDK's transport is none of its own Transports.
    await client.connect(new TransportV1(new URL(url), { requestInit }) as Parameters<ClientV1['connect']>[0]);
  } else {
    if (elicitation !== undefined) client.setRequestHandler('elicitation/create', ({ params }) => ask(params));
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  }
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}, signal) => {
      const params = { name, arguments: args };
      const options = signal && { signal };
      const raw: unknown = await (client instanceof ClientV1
        ? client.callTool(params, undefined, options)
        : client.callTool(params, options));
      const { content, structuredContent, isError } = Object(raw);
      return { ...(isError && { isError }), text: content[0].text, structured: structuredContent };
    },
    asked,
    close: () => client.close(),
  };
}

/** A request without an SDK, of the newest era. What is `undefined` among the headers is left out. */
export async function post(
  url: string,
  token: string | undefined,
  {
    method = 'tools/list',
    params = {},
    headers = {},
    abilities = {},
  }: { method?: string; params?: object; headers?: Readonly<Record<string, string>>; abilities?: object } = {},
) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': abilities,
  };
  const name = Object(params).name;
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof name === 'string' && { 'mcp-name': name }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
  });
  const text = await response.text();
  const json = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  const { result, error } = JSON.parse(json);
  return { status: response.status, headers: response.headers, result, error, text };
}

export const postCall = (url: string, token: string | undefined, name: string, args: object = {}, headers = {}) =>
  post(url, token, { method: 'tools/call', params: { name, arguments: args }, headers });

/** The entries of a record in a file, or of one that went to stderr. */
export const entriesIn = (text: string): readonly Entry[] =>
  text.split('\n').flatMap((line) => (line.startsWith('{"v":1,') ? [JSON.parse(line)] : []));

/** A WorkOS of one environment: it takes only its own key, and its name is in all that it answers. */
export async function openWorkos(name: string, key: string, more?: (request: Request) => Response | undefined) {
  const upstream: Upstream = await listen((request) => {
    if (request.headers.get('authorization') !== `Bearer ${key}`) {
      return Response.json({ message: `not a key of ${name}` }, { status: 401 });
    }
    const special = more?.(request);
    if (special !== undefined) return special;
    const { pathname } = new URL(request.url);
    const id = pathname.split('/').at(-1) ?? '';
    if (request.method === 'DELETE') return new Response(null, { status: 202 });
    if (/_0M1SS1NG/.test(id)) return Response.json({ message: `${id} is not in ${name}` }, { status: 404 });
    if (/_[0-9A-Z]{20,}$/.test(id)) return Response.json({ id, email: `ada@${name}.test`, name, object: 'object' });
    return Response.json({ object: 'list', data: [], list_metadata: { before: null, after: null } });
  });
  return Object.assign(upstream, { name, key });
}

let ids = 0;
/** An ID that no other test has. */
export const newId = (prefix: string): string => {
  ids += 1;
  return `${prefix}_${String(process.pid).padStart(10, '0')}${String(ids).padStart(16, '0')}`;
};
