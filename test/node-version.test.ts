import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { whyTooOld } from '../src/node-version.js';
import { MAIN } from './support/built.ts';
import { describeWith } from './support/witnesses.ts';

it.each<[version: string, isTooOld: boolean]>([
  ['18.20.8', true],
  ['20.19.9', true],
  ['20.20.0', false],
  ['20.20.2', false],
  ['20.100.0', false],
  ['21.0.0', false],
  ['22.1.0-nightly20250101', false],
  ['9.11.2', true],
  ['100.0.0', false],
])('Node %s is too old: %s', (version, isTooOld) => {
  expect(whyTooOld(version, '>=20.20') !== undefined).toBe(isTooOld);
});

const SENTENCE =
  'workos-mcp needs Node 20.20 or later, and this is Node 18.20.8: install a newer one from https://nodejs.org.\n';
const root = `${import.meta.dirname}/..`;

it('is asked before anything is loaded: main.js imports nothing, in the syntax of old Nodes', () => {
  const main = readFileSync(MAIN, 'utf8');
  expect(main).not.toMatch(/^import\b|\bfrom['"]|\?\?|\?\./m);
  expect(main).toContain('import("./program.js")');
});

describe('a Node that is too old', () => {
  describeWith('an older Node', ({ path }) => {
    it.each([
      [[MAIN]],
      [[MAIN, 'doctor']],
      [[MAIN, '--version']],
      [['scripts/build.mjs', '--out', 'nowhere']],
      [['scripts/bundle.mjs', 'nowhere.mcpb']],
    ])('is told so by %j in one sentence', (args) => {
      const { status, stdout, stderr } = spawnSync(path, args, { cwd: root, encoding: 'utf8' });
      expect([status, stdout, stderr]).toEqual([2, '', SENTENCE]);
    });
  });
});
