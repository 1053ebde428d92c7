import { readFile } from 'node:fs/promises';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IS_PUBLISHED } from '../src/commands/init/launch.ts';
import { describeOptions } from '../src/settings/options.ts';
import { areas, declarations } from '../tools/index.ts';
import { cases } from './areas/index.ts';
import { catalog, FIXED, openedBy } from './support/catalog.ts';
import { between, code, fence, table } from './support/docs-markdown.ts';
import { readAddresses } from './support/repository.ts';
import { connect, type ListedTool, type Session } from './support/session.ts';

const { tools } = catalog;
const root = `${import.meta.dirname}/..`;

let session: Session;
let listed: readonly ListedTool[];

beforeAll(async () => {
  session = await connect(['--sandbox', '--allow', '*:full,*:credentials', '--list', 'all']);
  listed = await session.listTools();
});
afterAll(() => session.close());

/** Tools that cost more than others do on average, what they may cost, and why. */
const LARGE: ReadonlyMap<string, number> = new Map([
  // Filters by type, time and organization are its point.
  ['list_events', 215],
]);

describe('what clients see', () => {
  it.each(areas)('of $name is as published', async ({ name, tools: declarations }) => {
    const names = new Set<string>(declarations.map((tool) => tool.name));
    const published = listed.filter((tool) => names.has(tool.name));
    await expect(`${JSON.stringify(published, undefined, 2)}\n`).toMatchFileSnapshot(`snapshots/surface/${name}.json`);
  });

  it('of the server itself is as published', async () => {
    const own = listed.filter(({ name }) => name === 'get_access_status' || name === 'wait_for_events');
    await expect(`${JSON.stringify(own, undefined, 2)}\n`).toMatchFileSnapshot('snapshots/surface/server.json');
  });

  it('of the server itself is as published, where not all tools are listed', async () => {
    const core = await connect(['--sandbox', '--allow', '*:full,*:credentials', '--list', 'core']);
    const own = (await core.listTools()).filter(({ name }) => /^(find|call)_/.test(name));
    await core.close();
    await expect(`${JSON.stringify(own, undefined, 2)}\n`).toMatchFileSnapshot('snapshots/surface/finding.json');
    const shown = own.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    expect(countTokens(JSON.stringify(shown))).toBeLessThan(500);
  });

  it('is every tool, in the order of the areas', () => {
    expect(listed.map((tool) => tool.name)).toEqual([
      ...tools.map((tool) => tool.name),
      'wait_for_events',
      'get_access_status',
    ]);
  });

  it('has the fixed tools: 19 that read and 17 that write', () => {
    const fixed = tools.filter(({ name }) => FIXED.has(name));
    expect(fixed).toHaveLength(36);
    expect(fixed.filter((tool) => tool.access === 'read')).toHaveLength(19);
    expect(fixed.filter((tool) => tool.access !== 'read')).toHaveLength(17);
    expect(new Set(fixed.map((tool) => tool.area)).size).toBe(9);
  });

  it('hints what each tool does by its HTTP method', () => {
    const hints = Object.fromEntries(
      listed.map(({ name, annotations }) => {
        const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = Object(annotations);
        return [name, [readOnlyHint, destructiveHint, idempotentHint, openWorldHint]];
      }),
    );
    expect(hints).toMatchObject({
      get_user: [true, false, true, true],
      create_user: [false, false, false, true],
      update_user: [false, true, true, true],
      delete_user: [false, true, true, true],
      get_sso_authorization_url: [true, false, true, false],
      get_sso_profile_and_token: [false, false, false, true],
    });
    for (const [name, values] of Object.entries(hints)) {
      expect(
        values.every((value) => typeof value === 'boolean'),
        name,
      ).toBe(true);
    }
  });

  it('names for each write that may not be repeated a read, if one tells what it did', () => {
    const once = tools.filter(({ repeat }) => repeat !== 'unknown');
    const reads = tools.filter(({ access, method }) => access === 'read' && method === 'GET').map(({ name }) => name);
    const misnamed = once.filter(({ toldBy }) => toldBy !== undefined && !reads.includes(toldBy));
    expect(misnamed.map(({ name, toldBy }) => `${name}: ${toldBy}`)).toEqual([]);
    expect(once.filter(({ toldBy }) => toldBy === undefined).map(({ name }) => name)).toEqual(
      tools.map(({ name }) => name).filter((name) => cases.get(name)?.untold),
    );
  });

  const costOf = (shown: readonly ListedTool[]) =>
    countTokens(
      JSON.stringify(shown.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }))),
    );

  it('costs a model no more than the budget', () => {
    const cost = (names: readonly string[]) => costOf(listed.filter((tool) => names.includes(tool.name)));
    const known = (names: readonly string[]) => [...names.filter((name) => FIXED.has(name)), 'get_access_status'];
    const all = tools.map(({ name }) => name);
    for (const [name, budget] of LARGE) expect(cost([name]), name).toBeLessThan(budget);
    // 5,650 before descriptions said what states mean and what lists leave out, which had cost models further calls.
    expect(cost(known(all))).toBeLessThan(5_750);
    expect(cost(known(openedBy('*', 'read')))).toBeLessThan(2_600);
    // A tool that is added may cost what these cost on average.
    const usual = [...all.filter((name) => !LARGE.has(name)), 'get_access_status'];
    expect(cost(usual) / usual.length).toBeLessThan(5_750 / known(all).length);
  });

  // What is not listed costs a model nothing until it is found.
  it.each([
    ['*:read', 3_300],
    ['*:full', 5_100],
    ['*:full,*:credentials', 5_300],
  ])('costs no more than the budget of a core: %s', async (grants, budget) => {
    const core = await connect(['--sandbox', '--allow', grants, '--list', 'core']);
    const shown = await core.listTools();
    await core.close();
    expect(costOf(shown)).toBeLessThanOrEqual(budget);
  });

  // Agents with a preset are listed all of it.
  it.each(
    Object.keys(declarations.presets).map((name) => [name, name === 'support' ? 5_500 : 3_500] as const),
  )('costs no more than the budget of a preset: %s', async (name, budget) => {
    const agent = await connect(['--sandbox', '--allow', `preset:${name}`]);
    const shown = await agent.listTools();
    await agent.close();
    expect(shown.map((tool) => tool.name)).not.toContain('find_tools');
    expect(costOf(shown)).toBeLessThanOrEqual(budget);
  });
});

