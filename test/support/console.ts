import { request as toRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { createApproverRules } from '../../src/agents/approvers.ts';
import { toLinkToken } from '../../src/agents/console-link.ts';
import { createOnceStore } from '../../src/agents/once.ts';
import type { EntryFields } from '../../src/audit/entry.ts';
import { createApprovalStore } from '../../src/call/confirm/approvals.ts';
import { systemClock } from '../../src/clock.ts';
import { openConsole } from '../../src/console/console.ts';
import type { ConsoleDeps } from '../../src/console/console-deps.ts';
import type { ConsoleRoute } from '../../src/console/routes.ts';
import { deriveKey } from '../../src/keys.ts';
import type { AgentConfig, AgentsConfig, ApproverConfig, EnvironmentConfig } from '../../src/settings/agents-config.ts';
import { catalog } from './catalog.ts';
import { freePort } from './free-port.ts';

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

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
};

/** What a test sends. A header that is `undefined` is left out. */
export type Sent = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string;
};

export { freePort };

/** Sends requests as the console's own pages would. */
export function toConsoleClient(port: number, url: string) {
  const { origin, host, protocol } = new URL(url);

  /** Sends a request as the console's own page would. */
  const send = (path: string, { method, headers = {}, form, body: given }: Sent = {}): Promise<Answer> => {
    const body = given ?? (form && String(new URLSearchParams(form)));
    const all = {
      host,
      ...(body !== undefined && {
        origin,
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
      }),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      const request = toRequest(
        {
          host: '127.0.0.1',
          port,
          path,
          method: method ?? (body === undefined ? 'GET' : 'POST'),
          headers: JSON.parse(JSON.stringify(all)),
          setHost: false,
        },
        (response) =>
          // Also of one that is cut in the middle.
          text(response).then(
            (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
            reject,
          ),
      );
      request.once('error', reject);
      request.end(body);
    });
  };

  /** What carries a token: a cookie over https, a header over http. */
  const carry = (token: string, kept: 'session' | 'attempt' = 'session'): Record<string, string> =>
    protocol === 'https:' ? { cookie: `__Host-console-${kept}=${token}` } : { [`x-console-${kept}`]: token };
  /** The token that an answer has the client keep; '' for none any more. */
  const tokenIn = ({ headers }: Answer, kept: 'session' | 'attempt' = 'session'): string | undefined => {
    if (protocol === 'http:') return headers[`x-console-${kept}`]?.toString();
    const name = `__Host-console-${kept}=`;
    const cookie = [headers['set-cookie'] ?? []].flat().find((one) => one.startsWith(name));
    return cookie?.slice(name.length).split(';')[0];
  };
  return {
    origin,
    host,
    send,
    carry,
    tokenIn,
    /** Signs in by a link, and returns the headers that carry the session and what its forms hold. */
    signInBy: async (link: string, path = '/waiting') => {
      const answer = await send('/link', { form: { link } });
      const session = carry(tokenIn(answer) ?? '');
      const { body } = await send(path, { headers: session });
      const [, token = ''] = /name="token" value="([^"]+)"/.exec(body) ?? [];
      return { answer, session, token };
    },
  };
}

/** The console in this process, under `url`, which need not be where it listens. */
export async function openTestConsole(given: Partial<ConsoleDeps> = {}, routes?: readonly ConsoleRoute[]) {
  const notes: EntryFields[] = [];
  const logged: string[] = [];
  const port = given.port ?? (await freePort());
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
