import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const pages = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

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

/** Why a link leads nowhere, or `undefined` where it leads somewhere. */
function whyBroken(page: string, link: string): string | undefined {
  const [path = '', anchor] = decodeURI(link).split('#');
  const target = path === '' ? join(root, page) : join(root, dirname(page), path);
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