/** Every schema within a schema, the root included, with its path. */
function* schemasIn(
  schema: unknown,
  path: string,
): Generator<readonly [path: string, schema: Record<string, unknown>]> {
  if (typeof schema !== 'object' || schema === null) return;
  const { properties, items, additionalProperties, anyOf } = schema as Record<string, unknown>; // checked as it is read
  yield [path, schema as Record<string, unknown>];
  for (const [name, inner] of Object.entries(properties ?? {})) yield* schemasIn(inner, `${path}.${name}`);
  yield* schemasIn(items, `${path}[]`);
  yield* schemasIn(additionalProperties, `${path}{}`);
  if (Array.isArray(anyOf)) for (const inner of anyOf) yield* schemasIn(inner, `${path}|`);
}

/** The keywords that every client and model API takes. */
const KEYWORDS = new Set(
  'type properties required items additionalProperties anyOf enum description minimum maximum'.split(' '),
);

describe('every tool is portable', () => {
  it.each(tools)('$name', ({ name }) => {
    const tool = listed.find((candidate) => candidate.name === name);
    expect(name).toMatch(/^[a-z0-9_]{1,40}$/);
    expect(tool?.title).toBeTruthy();
    expect(tool?.description).toBeTruthy();
    expect(Buffer.byteLength(tool?.description ?? '')).toBeLessThan(2_048);
    expect(tool?.inputSchema).toMatchObject({ type: 'object' });
    expect(tool?.inputSchema).not.toHaveProperty('anyOf');

    for (const [path, schema] of schemasIn(tool?.inputSchema, name)) {
      expect(
        Object.keys(schema).filter((keyword) => !KEYWORDS.has(keyword)),
        path,
      ).toEqual([]);
      expect(Array.isArray(schema.type), path).toBe(false);
      if (schema.type === 'array') expect(schema, path).toHaveProperty('items');
      if (Array.isArray(schema.enum))
        expect(
          schema.enum.every((value) => typeof value === 'string'),
          path,
        ).toBe(true);
      for (const key of Object.keys(schema.properties ?? {})) expect(key, path).toMatch(/^[a-zA-Z0-9_.-]{1,64}$/);
    }
  });
});

