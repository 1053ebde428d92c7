import { toAccess, toPolicy } from '../access/overview.ts';
import { type Budgets, DELETES, REQUESTS } from '../agents/budgets.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { AgentsPageSource, ListedAgent } from '../console/agents-source.ts';
import type { AgentConfig, TemplateConfig } from '../settings/agents-config.ts';
import { toFileAgent } from './agent.ts';
import type { OpenEnvironment } from './environments.ts';
import type { Loaded } from './host.ts';
import type { LastCalls } from './last-calls.ts';

/** The settings that hold at a time, and what was opened for them. A reload replaces both as a whole. */
export type Generation = { readonly loaded: Loaded; readonly opened: ReadonlyMap<string, OpenEnvironment> };

export type AgentsSourceDeps = {
  readonly catalog: Catalog;
  readonly budgets: Pick<Budgets, 'peek'>;
  readonly lastCalls: Pick<LastCalls, 'lastCallOf'>;
  readonly current: () => Generation;
};

/** The agents and templates of the file for the console, with what they have used. */
export function toAgentsSource({ catalog, budgets, lastCalls, current }: AgentsSourceDeps): AgentsPageSource {
  let known: { readonly of: Generation; readonly agents: readonly ListedAgent[] } | undefined;
  return {
    catalog,
    list: () => {
      const of = current();
      // What each agent may do is worked out once for a configuration, not for each page.
      if (known?.of !== of) known = { of, agents: toListed(catalog, of) };
      return known.agents;
    },
    usedOf: async ({ kind, name }) => {
      if (kind === 'template') return undefined; // each of its agents has budgets of its own
      const [requests, deletes] = await Promise.all(
        [REQUESTS, DELETES].map(({ keyOf, windowMs }) => budgets.peek(keyOf(name), windowMs)),
      );
      return requests === undefined || deletes === undefined ? undefined : { requests, deletes };
    },
    lastCallOf: lastCalls.lastCallOf,
  };
}

function toListed(catalog: Catalog, { loaded: { config, agents }, opened }: Generation): readonly ListedAgent[] {
  const listed = (member: AgentConfig | TemplateConfig, kind: ListedAgent['kind'], allow: readonly string[]) => {
    const { name, environment, requestsPerMinute, deletesPerHour, expires } = member;
    const label = opened.get(environment)?.environment.label ?? 'production';
    const access = toFileAgent(catalog, config, { ...member, allow }, label);
    const overview = toAccess(catalog, toPolicy(catalog, access));
    return { name, kind, access, overview, environment, requestsPerMinute, deletesPerHour, expires };
  };
  return [
    ...agents.agents.map((agent) => ({
      ...listed(agent, 'agent', agent.allow),
      tokens: agent.tokens.map(({ id, expires }) => ({ id, expires })),
    })),
    ...agents.templates.map((template) => ({ ...listed(template, 'template', template.ceiling), tokens: [] })),
  ];
}
