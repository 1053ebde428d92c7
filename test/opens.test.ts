import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allowOnly } from '../src/access/grants.ts';
import { decide } from '../src/access/policy.ts';
import type { Catalog } from '../src/catalog/catalog.ts';
import { catalog, fixedCatalog } from './support/catalog.ts';

/** What grants switch on: by the grants as they are written, the tools, and those whose credentials are shown. */
type Opens = Readonly<Record<string, readonly string[]>>;

/** Those of the last release. Releasing copies the other one over it. */
const RELEASED = `${import.meta.dirname}/snapshots/opens-released.json`;
const NOW = 'snapshots/opens.json';
const CHANGELOG = `${import.meta.dirname}/../CHANGELOG.md`;

function opensOf({ areas, tools, presets }: Catalog): Opens {
  const opens = (grants: string) => {
    const policy = decide({ ...catalog, areas, tools, presets }, allowOnly(grants.split(',')));
    return tools
      .filter((tool) => policy.whyOff(tool) === undefined)
      .map((tool) => {
        const isShown = tool.handlesCredentials && policy.whyRestricted(tool) === undefined;
        return isShown ? `${tool.name} with credentials` : tool.name;
      })
      .sort();
  };
  const grants = [
    ...['*:read', '*:full', '*:full,*:credentials'],
    ...Object.keys(presets).map((name) => `preset:${name}`),
    ...areas.flatMap(({ name }) => [
      ...['read', 'write', 'delete'].map((access) => `${name}:${access}`),
      `${name}:full,${name}:credentials`,
    ]),
  ];
  return Object.fromEntries(grants.map((grant) => [grant, opens(grant)]));
}

/** A row for each grants that open more than they did. Grants that are new open nothing for those who have them already. */
function newlyOpened(before: Opens, now: Opens): readonly string[] {
  return Object.entries(now).flatMap(([grants, tools]) => {
    const known = before[grants];
    const more = known === undefined ? [] : tools.filter((tool) => !known.includes(tool));
    return more.length === 0 ? [] : [`| \`${grants}\` | ${more.map((tool) => `\`${tool}\``).join(', ')} |`];
  });
}

const toText = (opens: Opens): string => `${JSON.stringify(opens, undefined, 2)}\n`;

it('each grant opens what is published', async () => {
  await expect(toText(opensOf(catalog))).toMatchFileSnapshot(NOW);
});

it('the changelog tells what grants open that they did not open in the last release', async () => {
  const released: Opens = JSON.parse(readFileSync(RELEASED, 'utf8'));
  const rows = newlyOpened(released, opensOf(catalog));
  const told =
    rows.length === 0
      ? 'No grant opens more than it did.'
      : ['Grants that open more than they did:', '', '| grants | newly open |', '| --- | --- |', ...rows].join('\n');
  const text = readFileSync(CHANGELOG, 'utf8');
  const marked = /(?<=<!-- opens -->\n)[\s\S]*?(?=\n<!-- \/opens -->)/;
  const [first = ''] = text.split(/^(?=## )/m).slice(1);
  expect(first, 'the first section has the markers').toMatch(marked);
  await expect(text.replace(marked, () => told)).toMatchFileSnapshot(CHANGELOG);
});

describe('what is newly opened', () => {
  const without = (name: string): Catalog => ({
    ...fixedCatalog,
    tools: fixedCatalog.tools.filter((tool) => tool.name !== name),
  });

  it('is told of every kind of grants that gains a tool', () => {
    expect(newlyOpened(opensOf(without('update_user')), opensOf(fixedCatalog))).toEqual([
      '| `*:full` | `update_user` |',
      '| `*:full,*:credentials` | `update_user with credentials` |',
      '| `users:write` | `update_user` |',
      '| `users:full,users:credentials` | `update_user with credentials` |',
    ]);
  });

  it('is nothing where a tool is gone, and nothing of an area that is new', () => {
    expect(newlyOpened(opensOf(fixedCatalog), opensOf(without('update_user')))).toEqual([]);
    const areas = fixedCatalog.areas.filter(({ name }) => name !== 'roles');
    const before = {
      ...fixedCatalog,
      areas,
      tools: fixedCatalog.tools.filter(({ area }) => area !== 'roles'),
      presets: {},
    };
    expect(newlyOpened(opensOf(before), opensOf(fixedCatalog)).map((row) => row.split(' | ')[0])).toEqual([
      '| `*:read`',
      '| `*:full`',
      '| `*:full,*:credentials`',
    ]);
  });
});