/** The numbers of tools that sentences of the README tell. */
const COUNTS: readonly (readonly [where: RegExp, count: number])[] = [
  [/(?<=API as |There are |reaches \| )\d+(?= tools)/g, tools.length],
  [/(?<=tools in )\d+(?= areas)/g, areas.length],
  [/(?<=`\*:full` is )\d+/g, openedBy('*', 'read', 'write', 'delete').length],
  [/(?<=`\*:read` is )\d+/g, openedBy('*', 'read').length],
];

const withCounts = (text: string): string =>
  COUNTS.reduce((told, [where, count]) => {
    expect(told).toMatch(where);
    return told.replace(where, `${count}`);
  }, text);

/** What is generated on which page. */
const PAGES = {
  'README.md': ['launch', 'presets'],
  'docs/grants.md': ['grants of presets'],
  'docs/settings.md': ['options'],
  'docs/calls.md': ['limits'],
  'docs/prompts.md': ['prompts'],
} as const;

/** How a client starts the server: by the package's name only where npm has it. */
function launchText(): string {
  const [command, words, begin] = IS_PUBLISHED
    ? ['npx', '"-y", "workos-mcp"', 'The server is `npx -y workos-mcp`, or `node dist/main.js` after']
    : ['node', '"/path/to/workos-mcp/dist/main.js"', 'The server is `node /path/to/workos-mcp/dist/main.js` after'];
  const entry = [
    '{',
    '  "mcpServers": {',
    '    "workos": {',
    `      "command": "${command}",`,
    `      "args": [${words}, "--allow", "*:read"],`,
    '      "env": { "WORKOS_API_KEY": "sk_test_…" }',
    '    }',
    '  }',
    '}',
  ];
  const text = `${begin} \`npm ci && npm run build\`.\nThese pages call it \`workos-mcp\`. In Claude Desktop (Settings → Developer → Edit Config):\n`;
  return `${text}\n${fence(entry.join('\n'), 'json')}`;
}

// `vitest run -u` rewrites these.
describe('what is generated is current:', () => {
  it('the tables in README and docs, and the numbers of tools', async () => {
    const limits = [declarations.general, ...tools.flatMap((tool) => tool.allLimits)];
    const tables = {
      launch: launchText(),
      limits: table(
        ['limit', 'requests', 'seconds', 'each'],
        [...new Map(limits.map((limit) => [limit.name, limit])).values()].map(({ name, requests, seconds, by }) => [
          code(name),
          `${requests}`,
          `${seconds}`,
          by?.map(code).join(' or ') ?? 'key',
        ]),
      ),
      prompts: table(
        ['prompt', 'job'],
        declarations.prompts.map(({ name, description }) => [code(name), description]),
      ),
      presets: table(
        ['preset', 'for'],
        Object.entries(declarations.presets).map(([name, { meaning }]) => [code(`preset:${name}`), meaning]),
      ),
      'grants of presets': table(
        ['preset', 'grants'],
        Object.entries(declarations.presets).map(([name, { grants }]) => [
          code(`preset:${name}`),
          grants.map(code).join(', '),
        ]),
      ),
      options: table(
        ['flag', 'environment', 'meaning'],
        describeOptions().map(({ flag, variable, help }) => [
          flag === '' ? 'none: secrets have no flag' : code(flag),
          code(variable),
          help,
        ]),
      ),
    };
    for (const [page, markers] of Object.entries(PAGES)) {
      const text = await readFile(`${root}/${page}`, 'utf8');
      const counted = page === 'README.md' ? withCounts(text) : text;
      const expected = markers.reduce((told, marker) => between(told, marker, tables[marker]), counted);
      await expect(expected).toMatchFileSnapshot(`${root}/${page}`);
    }
  });

  it('what manifest.json has from elsewhere', async () => {
    const manifest = JSON.parse(await readFile(`${root}/manifest.json`, 'utf8'));
    const { name, version, description, license, author, keywords, engines } = JSON.parse(
      await readFile(`${root}/package.json`, 'utf8'),
    );
    const { url, homepage, documentation, issues } = readAddresses();
    const expected = {
      ...manifest,
      name,
      version,
      description,
      license,
      author: { name: author },
      repository: { type: 'git', url },
      homepage,
      documentation,
      support: issues,
      keywords,
      compatibility: { ...manifest.compatibility, runtimes: engines },
      tools: listed.map((tool) => ({ name: tool.name, description: tool.description })),
    };
    await expect(`${JSON.stringify(expected, undefined, 2)}\n`).toMatchFileSnapshot(`${root}/manifest.json`);
  });
});
