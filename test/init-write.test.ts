import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCatalog } from '../src/catalog/catalog.ts';
import { CLIENTS, type ClientName } from '../src/commands/init/clients.ts';
import { runInit } from '../src/commands/init/command.ts';
import { changeFile } from '../src/commands/init/write.ts';
import { declarations } from '../tools/index.ts';
import { MAIN } from './support/built.ts';
import { run } from './support/http-server.ts';

const NODE = '/usr/local/bin/node';
const PROGRAM = '/home/ada/my code/workos-mcp/dist/main.js';

const catalog = createCatalog(declarations);
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'init-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function init(...argv: readonly string[]): Promise<string> {
  let text = '';
  await runInit(argv, {
    catalog,
    program: { node: NODE, main: PROGRAM, version: '1.2.3' },
    platform: platform(),
    home: join(folder, 'home'),
    cwd: folder,
    variable: () => undefined,
    write: (more) => {
      text += more;
    },
    now: () => new Date('2026-05-01T10:20:30.456Z'),
  });
  return text;
}

const put = (text: string, name = 'c.json') => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const get = (path: string) => readFileSync(path, 'utf8');
const files = () => readdirSync(folder).sort();

const OTHER = '{\n  "theme": "dark",\n  "mcpServers": {\n    "other": {\n      "command": "x"\n    }\n  }\n}\n';

