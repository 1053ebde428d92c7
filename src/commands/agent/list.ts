import type { AgentConfig, AgentsConfig, JwtConditions, TokenHash } from '../../settings/agents-config.ts';
import { type Cell, header, type Look, table } from '../table.ts';

type AgentListing = { readonly json: boolean; readonly now: number; readonly look: Look };

/** The agents of a file with how they authenticate: as a table, or as JSON. Hashes are left out. */
export function listAgents({ agents, templates }: AgentsConfig, { json, now, look }: AgentListing): string {
  if (json) return `${JSON.stringify({ agents: agents.map(toJson) }, undefined, 2)}\n`;
  const rows = agents.map((agent): readonly Cell[] => [
    { text: agent.name, style: 'bold' },
    agent.environment,
    agent.tokens.length === 0 ? '-' : agent.tokens.map((token) => tokenCell(token, now)).join(', '),
    agent.jwt === undefined ? '-' : conditions(agent.jwt),
    agent.expires === undefined ? 'never' : until(agent.expires, now),
    agent.allow.join(', '),
  ]);
  const columns = header('AGENT', 'ENVIRONMENT', 'TOKENS', 'ACCESS TOKENS', 'EXPIRES', 'ALLOW');
  const names = templates.map(({ name }) => name).join(', ');
  return [
    agents.length === 0 ? 'There are no agents.\n' : table([columns, ...rows], look),
    templates.length === 0 ? '' : `Templates, which "workos-mcp check" shows: ${names}\n`,
  ].join('');
}

const tokenCell = ({ id, expires }: TokenHash, now: number): string =>
  expires === undefined ? id : `${id} (${expires <= now ? 'expired' : 'until'} ${toTime(expires)})`;

const until = (expires: number, now: number): string => `${toTime(expires)}${expires <= now ? ' (expired)' : ''}`;

/** A time of the file; the start of a day as its date. */
const toTime = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/(T00:00:00)?\.000Z$/, (_, day) => (day === undefined ? 'Z' : ''));

const conditions = ({ issuer, conditions: all }: JwtConditions): string =>
  `${issuer}: ${all.map(({ claim, value }) => `${claim} ${value}`).join(', ')}`;

function toJson({ tokens, jwt, expires, ...agent }: AgentConfig) {
  const iso = (milliseconds: number | undefined) =>
    milliseconds === undefined ? null : new Date(milliseconds).toISOString();
  return {
    ...agent,
    confirm: agent.confirm ?? null,
    list: agent.list ?? null,
    expires: iso(expires),
    tokens: tokens.map((token) => ({ id: token.id, expires: iso(token.expires) })),
    jwt: jwt ?? null,
  };
}
