import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { paint } from '../src/commands/table.ts';
import { ASIDE, BACK, toArchitecture, WAY } from './support/architecture-picture.ts';
import { MAIN } from './support/built.ts';
import { toPicture } from './support/terminal-picture.ts';

const root = join(import.meta.dirname, '..');

/** As a terminal shows them. */
function screenOf(commands: readonly (readonly string[])[]): string {
  return commands
    .map((args) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
        env: { FORCE_COLOR: '1' },
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([0, '']);
      const shown = args.map((arg) => (/[*:]/.test(arg) ? `'${arg}'` : arg)).join(' ');
      return `${paint({ text: '$', style: 'green' }, true)} ${paint({ text: `workos-mcp ${shown}`, style: 'bold' }, true)}\n${stdout}`;
    })
    .join('\n');
}

const ALLOW = ['--sandbox', '--allow', 'preset:support,organizations:full', '--deny', 'delete_organization'];

// `vitest run -u` draws it anew.
it('the terminal in the README shows what the program prints', async () => {
  const screen = screenOf([
    ['check', ...ALLOW],
    ['explain', 'organizations', ...ALLOW],
  ]);
  const picture = toPicture('workos-mcp check and explain in a terminal', screen);
  expect(Buffer.byteLength(picture)).toBeLessThan(30_000);
  await expect(picture).toMatchFileSnapshot(join(root, 'docs/images/terminal.svg'));
});

it('the way of a call leads through parts that there are', async () => {
  const sources = [...WAY, ...ASIDE, BACK].flatMap(({ source }) => source ?? []);
  expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  await expect(toArchitecture()).toMatchFileSnapshot(join(root, 'docs/images/architecture.svg'));
});

it.each(['terminal.svg', 'architecture.svg'])('%s loads nothing from elsewhere', (name) => {
  const svg = readFileSync(join(root, 'docs/images', name), 'utf8');
  expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
    /https?:|@import|url\((?!#)|<script|<image/,
  );
});
