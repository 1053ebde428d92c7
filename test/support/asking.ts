import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioClientTransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import {
  type CallOptions,
  collect,
  type ListedTool,
  MAIN,
  MODES,
  type Peer,
  type Result,
  toResult,
} from './session.ts';

/** What a client puts before a person. */
export type Question = { readonly message: string; readonly requestedSchema: unknown };

/** What comes back from there. The SDK's types know no content that breaks the schema. */
export type Reply = { readonly action: 'accept' | 'decline' | 'cancel'; readonly content?: Record<string, string> };

export type Asking = {
  readonly listTools: () => Promise<readonly ListedTool[]>;
  readonly call: (name: string, args?: Record<string, unknown>, options?: CallOptions) => Promise<Result>;
  /** Every question so far. */
  readonly asked: readonly Question[];
  readonly log: () => string;
  readonly close: () => Promise<void>;
};

/** What a client says of itself: nothing, that it can ask, or that it can only open pages. */
export type Ability = { form?: Record<string, never>; url?: Record<string, never> } | undefined;

/** A client that hands questions to `person`, connected to the built server in a process of its own. */
export async function connectAsking(
  args: readonly string[],
  env: Record<string, string>,
  peer: Peer,
  elicitation: Ability,
  person: (question: Question) => Reply | Promise<Reply> = () => ({ action: 'cancel' }),
): Promise<Asking> {
  const server = { command: process.execPath, args: [MAIN, ...args], env, stderr: 'pipe' as const };
  const info = { name: 'workos-mcp-test', version: '1' };
  const capabilities = elicitation === undefined ? {} : { elicitation };
  const asked: Question[] = [];
  const ask = (params: object): Reply | Promise<Reply> => {
    const question = params as Question; // the server asks with forms alone
    asked.push(question);
    return person(question);
  };
  if (peer === 'v1 client') {
    const transport = new StdioClientTransportV1(server);
    const log = collect(transport.stderr);
    const client = new ClientV1(info, { capabilities });
    if (elicitation !== undefined) client.setRequestHandler(ElicitRequestSchema, async ({ params }) => ask(params));
    await client.connect(transport);
    return {
      listTools: async () => (await client.listTools()).tools,
      call: async (name, args = {}, options) =>
        toResult(await client.callTool({ name, arguments: args }, undefined, options)),
      asked,
      log,
      close: () => client.close(),
    };
  }
  const transport = new StdioClientTransport(server);
  const log = collect(transport.stderr);
  const client = new Client(info, { capabilities, versionNegotiation: { mode: MODES[peer] } });
  if (elicitation !== undefined) client.setRequestHandler('elicitation/create', async ({ params }) => ask(params));
  await client.connect(transport);
  return {
    listTools: async () => (await client.listTools()).tools,
    call: async (name, args = {}, options) => toResult(await client.callTool({ name, arguments: args }, options)),
    asked,
    log,
    close: () => client.close(),
  };
}

/** An answer of the server's, as it is on the wire. */
export type Wire = {
  readonly result?: {
    readonly requestState?: string;
    readonly inputRequests?: Readonly<Record<string, unknown>>;
    readonly content?: readonly { readonly text: string }[];
    readonly isError?: boolean;
  };
  readonly error?: { readonly code: number; readonly message: string };
};

export type RawClient = {
  /** A tools/call of the era without handshakes, with whatever else its params are to hold. */
  readonly call: (name: string, args: object, more?: object, elicitation?: Ability) => Promise<Wire>;
  readonly close: () => Promise<void>;
};

/** The built server behind raw lines, for what no client would send. */
export function connectRaw(args: readonly string[], env: Record<string, string>): RawClient {
  const server = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map<number, (message: Wire) => void>();
  createInterface(server.stdout).on('line', (line) => {
    const message = JSON.parse(line);
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  });
  let id = 0;
  return {
    call: (name, args, more = {}, elicitation = {}) => {
      id += 1;
      const _meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': { elicitation },
      };
      const params = { name, arguments: args, ...more, _meta };
      const answer = new Promise<Wire>((resolve) => waiting.set(id, resolve));
      server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })}\n`);
      return answer;
    },
    close: async () => {
      const gone = once(server, 'exit');
      server.stdin.end();
      await gone;
    },
  };
}
