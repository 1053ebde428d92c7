import type { Readable } from 'node:stream';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioClientTransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js';

/** The clients that stand for those in the field: both SDK lines, both protocol eras. */
export const PEERS = ['v2 client, legacy', 'v2 client, auto', 'v2 client, pinned to 2026-07-28', 'v1 client'] as const;
export type Peer = (typeof PEERS)[number];

export type Result = {
  readonly isError?: true;
  readonly text: string;
  readonly structured: Record<string, unknown> | undefined;
};

export type ListedTool = {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: Record<string, unknown>;
  readonly annotations?: Record<string, unknown> | undefined;
};

export type CallOptions = {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: { progress: number; total?: number | undefined }) => void;
};

/** A client connected to the built server in a process of its own. */
export type Session = {
  readonly listTools: () => Promise<readonly ListedTool[]>;
  readonly call: (name: string, args?: Record<string, unknown>, options?: CallOptions) => Promise<Result>;
  readonly instructions: () => string | undefined;
  /** Everything the server has written to stderr so far. */
  readonly log: () => string;
  readonly close: () => Promise<void>;
};

export const MAIN = `${import.meta.dirname}/../../dist/main.js`;

/** How the v2 client opens a connection. */
export const MODES = {
  'v2 client, legacy': 'legacy',
  'v2 client, auto': 'auto',
  'v2 client, pinned to 2026-07-28': { pin: '2026-07-28' },
} as const;

export async function connect(
  args: readonly string[],
  env: Record<string, string> = {},
  peer: Peer = 'v2 client, legacy',
): Promise<Session> {
  const server = { command: process.execPath, args: [MAIN, ...args], env, stderr: 'pipe' as const };
  const info = { name: 'workos-mcp-test', version: '1' };
  if (peer === 'v1 client') {
    const transport = new StdioClientTransportV1(server);
    const log = collect(transport.stderr);
    const client = new ClientV1(info);
    await client.connect(transport);
    return {
      listTools: async () => (await client.listTools()).tools,
      call: async (name, args = {}, options) =>
        toResult(await client.callTool({ name, arguments: args }, undefined, options)),
      instructions: () => client.getInstructions(),
      log,
      close: () => client.close(),
    };
  }
  const transport = new StdioClientTransport(server);
  const log = collect(transport.stderr);
  const client = new Client(info, { versionNegotiation: { mode: MODES[peer] } });
  await client.connect(transport);
  return {
    listTools: async () => (await client.listTools()).tools,
    call: async (name, args = {}, options) => toResult(await client.callTool({ name, arguments: args }, options)),
    instructions: () => client.getInstructions(),
    log,
    close: () => client.close(),
  };
}

/** What a stream has said so far. */
export function collect(stream: unknown): () => string {
  let text = '';
  // The SDKs type what they made with `stderr: 'pipe'` as a mere Stream.
  (stream as Readable).on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => text;
}

/** The answer of either client. */
export function toResult(raw: unknown): Result {
  const { content, structuredContent, isError } = Object(raw);
  return { ...(isError && { isError }), text: content[0].text, structured: structuredContent };
}
