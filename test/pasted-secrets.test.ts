import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { schema } from '../src/settings/agents-schema.ts';
import { envName, OPTIONS, optionNames } from '../src/settings/options.ts';
import { runProgram } from './support/in-process.ts';

/** Secrets as they are pasted. Each part of one says so. */
const SECRETS: Readonly<Record<string, string>> = {
  token: `wmcp_abcdefghij_${'canary-_'.repeat(5)}canary`,
  key: 'sk_live_canary1canary2canary3',
  'signed token': 'eyJcanary12345.eyJcanary12345.canary-_canary',
};
const secrets = Object.entries(SECRETS);

const at = mkdtempSync(join(tmpdir(), 'pasted-'));
afterAll(() => rmSync(at, { recursive: true }));
const config = (text: string) => {
  const file = join(at, 'config.yaml');
  writeFileSync(file, text);
  return file;
};

/** Runs the program, which must not tell a part of a secret in any of its outputs. */
async function expectSilence(argv: readonly string[], env: Record<string, string> = {}, codes = [2]) {
  const { code, stdout, stderr } = await runProgram(argv, env);
  expect(`${stdout}${stderr}`, argv.join(' ')).not.toMatch(/canary/i);
  expect(codes, `${argv.join(' ')}: ${stdout}${stderr}`).toContain(code);
}

const sandbox = ['--sandbox', '--allow', '*:read'];

describe.each(secrets)('a pasted %s is never told back', (_, secret) => {
  it.each(optionNames)('by --%s', async (name) => {
    for (const value of [secret, `"${secret}"`, `x ${secret}`]) {
      await expectSilence(['check', ...sandbox, `--${name}=${value}`]);
      await expectSilence(['check', ...sandbox, `--${name}`, value]);
      await expectSilence([...sandbox, `--${name}`, value]);
    }
  });

  it.each(optionNames.filter((name) => OPTIONS[name].kind !== 'secret'))('by the variable of %s', async (name) => {
    for (const value of [secret, `x,${secret}`]) await expectSilence(['check', ...sandbox], { [envName(name)]: value });
  });

  it('by the name of an option or variable', async () => {
    await expectSilence(['check', ...sandbox, `--${secret}`]);
    await expectSilence(['check', ...sandbox, `--${secret}=1`]);
    await expectSilence(['check', ...sandbox, `-${secret}`]);
    await expectSilence(['check', ...sandbox], { [`WORKOS_MCP_${secret}`]: '1' });
  });

  it.each([
    [],
    ['check'],
    ['tools', ...sandbox],
    ['explain'],
    ['explain', ...sandbox],
    ['http'],
    ['agent'],
    ['agent', 'add'],
    ['agent', 'add', 'bot', '--config', 'none.yaml', '--allow'],
    ['agent', 'add', 'bot', '--allow', 'users:read', '--config'],
    ['agent', 'remove-token', 'bot'],
    ['agent', 'remove-token', 'bot', '--config', 'none.yaml'],
    ['audit'],
    ['audit', 'show'],
    ['audit', 'verify'],
    ['audit', 'verify', 'none.jsonl', '--head'],
    ['audit', 'show', 'none.jsonl', '--since'],
    ['init'],
    ['init', 'cursor', '--allow'],
    ['init', 'cursor', '--name'],
    ['init', 'cursor', '--api-key-file'],
    ['init', 'cursor', '--agent'],
    ['init', 'cursor'],
  ])('behind %j %j %j', async (...words) => {
    await expectSilence([...words, secret]);
  });

  it.each(['doctor', 'doctor --json'])('by %s', async (line) => {
    for (const name of optionNames)
      await expectSilence([...line.split(' '), ...sandbox, `--${name}=${secret}`], {}, [0, 1, 2]);
  });

  const sections = Object.keys(schema.shape);
  it.each([
    ...optionNames.map((name) => `${name}: SECRET`),
    ...optionNames.map((name) => `${name}: [x, SECRET]`),
    ...sections.flatMap((name) => [`${name}: SECRET`, `${name}: { SECRET: {} }`, `${name}: { a: { SECRET: 1 } }`]),
    'agents: { a: { allow: SECRET } }',
    "agents: { a: { allow: 'users:read', tokens: [SECRET] } }",
    'environments: { a: { api-key-env: SECRET } }',
    'environments: { a: { api-key-file: SECRET } }',
    'issuers: { a: { issuer: SECRET } }',
    'SECRET: 1',
    'SECRET',
    '- SECRET',
    '# SECRET',
    '{ SECRET',
    'allow: "SECRET',
  ])('in a file: %s', async (text) => {
    await expectSilence(['check', '--config', config(text.replace('SECRET', secret))]);
  });
});