describe('init --write', () => {
  it.each(
    Object.keys(CLIENTS) as ClientName[],
  )('makes the file of %s, and has nothing to do the second time', async (client) => {
    const isToml = CLIENTS[client].format === 'toml';
    const named = client === 'generic' ? ['mine.json'] : [];
    const said = await init(client, '--write', ...named);
    const [, path = ''] = /^(.*) is new, with this in it:$/m.exec(said) ?? [];
    const text = get(path);
    expect(said).toContain(text.trimEnd());
    if (isToml) expect(text).toMatch(/^\[mcp_servers\.workos\]\n/);
    else expect(JSON.parse(text)[CLIENTS[client].section].workos.command).toBe(NODE);
    expect(await init(client, '--write', ...named)).toBe(`${path} has this already: nothing was changed.\n`);
    expect(get(path)).toBe(text);
    expect(readdirSync(join(path, '..'))).toHaveLength(1);
  });

  it('keeps what else is there, and a copy of what was there before', async () => {
    const path = put(OTHER);
    chmodSync(path, 0o640);
    const said = await init('claude-desktop', '--allow', 'users:read', '--write', 'c.json');
    expect(JSON.parse(get(path))).toEqual({
      theme: 'dark',
      mcpServers: {
        other: { command: 'x' },
        workos: {
          command: NODE,
          args: [PROGRAM, '--allow', 'users:read'],
          env: { WORKOS_API_KEY: 'sk_test_…' },
        },
      },
    });
    expect(files()).toEqual(['c.json', 'c.json.bak-2026-05-01T10-20-30-456Z']);
    expect(get(`${path}.bak-2026-05-01T10-20-30-456Z`)).toBe(OTHER);
    expect(said).toContain(`What was there before: ${path}.bak-2026-05-01T10-20-30-456Z\n`);
    if (platform() === 'win32') return;
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(statSync(`${path}.bak-2026-05-01T10-20-30-456Z`).mode & 0o777).toBe(0o600);
  });

  it('keeps comments and all else in the form it had, as built', async () => {
    const path = put(
      '\uFEFF{\r\n\t// mine\r\n\t"servers": {\r\n\t\t"other": {"command": "x"}, // why\r\n\t},\r\n}\r\n',
    );
    const said = await run(['init', 'vscode', '--sandbox', '--write', path]);
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(get(path)).toBe(
      `\uFEFF{\r\n\t// mine\r\n\t"servers": {\r\n\t\t"other": {"command": "x"}, // why\r\n\t\t"workos": {\r\n\t\t\t"type": "stdio",\r\n\t\t\t"command": ${JSON.stringify(process.execPath)},\r\n\t\t\t"args": [\r\n\t\t\t\t${JSON.stringify(realpathSync(MAIN))},\r\n\t\t\t\t"--allow",\r\n\t\t\t\t"*:read",\r\n\t\t\t\t"--sandbox",\r\n\t\t\t\t"--list",\r\n\t\t\t\t"all"\r\n\t\t\t]\r\n\t\t},\r\n\t},\r\n}\r\n`,
    );
    expect(await run(['init', 'vscode', '--sandbox', '--write', path])).toMatchObject({ code: 0 });
    expect(files()).toHaveLength(2);
  });

  it('appends to the file of Codex, the rest to the byte as it was', async () => {
    const path = put('# mine\nmodel = "x"\n', 'config.toml');
    await init('codex', '--write', path);
    expect(get(path)).toMatch(/^# mine\nmodel = "x"\n\n\[mcp_servers\.workos\]\ncommand = "\/usr\/local\/bin\/node"\n/);
    expect(files()).toEqual(['config.toml', 'config.toml.bak-2026-05-01T10-20-30-456Z']);
  });

  it.each<[what: string, client: ClientName, text: string, fault: string]>([
    ['broken JSON', 'cursor', '{"mcpServers": {', 'not valid JSON'],
    ['a section twice', 'vscode', '{"servers":{},"servers":{}}', '"servers" more than once'],
    ['a server of that name', 'cursor', '{"mcpServers":{"workos":{"command":"y"}}}', 'already'],
    ['a table of that name', 'codex', '[mcp_servers.workos]\ncommand = "y"\n', 'already'],
  ])('leaves a file with %s as it is, and says what belongs there', async (_, client, text, fault) => {
    const path = put(text);
    const refused = await init(client, '--write', path).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'StartError' });
    const { message } = Object(refused);
    expect(message).toContain(`${path} was left as it is: `);
    expect(message).toContain(fault);
    expect(message).toContain(PROGRAM);
    expect(get(path)).toBe(text);
    expect(files()).toEqual(['c.json']);
  });

  it('leaves a file alone that is no text, or no file', async () => {
    const path = join(folder, 'c.json');
    writeFileSync(path, Buffer.from([0x7b, 0xff, 0x7d]));
    await expect(init('cursor', '--write', path)).rejects.toThrow('not UTF-8');
    expect(readFileSync(path)).toEqual(Buffer.from([0x7b, 0xff, 0x7d]));
    mkdirSync(join(folder, 'd'));
    await expect(init('cursor', '--write', 'd')).rejects.toThrow('cannot be read (EISDIR)');
    await expect(init('cursor', '--write', 'c.json/e/f.json')).rejects.toMatchObject({ name: 'StartError' });
  });

  it.skipIf(platform() === 'win32')('keeps others out of a new file that a key is meant for', async () => {
    await init('generic', '--write', 'mine.json');
    expect(statSync(join(folder, 'mine.json')).mode & 0o777).toBe(0o600);
  });

  it.skipIf(platform() === 'win32')('writes through a link', async () => {
    const path = put(OTHER, 'real.json');
    symlinkSync(path, join(folder, 'c.json'));
    await init('cursor', '--write', 'c.json');
    expect(get(path)).toContain('workos-mcp');
    expect(files()).toEqual(['c.json', 'real.json', 'real.json.bak-2026-05-01T10-20-30-456Z']);
  });

  it.skipIf(platform() === 'win32')('copies no private file into the folder of a link to it', async () => {
    mkdirSync(join(folder, 'home'));
    mkdirSync(join(folder, 'project'));
    const path = put(OTHER, 'home/private.json');
    chmodSync(path, 0o600);
    symlinkSync('../home/private.json', join(folder, 'project', '.mcp.json'));
    const said = await init('claude-code', '--write', 'project/.mcp.json');
    expect(readdirSync(join(folder, 'project'))).toEqual(['.mcp.json']);
    expect(readdirSync(join(folder, 'home'))).toEqual(['private.json', 'private.json.bak-2026-05-01T10-20-30-456Z']);
    expect(said).toContain(`What was there before: ${path}.bak-`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.skipIf(platform() === 'win32')('creates the target of a link that dangles, and keeps the link', async () => {
    mkdirSync(join(folder, 'dotfiles'));
    symlinkSync('dotfiles/first', join(folder, 'c.json'));
    symlinkSync('mcp.json', join(folder, 'dotfiles', 'first'));
    await init('cursor', '--write', 'c.json');
    expect(readlinkSync(join(folder, 'c.json'))).toBe('dotfiles/first');
    expect(readdirSync(join(folder, 'dotfiles')).sort()).toEqual(['first', 'mcp.json']);
    expect(get(join(folder, 'dotfiles', 'mcp.json'))).toContain('workos');
    expect(files()).toEqual(['c.json', 'dotfiles']);
  });

  it.skipIf(platform() === 'win32')('refuses a link into a folder that does not exist', async () => {
    symlinkSync('gone/mcp.json', join(folder, 'c.json'));
    await expect(init('cursor', '--write', 'c.json')).rejects.toMatchObject({
      name: 'StartError',
      message: `${join(folder, 'c.json')} is a link to ${join(folder, 'gone', 'mcp.json')}, whose folder does not exist: create that folder first.`,
    });
    expect(files()).toEqual(['c.json']);
  });

  it.skipIf(platform() === 'win32')('refuses links in a circle', async () => {
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    await expect(init('cursor', '--write', 'a')).rejects.toThrow('cannot be read (ELOOP)');
    expect(files()).toEqual(['a', 'b']);
  });

  it('loses no server where two are added at once', async () => {
    const names = ['a', 'b'];
    await Promise.all(names.map((name) => init('generic', '--name', name, '--write', `${folder}/new/mcp.json`)));
    expect(Object.keys(JSON.parse(get(`${folder}/new/mcp.json`)).mcpServers).sort()).toEqual(names);
    expect(readdirSync(`${folder}/new`).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });

  it('writes nothing unless asked', async () => {
    await init('claude-code');
    expect(files()).toEqual([]);
  });
});

describe('a change of a file', () => {
  const options = { now: new Date('2026-05-01T10:20:30.456Z'), isPrivate: false };

  it('does not overwrite a copy that is there', async () => {
    const path = put('a');
    put('older', 'c.json.bak-2026-05-01T10-20-30-456Z');
    await expect(changeFile(path, () => 'b', options)).rejects.toThrow('cannot be written (EEXIST)');
    expect(get(path)).toBe('a');
    expect(get(`${path}.bak-2026-05-01T10-20-30-456Z`)).toBe('older');
  });

  it('that another program changed in the meantime is given up, without a copy', async () => {
    const path = put('a');
    const change = () => {
      writeFileSync(path, 'theirs');
      return 'b';
    };
    await expect(changeFile(path, change, options)).rejects.toThrow('has changed in the meantime');
    expect(get(path)).toBe('theirs');
    expect(files()).toEqual(['c.json']);
  });
});

describe('--replace', () => {
  const keyed =
    '{\n  // mine\n  "mcpServers": { "workos": { "command": "old", "env": { "WORKOS_API_KEY": "sk_test_mine" } } }\n}\n';

  it('puts the new entry in the place of the old one, keeps its key, and says where the copy is', async () => {
    writeFileSync(`${folder}/c.json`, keyed);
    await expect(init('cursor', '--write', 'c.json')).rejects.toThrow('or --replace, which keeps a copy of the file');
    const said = await init('cursor', '--allow', 'users:read', '--write', '--replace', 'c.json');
    const text = readFileSync(`${folder}/c.json`, 'utf8');
    expect(text).toContain('// mine');
    expect(text).toContain('"users:read"');
    expect(text).toContain('sk_test_mine');
    expect(said).not.toContain('sk_test_mine');
    const [, backup = ''] = /^What was there before: (.*)$/m.exec(said) ?? [];
    expect(readFileSync(backup, 'utf8')).toBe(keyed);
  });

  it('adds an entry where there is none, and changes nothing where it is there already', async () => {
    await init('cursor', '--write', '--replace', 'c.json');
    expect(await init('cursor', '--write', '--replace', 'c.json')).toContain('nothing was changed');
  });

  it('turns an entry of one kind into one of the other', async () => {
    await init('vscode', '--write', 'c.json');
    await init('vscode', '--url', 'https://mcp.example.com/mcp', '--write', '--replace', 'c.json');
    expect(JSON.parse(readFileSync(`${folder}/c.json`, 'utf8')).servers.workos).toEqual({
      type: 'http',
      url: 'https://mcp.example.com/mcp',
      headers: { Authorization: 'Bearer ${input:workos-token}' },
    });
  });
});
