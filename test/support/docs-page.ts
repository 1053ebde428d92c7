import { occasionsOf } from '../../src/access/confirmation.ts';
import { allowOnly } from '../../src/access/grants.ts';
import { decide } from '../../src/access/policy.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { Limit } from '../../src/catalog/declaration.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import { argumentsOf, fieldsOf } from './docs-arguments.ts';
import { grantsOf, type Step, type Steps } from './docs-calls.ts';
import { code, fence, listed, table, toJson } from './docs-markdown.ts';

/** The page of an area. */
export function areaPage(catalog: Catalog, area: Catalog['areas'][number], steps: Steps): string {
  const tools = catalog.tools.filter((tool) => tool.area === area.name);
  return [
    '<!-- Generated: `npx vitest run -u` rewrites it. -->\n',
    `# ${area.title}\n`,
    `The area ${code(area.name)}. [How to read this page](README.md#how-to-read-a-page).\n`,
    table(
      ['tool', 'access', 'what it does'],
      tools.map((tool) => [`[${code(tool.name)}](#${tool.name})`, accessOf(tool), tool.description]),
    ),
    ...tools.map((tool) => `## ${tool.name}\n\n${toolSection(catalog, tool, steps)}`),
  ].join('\n');
}

/** The areas as a table that links to their pages. */
export function areaTable({ areas, tools }: Catalog): string {
  return table(
    ['area', 'tools'],
    areas.map(({ name, title }) => {
      const own = tools.filter((tool) => tool.area === name);
      return [
        `[${title}](${name}.md)<br>${code(name)}`,
        own.map((tool) => `[${code(tool.name)}](${name}.md#${tool.name})`).join(', '),
      ];
    }),
  );
}

const accessOf = (tool: Tool): string => (tool.needsCredentials ? `${tool.access} + credentials` : tool.access);

/** All there is to say of a tool. */
export function toolSection(catalog: Catalog, tool: Tool, steps: Steps): string {
  return [
    `${tool.description}\n`,
    facts(catalog, tool),
    argumentsOf(tool),
    ...examples(tool, steps[tool.name] ?? []),
  ].join('\n');
}

/** Calls and their answers. */
function examples(tool: Tool, steps: readonly Step[]): readonly string[] {
  const { name } = tool;
  return steps.flatMap(({ says = `With ${code(`--allow '${grantsOf(tool)}'`)}:`, args, asked, answer }) => {
    const question = asked && [
      'The client asks a person:\n',
      fence(asked.message, 'text'),
      `They type ${code(asked.typed)}, and the call goes out:\n`,
    ];
    return [
      `${says}\n`,
      fence(toJson({ name, arguments: args }), 'json'),
      ...(question ?? []),
      typeof answer === 'string' ? fence(answer, 'text') : fence(toJson(answer), 'json'),
    ];
  });
}

/** What there is to know of a tool besides its arguments. */
function facts(catalog: Catalog, tool: Tool): string {
  const { shown, more } = fieldsOf(tool);
  const lines: readonly (readonly [label: string, text: string | undefined])[] = [
    ['Request', tool.local ? 'none: the server answers it itself' : code(tool.route)],
    ['Grants', catalog.tools.includes(tool) ? grants(catalog, tool) : undefined],
    ['Credentials', credentials(tool)],
    ['Hints', hints(tool)],
    ['Confirmation', confirmation(tool)],
    ['Rate limits', tool.local ? undefined : [catalog.general, ...tool.allLimits].map(limit).join('; ')],
    ['Attempts', attempts(tool)],
    ['Client ID', tool.needsClientId ? 'needed: `WORKOS_CLIENT_ID`' : undefined],
    ['Answer', answer(tool, shown)],
    ['With `fields`', more.length === 0 ? undefined : `also ${listed(more)}`],
  ];
  return lines
    .filter(([, text]) => text !== undefined)
    .map(([label, text]) => `- **${label}:** ${text}\n`)
    .join('');
}

/** Every way to switch a tool on, found by asking the policy. */
function grants(catalog: Catalog, tool: Tool): string {
  const { area, access, name, needsCredentials } = tool;
  const besides = needsCredentials ? [`${area}:credentials`] : [];
  const opens = (grant: string) => decide(catalog, allowOnly([grant, ...besides])).whyOff(tool) === undefined;
  const general = [area, '*'].flatMap((left) => [`${left}:${access}`, `${left}:full`]);
  const presets = Object.keys(catalog.presets).map((preset) => `preset:${preset}`);
  const ways = [name, ...general, ...presets].filter(opens);
  const credentials = needsCredentials ? `, and with it ${listed([`${area}:credentials`, '*:credentials'], 'or')}` : '';
  return `${listed(ways, 'or')}${credentials}`;
}

function credentials(tool: Tool): string | undefined {
  if (!tool.handlesCredentials) return undefined;
  const { lacking = [], narrowed = [] } = tool.restricted ?? {};
  const secrets = [...tool.declared().secrets];
  const effects = [
    tool.needsCredentials ? `the tool exists only with it${because(tool)}` : undefined,
    lacking.length > 0 ? `adds ${listed(lacking)}` : undefined,
    narrowed.length > 0 ? `takes all values of ${listed(narrowed)}` : undefined,
    secrets.length > 0 ? `shows ${listed(secrets)}, withheld without it` : undefined,
  ].filter((effect) => effect !== undefined);
  return `${code(`${tool.area}:credentials`)}: ${effects.join('; ')}`;
}

const because = ({ credentials: { whole } = {} }: Tool): string => (whole === undefined ? '' : `, because ${whole}`);

/** Those that are true. */
function hints({ annotations }: Tool): string {
  const { title: _, ...all } = annotations;
  const names = Object.entries(all).flatMap(([name, isTrue]) => (isTrue ? [name] : []));
  return listed(names);
}

function confirmation(tool: Tool): string | undefined {
  if (!tool.confirmable) return undefined;
  if (tool.alwaysConfirmed) return 'every call';
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  const guarded = [...secrets, ...identity];
  return [
    guarded.length > 0 ? `calls with ${listed(guarded, 'or')}` : undefined,
    ...occasionsOf(tool).map((occasion) => `where ${occasion}`),
  ]
    .filter((part) => part !== undefined)
    .join('; ');
}

const limit = ({ name, requests, seconds, by }: Limit): string =>
  `${code(name)}, ${requests} in ${seconds} s${by === undefined ? '' : ` for each ${listed(by, 'or')}`}`;

function attempts({ local, repeat, toldBy }: Tool): string | undefined {
  if (local !== undefined) return undefined;
  if (repeat === 'never') return 'one, also after an error';
  if (repeat === 'unknown') return 'up to four, after 408, 429, 5xx, a timeout or a lost connection';
  const told = toldBy === undefined ? '' : `; ${code(toldBy)} tells whether a lost one took effect`;
  return `up to four, after 429 or where nothing was sent${told}`;
}

function answer(tool: Tool, shown: readonly string[]): string | undefined {
  if (tool.output === undefined) return tool.method === 'DELETE' ? '`ok` and `status`' : undefined;
  if (tool.isList) return `a list${tool.paginated ? ', in pages' : ''}, each item with ${listed(shown)}`;
  return listed(shown);
}
