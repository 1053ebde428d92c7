import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type declared from '../tools/areas/users.ts';
import users from './areas/users.ts';
import type { Cases } from './support/case.ts';
import { catalog } from './support/catalog.ts';
import { blocksIn, readPage } from './support/page.ts';

const root = join(import.meta.dirname, '..');
const page = readPage('docs/how-to/adding-an-endpoint.md');
const blocks = (kind: string) => blocksIn(page).flatMap((block) => (block.kind === kind ? [block.text] : []));

const [tools, cases, objects] = [blocks('tool'), blocks('case'), blocks('object')];
const NAMES = ['get_user_by_external_id', 'create_invitation'];

/** A copy of the repository, in which the page is carried out. */
const copy = mkdtempSync(join(tmpdir(), 'wmcp-endpoint-'));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const read = (path: string) => readFileSync(join(copy, path), 'utf8');

function edit(path: string, change: (text: string) => string): void {
  const before = read(path);
  const after = change(before);
  expect(after, path).not.toBe(before);
  writeFileSync(join(copy, path), after);
}

const indent = (text: string, spaces: number) => text.replace(/^(?=.)/gm, ' '.repeat(spaces));

/** A tool's declaration, and its case, as files have them. */
const declarationOf = (name: string) =>
  new RegExp(`^ {4}tool\\(\\{\\n {6}name: '${name}',\\n[^]*?^ {4}\\}\\),\\n`, 'm');
const caseOf = (name: string) => new RegExp(`^ {2}${name}: \\{(?:.*\\},\\n|\\n[^]*?^ {2}\\},\\n)`, 'm');

const insertAfter = (place: RegExp, added: string) => (text: string) => text.replace(place, (found) => found + added);

/** Removes the endpoints of the page, which may have been added to the repository since. */
function withoutThem(): void {
  for (const [folder, of] of [
    ['tools/areas', declarationOf],
    ['test/areas', caseOf],
  ] as const) {
    for (const name of readdirSync(join(copy, folder))) {
      const path = `${folder}/${name}`;
      const before = read(path);
      writeFileSync(
        join(copy, path),
        NAMES.reduce((rest, tool) => rest.replace(of(tool), ''), before),
      );
    }
  }
}

/** Runs a command in the copy. Resolves to its exit code and all that it said. */
async function run(...args: readonly string[]) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, args, { cwd: copy, env: { PATH, NO_COLOR: '1' } });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const code = await new Promise((resolve) => child.on('exit', resolve));
  return { code, said: (await said).join('\n') };
}

const SUITES = [
  ...['matrix', 'contract', 'secrets-contract', 'output', 'tools', 'sandbox', 'ledger', 'docs-tools', 'surface'],
  ...['secrets', 'dry-run'],
];

/** Tests that are about one other tool, route or gap are left out: the page changes nothing there. */
const UNCHANGED = [
  `\\b(?:${catalog.tools.flatMap(({ name }) => (NAMES.includes(name) ? [] : [name])).join('|')})\\b`,
  '(?:GET|POST|PUT|DELETE) /(?!user_management/(?:users/external_id|invitations))',
  'needs no exception from the official file',
  'something above fails: ',
];

beforeAll(() => {
  cpSync(root, copy, {
    recursive: true,
    filter: (path) => !/^(node_modules|\.git|dist|\.dist-.*)$/.test(path.slice(root.length + 1)),
  });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  withoutThem();
});

describe('the page, carried out', () => {
  it('adds a plain endpoint in two files, with one line in the second', () => {
    expect([tools.length, cases.length]).toEqual([NAMES.length, NAMES.length]);
    expect(cases[0]?.trimEnd().split('\n')).toHaveLength(1);
    edit('tools/areas/users.ts', insertAfter(declarationOf('get_user'), indent(tools[0] ?? '', 4)));
    edit('test/areas/users.ts', insertAfter(caseOf('get_user'), indent(cases[0] ?? '', 2)));
  });

  it('adds one that says everything to its area', () => {
    edit(
      'tools/areas/invitations.ts',
      insertAfter(declarationOf('get_invitation_by_token'), indent(tools[1] ?? '', 4)),
    );
    edit('test/areas/invitations.ts', insertAfter(caseOf('get_invitation_by_token'), indent(cases[1] ?? '', 2)));
    expect(read('tools/areas/invitations.ts')).toContain(objects.join('\n'));
  });

  it('is what the repository has', () => {
    for (const path of ['tools/areas/users.ts', 'tools/areas/invitations.ts', 'test/areas/invitations.ts']) {
      expect(read(path), path).toBe(readFileSync(join(root, path), 'utf8'));
    }
  });

  it('compiles', async () => {
    writeFileSync(
      join(copy, 'tsconfig.areas.json'),
      JSON.stringify({ extends: './tsconfig.json', include: ['tools', 'test/areas', 'sandbox'] }),
    );
    expect(await run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.areas.json')).toEqual({ code: 0, said: '\n' });
  }, 60_000);

  it('passes every suite that walks over the cases, after -u', async () => {
    const files = SUITES.map((name) => `test/${name}.test.ts`);
    const pattern = `^(?!.*(?:${UNCHANGED.join('|')}))`;
    const { code, said } = await run(
      'node_modules/vitest/vitest.mjs',
      'run',
      ...files,
      '-t',
      pattern,
      ...['--project', 'quick', '--maxWorkers=1', '-u'],
    );
    expect(code, said).toBe(0);
    expect(said).toContain(`Test Files  ${SUITES.length} passed (${SUITES.length})`);
  }, 120_000);

  it.each(NAMES)('shows %s to clients and people', (name) => {
    const { area = '' } = catalog.tools.find((tool) => tool.name === name) ?? {};
    for (const path of ['manifest.json', `docs/tools/${area}.md`, `test/snapshots/surface/${area}.json`]) {
      expect(read(path), path).toContain(name);
    }
  });
});

it('a tool without a case does not compile, nor does a case without a tool', () => {
  const { get_user, ...others } = users;
  // @ts-expect-error get_user has none
  others satisfies Cases<typeof declared>;
  // @ts-expect-error there is no such tool
  const more: Cases<typeof declared> = { ...users, get_nobody: get_user };
  expect(Object.keys(more)).toHaveLength(Object.keys(others).length + 2);
});

it('the page tells of everything that a declaration and a case can say', () => {
  const membersOf = (path: string, type: RegExp) =>
    [...(readPage(path).match(type)?.[0] ?? '').matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
  const declaration = membersOf('src/catalog/declaration.ts', /export type Declaration<[\s\S]*?^};$/m);
  const own = membersOf('test/support/case.ts', /export type Case = [\s\S]*?^};$/m);
  expect([declaration.length, own.length]).toEqual([29, 13]);
  const untold = [...declaration, ...own.slice(1)].filter(
    (name) => !new RegExp(`^\\| .*\`${name}[\`.]`, 'm').test(page),
  );
  expect(untold).toEqual([]);
});
