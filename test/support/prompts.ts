import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioClientTransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpTransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { collect, MAIN, MODES, type Peer } from './session.ts';

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

const INFO = { name: 'workos-mcp-test', version: '1' };

export const openClient = (peer: Peer): Client | ClientV1 =>
  peer === 'v1 client' ? new ClientV1(INFO) : new Client(INFO, { versionNegotiation: { mode: MODES[peer] } });

/** A client of the built server in a process of its own. */
export async function connect(
  args: readonly string[],
  env: Record<string, string> = {},
  peer: Peer = 'v2 client, auto',
): Promise<PromptClient> {
  const server = { command: process.execPath, args: [MAIN, ...args], env, stderr: 'pipe' as const };
  const client = openClient(peer);
  if (client instanceof ClientV1) {
    const transport = new StdioClientTransportV1(server);
    const log = collect(transport.stderr);
    await client.connect(transport);
    return toPromptClient(client, log);
  }
  const transport = new StdioClientTransport(server);
  const log = collect(transport.stderr);
  await client.connect(transport);
  return toPromptClient(client, log);
}

/** A client of a server over HTTP. */
export async function connectOverHttp(url: string, token: string, peer: Peer): Promise<PromptClient> {
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const client = openClient(peer);
  if (client instanceof ClientV1) {
    // With exactOptionalPropertyTypes the SDK's transport is none of its own Transports.
    await client.connect(new HttpTransportV1(new URL(url), { requestInit }) as Parameters<ClientV1['connect']>[0]);
  } else await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
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
