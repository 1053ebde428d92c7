import { createApproverRules } from '../../src/agents/approvers.ts';
import type { Budgets } from '../../src/agents/budgets.ts';
import { createBudgets } from '../../src/agents/budgets.ts';
import type { ConsoleRoute, Viewer } from '../../src/console/routes.ts';
import { toAgents } from '../../src/settings/agents-config.ts';
import { toConfig } from '../../src/settings/config.ts';
import { readSettingsFile, toGiven } from '../../src/settings/settings-file.ts';
import { readSources } from '../../src/settings/sources.ts';
import type { Composed } from '../../src/start/compose.ts';
import { toAgentsSource } from '../../src/start/console-agents.ts';
import { createLastCalls } from '../../src/start/last-calls.ts';
import { catalog } from './catalog.ts';

export const TODAY = Date.parse('2026-11-26T02:00:00Z');

const HASH = (letter: string) => `${letter.repeat(10)}:${'0'.repeat(64)}`;

/** Two approvers who see different agents, and one who sees all. */
export const FILE = `
environments:
  staging: { api-key-env: STAGING_KEY }
  live: { api-key-env: LIVE_KEY }
issuers:
  authkit: { issuer: https://acme.authkit.app, environment: other, sign-in: { client-id: client_1 } }
agents:
  support-bot:
    environment: live
    allow: [preset:support]
    confirm: person
    requests-per-minute: 30
    expires: 2027-01-31
    tokens: ['${HASH('a')}', '${HASH('b')}:2026-11-25']
  ops-job:
    environment: staging
    allow: ['*:full', 'users:credentials']
    deny: [users:delete]
    tokens: ['${HASH('c')}']
templates:
  staff:
    environment: staging
    ceiling: [users:read]
    grants-claim: grants
    confirm: person
    jwt: { issuer: authkit, org-id: org_1 }
approvers:
  ada: { agents: [support-bot, staff], allow: ['*:full'] }
  ben: { agents: [ops-job], allow: ['*:full'] }
  cleo: { agents: ['*'], allow: ['*:full'] }
`;

/** What the pages of the console are made from, with the settings file FILE. */
export async function openPages(budgets: Budgets = createBudgets(() => 0)) {
  const file = await readSettingsFile(FILE, 'w.yaml');
  const loaded = { config: toConfig(readSources(['http'], {}), toGiven(file)), agents: toAgents(file) };
  const unused = () => {
    throw new Error('no page calls WorkOS');
  };
  const composed: Composed = {
    call: unused,
    journal: { begin: unused, refuse: unused, decline: unused, approve: unused },
    onAnswer: unused,
    probe: unused,
  };
  const keyed = { baseUrl: 'https://workos.test', apiKey: 'sk_test_1', clientId: undefined };
  const opened = new Map([
    ['staging', { ...composed, environment: { ...keyed, label: 'staging' as const } }],
    ['live', { ...composed, environment: { ...keyed, label: 'production' as const } }],
  ]);
  const lastCalls = createLastCalls(() => TODAY);
  const rules = createApproverRules(catalog, loaded.agents);
  return {
    config: loaded.agents,
    lastCalls,
    rules: () => rules,
    agents: toAgentsSource({ catalog, budgets, lastCalls, current: () => ({ loaded, opened }) }),
    today: () => TODAY,
    viewerOf: (name: string): Viewer => {
      const approver = loaded.agents.approvers.find((one) => one.name === name);
      if (approver === undefined) throw new Error(`the file has no approver ${name}`);
      return { approver, by: 'link', formToken: `token of ${name}` };
    },
  };
}

type Given = { readonly viewer: Viewer; readonly signal?: AbortSignal };

/** Opens an address by the first route that has its path. */
export function toBrowser(routes: readonly ConsoleRoute[]) {
  const match = (address: string) => {
    const url = new URL(address, 'http://console.test');
    for (const route of routes) {
      const pattern = route.path.replace(/:\w+/g, '([^/]+)');
      const [, ...values] = new RegExp(`^${pattern}$`).exec(url.pathname) ?? [];
      if (values.length === 0 && route.path !== url.pathname) continue;
      const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
      const params = Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]));
      return { route, params, query: url.searchParams };
    }
    throw new Error(`no route has the path of ${address}`);
  };
  return {
    /** The page as a reader has it: its HTML, and its text without tags. `undefined` for 404. */
    get: async (address: string, { viewer, signal = new AbortController().signal }: Given) => {
      const { route, params, query } = match(address);
      const page = await route.show?.({ viewer, params, query, signal });
      return (
        page && { status: page.status ?? 200, title: page.title, html: page.main.html, text: toText(page.main.html) }
      );
    },
    post: async (address: string, { viewer, signal = new AbortController().signal }: Given) => {
      const { route, params, query } = match(address);
      const answer = await route.act?.({ viewer, params, query, signal, form: new URLSearchParams() });
      if (answer === undefined) throw new Error(`${address} takes no form`);
      return 'to' in answer ? answer : { status: answer.status ?? 200, text: toText(answer.main.html) };
    },
  };
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

const toText = (html: string): string =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(\w+|#39);/g, (_, name) => ENTITIES[name] ?? '?')
    .replace(/\s+/g, ' ')
    .trim();

/** The addresses of all links of a page, as the browser reads them. */
export const linksOf = (html: string): readonly string[] =>
  [...html.matchAll(/<a[^>]* href="([^"]*)"|<a href="([^"]*)"/g)].map(([, one, other]) => toText(one ?? other ?? ''));
