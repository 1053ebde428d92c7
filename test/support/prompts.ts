import { type Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as HttpTransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { inProcess } from './in-process.ts';
import { connectClient, openClient, type Peer, type Server } from './session.ts';

type Values = Readonly<Record<string, string>>;

/** A client of an SDK, as far as it is about prompts. */
export type PromptClient = {
  readonly capabilities: () => Record<string, unknown>;
  readonly instructions: () => string;
  readonly tools: () => Promise<readonly string[]>;
  readonly prompts: () => Promise<readonly Record<string, unknown>[]>;
  readonly names: () => Promise<readonly string[]>;
  /** The text of a prompt. */
  readonly text: (name: string, args?: Values) => Promise<string>;
  readonly complete: (
    prompt: string,
    argument: string,
    value: string,
    context?: Values,
    signal?: AbortSignal,
  ) => Promise<{ readonly values: readonly string[]; readonly hasMore?: boolean | undefined }>;
  /** Everything that the server has written to stderr so far. */
  readonly log: () => string;
  readonly close: () => Promise<void>;
};

/** A client of a server over stdio. */
export async function connect(
  args: readonly string[],
  env: Record<string, string> = {},
  peer: Peer = 'v2 client, auto',
  server: Server = inProcess,
): Promise<PromptClient> {
  const client = openClient(peer);
  const { transport, log } = server(args, env, peer);
  await connectClient(client, transport);
  return toPromptClient(client, log);
}

/** A client of a server over HTTP. */
export async function connectOverHttp(url: string, token: string, peer: Peer): Promise<PromptClient> {
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const Transport = peer === 'v1 client' ? HttpTransportV1 : StreamableHTTPClientTransport;
  const client = openClient(peer);
  await connectClient(client, new Transport(new URL(url), { requestInit }));
  return toPromptClient(client, () => '');
}

function toPromptClient(client: Client | ClientV1, log: () => string): PromptClient {
  const prompts = async () => (await client.listPrompts()).prompts;
  return {
    capabilities: () => ({ ...client.getServerCapabilities() }),
    instructions: () => client.getInstructions() ?? '',
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    prompts,
    names: async () => (await prompts()).map(({ name }) => name),
    text: async (name, args = {}) => {
      const { messages } = await client.getPrompt({ name, arguments: { ...args } });
      const [message] = messages;
      if (messages.length !== 1 || message?.role !== 'user' || message.content.type !== 'text') {
        throw new Error(`not one text of the user's: ${JSON.stringify(messages)}`);
      }
      return message.content.text;
    },
    complete: async (prompt, name, value, context, signal) => {
      const params = {
        ref: { type: 'ref/prompt' as const, name: prompt },
        argument: { name, value },
        ...(context && { context: { arguments: { ...context } } }),
      };
      return (await client.complete(params, signal && { signal })).completion;
    },
    log,
    close: () => client.close(),
  };
}
