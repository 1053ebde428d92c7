import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { between } from './support/docs-markdown.ts';
import {
  circleIn,
  disagreements,
  type Import,
  importsIn,
  importsOf,
  ROOMS,
  roomOf,
  sourceFiles,
  toMap,
} from './support/rooms.ts';

const root = `${import.meta.dirname}/..`;
const files = sourceFiles(root);
const imports = importsOf(root);

describe('the house', () => {
  it('has a row for each room, and no row without a room', () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual(Object.keys(ROOMS).sort());
  });

  it('has at most a dozen files outside its folders', () => {
    expect(files.filter((file) => /^src\/[^/]+$/.test(file)).length).toBeLessThanOrEqual(12);
  });

  it('imports what the table of rooms says, no more and no less', () => {
    expect(disagreements(imports)).toEqual([]);
  });

  it('has no circle between files', () => {
    expect(circleIn(imports)).toBeUndefined();
  });

  it('is on the map in CONTRIBUTING.md as the table has it', async () => {
    const page = `${root}/CONTRIBUTING.md`;
    const expected = between(readFileSync(page, 'utf8'), 'rooms', `${toMap()}\n`);
    await expect(expected).toMatchFileSnapshot(page);
  });
});

describe('the fence', () => {
  const edge = (from: string, to: string, isType = false): Import => ({ from, to, isType });

  it.each<[what: string, added: Import, complaint: string]>([
    [
      'an import of a room above',
      edge('src/call/call.ts', 'src/serve/http/body.ts'),
      'call imports serve, which stands above it',
    ],
    [
      'an import that no row lists',
      edge('src/access/policy.ts', 'src/json.ts'),
      'access imports json.ts, which its row does not list',
    ],
    [
      'a value where the row lists types',
      edge('src/agents/identify.ts', 'src/catalog/tool.ts'),
      'agents imports values of catalog, its row says types',
    ],
    [
      'a package in the wrong room',
      edge('src/serve/http/body.ts', 'undici'),
      'serve imports undici, which its row does not list',
    ],
    [
      'a module of Node where nothing is read or written',
      edge('src/access/policy.ts', 'node:fs'),
      'access imports node:fs, which its row does not list',
    ],
    ['a room without a row', edge('src/new/file.ts', 'zod'), 'new is not in the table'],
  ])('refuses %s', (_, added, complaint) => {
    expect(disagreements([...imports, added])).toEqual([complaint]);
  });

  it('refuses a row that lists what nothing imports', () => {
    const without = imports.filter(({ to }) => to !== 'undici');
    expect(disagreements(without)).toEqual(['workos lists undici, which it does not import']);
  });

  it('refuses a row that lists values where only types are left', () => {
    const typed = imports.map((one) => (one.to === 'jose' ? { ...one, isType: true } : one));
    expect(disagreements(typed)).toEqual(['agents imports types of jose, its row says values']);
  });

  it('finds a circle', () => {
    const circle = [edge('src/a.ts', 'src/b.ts'), edge('src/b.ts', 'src/c.ts'), edge('src/c.ts', 'src/b.ts')];
    expect(circleIn(circle)).toEqual(['src/b.ts', 'src/c.ts', 'src/b.ts']);
  });

  it.each<[line: string, to: string, isType: boolean]>([
    ["import { a } from './b.ts';", 'src/x/b.ts', false],
    ["import type { A } from '../b.ts';", 'src/b.ts', true],
    ["import {\n  a,\n  type B,\n} from 'zod';", 'zod', false],
    ["import type {\n  A,\n} from 'zod';", 'zod', true],
    ["import './b.ts';", 'src/x/b.ts', false],
    ["export { a } from './b.ts';", 'src/x/b.ts', false],
    ["export type { A } from './b.ts';", 'src/x/b.ts', true],
    ["const a = await import('./b.ts');", 'src/x/b.ts', false],
    ["type A = typeof import('./b.ts');", 'src/x/b.ts', true],
  ])('reads %j', (line, to, isType) => {
    expect(importsIn('src/x/file.ts', `// first\n${line}\nconst c = 1;\n`)).toEqual([
      { from: 'src/x/file.ts', to, isType },
    ]);
  });
});

describe('the style', () => {
  const textOf = (file: string) => readFileSync(`${root}/${file}`, 'utf8');

  it('leaves the process to main.ts', () => {
    const touching = files.filter((file) =>
      /(?<!-)\bprocess\.|\bconsole\.(?:log|error|warn|info|debug)\b/.test(textOf(file)),
    );
    expect(touching).toEqual(['src/main.ts']);
  });

  it('keeps tools to declarations: they import what a declaration is made of', () => {
    const others = imports
      .filter(({ from, to }) => from.startsWith('tools/') && from !== 'tools/index.ts' && to.startsWith('src/'))
      .map(({ to }) => to);
    expect([...new Set(others)].sort()).toEqual([
      'src/catalog/asking.ts',
      'src/catalog/catalog.ts',
      'src/catalog/declaration.ts',
      'src/catalog/output.ts',
      'src/catalog/prompt.ts',
      'src/json.ts',
    ]);
  });

  it('keeps what answers past the SDK removable: only start hands it in', () => {
    const importing = imports.filter(
      ({ from, to }) => to.startsWith('src/serve/direct/') && !/^src\/(start|serve\/direct)\//.test(from),
    );
    expect(importing).toEqual([]);
  });

  it('keeps what decides apart from what reads and writes', () => {
    const PURE =
      /^src\/(access|catalog|call\/answer|secrets|(visible|wording|json|ids|memo|errors)\.ts|workos\/(request|retry|limits\/(queue|windows|slots))\.ts)/;
    const reaching = imports.filter(({ from, to }) => PURE.test(from) && /^node:(?!http$)|^undici|^pino/.test(to));
    expect(reaching).toEqual([]);
  });

  it('gives each type a name of its own', () => {
    const names = files
      .filter((file) => file.startsWith('src/'))
      .flatMap((file) =>
        [...textOf(file).matchAll(/^(?:export )?type (\w+)\b.*/gm)].map(([line, name]) => ({ line, name })),
      );
    const meanings = new Map<string | undefined, Set<string>>();
    for (const { line, name } of names)
      meanings.set(name, (meanings.get(name) ?? new Set()).add(line.replace('export ', '')));
    const shared = [...meanings].filter(([, lines]) => lines.size > 1).map(([name]) => name);
    const twice = names.map(({ name }) => name).filter((name, index, all) => all.indexOf(name) !== index);
    // One definition that two rooms write alike has one meaning.
    expect([shared, [...new Set(twice)].sort()]).toEqual([[], ['DecisionFields']]);
  });

  it('keeps files to 300 lines', () => {
    expect(files.filter((file) => textOf(file).split('\n').length > 301)).toEqual([]);
  });
});
