import { describe, expect, it } from 'vitest';
import { createCatalog } from '../src/catalog/catalog.ts';
import { CLIENTS } from '../src/commands/init/clients.ts';
import { runInit } from '../src/commands/init/command.ts';
import { addToJson } from '../src/commands/init/json-file.ts';
import { addToToml, toTable } from '../src/commands/init/toml-file.ts';
import { declarations } from '../tools/index.ts';

const catalog = createCatalog(declarations);

async function init(
  argv: string | readonly string[],
  { platform = 'linux', variables = {} }: { platform?: string; variables?: Record<string, string> } = {},
): Promise<string> {
  let text = '';
  const isWindows = platform === 'win32';
  await runInit(typeof argv === 'string' ? argv.split(' ').filter(Boolean) : argv, {
    catalog,
    platform,
    home: isWindows ? 'C:\\Users\\ada' : '/home/ada',
    cwd: isWindows ? 'C:\\project' : '/project',
    variable: (name) => variables[name],
    write: (more) => {
      text += more;
    },
    now: () => new Date(0),
  });
  return text;
}

describe('what init prints', () => {
  it.each(Object.keys(CLIENTS))('for %s', async (client) => {
    const first = await init(client);
    const rich = await init(`${client} --allow users:write,preset:support --deny delete_user --api-key-file wk/key`);
    const sandbox = await init(`${client} --sandbox --read-only --name workos-try`);
    const windows = await init(client, {
      platform: 'win32',
      variables: { APPDATA: 'C:\\Users\\ada\\AppData\\Roaming' },
    });
    const parts = [first, rich, sandbox, windows].map((text) => `${text}\n${'-'.repeat(80)}\n\n`);
    await expect(parts.join('')).toMatchFileSnapshot(`snapshots/init/${client}.txt`);
  });

  it('never holds a key, even where one is set', async () => {
    const variables = { WORKOS_API_KEY: 'sk_test_canary123' };
    for (const client of Object.keys(CLIENTS)) expect(await init(client, { variables })).not.toContain('canary');
  });

  it.each([
    ['claude-desktop', 'darwin', {}, '/home/ada/Library/Application Support/Claude/claude_desktop_config.json'],
    ['claude-desktop', 'win32', {}, 'C:\\Users\\ada\\AppData\\Roaming\\Claude\\claude_desktop_config.json'],
    ['claude-desktop', 'win32', { APPDATA: 'D:\\app' }, 'D:\\app\\Claude\\claude_desktop_config.json'],
    ['claude-desktop', 'linux', {}, '/home/ada/.config/Claude/claude_desktop_config.json'],
    ['claude-desktop', 'linux', { XDG_CONFIG_HOME: '/xdg' }, '/xdg/Claude/claude_desktop_config.json'],
    ['claude-code', 'darwin', {}, '/project/.mcp.json'],
    ['cursor', 'win32', {}, 'C:\\Users\\ada\\.cursor\\mcp.json'],
    ['vscode', 'win32', {}, 'C:\\project\\.vscode\\mcp.json'],
    ['windsurf', 'darwin', {}, '/home/ada/.codeium/windsurf/mcp_config.json'],
    ['codex', 'linux', {}, '/home/ada/.codex/config.toml'],
    ['codex', 'linux', { CODEX_HOME: '/codex' }, '/codex/config.toml'],
  ])('names the file of %s on %s with %j', async (client, platform, variables, file) => {
    expect(await init(client, { platform, variables })).toContain(`, in ${file}:\n`);
  });

  it('quotes the entry for a shell', async () => {
    const text = await init(['claude-code', '--api-key-file', "/it's/key"]);
    expect(text).toContain(`{"WORKOS_API_KEY_FILE":"/it'\\''s/key"}`);
  });

  it('says what a production key needs besides, where something may be written', async () => {
    expect(await init('cursor --allow users:write')).toContain('--production-writes');
    expect(await init('cursor --allow users:read')).not.toContain('--production-writes');
    expect(await init('cursor --allow users:write --sandbox')).not.toContain('--production-writes');
  });
});

