import { CALL_KINDS, callToolOf, kindsOf } from '../access/call-kind.ts';
import type { IsListed } from '../access/listed.ts';
import { type Agent, FIND_TOOL, noSuch, STATUS_TOOL, toAccess, toPolicy } from '../access/overview.ts';
import { type Remedy, type ToolAccess, type ToolCredentials, toToolAccess } from '../access/tool-access.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Area, Limit } from '../catalog/declaration.ts';
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
  const access = toToolAccess(catalog, agent, tool);
  const { rule, grant, way, credentials } = access;
  const whole = `${tool.area}:${tool.access}`;
  const alone = way.grants.includes(whole) ? ` (${tool.name} instead of ${whole} for this tool alone)` : '';
  const rows: readonly (readonly [label: string, text: string])[] = [
    ['area', tool.area],
    ['access', tool.needsCredentials ? `${tool.access} + credentials` : tool.access],
    ['for', nameOf(agent)],
    ['state', rule === undefined ? `on by the grant ${grant}` : `off: ${rule}`],
    ...(rule === undefined && isListed ? [['listed', listing(tool, isListed, credentials)] as const] : []),
    ...(rule === undefined ? [] : [['to switch on', `${toWords(way)}${alone}`] as const]),
    ['credentials', credentials === undefined ? 'none in its arguments or answers' : describe(tool, credentials)],
    ...(credentials?.rule === undefined || (credentials.needed && rule !== undefined)
      ? []
      : [['to have them', toWords(credentials.way)] as const]),
    ['confirmation', confirmation(access, agent)],
    ['rate limits', tool.local ? 'none: it sends no request' : limits([catalog.general, ...tool.allLimits])],
    ['unclear outcome', afterUnclear(tool)],
    ...(tool.needsClientId ? [['besides', 'needs WORKOS_CLIENT_ID'] as const] : []),
  ];
  return [
    `${paint({ text: tool.name, style: 'bold' }, look.colour)}: ${access.description}\n\n`,
    table(
      rows.map(([label, text]) => [
        { text: `  ${label}`, style: 'dim' },
        label === 'state' ? { text, style: rule === undefined ? 'green' : 'yellow' } : text,
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
      rule === undefined ? '' : toWords(way),
    ];
  });
  const withheld = credentials.state === 'withheld' ? `withheld: ${credentials.reason}` : credentials.state;
  return [
    `${paint({ text: area.name, style: 'bold' }, look.colour)}: ${own?.on.length ?? 0} of ${tools.length} tools on for ${nameOf(agent)}; `,
    `credentials ${withheld}\n\n`,
    table([header('TOOL', 'ACCESS', 'STATE', 'WHY', 'TO SWITCH ON'), ...rows], look),
  ].join('');
}

/** An agent by name and environment. */
export function nameOf({ name, environment, dryRun }: Agent): string {
  return `${name} (${environment ?? 'environment unknown: no key is set'}${dryRun ? ', dry run' : ''})`;
}

/** Whether tools/list shows a tool, and how it is called otherwise. */
function listing(tool: Tool, isListed: IsListed, credentials: ToolCredentials | undefined): string {
  if (isListed(tool)) return 'yes';
  const isRestricted = credentials?.rule !== undefined;
  const ways = kindsOf((isRestricted && tool.restricted) || tool, isRestricted).map(callToolOf);
  return `no: found with ${FIND_TOOL}, called by its name or with ${ways.join(' or ')}`;
}

/** What to change, as one clause. */
function toWords({ grants, flags, settings, remove }: Remedy): string {
  return [
    grants.length > 0 && `add the grant${grants.length > 1 ? 's' : ''} ${grants.join(' and ')}`,
    remove.length > 0 && `take ${remove.join(' and ')} away`,
    flags.length > 0 && `start with ${flags.join(' ')}`,
    settings.length > 0 && `say ${settings.join(' ')}`,
  ]
    .filter((part) => part !== false)
    .join(', ');
}

function describe(tool: Tool, credentials: ToolCredentials): string {
  const { needed, whole, arguments: names, widened, secrets, rule } = credentials;
  const effects = [
    names.length > 0 && `${needed ? 'takes' : 'adds'} the argument${names.length > 1 ? 's' : ''} ${names.join(', ')}`,
    widened.length > 0 && `allows all values of ${widened.join(', ')}`,
    secrets.length > 0 && `shows ${secrets.join(', ')} in answers`,
  ].filter((part) => part !== false);
  const without = [needed && ', without which the tool does not exist', whole && `, because ${whole}`, needed && ','];
  const grant = `${tool.area}:credentials${without.filter((part) => typeof part === 'string').join('')}`;
  const holds = rule === undefined ? 'holds' : `does not hold: ${rule}`;
  return effects.length === 0 ? `${grant} and it ${holds}` : `${grant} ${effects.join(', ')}; it ${holds}`;
}

const MODES: Readonly<Record<string, string>> = {
  strict: ': a person gives it, or nothing is sent',
  auto: ': a person gives it where the client can ask one, else the model by repeating a token',
};

function confirmation({ confirmed, occasions }: ToolAccess, { confirm = '' }: Agent): string {
  if (confirmed === false) return confirm === 'off' ? 'off for all tools' : 'none';
  const some = confirmed === true ? [] : confirmed;
  const calls = [
    confirmed === true && 'every call waits for one',
    some.length > 0 && `calls with one of ${some.join(', ')} wait for one`,
    occasions.length > 0 && `calls wait for one where ${occasions.join(', or where ')}`,
  ].filter((part) => part !== false);
  return `${calls.join('; ')}${MODES[confirm] ?? ''}`;
}

function limits(all: readonly Limit[]): string {
  return all
    .map(({ name, requests, seconds, by }) => {
      const each = by === undefined ? '' : ` for each ${by.join(' or ')}`;
      return `${name} ${requests} in ${seconds} s${each}`;
    })
    .join('; ');
}

function afterUnclear({ local, repeat, toldBy, changes }: Tool): string {
  if (local !== undefined) return 'cannot be: it sends no request';
  if (repeat === 'unknown') return 'repeated by the server, since that is safe';
  const tell = toldBy === undefined ? '' : `; ${toldBy} tells`;
  if (repeat === 'never') return `never repeated, since an attempt may spend something${tell}`;
  return `not repeated${changes ? ', since it may have taken effect' : ''}${tell}`;
}
