import { createApproverRules } from '../../src/agents/approvers.ts';
import { toLinkToken } from '../../src/agents/console-link.ts';
import { createOnceStore } from '../../src/agents/once.ts';
import type { EntryFields } from '../../src/audit/entry.ts';
import { createApprovalStore } from '../../src/call/confirm/approval-store.ts';
import { systemClock } from '../../src/clock.ts';
import { openConsole } from '../../src/console/console.ts';
import type { ConsoleDeps } from '../../src/console/console-deps.ts';
import type { ConsoleRoute } from '../../src/console/routes.ts';
import { deriveKey } from '../../src/keys.ts';
import type { AgentConfig, AgentsConfig, ApproverConfig, EnvironmentConfig } from '../../src/settings/agents-config.ts';
import { catalog } from './catalog.ts';
import { toConsoleClient } from './console-client.ts';
import { findPort } from './find-port.ts';

/** Approvers who sign in by a link. */
export const toApprover = (name: string): ApproverConfig => ({
  name,
  person: undefined,
  agents: ['*'],
  allow: ['*:full'],
});

/** Where the calls wait. */
const PRODUCTION: EnvironmentConfig = {
  name: 'production',
  apiKeyEnv: 'PRODUCTION_KEY',
  apiKeyFile: undefined,
  clientId: undefined,
  baseUrl: undefined,
  expect: 'production',
};

/** An agent whose calls approvers confirm. */
export const toConsoleAgent = (name: string): AgentConfig => ({
  name,
  environment: PRODUCTION.name,
  allow: ['*:full'],
  deny: [],
  readOnly: false,
  productionWrites: false,
  confirm: 'person',
  clientAsks: undefined,
  samePerson: 'allow',
  affectsApprovers: undefined,
  statusTool: false,
  list: undefined,
  requestsPerMinute: 600,
  deletesPerHour: 20,
  expires: undefined,
  tokens: [],
  jwt: undefined,
  owner: undefined,
});

export const toConsoleConfig = (parts: Partial<AgentsConfig> = {}): AgentsConfig => ({
  environments: [PRODUCTION],
  issuers: [],
  agents: [toConsoleAgent('cleaner')],
  templates: [],
  approvers: [toApprover('ada'), toApprover('grace')],
  ...parts,
});

/** The console in this process, under `url`, which need not be where it listens. */
export async function openTestConsole(given: Partial<ConsoleDeps> = {}, routes?: readonly ConsoleRoute[]) {
  const notes: EntryFields[] = [];
  const logged: string[] = [];
  const port = given.port ?? (await findPort()); // before it listens: it has to know its URL
  const state = { config: toConsoleConfig(), now: Date.now() };
  const today = () => state.now;
  const log = (kind: string) => (fields: unknown, message?: string) => {
    logged.push(`${kind} ${message} ${JSON.stringify(fields)}`);
  };
  const deps: ConsoleDeps = {
    host: '127.0.0.1',
    port,
    url: `http://127.0.0.1:${port}`,
    key: deriveKey(new Uint8Array(32).fill(7), 'console'),
    approvals: createApprovalStore(today),
    once: createOnceStore(today),
    rules: () => createApproverRules(catalog, state.config),
    config: () => state.config,
    agents: { catalog, list: () => [], usedOf: async () => undefined, lastCallOf: () => undefined },
    record: { append: async (fields) => notes.push(fields), head: () => ({ run: '', seq: 0, hash: '' }) },
    recordFile: undefined,
    clientSecretOf: () => undefined,
    fetch: async (address, { method, headers, body, signal }) =>
      fetch(address, { method, headers, redirect: 'manual', body: body ?? null, signal: signal ?? null }),
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    clock: systemClock,
    today,
    ...given,
  };
  const opened = await openConsole(deps, routes);
  const client = toConsoleClient(port, deps.url);

  const toLink = (name: string): string => toLinkToken(deps.key, name, state.now);
  return {
    ...opened,
    ...client,
    deps,
    state,
    notes,
    logged,
    toLink,
    signIn: (name: string, path?: string) => client.signInBy(toLink(name), path),
  };
}

export type TestConsole = Awaited<ReturnType<typeof openTestConsole>>;
