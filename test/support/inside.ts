import { Client, InMemoryTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createPolicy } from '../../src/access/policy.ts';
import type { Outcome } from '../../src/audit/entry.ts';
import { createCall } from '../../src/call/call.ts';
import { createExchange } from '../../src/call/exchange.ts';
import type { Journal } from '../../src/call/journal.ts';
import type { WaitOutside } from '../../src/call/outside-waits.ts';
import type { Arguments } from '../../src/catalog/declaration.ts';
import type { Log } from '../../src/log.ts';
import { createOffer } from '../../src/mcp/offer.ts';
import { createServer } from '../../src/mcp/server.ts';
import type { ApiRequest, Reply } from '../../src/workos/layer.ts';
import { limitsOf, toLimitSettings } from '../../src/workos/limits/slots.ts';
import { catalog, toGrants } from './catalog.ts';
import { MODES, type Peer, type Result, toResult } from './session.ts';

/** What stands in for WorkOS: a body as JSON under 200, or the whole reply. */
type Answering = (request: ApiRequest) => { readonly body: unknown } | Reply;

type Options = {
  /** As test/support/catalog.ts reads them. */
  readonly grants?: string;
  readonly maxItems?: number;
  readonly maxResultBytes?: number;
  /** Milliseconds of the clock, which stands still otherwise. */
  readonly now?: () => number;
  readonly spendPage?: () => Promise<void>;
  readonly onProgress?: (progress: number, total?: number) => void;
};

/** The calls of one agent in this process, without layers between them and `answering`: no waits and no retries. */
export function openInside(answering: Answering, options: Options = {}) {
  const {
    grants: text = '*:full *:credentials',
    maxItems = 1_000,
    maxResultBytes = 1_000_000,
    now = () => 0,
  } = options;
  const environment = { label: 'staging', baseUrl: 'https://workos.test', apiKey: KEY, clientId: 'client_1' } as const;
  const sent: ApiRequest[] = [];
  const outcomes: Outcome[] = [];
  const journal: Journal = {
    begin: () => ({
      understand: () => {},
      answeredBy: () => {},
      decide: async () => {},
      close: async (outcome) => {
        outcomes.push(outcome);
        return true;
      },
    }),
    refuse: async () => {},
    decline: async () => {},
    approve: async () => {},
  };
  const exchange = createExchange({
    environment,
    general: catalog.general,
    limits: toLimitSettings([], limitsOf(catalog)),
    send: async (request) => {
      sent.push(request);
      const reply = answering(request);
      return 'status' in reply ? reply : { status: 200, headers: {}, body: JSON.stringify(reply.body) };
    },
  });
  const call = createCall({
    steps: {
      environment,
      settings: { timeout: 30_000, maxItems, maxResultBytes },
      toolOf: (name) => catalog.tools.find((tool) => tool.name === name),
      exchange,
      gate: { pass: async () => ({ open: true }), ask: async () => ({ content: [] }), isSame: () => true },
      keepsPace: async () => true,
      newKey: () => 'key',
      now,
    },
    journal,
    log: SILENT,
  });
  const grants = toGrants(text);
  const offer = createOffer({
    agent: 'agent',
    catalog,
    policy: createPolicy(catalog, grants),
    environment: 'staging',
    confirm: 'off',
  });
  const { confirm, dryRun, verdictOn, markerOf } = offer;
  const waitOutside: WaitOutside = (wait) => wait();
  return {
    sent,
    outcomes,
    /** Calls a tool without a client. */
    call: async (name: string, args: Arguments = {}): Promise<Result> => {
      const tool = offer.tools.get(name);
      if (tool === undefined) throw new Error(`there is no ${name}`);
      const { signal } = new AbortController();
      const { spendPage, onProgress = () => {} } = options;
      const own = { agent: 'agent', confirm, dryRun, verdictOn, markerOf, waitOutside };
      const caller = { ...own, signal, elicitation: { canAsk: false }, spendPage, onProgress };
      return toResult(await call(tool, args, caller));
    },
    /** A client that has listed the tools, as it does before it holds answers against their schemas. */
    connect: async (peer: Peer) => {
      const [near, far] = InMemoryTransport.createLinkedPair();
      const handle = serveStdio(() => createServer(offer, call, '1', { waitOutside }), { transport: far });
      const info = { name: 'test', version: '1' };
      const client =
        peer === 'v1 client' ? new ClientV1(info) : new Client(info, { versionNegotiation: { mode: MODES[peer] } });
      // The two SDKs have the same transports, with types of their own.
      await client.connect(near as never);
      const { tools } = await client.listTools();
      return {
        tools,
        call: async (name: string, args: Arguments) => toResult(await client.callTool({ name, arguments: args })),
        close: async () => {
          await client.close();
          await handle.close();
        },
      };
    },
  };
}

export const KEY = 'sk_test_inside_1234567890';

const silent = () => {};
const SILENT: Log = { debug: silent, info: silent, warn: silent, error: silent };