describe('what init refuses', () => {
  it.each([
    ['', 'init: say which client.'],
    ['claude-destkop', 'there is no client "claude-destkop". Did you mean "claude-desktop"?'],
    ['__proto__', 'CLIENT is one of claude-desktop, claude-code, cursor, vscode, windsurf, codex, generic.'],
    ['cursor --alow users:read', 'There is no option --alow. Did you mean "--allow"?'],
    ['cursor --read-only=yes', '--read-only takes no value'],
    ['cursor --allow user:read', 'there is no area "user". Did you mean "users"?'],
    ['cursor --allow users:read,', 'has an empty item'],
    ['cursor --allow users:write --read-only', 'No tool is left on'],
    ['cursor --deny users:raed', 'there is no access "raed"'],
    ['cursor --name a.b', '--name: say a name'],
    ['cursor --name sk_test_1', '--name: say a name'],
    ['cursor --sandbox --api-key-file key', '--sandbox needs no key'],
    ['cursor --api-key-file sk_test_123456', '--api-key-file takes the name of a file'],
    ['cursor file.json', '"file.json" is left over; a file goes with --write'],
    ['cursor --write a.json b.json', '"b.json" is left over'],
    ['generic --write', 'say which file: --write FILE'],
  ])('%s', async (argv, message) => {
    await expect(init(argv)).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringContaining(message),
    });
  });
});

const entry = { command: 'npx', args: ['-y', 'workos-mcp'], env: { WORKOS_API_KEY: 'sk_test_…' } };
const added = { mcpServers: { workos: entry } };

describe('a JSON configuration', () => {
  it.each<[what: string, before: string, after: string]>([
    ['nothing', '', '{\n  "mcpServers": {\n    "x": 1\n  }\n}\n'],
    ['only white space', ' \n', '{\n  "mcpServers": {\n    "x": 1\n  }\n}\n'],
    ['another member', '{"a":1.5}', '{\n  "a": 1.5,\n  "mcpServers": {\n    "x": 1\n  }\n}'],
    [
      'another server, four spaces and a line end',
      '{\n    "mcpServers": {\n        "y": [1, "\\u00e9"]\n    }\n}\n',
      '{\n    "mcpServers": {\n        "y": [\n            1,\n            "é"\n        ],\n        "x": 1\n    }\n}\n',
    ],
    ['tabs', '{\n\t"a": 1\n}\n', '{\n\t"a": 1,\n\t"mcpServers": {\n\t\t"x": 1\n\t}\n}\n'],
    [
      'the line ends of Windows and a byte order mark',
      '\uFEFF{\r\n  "a": 1\r\n}\r\n',
      '\uFEFF{\r\n  "a": 1,\r\n  "mcpServers": {\r\n    "x": 1\r\n  }\r\n}\r\n',
    ],
    [
      'a text that looks like a comment',
      '{\n  "a": "http://x /* y */ ,}"\n}',
      '{\n  "a": "http://x /* y */ ,}",\n  "mcpServers": {\n    "x": 1\n  }\n}',
    ],
  ])('with %s gets what is missing', (_, before, after) => {
    expect(addToJson(before, { mcpServers: { x: 1 } })).toBe(after);
  });

  it.each<[what: string, text: string, fault: string]>([
    ['that is broken', '{"a": }', 'no valid JSON'],
    ['that is cut short', '{"mcpServers": {', 'no valid JSON'],
    ['with a comment', '{\n  // mine\n  "a": 1\n}', 'comments or trailing commas'],
    ['with a block comment', '{ /* "x */ "a": 1 }', 'comments or trailing commas'],
    ['with a trailing comma', '{ "a": [1,], }', 'comments or trailing commas'],
    ['that is a list', '[]', 'no JSON object'],
    ['with a member twice', '{"a":1,"a":2}', 'repeated member'],
    ['with a number of many digits', '{"a":12345678901234567890}', 'unusual number'],
    ['whose servers are a list', '{"mcpServers":[]}', '"mcpServers" is no object'],
    ['whose servers are null', '{"mcpServers":null}', '"mcpServers" is no object'],
    ['with another server of that name', '{"mcpServers":{"workos":{"command":"x"}}}', 'has mcpServers.workos already'],
    [
      'with that server and other grants',
      JSON.stringify({ mcpServers: { workos: { ...entry, args: [] } } }),
      'has mcpServers.workos already',
    ],
  ])('%s is refused', (_, text, fault) => {
    expect(() => addToJson(text, added)).toThrow(expect.objectContaining({ name: 'StartError' }));
    expect(() => addToJson(text, added)).toThrow(fault);
  });

  it('that has it is left alone, also with the key filled in, which is never shown', () => {
    const filled = { mcpServers: { workos: { ...entry, env: { WORKOS_API_KEY: 'sk_live_canary' } } } };
    expect(addToJson(JSON.stringify(added), added)).toBeUndefined();
    expect(addToJson(JSON.stringify(filled), added)).toBeUndefined();
    const other = { mcpServers: { workos: { ...entry, args: ['--sandbox'] } } };
    expect(() => addToJson(JSON.stringify(filled), other)).toThrow(/^(?!.*canary)/);
  });

  it('takes a server named like something of every object', () => {
    const text = addToJson('{"mcpServers":{}}', { mcpServers: { constructor: 1 } }) ?? '';
    expect(JSON.parse(text)).toEqual({ mcpServers: { constructor: 1 } });
  });

  it('gets an input for VS Code once', () => {
    const input = { id: 'k', type: 'promptString' };
    const all = { inputs: [input], servers: { x: 1 } };
    const text = addToJson('{"inputs":[{"id":"other"}]}', all) ?? '';
    expect(JSON.parse(text)).toEqual({ inputs: [{ id: 'other' }, input], servers: { x: 1 } });
    expect(addToJson(text, all)).toBeUndefined();
    expect(() => addToJson('{"inputs":[{"id":"k"}]}', all)).toThrow('has inputs "k" already');
    expect(() => addToJson('{"inputs":{}}', all)).toThrow('"inputs" is no list');
  });
});

