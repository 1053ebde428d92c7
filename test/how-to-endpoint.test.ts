import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as Sandbox from '../sandbox/index.ts';
import { createPolicy } from '../src/access/policy.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import type { Area, Declaration } from '../src/catalog/declaration.ts';
import { secretsIn } from '../src/catalog/output.ts';
import { type Tool, toTool } from '../src/catalog/tool.ts';
import { declarations } from '../tools/index.ts';
import { differences } from './support/differences.ts';
import { specifications } from './support/openapi.ts';
import { blocksIn, readPage } from './support/page.ts';

// The built file: what users run. Its path is no literal, so that type checking does not need a build.
const built: string = '../dist/sandbox.js';
const { openSandbox, gaps } = (await import(built)) as typeof Sandbox;

const root = join(import.meta.dirname, '..');
const PAGE = 'docs/how-to/adding-an-endpoint.md';
const folder = mkdtempSync(join(tmpdir(), 'wmcp-endpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Page = { readonly declared: readonly Declaration[]; readonly gaps: readonly Sandbox.Gap[] };

/**
 * The page's tools, as they would be in tools/: among the imports that tools/users.ts has, and its own object, unless
 * somebody has added it. And what it says of the sandbox.
 */
async function load(): Promise<Page> {
  const blocks = blocksIn(readPage(PAGE));
  const of = (kind: string) => blocks.filter((block) => block.kind === kind).map(({ text }) => text);
  const objects = readPage('tools/objects.ts').replace("import * as z from 'zod';", '');
  const isNew = (object: string) => !objects.includes(object.match(/^export const \w+ =/m)?.[0] ?? expect.fail(object));
  const imports = readPage('tools/users.ts').match(/^import [\s\S]*?;$/gm) ?? [];
  writeFileSync(
    join(folder, 'example.ts'),
    [
      ...imports.filter((line) => !line.includes('./objects.ts')),
      objects,
      ...of('object').filter(isNew),
      `export const declared = [\n${of('tool').join('\n')}];`,
      `import { shaping } from '../src/sandbox/gap.ts';\nexport const gaps = [\n${of('gap').join('\n')}];`,
    ]
      .join('\n')
      .replaceAll("'../src/", `'${root}/src/`)
      .replaceAll("'./", `'${root}/tools/`)
      .replaceAll("'zod'", `'${root}/node_modules/zod/index.js'`),
  );
  return await import(join(folder, 'example.ts'));
}

let page: Page;
let users: Area;
let tools: readonly Tool[];

beforeAll(async () => {
  const area = declarations.areas.find(({ name }) => name === 'users');
  if (area === undefined) throw new Error('there is no area users');
  page = await load();
  const { declared } = page;
  const others = area.tools.filter(({ name }) => declared.every((one) => one.name !== name));
  users = { ...area, tools: [...others, ...declared] };
  tools = declared.map((declaration) => toTool(users, declaration));
});

describe('the declarations on the page', () => {
  it('make tools that differ from their operations in nothing but what the page says', () => {
    expect(tools.map(({ name }) => name)).toEqual(['get_user_by_external_id', 'create_invitation']);
    const { operation } = specifications.find(({ version }) => version === '0.61.0') ?? specifications[0] ?? {};
    const found = tools.flatMap((tool) =>
      differences(tool, operation?.(tool.route)).map(({ argument, kind }) => `${tool.name} ${argument}: ${kind}`),
    );
    expect(found).toEqual(['create_invitation locale: absent']);
  });

  it('stand in a catalogue, with their own grants', () => {
    const areas = declarations.areas.map((area) => (area.name === 'users' ? users : area));
    const catalog = createCatalog({ ...declarations, areas });
    const policy = createPolicy(catalog, { allow: ['users:read'], deny: [], readOnly: false, productionGuard: false });
    const off = tools.map((tool) => policy.whyOff(tool));
    expect(off).toEqual([undefined, 'needs the grant users:write']);
  });

  it('keep what makes somebody somebody else from agents without the grant', () => {
    const [, invitation] = tools;
    expect(invitation?.restricted?.lacking).toEqual(['role_slug', 'inviter_user_id']);
    expect([...secretsIn(invitation?.output ?? expect.fail())]).toEqual(['token', 'accept_invitation_url']);
    expect(invitation?.check?.({ email: 'a@example.com', role_slug: 'admin' })).toEqual([
      'role_slug needs organization_id.',
    ]);
  });
});

describe('the sandbox', () => {
  const send = async (layers: readonly Sandbox.Gap[], method: string, path: string, body?: unknown) => {
    const sandbox = openSandbox(layers);
    const headers = { authorization: `Bearer ${sandbox.apiKey}`, 'content-type': 'application/json' };
    const request = new Request(`https://api.workos.com${path}`, { method, headers, body: JSON.stringify(body) });
    return Object(await (await sandbox.fetch(request)).json());
  };

  it('answers the entries of the first tool', async () => {
    const found = await send(gaps, 'GET', '/user_management/users/external_id/hr-1');
    expect(found).toMatchObject({ object: 'user', email: 'ada@acme.example.com' });
  });

  it('has every member of an invitation with the gap on the page', async () => {
    const members = Object.keys(tools[1]?.output?.shape ?? expect.fail()).filter((name) => name !== 'notes');
    const made = await send([...gaps, ...page.gaps], 'POST', '/user_management/invitations', {
      email: 'a@example.com',
    });
    expect(Object.keys(made).sort()).toEqual(members.sort());
  });
});

it('the page tells of everything that a declaration can say', () => {
  const page = readPage(PAGE);
  const type = readPage('src/catalog/declaration.ts').match(/export type Declaration<[\s\S]*?^};$/m)?.[0] ?? '';
  const members = [...type.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
  expect(members).toHaveLength(16);
  const untold = members.filter((name) => !new RegExp(`^\\| .*\`${name}[\`.]`, 'm').test(page));
  expect(untold).toEqual([]);
});
