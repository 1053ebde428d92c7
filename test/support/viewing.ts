import type { Client } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { VIEW_META } from '../../src/call/confirm/view.ts';
import { inProcess } from './in-process.ts';
import { connectClient, openClient, type Peer, type Server } from './session.ts';

/** What a client says of itself that shows views. */
export const SHOWS = { extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } } };

/** A result as a host gets it, of which the model gets the text and perhaps the structured content. */
export type HostResult = {
  readonly isError: boolean;
  readonly text: string;
  readonly structured: Record<string, unknown>;
  readonly meta: Record<string, unknown>;
};

/** A client that shows views, connected to a server. */
export async function connectViewing(
  args: readonly string[],
  env: Record<string, string>,
  peer: Peer,
  { capabilities = SHOWS, server = inProcess }: { capabilities?: object; server?: Server } = {},
) {
  const client = openClient(peer, capabilities);
  const { transport, log } = server(args, env, peer);
  await connectClient(client, transport);
  return { ...toHost(client), client, log, close: () => client.close() };
}

export type Viewing = Awaited<ReturnType<typeof connectViewing>>;

/** What a host does with a client of either SDK. */
export const toHost = (client: Client | ClientV1) => ({
  tools: async (): Promise<readonly Record<string, unknown>[]> => (await client.listTools()).tools,
  call: async (name: string, args: Record<string, unknown> = {}): Promise<HostResult> => {
    const { content, structuredContent, _meta, isError } = Object(await client.callTool({ name, arguments: args }));
    return { isError: isError === true, text: content[0].text, structured: structuredContent ?? {}, meta: _meta ?? {} };
  },
  read: async (uri: string): Promise<unknown> =>
    client instanceof ClientV1 ? client.readResource({ uri }) : client.readResource({ uri }),
});

/** What the view passes on for a call that waits. */
export function answerTo({ structured, meta }: HostResult, answer: 'yes' | 'no', args: object, typed?: string) {
  const { confirmation_id } = Object(structured.confirmation);
  const { secret, called } = Object(meta[VIEW_META]);
  return { confirmation_id, secret, answer, tool: called, arguments: args, ...(typed !== undefined && { typed }) };
}
