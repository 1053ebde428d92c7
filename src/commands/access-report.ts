import { ACCESSES, type Agent, type Count, type Credentials, toAccess, toPolicy } from '../access/overview.ts';
import { decide } from '../access/policy.ts';
import { type TokenCounts, tokenCost } from '../access/token-cost.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { nameOf } from './explain.ts';
import { type Cell, header, paint, table } from './table.ts';

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
        confirmNote(catalog, agent),
        guardNote(catalog, agent),
      ].join('');
    })
    .join('\n');
}

const WITHOUT_ELICITATION: Readonly<Record<string, string>> = {
  auto: 'With others the model repeats a token.',
  strict: 'With others such calls are refused.',
};

/** Which clients are asked, where a tool that is on waits for a confirmation. */
function confirmNote(catalog: Catalog, agent: Agent): string {
  const others = WITHOUT_ELICITATION[agent.confirm ?? ''];
  const policy = toPolicy(catalog, agent);
  const isAny = catalog.tools.some((tool) => tool.confirmable && policy.whyOff(tool) === undefined);
  if (others === undefined || !isAny) return '';
  return `Clients that declare elicitation ask a person to confirm. ${others}\n`;
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
