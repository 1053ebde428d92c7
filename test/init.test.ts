import { describe, expect, it } from 'vitest';
import { createCatalog } from '../src/catalog/catalog.ts';
import { json } from '../src/commands/edit/json-text.ts';
import { toml } from '../src/commands/edit/toml-text.ts';
import { CLIENTS, type ClientName, toEntry } from '../src/commands/init/clients.ts';
import { runInit } from '../src/commands/init/command.ts';
import { IS_PUBLISHED, toLaunch } from '../src/commands/init/launch.ts';
import { addMissing } from '../src/commands/init/missing.ts';
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
    program: isWindows
      ? {
          node: 'C:\\Program Files\\nodejs\\node.exe',
          main: 'C:\\Users\\ada\\my code\\workos-mcp\\dist\\main.js',
          version: '1.2.3',
        }
      : { node: '/usr/local/bin/node', main: "/home/ada/ada's code/workos-mcp/dist/main.js", version: '1.2.3' },
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
    const everything = `${client} --allow-read --production-writes --audit-log a.jsonl --limit general=5/1 --agent bot`;
    const settings = await init(everything);
    const remote = await init(`${client} --url https://mcp.example.com/mcp`).catch(
      (error: Error) => `${error.message}\n`,
    );
    const parts = [first, rich, sandbox, settings, remote, windows].map((text) => `${text}\n${'-'.repeat(80)}\n\n`);
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
    ['gemini', 'darwin', {}, '/home/ada/.gemini/settings.json'],
    ['zed', 'darwin', {}, '/home/ada/.config/zed/settings.json'],
    ['zed', 'linux', { XDG_CONFIG_HOME: '/xdg' }, '/xdg/zed/settings.json'],
    ['zed', 'win32', { APPDATA: 'D:\\app' }, 'D:\\app\\Zed\\settings.json'],
    ['codex', 'linux', {}, '/home/ada/.codex/config.toml'],
    ['codex', 'linux', { CODEX_HOME: '/codex' }, '/codex/config.toml'],
  ])('names the file of %s on %s with %j', async (client, platform, variables, file) => {
    expect(await init(client, { platform, variables })).toContain(`, in ${file}:\n`);
  });

  it('quotes the entry for a shell', async () => {
    const text = await init(['claude-code', '--api-key-file', "/it's/key"]);
    expect(text).toContain(`{"WORKOS_API_KEY_FILE":"/it'\\''s/key"}`);
    expect(text).toContain(
      `"command":"/usr/local/bin/node","args":["/home/ada/ada'\\''s code/workos-mcp/dist/main.js",`,
    );
  });

  it('says what a production key needs besides, where something may be written', async () => {
    expect(await init('cursor --allow users:write')).toContain('--production-writes');
    expect(await init('cursor --allow users:read')).not.toContain('--production-writes');
    expect(await init('cursor --allow users:write --sandbox')).not.toContain('--production-writes');
  });
});

const NODE = '/usr/bin/node';
const WINDOWS_NODE = 'C:\\Program Files\\nodejs\\node.exe';

