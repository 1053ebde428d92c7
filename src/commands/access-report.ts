import { nameOf } from '../access/explanation.ts';
import { type ListReport, toListReport } from '../access/listed.ts';
import {
  ACCESSES,
  type Agent,
  type AreaAccess,
  type Count,
  type Credentials,
  FIND_TOOL,
  type Overview,
  toAccess,
  toPolicy,
} from '../access/overview.ts';
import { decide } from '../access/policy.ts';
import type { TokenCounts } from '../access/token-cost.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { toReview } from './access-review.ts';
import type { ReviewedApprover } from './approvers-report.ts';
import { blocks, type Cell, header, indented, type Look, paint, table } from './table.ts';

/** An agent with what it may do, and what that costs a model. */
type Reported = {
  readonly agent: Agent;
  readonly access: Overview;
  readonly cost: number;
  readonly list: ListReport;
  readonly hasStatusTool: boolean;
};

/**
 * What agents may do and what that costs a model: one agent area by area, several as a matrix, or JSON for access reviews.
 */
export function checkReport(what: {
  readonly catalog: Catalog;
  readonly agents: readonly (Agent & { readonly statusTool?: boolean })[];
  readonly tokens: TokenCounts;
  readonly json: boolean;
  readonly look?: Look;
  /** For the JSON, which has all in one. */
  readonly approvers?: readonly ReviewedApprover[];
  /** Whether agents have get_access_status, which costs tokens too. */
  readonly statusTool?: boolean;
}): string {
  const { catalog, tokens, json, look = {}, statusTool = true } = what;
  const agents = what.agents.map((agent) => {
    const policy = toPolicy(catalog, agent);
    const hasStatusTool = agent.statusTool ?? statusTool;
    const list = toListReport(catalog, { ...agent, statusTool: hasStatusTool }, tokens);
    return { agent, access: toAccess(catalog, policy), cost: list.tokens, list, hasStatusTool };
  });
  if (json) return `${JSON.stringify(toReview(catalog, agents, what.approvers), undefined, 2)}\n`;
  const [first, ...others] = agents;
  if (first !== undefined && others.length === 0) return toDetails(catalog, first, look);
  return toMatrix(catalog, agents, look);
}

/** One agent, area by area. */
function toDetails(catalog: Catalog, { agent, access, cost, list, hasStatusTool }: Reported, look: Look): string {
  const { on, total } = access.tools;
  const { confirm, record } = agent;
  return [
    paint({ text: nameOf(agent), style: 'bold' }, look.colour),
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
      look,
    ),
    `${on} of ${total} tools on${listNote(list)}; tools/list costs a model about ${cost.toLocaleString('en-US')} tokens (o200k)`,
    hasStatusTool ? ', get_access_status included\n' : '\n',
    confirmNote(catalog, agent),
    guardNote(catalog, agent),
  ].join('');
}

const LEGEND = [
  'R, W and D: all tools of the area that read, write and delete. r, w and d: some of them. -: none. .: the area has none.',
  "+: the agent sees the area's credentials. TOKENS: what tools/list costs a model (o200k). --agent NAME shows one agent in full.",
];

/** Many agents, a line each. */
function toMatrix(catalog: Catalog, agents: readonly Reported[], look: Look): string {
  const rows = agents.map(({ agent, access, cost }): readonly Cell[] => [
    { text: agent.name, style: 'bold' },
    `${agent.environment ?? 'unknown'}${agent.dryRun ? ', dry run' : ''}`,
    agent.confirm ?? '-',
    `${access.tools.on}/${access.tools.total}`,
    cost.toLocaleString('en-US'),
    ...access.areas.map(areaCell),
  ]);
  const names = catalog.areas.map(({ name }) => name);
  const notes = agents.flatMap(({ agent }) => {
    const note = guardNote(catalog, agent);
    return note === '' ? [] : [`${agent.name}: ${note}`];
  });
  const records = new Set(agents.flatMap(({ agent }) => agent.record ?? []));
  return [
    blocks([header('AGENT', 'ENVIRONMENT', 'CONFIRM', 'TOOLS', 'TOKENS', ...names), ...rows], look),
    '\n',
    ...LEGEND.map((line) => indented(0, line, look)),
    ...(records.size === 0 ? [] : [`Recorded in ${[...records].join(', ')}.\n`]),
    ...notes,
  ].join('');
}

function areaCell(area: AreaAccess): Cell {
  const letters = ACCESSES.map((one) => {
    const { on, total } = area[one];
    const letter = one.charAt(0);
    return total === 0 ? '.' : on === 0 ? '-' : on < total ? letter : letter.toUpperCase();
  }).join('');
  const counts = ACCESSES.map((one) => area[one]);
  const style = counts.every(({ on }) => on === 0)
    ? 'dim'
    : counts.every(({ on, total }) => on === total)
      ? 'green'
      : 'yellow';
  return area.credentials.state === 'shown' ? { text: `${letters}+`, style: 'red' } : { text: letters, style };
}

const ELICITED = 'Clients that declare elicitation ask a person to confirm.';

const ASKED: Readonly<Record<string, string>> = {
  auto: `${ELICITED} With others the model repeats a token.`,
  strict: `${ELICITED} With others such calls are refused.`,
  person: 'Calls that need a confirmation wait for an approver in the console.',
};

/** Who is asked, where a tool that is on waits for a confirmation. */
function confirmNote(catalog: Catalog, agent: Agent): string {
  const { confirm = '', clientAsks, samePerson } = agent;
  const asked = ASKED[confirm];
  const policy = toPolicy(catalog, agent);
  const isAny = catalog.tools.some((tool) => tool.confirmable && policy.whyOff(tool) === undefined);
  if (asked === undefined || !isAny) return '';
  const trusted = clientAsks === undefined ? '' : ' A client that can ask a person is trusted to do so instead.';
  const other = samePerson === 'refuse' ? ' The person for whom the agent calls may not answer.' : '';
  return `${asked}${trusted}${other}\n`;
}

const listNote = ({ listed, found }: ListReport): string =>
  found === 0 ? '' : `: ${listed} listed, ${found} found with ${FIND_TOOL}`;

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
