import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { markdownFiles as pages } from './support/markdown-files.ts';

const root = join(import.meta.dirname, '..');

/** What a page says outside of code, where brackets are no links. */
const proseOf = (page: string): string =>
  readFileSync(join(root, page), 'utf8')
    .replaceAll(/^```[\s\S]*?^```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, 'code');

/** Where the links and pictures of a page lead, but for those that leave the repository. */
const linksOf = (page: string): readonly string[] =>
  [...proseOf(page).matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|(?:src|href)="([^"]+)"/g)]
    .map(([, inline, html]) => inline ?? html ?? '')
    .filter((link) => !/^[a-z][a-z+.-]*:/.test(link));

/** The anchors of a page's headings, by GitHub's rule. */
function anchorsOf(page: string): ReadonlySet<string> {
  const text = readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    let unique = slug;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${slug}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** The file or folder that a link of a page leads to. */
function targetOf(page: string, link: string): string {
  const [path = ''] = decodeURI(link).split('#');
  return path === '' ? join(root, page) : join(root, dirname(page), path);
}

/** Why a link leads nowhere, or `undefined` where it leads somewhere. */
function whyBroken(page: string, link: string): string | undefined {
  const [, anchor] = decodeURI(link).split('#');
  const target = targetOf(page, link);
  const [top, ...rest] = relative(root, target).split('/');
  // By name, since some systems do not tell upper case from lower.
  let folder = root;
  for (const part of [top ?? '', ...rest].filter((name) => name !== '')) {
    if (!readdirSync(folder).includes(part)) return `there is no ${relative(root, target)}`;
    folder = join(folder, part);
  }
  if (anchor === undefined) return undefined;
  return anchorsOf(target).has(anchor) ? undefined : `${relative(root, target)} has no heading #${anchor}`;
}

describe('the links', () => {
  it.each(pages)('of %s lead somewhere', (page) => {
    const broken = linksOf(page).flatMap((link) => whyBroken(page, link) ?? []);
    expect(broken).toEqual([]);
  });

  it('are found at all', () => {
    expect(linksOf('README.md')).toContain('SECURITY.md');
    expect(linksOf('docs/tools/README.md')).toContain('users.md#list_users');
  });
});

/** What an installed package has on disk, where a page has nothing but its neighbours. */
describe('the package', () => {
  let packed: readonly string[];

  beforeAll(async () => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'];
    const { stdout } = await promisify(execFile)('npm', args, { cwd: root });
    // A list, or an object by the names of packages, as npm's version has it.
    const reports = Object.values<{ readonly files: readonly { readonly path: string }[] }>(JSON.parse(stdout));
    packed = reports.flatMap(({ files }) => files.map(({ path }) => path));
  });

  it('has all that its pages link to', () => {
    const broken = packed
      .filter((file) => file.endsWith('.md'))
      .flatMap((page) => linksOf(page).map((link) => [page, relative(root, targetOf(page, link))] as const))
      .filter(([, target]) => !packed.some((file) => file === target || file.startsWith(`${target}/`)))
      .map(([page, target]) => `${page} links to ${target}, which is not among "files" in package.json`);
    expect(broken).toEqual([]);
  });

  it('has nothing else but the program', () => {
    expect(packed.filter((file) => !/^(dist|docs)\//.test(file)).toSorted()).toEqual([
      'CHANGELOG.md',
      'CODE_OF_CONDUCT.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'PRIVACY.md',
      'README.md',
      'SECURITY.md',
      'bench/RESULTS.md',
      'deploy/alerts.yaml',
      'deploy/compose.yaml',
      'deploy/kubernetes/kustomization.yaml',
      'deploy/kubernetes/server.yaml',
      'deploy/nginx.conf',
      'deploy/workos-mcp.service',
      'deploy/workos-mcp.yaml',
      'package.json',
    ]);
  });
});
