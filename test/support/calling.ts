import { InMemoryTransport, type JSONRPCMessage } from '@modelcontextprotocol/server';
import type { ConfirmMode } from '../../src/access/confirmation.ts';
import type { IsListed } from '../../src/access/listed.ts';
import { createPolicy } from '../../src/access/policy.ts';
import { createBudgets } from '../../src/agents/budgets.ts';
import { createAuditRecord } from '../../src/audit/record.ts';
import type { Caller } from '../../src/call/caller.ts';
import type { Approvals } from '../../src/call/confirm/approvals.ts';
import type { OnAnswer } from '../../src/call/confirm/binding-answers.ts';
import { createPendingStore, type PendingStore } from '../../src/call/confirm/pending.ts';
import { createOutsideWaits } from '../../src/call/outside-waits.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { Clock } from '../../src/clock.ts';
import { createOffer } from '../../src/mcp/offer.ts';
import { createServer } from '../../src/mcp/server.ts';
import { withViews } from '../../src/mcp/view/offer.ts';
import { compose } from '../../src/start/compose.ts';
import { createOwnTools } from '../../src/start/own-tools.ts';
import type { ApiRequest } from '../../src/workos/layer.ts';
import { clock, memorySink } from './audit.ts';
import { toGrants, catalog as usual } from './catalog.ts';

export type Message = Readonly<Record<string, unknown>>;

export type Calling = {
  /** The text and structured content of the result. */
  readonly call: (
    name: string,
    args: object,
    meta?: object,
  ) => Promise<{
    readonly isError?: true;
    readonly text: string;
    readonly structured?: Record<string, unknown>;
  }>;
  /** Sends any message. */
  readonly send: (message: Message) => Promise<void>;
  /** The answer to tools/list. */
  readonly list: () => Promise<readonly Record<string, unknown>[]>;
  /** What the server sent on its own: notifications, and requests that are not questions with a form. */
  readonly told: readonly Message[];
  /** What the server does after an approver's no. */
  readonly onAnswer: OnAnswer;
  /** The messages of each question so far. */
  readonly asked: readonly string[];
  readonly record: () => readonly Message[];
  /** Errors of the record's sink. A test may set them. */
  readonly broken: ReturnType<typeof memorySink>['broken'];
  readonly close: () => Promise<void>;
};

export type CallingOptions = {
  /** As `toGrants` reads them. */
  readonly grants?: string;
  readonly confirm?: ConfirmMode;
  /** Whether the client declares that it can ask a person. */
  readonly asks?: boolean;
  /** What it declares instead. */
  readonly capabilities?: object;
  readonly agent?: string;
  readonly approvals?: Approvals | undefined;
  readonly pending?: PendingStore;
  readonly clientAsks?: Caller['clientAsks'];
  readonly samePerson?: Caller['samePerson'];
  readonly requester?: Caller['requester'];
  readonly waitOutside?: Caller['waitOutside'];
  /** The rest of the client's response to a question; `undefined` for none. */
  readonly respond?: (question: string) => Message | undefined | Promise<Message>;
  /** As a transport knows it. */
  readonly stillAllowed?: Caller['stillAllowed'];
  /** Tells which tools are listed; all of them by default. */
  readonly isListed?: IsListed;
  readonly workos: (request: ApiRequest) => unknown;
  /** Instead of the server's own. */
  readonly catalog?: Catalog;
  readonly dryRun?: boolean;
  /** Milliseconds of the clock of what is counted by the hour. */
  readonly now?: () => number;
  /** The clock by which events are waited for. */
  readonly clock?: Clock;
};

