import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { markdownFiles } from './support/markdown-files.ts';
import { readAddresses } from './support/repository.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const readPackage = () => JSON.parse(read('package.json'));
const github = readdirSync(join(root, '.github'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yml'))
  .map((file) => join('.github', file));

/** Where a report of a weakness goes: the one kind of link to the repository that cannot be relative. */
const REPORTING = /https:\/\/github\.com\/[\w-]+\/[\w.-]+(?=\/security\/)/g;

// `vitest run -u` rewrites these; manifest.json and server.json have tests of their own.
describe('the address of the repository, from package.json', () => {
  const { url, homepage, issues, mcpName } = readAddresses();

  it('is what else package.json says', async () => {
    const expected = { ...readPackage(), homepage, bugs: { url: issues }, mcpName };
    await expect(`${JSON.stringify(expected, undefined, 2)}\n`).toMatchFileSnapshot(join(root, 'package.json'));
  });

  it.each([...markdownFiles, ...github])('is where %s sends reports', async (file) => {
    await expect(read(file).replaceAll(REPORTING, url)).toMatchFileSnapshot(join(root, file));
  });

  it.each([...markdownFiles, ...github])('is in no other link of %s, which could be relative', (file) => {
    const links = read(file).match(/https:\/\/[^\s)"'<>]+/g) ?? [];
    expect(links.filter((link) => link.startsWith(url) && !link.startsWith(`${url}/security/`))).toEqual([]);
  });

  it('is found where reports are asked for', () => {
    const reporting = [...markdownFiles, ...github].filter((file) => read(file).match(REPORTING) !== null);
    expect(reporting).toEqual(['SECURITY.md', '.github/ISSUE_TEMPLATE/bug.yml', '.github/ISSUE_TEMPLATE/config.yml']);
  });
});

it('the changelog begins with the version of package.json', () => {
  const [, version] = /^## (\S+) \((?:unreleased|\d{4}-\d\d-\d\d)\)$/m.exec(read('CHANGELOG.md')) ?? [];
  expect(version).toBe(readPackage().version);
});

it('.nvmrc has the oldest Node that package.json supports', () => {
  expect(`>=${read('.nvmrc').trim()}`).toBe(readPackage().engines.node);
});

it('pages name scripts of package.json', () => {
  const named = markdownFiles.flatMap((file) => [...read(file).matchAll(/\bnpm run (?:--\S+ )*([\w-]+)/g)]);
  const names = new Set(named.map(([, name = '']) => name));
  expect([...names]).toContain('bundle');
  expect([...names].filter((name) => !(name in readPackage().scripts))).toEqual([]);
});

describe.each(github.filter((file) => file.includes('workflows')))('%s', (file) => {
  const workflow = parse(read(file));
  const jobs = Object.values<Record<string, unknown>>(workflow.jobs);

  it('takes actions by commit, with their version', () => {
    const actions = [...read(file).matchAll(/\buses: (?!\.\/)(.+)$/gm)].map(([, action]) => action);
    expect(actions).not.toEqual([]);
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('may read the code, and has a time limit', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const job of jobs) expect(job).toHaveProperty('uses' in job ? 'uses' : 'timeout-minutes');
  });

  it('uses no secret', () => {
    expect(read(file)).not.toContain('secrets');
  });
});
