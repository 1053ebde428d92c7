import {
  ACCESSES,
  type Agent,
  type Count,
  type Credentials,
  type TokenCounts,
  toAccess,
  tokenCost,
  toPolicy,
} from '../access/overview.ts';
import { createPolicy, decide, type Grants, USUAL_GRANTS } from '../access/policy.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { StartError } from '../errors.ts';
import { COMMANDS } from '../settings/config.ts';
import { describeOptions } from '../settings/options.ts';
import { nameOf } from './explain.ts';
import { type Cell, header, paint, state, table } from './table.ts';

export function helpText(): string {
  return [
    'workos-mcp: the WorkOS API as MCP tools, only those you allow\n\n',
    'Usage:\n',
    '  workos-mcp --allow GRANT[,GRANT…] [options]   serve MCP over stdio\n',
    ...Object.entries(COMMANDS).map(([name, help]) => `  workos-mcp ${name} [options]\n      ${help}\n`),
    "\nGrants: AREA:ACCESS, *:ACCESS or a tool's name; ACCESS is read, write, delete,\nfull (all three) or credentials (signing in as, or vouching for, a user).\n",
    'preset:NAME stands for the grants of a usual job; the README lists them.\n',
    table(USUAL_GRANTS.map(([grant, meaning]) => [`  ${grant}`, meaning])),
    '\nOptions, and the environment variables that set the same:\n',
    ...describeOptions().map(
      ({ flag, variable, help }) => `  ${[flag, variable].filter((part) => part !== '').join('  ')}\n      ${help}\n`,
    ),
    '  --help, --version\n',
  ].join('');
}

/** Every tool with its area, access and whether the grants switch it on: aligned text, or JSON for machines. */
export function toolsReport(catalog: Catalog, agent: Agent, json: boolean, colour = false): string {
  const policy = toPolicy(catalog, agent);
  const rows = catalog.tools.map((tool) => {
    const reason = policy.whyOff(tool);
    return {
      name: tool.name,
      area: tool.area,
      access: tool.access,
      credentials: tool.needsCredentials,
      on: reason === undefined,
      reason: reason ?? null,
    };
  });
  if (json) return `${JSON.stringify(rows, undefined, 2)}\n`;
  const on = rows.filter((row) => row.on).length;
  return [
    table(
      [
        header('TOOL', 'AREA', 'ACCESS', 'STATE', 'REASON'),
        ...rows.map((row) => [
          row.name,
          row.area,
          row.credentials ? `${row.access} + credentials` : row.access,
          state(row.on),
          row.reason ?? '',
        ]),
      ],
      colour,
    ),
    `\n${on} of ${rows.length} tools are on.${on === 0 ? ' Switch some on with --allow; see --help.' : ''}\n`,
    agent.policy !== undefined || agent.grants.allow.length === 0 ? '' : whyNoStart(catalog, agent.grants),
  ].join('');
}

/** What a start with these grants would stop at, although they can be listed. */
function whyNoStart(catalog: Catalog, grants: Grants): string {
  try {
    createPolicy(catalog, grants);
    return '';
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return `\nA start would stop: ${error.message}\n`;
  }
}

/** What agents may do, area by area, and what that costs a model: aligned text for people, or JSON for access reviews. */
export function checkReport(what: {
  readonly catalog: Catalog;
  readonly agents: readonly (Agent & { readonly statusTool?: boolean })[];
  readonly tokens: TokenCounts;
  readonly json: boolean;
  readonly colour?: boolean;
  /** Whether agents have get_access_status, which costs tokens too. */
  readonly statusTool?: boolean;
}): string {
  const { catalog, tokens, json, colour = false, statusTool = true } = what;
  const agents = what.agents.map((agent) => {
    const policy = toPolicy(catalog, agent);
    // In this mode alone, tools that wait for a confirmation take its token.
    const besides = { statusTool: agent.statusTool ?? statusTool, confirmToken: agent.confirm === 'auto' };
    return { agent, access: toAccess(catalog, policy), cost: tokenCost(catalog, policy, tokens, besides) };
  });
  if (json) {
    const rows = agents.map(({ agent, access, cost }) => {
      const { allow, deny, readOnly, productionGuard } = agent.grants;
      return {
        name: agent.name,
        environment: agent.environment ?? null,
        confirm: agent.confirm ?? null,
        record: agent.record ?? null,
        grants: { allow, deny, readOnly, productionGuard },
        ...access,
        tokens: cost,
      };
    });
    return `${JSON.stringify({ agents: rows }, undefined, 2)}\n`;
  }
  return agents
    .map(({ agent, access, cost }) => {
      const { on, total } = access.tools;
      const { confirm, record } = agent;
      return [
        paint({ text: nameOf(agent), style: 'bold' }, colour),
        confirm === undefined ? '' : `, confirmation ${confirm}`,
        record === undefined ? '' : `, recorded in ${record}`,
        '\n',
        table(
          [
            header('AREA', 'READ', 'WRITE', 'DELETE', 'CREDENTIALS'),
            ...access.areas.map((area) => [
              area.name,
              ...ACCESSES.map((one) => countCell(area[one])),
              credentialsCell(area.credentials),
            ]),
            ['all', ...ACCESSES.map((one) => countCell(access[one]))],
          ],
          colour,
        ),
        `${on} of ${total} tools on; tools/list costs a model about ${cost.toLocaleString('en-US')} tokens (o200k)`,
        (agent.statusTool ?? statusTool) ? ', get_access_status included\n' : '\n',
        guardNote(catalog, agent),
      ].join('');
    })
    .join('\n');
}

/** What the production guard takes of the grants, which otherwise shows only in what is missing. */
function guardNote(catalog: Catalog, agent: Agent): string {
  const { grants } = agent;
  if (!grants.productionGuard) return '';
  const policy = toPolicy(catalog, agent);
  const open = decide(catalog, { ...grants, productionGuard: false });
  const held = catalog.tools.filter((tool) => policy.whyOff(tool) !== undefined && open.whyOff(tool) === undefined);
  return held.length === 0 ? '' : `The production guard keeps ${held.length} granted tools off (production-writes).\n`;
}

function countCell({ on, total }: Count): Cell {
  if (total === 0) return '-';
  return { text: `${on}/${total}`, style: on === 0 ? 'dim' : on < total ? 'yellow' : 'green' };
}

function credentialsCell({ state: shown }: Credentials): Cell {
  if (shown === 'none') return '-';
  return { text: shown, style: shown === 'shown' ? 'red' : 'dim' };
}
