import type { Readable } from 'node:stream';
import { Client, type Transport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { inProcess } from './in-process.ts';

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

/** A client connected to a server. */
export type Session = {
  readonly listTools: () => Promise<readonly ListedTool[]>;
  readonly call: (name: string, args?: Record<string, unknown>, options?: CallOptions) => Promise<Result>;
  readonly instructions: () => string | undefined;
  /** Everything the server has written to stderr so far. */
  readonly log: () => string;
  readonly close: () => Promise<void>;
};

/** Starts the program for a client, in this process or in one of its own. */
export type Server = (
  args: readonly string[],
  env: Record<string, string>,
  peer: Peer,
) => {
  /** Of the SDK that the client is of. */
  readonly transport: Transport | Parameters<ClientV1['connect']>[0];
  readonly log: () => string;
};

/** How the v2 client opens a connection. */
export const MODES = {
  'v2 client, legacy': 'legacy',
  'v2 client, auto': 'auto',
  'v2 client, pinned to 2026-07-28': { pin: '2026-07-28' },
} as const;

const INFO = { name: 'workos-mcp-test', version: '1' };

export const openClient = (peer: Peer, capabilities: object = {}): Client | ClientV1 =>
  peer === 'v1 client'
    ? new ClientV1(INFO, { capabilities })
    : new Client(INFO, { capabilities, versionNegotiation: { mode: MODES[peer] } });

/** Connects a client with one of those transports. */
export function connectClient(client: Client | ClientV1, transport: ReturnType<Server>['transport']): Promise<void> {
  // It is of the client's SDK. Their types differ in the callbacks that may be undefined.
  return client.connect(transport as Transport & Parameters<ClientV1['connect']>[0]);
}

export async function connect(
  args: readonly string[],
  env: Record<string, string> = {},
  peer: Peer = 'v2 client, legacy',
  server: Server = inProcess,
): Promise<Session> {
  const client = openClient(peer);
  const { transport, log } = server(args, env, peer);
  await connectClient(client, transport);
  return { ...toCalls(client), instructions: () => client.getInstructions(), log, close: () => client.close() };
}

/** What a client of either SDK calls tools with. */
export function toCalls(client: Client | ClientV1): Pick<Session, 'listTools' | 'call'> {
  return {
    listTools: async () => (await client.listTools()).tools,
    call: async (name, args = {}, options) => {
      const params = { name, arguments: args };
      return toResult(
        await (client instanceof ClientV1
          ? client.callTool(params, undefined, options)
          : client.callTool(params, options)),
      );
    },
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