describe('what a client is to start', () => {
  it.each<[what: string, node: string, main: string, published: string]>([
    ['a clone', NODE, '/home/ada/workos-mcp/dist/main.js', ''],
    ['a clone in a folder with blanks', WINDOWS_NODE, 'C:\\my code\\workos-mcp\\dist\\main.js', ''],
    ['a clone that depends on packages', NODE, '/srv/node_modules/x/workos-mcp/dist/main.js', ''],
    ['another package that contains it', NODE, '/srv/node_modules/other/dist/main.js', ''],
    ['a package of a project', NODE, '/srv/app/node_modules/workos-mcp/dist/main.js', 'npx -y workos-mcp@1.2.3'],
    ['a global package', NODE, '/usr/lib/node_modules/workos-mcp/dist/main.js', 'npx -y workos-mcp@1.2.3'],
    [
      'a global package on Windows',
      WINDOWS_NODE,
      'C:\\Users\\ada\\AppData\\Roaming\\npm\\node_modules\\workos-mcp\\dist\\main.js',
      'npx -y workos-mcp@1.2.3',
    ],
  ])('is %s by its path, unless npm has the package', (_, node, main, published) => {
    const program = { node, main, version: '1.2.3' };
    expect(toLaunch(program, false)).toEqual([node, main]);
    expect(toLaunch(program, true)).toEqual(published === '' ? [node, main] : published.split(' '));
  });

  const place = (platform: string) => ({ platform, home: '/', cwd: '/', variable: () => undefined });
  const entry = (client: ClientName, launch: readonly string[], platform: string) =>
    toEntry(CLIENTS[client], { name: 'workos', launch, args: ['--sandbox'], key: 'none' }, place(platform));

  it('is started by a shell only where it is a script on Windows', () => {
    const npx = ['npx', '-y', 'workos-mcp@1.2.3'];
    const path = [WINDOWS_NODE, 'C:\\my code\\dist\\main.js'];
    expect(entry('claude-code', npx, 'win32')).toMatchObject({ command: 'cmd', args: ['/c', ...npx, '--sandbox'] });
    expect(entry('claude-code', npx, 'linux')).toMatchObject({ command: 'npx', args: ['-y', npx[2], '--sandbox'] });
    expect(entry('claude-code', path, 'win32')).toMatchObject({ command: path[0], args: [path[1], '--sandbox'] });
  });

  it('gets time for a download only where there is one', () => {
    expect(entry('codex', ['npx', '-y', 'workos-mcp@1.2.3'], 'linux')).toHaveProperty('startup_timeout_sec', 60);
    expect(entry('codex', [NODE, '/x/main.js'], 'linux')).not.toHaveProperty('startup_timeout_sec');
  });

  it.runIf(IS_PUBLISHED === false)('never names a package that is not ours', async () => {
    for (const client of Object.keys(CLIENTS)) {
      for (const platform of ['linux', 'win32'])
        expect(await init(client, { platform })).not.toMatch(/npx|workos-mcp@/);
    }
  });

  it.each([
    ['claude-code', true],
    ['vscode', true],
    ['cursor', false],
  ])('is on this computer alone, which %s is told: %s', async (client, isTold) => {
    expect(await init(client)).toContain('Paths: this Node and this copy of workos-mcp.');
    expect((await init(client)).includes('do not commit these paths')).toBe(isTold);
  });
});

describe('what init refuses', () => {
  it.each([
    ['', 'init: a client is required.'],
    ['claude-destkop', 'there is no client "claude-destkop". Did you mean "claude-desktop"?'],
    [
      '__proto__',
      'CLIENT is one of claude-desktop, claude-code, cursor, vscode, windsurf, codex, gemini, zed, generic.',
    ],
    ['cursor --alow users:read', 'There is no option --alow. Did you mean "--allow"?'],
    ['cursor --read-only=yes', '--read-only takes no value'],
    ['cursor --allow user:read', 'there is no area "user". Did you mean "users"?'],
    ['cursor --allow users:read,', 'has an empty item'],
    ['cursor --allow users:write --read-only', 'No tool is left on'],
    ['cursor --deny users:raed', 'there is no access "raed"'],
    ['cursor --name a.b', '--name: use a letter'],
    ['cursor --name sk_test_1', '--name: use a letter'],
    ['cursor --name eyJabcdefgh', '--name: use a letter'],
    ['cursor --api-key-file wmcp_abcdefghij_x', '--api-key-file takes the name of a file'],
    ['cursor --write wmcp_abcdefghij_x', '--write takes the name of a configuration file'],
    ['cursor --sandbox --api-key-file key', '--sandbox needs no key'],
    ['cursor --api-key-file sk_test_123456', '--api-key-file takes the name of a file'],
    ['cursor file.json', '"file.json" is unexpected; name a file with --write'],
    ['cursor --write a.json b.json', '"b.json" is unexpected'],
    ['generic --write', 'a file is required: --write FILE'],
  ])('%s', async (argv, message) => {
    await expect(init(argv)).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringContaining(message),
    });
  });
});

const entry = { command: 'npx', args: ['-y', 'workos-mcp'], env: { WORKOS_API_KEY: 'sk_test_…' } };
const added = { mcpServers: { workos: entry } };
const addToJson = (text: string, what: Parameters<typeof addMissing>[1]) => addMissing(text, what, json);

