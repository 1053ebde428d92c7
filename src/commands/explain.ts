import { CALL_KINDS, callToolOf } from '../access/call-kind.ts';
import { explainAccess, nameOf, remedyWords } from '../access/explanation.ts';
import type { IsListed } from '../access/listed.ts';
import { type Agent, FIND_TOOL, noSuch, STATUS_TOOL, toAccess, toPolicy } from '../access/overview.ts';
import { toToolAccess } from '../access/tool-access.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Area } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { StartError } from '../errors.ts';
import { type Cell, header, type Look, paint, state, table } from './table.ts';

/**
 * What a tool or area does, whether the agent has it and why, for a person.
 * @throws StartError for a name that neither has
 */
export function explainTool(
  catalog: Catalog,
  agent: Agent,
  name: string,
  look: Look = {},
  isListed?: IsListed,
): string {
  const tool = catalog.tools.find((candidate) => candidate.name === name);
  if (tool !== undefined) return explainOne(catalog, agent, tool, look, isListed);
  const area = catalog.areas.find((candidate) => candidate.name === name);
  if (area !== undefined) return explainArea(catalog, agent, area, look);
  if (name === STATUS_TOOL) {
    return `${STATUS_TOOL} is the server's own: it tells an agent what it may do, and takes no grant. --no-status-tool leaves it out.\n`;
  }
  if (name === FIND_TOOL || CALL_KINDS.some((kind) => callToolOf(kind) === name)) {
    return `${name} is the server's own, and takes no grant: agents have it where not all of their tools are listed. --list all leaves it out.\n`;
  }
  throw new StartError(noSuch(catalog, name));
}

/**
 * The same of a tool, or of each tool of an area, for machines.
 * @throws StartError for a name that neither has
 */
export function explainJson(catalog: Catalog, agent: Agent, name: string): string {
  const tools = catalog.tools.filter((tool) => tool.name === name || tool.area === name);
  if (tools.length === 0) throw new StartError(noSuch(catalog, name));
  const rows = tools.map((tool) => {
    const { rule, grant, ...access } = toToolAccess(catalog, agent, tool);
    const { area, access: needed, needsCredentials } = tool;
    const state = { on: rule === undefined, grant: grant ?? null, reason: rule ?? null };
    return { name: tool.name, area, access: needed, credentialsNeeded: needsCredentials, ...state, ...access };
  });
  const { environment = null } = agent;
  return `${JSON.stringify({ agent: agent.name, environment, tools: rows }, undefined, 2)}\n`;
}

function explainOne(catalog: Catalog, agent: Agent, tool: Tool, look: Look, isListed?: IsListed): string {
  const { description, isOn, rows } = explainAccess(catalog, agent, tool, isListed);
  return [
    `${paint({ text: tool.name, style: 'bold' }, look.colour)}: ${description}\n\n`,
    table(
      rows.map(([label, text]) => [
        { text: `  ${label}`, style: 'dim' },
        label === 'state' ? { text, style: isOn ? 'green' : 'yellow' } : text,
      ]),
      look,
    ),
  ].join('');
}

function explainArea(catalog: Catalog, agent: Agent, area: Pick<Area, 'name' | 'title'>, look: Look): string {
  const own = toAccess(catalog, toPolicy(catalog, agent)).areas.find((one) => one.name === area.name);
  const credentials = own?.credentials ?? { state: 'none' };
  const tools = catalog.tools.filter((tool) => tool.area === area.name);
  const rows = tools.map((tool): readonly Cell[] => {
    const { rule, grant, way } = toToolAccess(catalog, agent, tool);
    return [
      tool.name,
      tool.needsCredentials ? `${tool.access} + credentials` : tool.access,
      state(rule === undefined),
      rule ?? `by the grant ${grant}`,
      rule === undefined ? '' : remedyWords(way),
    ];
  });
  const withheld = credentials.state === 'withheld' ? `withheld: ${credentials.reason}` : credentials.state;
  return [
    `${paint({ text: area.name, style: 'bold' }, look.colour)}: ${own?.on.length ?? 0} of ${tools.length} tools on for ${nameOf(agent)}; `,
    `credentials ${withheld}\n\n`,
    table([header('TOOL', 'ACCESS', 'STATE', 'WHY', 'TO SWITCH ON'), ...rows], look),
  ].join('');
}