const table = toTable('mcp_servers', 'workos', { command: 'npx', args: ['a"b', 'c\\d'], env: { K: 'v' }, n: 60 });
const toml = (text: string) => addToToml(text, 'mcp_servers', 'workos', table);

describe('a TOML configuration', () => {
  it('has a table as TOML writes it', () => {
    expect(table).toBe(
      '[mcp_servers.workos]\ncommand = "npx"\nargs = ["a\\"b", "c\\\\d"]\nenv = { K = "v" }\nn = 60\n',
    );
  });

  it.each<[what: string, before: string, between: string]>([
    ['nothing', '', ''],
    ['comments', '# mine\nmodel = "x" # yes\n', '\n'],
    ['no line end', 'model = "x"', '\n\n'],
    ['another server', '[mcp_servers.other]\ncommand = "x"\n', '\n'],
    ['a server with a longer name', '[mcp_servers.workos-live]\n[mcp_servers.workos2.env]\n', '\n'],
    ['the parent table', '[mcp_servers]\nother = { command = "x" }\n', '\n'],
    ['the name elsewhere', '[profiles]\nworkos = 1\n[profiles.workos]\n', '\n'],
    ['the table in a comment', '# [mcp_servers.workos]\n', '\n'],
  ])('with %s gets it at its end, the rest to the byte as it was', (_, before, between) => {
    expect(toml(before)).toBe(`${before}${between}${table}`);
  });

  it('keeps the line ends of Windows', () => {
    expect(toml('a = 1\r\n')).toBe(`a = 1\r\n\r\n${table.replaceAll('\n', '\r\n')}`);
  });

  it.each([
    table,
    `a = 1\n${table}\n[other]\nb = 2\n`,
    table.replaceAll('\n', '\r\n'),
  ])('that has it is left alone: %j', (text) => {
    expect(toml(text)).toBeUndefined();
  });

  it.each<[text: string, fault: string]>([
    ['[mcp_servers.workos]\ncommand = "x"\n', 'has [mcp_servers.workos] already'],
    ['[ mcp_servers . "workos" ]\n', 'has [mcp_servers.workos] already'],
    ["['mcp_servers'.'workos'.env]\n", 'has [mcp_servers.workos] already'],
    [`${table}\n[mcp_servers.workos.env]\nA = "b"\n`, 'has [mcp_servers.workos] already'],
    ['mcp_servers.workos.command = "x"\n', 'has mcp_servers.workos already'],
    ['[mcp_servers]\nworkos = { command = "x" }\n', 'has mcp_servers.workos already'],
    ['[mcp_servers]\n"workos".command = "x"\n', 'has mcp_servers.workos already'],
    ['mcp_servers = { }\n', 'as one inline table'],
  ])('%j is refused', (text, fault) => {
    expect(() => toml(text)).toThrow(expect.objectContaining({ name: 'StartError' }));
    expect(() => toml(text)).toThrow(fault);
  });
});