describe('a JSON configuration', () => {
  it.each<[what: string, before: string, after: string]>([
    ['nothing', '', '{\n  "mcpServers": {\n    "x": 1\n  }\n}\n'],
    ['only white space', ' \n', '{\n  "mcpServers": {\n    "x": 1\n  }\n}\n'],
    ['only a comment', '// mine\r\n', '// mine\r\n{\r\n  "mcpServers": {\r\n    "x": 1\r\n  }\r\n}\r\n'],
    ['no member', '{}', '{\n  "mcpServers": {\n    "x": 1\n  }\n}'],
    ['another member', '{"a":1.5}', '{"a":1.5,\n  "mcpServers": {\n    "x": 1\n  }\n}'],
    [
      'another server, four spaces and a line end',
      '{\n    "mcpServers": {\n        "y": [1, "\\u00e9"]\n    }\n}\n',
      '{\n    "mcpServers": {\n        "y": [1, "\\u00e9"],\n        "x": 1\n    }\n}\n',
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
    [
      'line comments, the last of them about the last server',
      '// mine\n{\n  "mcpServers": { // these\n    "y": {} // why, {or "not"}\n    // "z": {},\n  } // all\n}\n// end',
      '// mine\n{\n  "mcpServers": { // these\n    "y": {}, // why, {or "not"}\n    // "z": {},\n    "x": 1\n  } // all\n}\n// end',
    ],
    [
      'block comments',
      '/* a */ {\n  /* "mcpServers": {} */ "mcpServers": /* b */ {\n    "y": 1 /* c, */ /* d\n  "e": } */\n  }\n}\n',
      '/* a */ {\n  /* "mcpServers": {} */ "mcpServers": /* b */ {\n    "y": 1, /* c, */ /* d\n  "e": } */\n    "x": 1\n  }\n}\n',
    ],
    ['a comment alone in a section', '{"mcpServers":{//\n}}', '{"mcpServers":{//\n  "x": 1\n}}'],
    [
      'trailing commas, with comments behind them',
      '{\n  "a": [1, 2,],\n  "mcpServers": {\n    "y": 1, // why\n  },\n}\n',
      '{\n  "a": [1, 2,],\n  "mcpServers": {\n    "y": 1, // why\n    "x": 1,\n  },\n}\n',
    ],
    ['a trailing comma behind a comment', '{"a":1/*,*/,}', '{"a":1/*,*/,\n  "mcpServers": {\n    "x": 1\n  },\n}'],
    [
      'a number of many digits, and members twice elsewhere',
      '{"a":12345678901234567890,"b":1,"b":2}',
      '{"a":12345678901234567890,"b":1,"b":2,\n  "mcpServers": {\n    "x": 1\n  }\n}',
    ],
    [
      'a section of that name deeper down',
      '{\n  "projects": {\n    "/p": { "mcpServers": { "x": 2 } }\n  },\n  "mcpServers": {}\n}\n',
      '{\n  "projects": {\n    "/p": { "mcpServers": { "x": 2 } }\n  },\n  "mcpServers": {\n    "x": 1\n  }\n}\n',
    ],
    ['escapes in the name of the section', '{ "mcp\\u0053ervers": {} }', '{ "mcp\\u0053ervers": {\n  "x": 1\n} }'],
  ])('with %s gets what is missing, the rest to the byte as it was', async (_, before, after) => {
    expect(await addToJson(before, { mcpServers: { x: 1 } })).toBe(after);
    expect(await addToJson(after, { mcpServers: { x: 1 } })).toBeUndefined();
  });

  it.each<[what: string, text: string, fault: string]>([
    ['that is broken', '{"a": }', 'not valid JSON (line 1)'],
    ['that is cut short', '{\n  "mcpServers": {', 'not valid JSON (line 2)'],
    ['with a comment that does not end', '{} /* x', 'not valid JSON'],
    ['with a text that does not end', '{"a": "x\n}', 'not valid JSON'],
    ['with two commas', '{"a": 1,, }', 'not valid JSON'],
    ['without a comma', '{\r\n"a": 1\r\n"b": 2}', 'not valid JSON (line 3)'],
    ['with single quotes', "{'a': 1}", 'not valid JSON'],
    ['with more behind it', '{} {}', 'not valid JSON'],
    ['that is a list', '[]', 'not an object'],
    ['that is null', 'null', 'this command cannot edit: set mcpServers.workos yourself'],
    ['whose section is there twice', '{"mcpServers":{"a":1},"mcpServers":{}}', '"mcpServers" more than once'],
    ['whose servers are a list', '{"mcpServers":[]}', '"mcpServers" is not an object'],
    ['whose servers are null', '{"mcpServers":null}', '"mcpServers" is not an object'],
    ['with another server of that name', '{"mcpServers":{"workos":{"command":"x"}}}', 'has mcpServers.workos already'],
    [
      'with two servers of that name',
      `{"mcpServers":{"workos":${JSON.stringify(entry)},"workos":{}}}`,
      'has mcpServers.workos already',
    ],
    [
      'with that server and other grants',
      JSON.stringify({ mcpServers: { workos: { ...entry, args: [] } } }),
      'has mcpServers.workos already',
    ],
  ])('%s is refused', async (_, text, fault) => {
    await expect(addToJson(text, added)).rejects.toThrow(expect.objectContaining({ name: 'StartError' }));
    await expect(addToJson(text, added)).rejects.toThrow(fault);
  });

  it('that has it is left alone, also with the key filled in, which is never shown', async () => {
    const filled = { mcpServers: { workos: { ...entry, env: { WORKOS_API_KEY: 'sk_live_canary' } } } };
    expect(await addToJson(JSON.stringify(added), added)).toBeUndefined();
    expect(await addToJson(`// mine\n${JSON.stringify(filled)}`, added)).toBeUndefined();
    const other = { mcpServers: { workos: { ...entry, args: ['--sandbox'] } } };
    await expect(addToJson(JSON.stringify(filled), other)).rejects.toThrow(/^(?!.*canary)/);
  });

  it('takes a server named like something of every object', async () => {
    const text = (await addToJson('{"mcpServers":{}}', { mcpServers: { constructor: 1 } })) ?? '';
    expect(JSON.parse(text)).toEqual({ mcpServers: { constructor: 1 } });
  });

  it('gets an input for VS Code once', async () => {
    const input = { id: 'k', type: 'promptString' };
    const all = { inputs: [input], servers: { x: 1 } };
    const text = (await addToJson('{\n  "inputs": [{"id":"other"} /* mine */,]}', all)) ?? '';
    expect(text).toBe(
      '{\n  "inputs": [{"id":"other"} /* mine */,\n    {\n      "id": "k",\n      "type": "promptString"\n    },\n  ],\n  "servers": {\n    "x": 1\n  }\n}',
    );
    expect(await addToJson(text, all)).toBeUndefined();
    expect(JSON.parse((await addToJson('{}', all)) ?? '')).toEqual(all);
    await expect(addToJson('{"inputs":[{"id":"k"}]}', all)).rejects.toThrow('has inputs "k" already');
    await expect(addToJson('{"inputs":{}}', all)).rejects.toThrow('"inputs" is not a list');
  });
});

const table = `[mcp_servers.workos]
command = "npx"
args = [ "a\\"b", "c\\\\d" ]
n = 60

[mcp_servers.workos.env]
K = "v"
`;
const server = { command: 'npx', args: ['a"b', 'c\\d'], env: { K: 'v' }, n: 60 };
const addToToml = (text: string) => addMissing(text, { mcp_servers: { workos: server } }, toml);

describe('a TOML configuration', () => {
  it.each<[what: string, before: string, between: string]>([
    ['nothing', '', ''],
    ['comments', '# mine\nmodel = "x" # yes\n', '\n'],
    ['no line end', 'model = "x"', '\n\n'],
    ['another server', '[mcp_servers.other]\ncommand = "x"\n', '\n'],
    ['a server with a longer name', '[mcp_servers.workos-live]\n[mcp_servers.workos2.env]\n', '\n'],
    ['the parent table', '[mcp_servers]\nother = { command = "x" }\n', '\n'],
    ['the name elsewhere', '[profiles]\nworkos = 1\n[tools.workos]\n', '\n'],
    ['the table in a comment', '# [mcp_servers.workos]\n', '\n'],
    ['the table in a text', 'a = """\n[mcp_servers.workos]\nmcp_servers = 1\n"""\n', '\n'],
    ['values of all kinds', 'a = 9007199254740993\nb = 1979-05-27T07:32:00Z\nc = nan\nd = [ { e = 1.0 } ]\n', '\n'],
  ])('with %s gets it at its end, the rest to the byte as it was', async (_, before, between) => {
    expect(await addToToml(before)).toBe(`${before}${between}${table}`);
  });

  it('keeps the line ends of Windows and a byte order mark', async () => {
    expect(await addToToml('\uFEFFa = 1\r\n')).toBe(`\uFEFFa = 1\r\n\r\n${table.replaceAll('\n', '\r\n')}`);
  });

  it.each([
    table,
    `a = 1\n${table}\n[other]\nb = 2\n`,
    table.replaceAll('\n', '\r\n'),
    "mcp_servers = { \"workos\" = { n = 60, env.K = 'v', args = ['a\"b', 'c\\d'], command = \"npx\" } } # mine\n",
  ])('that has it is left alone: %j', async (text) => {
    expect(await addToToml(text)).toBeUndefined();
  });

  it.each<[text: string, fault: string]>([
    ['[mcp_servers.workos]\ncommand = "x"\n', 'has mcp_servers.workos already'],
    ['[ mcp_servers . "workos" ]\n', 'has mcp_servers.workos already'],
    ["['mcp_servers'.'workos'.env]\n", 'has mcp_servers.workos already'],
    [`${table}A = "b"\n`, 'has mcp_servers.workos already'],
    ['mcp_servers.workos.command = "x"\n', 'has mcp_servers.workos already'],
    ['[mcp_servers]\nworkos = { command = "x" }\n', 'has mcp_servers.workos already'],
    ['[mcp_servers]\n"workos".command = "x"\n', 'has mcp_servers.workos already'],
    ['[[mcp_servers]]\n', '"mcp_servers" is not an object'],
    ['mcp_servers = 1\n', '"mcp_servers" is not an object'],
    ['mcp_servers = { }\n', 'this command cannot edit: set mcp_servers.workos yourself'],
    ['a = 1\nb = \n', 'not valid TOML (line 2)'],
    ['a = 1\na = 2\n', 'not valid TOML (line 2)'],
    ['a = """\n', 'not valid TOML'],
  ])('%j is refused', async (text, fault) => {
    await expect(addToToml(text)).rejects.toThrow(expect.objectContaining({ name: 'StartError' }));
    await expect(addToToml(text)).rejects.toThrow(fault);
  });
});

describe('the settings of a server', () => {
  it('are those of a start: a file is named by its whole path, and a config may have the grants', async () => {
    const text = await init('cursor --config workos.yaml --audit-log stderr');
    expect(JSON.parse(/^\{[\s\S]*?^\}$/m.exec(text)?.[0] ?? '').mcpServers.workos.args.slice(1)).toEqual([
      '--config',
      '/project/workos.yaml',
      '--audit-log',
      'stderr',
    ]);
    expect(text).not.toContain('Without --allow');
  });

  it.each([
    ['--sandbox --expect staging', 'checks the API key, but --sandbox uses none'],
    ['--agent a/b', '--agent is "a/b"'],
    ['--client-id sk_test_1', 'WORKOS_CLIENT_ID is an API key'],
    ['--limit users=5/1', 'there is no limit "users"'],
    ['--allow-write --deny *:full', 'No tool is left on'],
    ['--port 9000', 'There is no option --port'],
  ])('are refused as a start refuses them: %s', async (flags, message) => {
    await expect(init(`cursor ${flags}`)).rejects.toThrow(message);
  });

  it('are not asked for where the server is elsewhere, nor a token where the client signs in', async () => {
    for (const client of Object.keys(CLIENTS).filter((name) => name !== 'claude-desktop')) {
      const text = await init(`${client} --url https://mcp.example.com/mcp --oauth`);
      expect(text).toContain('https://mcp.example.com/mcp');
      expect(text).not.toMatch(/Authorization|bearer|WORKOS_MCP_TOKEN|wmcp_|promptString/i);
    }
  });
});
