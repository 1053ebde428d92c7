import type { Catalog } from '../catalog/catalog.ts';
import type { Limit } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { callToolOf, kindsOf } from './call-kind.ts';
import type { IsListed } from './listed.ts';
import { type Agent, FIND_TOOL } from './overview.ts';
import { type Remedy, type ToolAccess, type ToolCredentials, toToolAccess } from './tool-access.ts';

/** Whether and why an agent has a tool, in words for people. */
export type Explanation = {
  readonly description: string;
  readonly isOn: boolean;
  readonly rows: readonly (readonly [label: string, text: string])[];
};

/** @param isListed absent where all tools that are on are listed */
export function explainAccess(catalog: Catalog, agent: Agent, tool: Tool, isListed?: IsListed): Explanation {
  const access = toToolAccess(catalog, agent, tool);
  const { rule, grant, way, credentials } = access;
  const whole = `${tool.area}:${tool.access}`;
  const alone = way.grants.includes(whole) ? ` (${tool.name} instead of ${whole} for this tool alone)` : '';
  const rows: Explanation['rows'] = [
    ['area', tool.area],
    ['access', tool.needsCredentials ? `${tool.access} + credentials` : tool.access],
    ['for', nameOf(agent)],
    ['state', rule === undefined ? `on by the grant ${grant}` : `off: ${rule}`],
    ...(rule === undefined && isListed ? [['listed', listing(tool, isListed, credentials)] as const] : []),
    ...(rule === undefined ? [] : [['to switch on', `${remedyWords(way)}${alone}`] as const]),
    ['credentials', credentials === undefined ? 'none in its arguments or answers' : describe(tool, credentials)],
    ...(credentials?.rule === undefined || (credentials.needed && rule !== undefined)
      ? []
      : [['to have them', remedyWords(credentials.way)] as const]),
    ['confirmation', confirmation(access, agent)],
    ['rate limits', tool.local ? 'none: it sends no request' : limits([catalog.general, ...tool.allLimits])],
    ['unclear outcome', afterUnclear(tool)],
    ...(tool.needsClientId ? [['besides', 'needs WORKOS_CLIENT_ID'] as const] : []),
  ];
  return { description: access.description, isOn: rule === undefined, rows };
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
export function remedyWords({ grants, flags, settings, remove }: Remedy): string {
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
  person: ': an approver gives it in the console',
};

function confirmation({ confirmed, occasions }: ToolAccess, { confirm = '', clientAsks }: Agent): string {
  if (confirmed === false) return confirm === 'off' ? 'off for all tools' : 'none';
  const some = confirmed === true ? [] : confirmed;
  const calls = [
    confirmed === true && 'every call waits for one',
    some.length > 0 && `calls with one of ${some.join(', ')} wait for one`,
    occasions.length > 0 && `calls wait for one where ${occasions.join(', or where ')}`,
  ].filter((part) => part !== false);
  const trusted = clientAsks === 'trusted' ? ', or a person where the client can ask one' : '';
  return `${calls.join('; ')}${MODES[confirm] ?? ''}${trusted}`;
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
