import { createInterface } from 'node:readline';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { inProcess, startProgram } from './in-process.ts';
import { connectClient, openClient, type Peer, type Server, type Session, toCalls } from './session.ts';

/** What a client puts before a person. */
export type Question = { readonly message: string; readonly requestedSchema: unknown };

/** What comes back from there. The SDK's types know no content that breaks the schema. */
export type Reply = { readonly action: 'accept' | 'decline' | 'cancel'; readonly content?: Record<string, string> };

export type Asking = Omit<Session, 'instructions'> & {
  /** Every question so far. */
  readonly asked: readonly Question[];
};

/** What a client says of itself: nothing, that it can ask, or that it can only open pages. */
export type Ability = { form?: Record<string, never>; url?: Record<string, never> } | undefined;

/** A client that hands questions to `person`, connected to a server. */
export async function connectAsking(
  args: readonly string[],
  env: Record<string, string>,
  peer: Peer,
  elicitation: Ability,
  person: (question: Question) => Reply | Promise<Reply> = () => ({ action: 'cancel' }),
  server: Server = inProcess,
): Promise<Asking> {
  const client = openClient(peer, elicitation && { elicitation });
  const asked: Question[] = [];
  const ask = async (params: object): Promise<Reply> => {
    const question = params as Question; // the server asks with forms alone
    asked.push(question);
    return person(question);
  };
  if (elicitation !== undefined) {
    if (client instanceof ClientV1) client.setRequestHandler(ElicitRequestSchema, ({ params }) => ask(params));
    else client.setRequestHandler('elicitation/create', ({ params }) => ask(params));
  }
  const { transport, log } = server(args, env, peer);
  await connectClient(client, transport);
  return { ...toCalls(client), asked, log, close: () => client.close() };
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

/** A server behind raw lines, for what no client would send. */
export function connectRaw(args: readonly string[], env: Record<string, string>): RawClient {
  const { stdin, stdout, exit } = startProgram(args, env);
  const waiting = new Map<number, (message: Wire) => void>();
  createInterface(stdout).on('line', (line) => {
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
      stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })}\n`);
      return answer;
    },
    close: async () => {
      stdin.end();
      await exit;
    },
  };
}
