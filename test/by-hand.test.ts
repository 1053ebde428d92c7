import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { helpText } from '../src/commands/help.ts';
import { COMMANDS, toConfig } from '../src/settings/config.ts';
import { readSources } from '../src/settings/sources.ts';
import { nearest } from '../src/wording.ts';
import { runProgram, startProgram } from './support/in-process.ts';

const SENTENCE = /^workos-mcp is an MCP server: .+ Ctrl-C ends it\.\n$/;
const SANDBOX = ['--sandbox', '--allow', '*:read'];

describe('a server that a person has started in a terminal', () => {
  it('says in one sentence what it is, and keeps log and record apart', async () => {
    const program = startProgram(SANDBOX, {}, 'past the SDK', { isTyped: true });
    await expect.poll(program.log).toMatch(SENTENCE);
    program.stdin.end();
    expect(await program.exit).toBe(0);
    expect(program.log()).toMatch(SENTENCE);
  });

  it('has the whole record from its first entry, once something is typed', async () => {
    const program = startProgram(SANDBOX, {}, 'past the SDK', { isTyped: true });
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
    program.stdin.end(`${JSON.stringify(call)}\n`);
    await program.exit;
    const entries = program
      .log()
      .split('\n')
      .flatMap((line) => (line.startsWith('{"v":') ? [JSON.parse(line)] : []));
    expect(entries.map(({ seq, kind }) => [seq, kind])).toEqual([
      [1, 'start'],
      [2, 'stop'],
    ]);
  });

  it('that a client starts says nothing of the kind', async () => {
    const program = startProgram(SANDBOX);
    program.stdin.end();
    await program.exit;
    expect(program.log()).not.toContain('is an MCP server');
    expect(program.log()).toContain('"kind":"start"');
  });
});

describe('the words of a person', () => {
  it.each(['__proto__', 'toString', 'hasOwnProperty'])('may be a name such as %s', async (name) => {
    const { code, stderr } = await runProgram(['agent', 'add', name, '--config', 'c.yaml', '--allow', '*:read']);
    expect(code).toBe(2);
    expect(stderr).toContain(`"${name}"`);
  });

  it.each([
    ['help', '--help'],
    ['-h', '--help'],
    ['version', '--version'],
    ['-v', '--version'],
    ['help check', 'check --help'],
    ['check -h', 'check --help'],
    ['help agent add', 'agent add --help'],
    ['help init cursor', 'init cursor --help'],
  ])('%s is %s', async (words, meant) => {
    const [given, expected] = await Promise.all([words, meant].map((line) => runProgram(line.split(' '))));
    expect(given).toEqual(expected);
    expect(given).toMatchObject({ code: 0, stderr: '' });
  });

  it.each(Object.keys(COMMANDS))('%s --help is of its own, with examples of lines that it takes', async (command) => {
    const { code, stdout } = await runProgram([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).not.toBe(helpText());
    const examples = [...stdout.matchAll(/^ {2}workos-mcp (.+?)(?: {2,}.*)?$/gm)].map(([, line = '']) => line);
    expect(examples.filter((line) => line.startsWith(command))).not.toEqual([]);
    if (['agent', 'init', 'audit', 'demo', 'console'].includes(command)) return;
    const known = stdout.slice(stdout.indexOf('Examples:'));
    for (const [, line = ''] of known.matchAll(/^ {2}workos-mcp (.+?)(?: {2,}.*)?$/gm)) {
      const words = line.replaceAll("'", '').split(' ');
      const argv = words[0] === 'doctor' ? ['check', ...words.slice(1)] : words;
      expect(() => toConfig(readSources(argv, {})), line).not.toThrow();
    }
  });

  it('are answered in lines that the terminal has room for', async () => {
    const program = startProgram(['--help'], {}, 'past the SDK', { columns: 70 });
    const out = await text(program.stdout);
    const long = out.split('\n').filter((line) => line.length > 70);
    // Names of flags with their variables, grants, and lines to copy stay whole.
    expect(long.filter((line) => !/^ {2}(--|workos-mcp)|^(Grants|full|preset)|^workos-mcp COMMAND/.test(line))).toEqual(
      [],
    );
  });

  it.each<[word: string, known: readonly string[], found: string | undefined]>([
    ['list_org', ['list_users', 'list_organizations', 'get_organization'], 'list_organizations'],
    ['--allow-h', ['--allow', '--allow-read', '--allowed-hosts'], '--allow'],
    ['--allowed', ['--allow', '--allowed-hosts'], '--allowed-hosts'],
    ['prod', ['staging', 'production'], 'production'],
    ['get_usr', ['get_user', 'list_users'], 'get_user'],
    ['delete_usr', ['delete_user', 'get_user'], 'delete_user'],
    ['delete_group', ['delete_user', 'delete_role'], undefined],
    ['delete_roles', ['delete_role'], 'delete_role'],
    ['elete_user', ['delete_user'], undefined],
    ['delete', ['delete_user', 'delete_role'], undefined],
    ['us', ['users'], undefined],
    ['nothing', [], undefined],
  ])('%j among %j means %j', (word, known, found) => {
    expect(nearest(word, known)).toBe(found);
  });
});