/** A client of 2025-06-18 without an SDK, and the server in the same process. WorkOS is a function. */
export async function connectCalling(options: CallingOptions): Promise<Calling> {
  const { grants = '*:full *:credentials', confirm = 'auto', asks = true, respond = () => undefined, workos } = options;
  const { isListed, catalog = usual, dryRun = false, now = () => performance.now() } = options;
  const { agent = 'agent', clientAsks, samePerson, capabilities = asks ? { elicitation: {} } : {} } = options;
  const memory = memorySink();
  const silent = () => {};
  const { call, onAnswer } = compose({
    catalog,
    environment: { label: 'staging', baseUrl: 'https://workos.test', apiKey: 'sk_test_1', clientId: 'client_1' },
    send: async (request) => ({ status: 200, headers: {}, body: JSON.stringify(await workos(request)) }),
    settings: { timeout: 5_000, maxItems: 100, maxResultBytes: 100_000, limits: [] },
    record: createAuditRecord({ sink: memory.sink, run: 'run-1', now: clock() }),
    pending: options.pending ?? createPendingStore(() => performance.now()),
    approvals: options.approvals,
    environmentName: 'north',
    budgets: createBudgets(now),
    log: { debug: silent, info: silent, warn: silent, error: silent },
    version: '1',
    ...(options.clock && { clock: options.clock }),
  });
  const policy = createPolicy(catalog, toGrants(grants));
  const own = createOwnTools(catalog)(
    { name: agent, grants: toGrants(grants), policy, confirm },
    { statusTool: true, isListed },
  );
  const offer = withViews(
    createOffer({
      agent,
      catalog,
      policy,
      environment: 'staging',
      confirm,
      clientAsks,
      samePerson,
      dryRun,
      waitTool: own.waitTool,
      ...(isListed && own),
    }),
  );
  const server = createServer(offer, call, '1', {
    waitOutside: options.waitOutside ?? createOutsideWaits()(agent),
    stillAllowed: options.stillAllowed,
    requester: options.requester,
  });
  const [near, other] = InMemoryTransport.createLinkedPair();
  const waiting = new Map<unknown, (message: Message) => void>();
  const asked: string[] = [];
  const told: Message[] = [];
  // What it sends is malformed on purpose in some tests.
  const send = (message: Message) => near.send({ jsonrpc: '2.0', ...message } as unknown as JSONRPCMessage);
  const answer = async (id: unknown, question: string) => {
    const response = await respond(question);
    if (response !== undefined) await send({ id, ...response });
  };
  near.onmessage = (message) => {
    const { id, method, params, ...rest } = Object(message);
    if (method === 'elicitation/create' && params.mode === 'url') {
      told.push({ method, params });
      answer(id, params.message).catch(silent);
    } else if (method === 'elicitation/create') {
      asked.push(params.message);
      answer(id, params.message).catch(silent);
    } else if (method === undefined) waiting.get(id)?.(rest);
    else told.push({ method, params });
  };
  await near.start();
  await server.connect(other);
  let ids = 0;
  const request = (method: string, params: object) => {
    ids += 1;
    const id = `c${ids}`;
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
    return send({ id, method, params }).then(() => answer);
  };
  await request('initialize', {
    protocolVersion: '2025-06-18',
    capabilities,
    clientInfo: { name: 'test', version: '1' },
  });
  await send({ method: 'notifications/initialized' });
  return {
    call: async (name, args, meta) => {
      const params = { name, arguments: args, ...(meta && { _meta: meta }) };
      const { result, error } = await request('tools/call', params);
      if (error !== undefined) return { isError: true, text: Object(error).message, structured: undefined };
      const { isError, content, structuredContent } = Object(result);
      return { ...(isError && { isError }), text: content[0].text, structured: structuredContent };
    },
    send,
    list: async () => Object((await request('tools/list', {})).result).tools,
    told,
    onAnswer,
    asked,
    record: () => memory.entries(),
    broken: memory.broken,
    close: () => server.close(),
  };
}

/** Whether a request is for a list of WorkOS, and not for an object by its ID. */
export const isListed = (path: string): boolean => !/_[\dA-Za-z]{20,}$/.test(path.split('?')[0] ?? '');

/** What WorkOS answers where a list has nothing. */
export const NO_OBJECTS = { object: 'list', data: [], list_metadata: { before: null, after: null } };
