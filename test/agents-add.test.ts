import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createToken, digestsById, matches, parseToken } from '../src/agents/token.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { addAgent, removeToken } from '../src/commands/agent/tokens.ts';
import { replaceText, withLock } from '../src/commands/files.ts';
import { toAgents } from '../src/settings/agents-config.ts';
import { readSettingsFile } from '../src/settings/settings-file.ts';
import { declarations } from '../tools/index.ts';

const catalog = createCatalog(declarations);
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agents-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (text: string, name = 'w.yaml') => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const get = (path: string) => readFileSync(path, 'utf8');
const agentsOf = async (path: string) => toAgents(await readSettingsFile(get(path), path)).agents;

/** With what was made, where a token was. */
const add = async (...given: Parameters<typeof addAgent>) => {
  const { made, ...added } = await addAgent(...given);
  return { ...added, token: made?.token ?? '', id: made?.id ?? '', older: made?.older };
};

const COMMENTED = `# Who may call.
timeout: 10 # seconds

environments:
  staging: { api-key-env: STAGING_KEY } # the usual one
agents:
  # Answers tickets.
  support-bot:
    allow: [preset:support] # nothing more
    tokens: ['aaaaaaaaaa:${'0'.repeat(64)}'] # since May
# The end.
`;

/** A file with all hashes that were made here replaced. */
const masked = (text: string) =>
  text.replace(/\b[a-z2-7]{10}:[0-9a-f]{64}/g, (hash) => (hash.startsWith('aaaaaaaaaa') ? 'OLD' : 'NEW'));

describe('tokens', () => {
  it('have 32 random bytes, an ID and a prefix, and never come twice', () => {
    const made = Array.from({ length: 200 }, createToken);
    for (const { id, token } of made) {
      expect(token).toMatch(/^wmcp_[a-z2-7]{10}_[A-Za-z0-9_-]{43}$/);
      expect(parseToken(token)).toEqual({ id, token });
      expect(Buffer.from(token.slice(16), 'base64url')).toHaveLength(32);
    }
    expect(new Set(made.map(({ token }) => token)).size).toBe(200);
    expect(new Set(made.map(({ id }) => id)).size).toBe(200);
  });

  const made = createToken();
  const other = createToken();
  it.each([
    ['its own hash', [made.hash], true],
    ['two hashes', [other.hash, made.hash], true],
    ["another's hash", [other.hash], false],
    ["another's hash under its ID", [{ ...other.hash, id: made.id }], false],
    ['no hashes', [], false],
    ['a hash of nothing', [{ id: made.id, sha256: '0'.repeat(64) }], false],
  ])('match %s: %s', (_, hashes, expected) => {
    expect(matches(made, digestsById(hashes))).toBe(expected);
  });

  it.each([
    '',
    'wmcp_',
    'WMCP_x',
    made.token.toUpperCase(),
    `${made.token}=`,
    ` ${made.token}`,
    `${made.token}\n`,
  ])('are not %j', (text) => {
    expect(parseToken(text)).toBeUndefined();
  });
});

describe('agent add', () => {
  it('adds an agent, and keeps all comments', async () => {
    const path = put(COMMENTED);
    const added = await add(path, 'ops', { environment: 'staging', allow: ['*:full'] }, catalog);
    expect(added).toMatchObject({ newFile: false, newAgent: true, older: undefined });
    expect(masked(get(path))).toBe(`# Who may call.
timeout: 10 # seconds

environments:
  staging: { api-key-env: STAGING_KEY } # the usual one
agents:
  # Answers tickets.
  support-bot:
    allow: [preset:support] # nothing more
    tokens: ['OLD'] # since May
  ops:
    environment: staging
    allow:
      - "*:full"
    tokens:
      - NEW
# The end.
`);
    expect(get(path)).not.toContain(added.token.slice(16));
    const [, ops] = await agentsOf(path);
    expect(matches({ id: added.id, token: added.token }, digestsById(ops?.tokens ?? []))).toBe(true);
  });

  it('gives an agent that is there a second token, and no third', async () => {
    const path = put(COMMENTED);
    expect(await add(path, 'support-bot', {}, catalog)).toMatchObject({ newAgent: false, older: 'aaaaaaaaaa' });
    expect(masked(get(path))).toContain("    tokens: ['OLD', NEW] # since May\n");
    const before = get(path);
    await expect(add(path, 'support-bot', {}, catalog)).rejects.toThrow(
      'Remove the older one first: workos-mcp agent remove-token support-bot aaaaaaaaaa',
    );
    expect(get(path)).toBe(before);
    await removeToken(path, 'support-bot', 'aaaaaaaaaa');
    expect(masked(get(path))).toContain('    tokens: [NEW] # since May\n');
  });

  it.each([
    ['a file that is not there', undefined, 'w.yaml'],
    ['an empty file', '', 'w.yaml'],
    ['a file of comments', '# mine\n', 'w.yaml'],
    ['a file of settings', 'timeout: 5\n', 'w.yaml'],
    ['an empty section', '{ "agents": {} }', 'w.yaml'],
    ['JSON', '{\n\t"timeout": 5\n}\n', 'w.json'],
    ['JSON that is not there', undefined, 'w.json'],
  ])('begins in %s', async (_, text, name) => {
    const path = text === undefined ? join(folder, name) : put(text, name);
    const added = await add(path, 'bot', { allow: ['users:read', 'get_organization'] }, catalog);
    expect(added.newFile).toBe(text === undefined);
    expect(await agentsOf(path)).toMatchObject([
      { name: 'bot', allow: ['users:read', 'get_organization'], tokens: [{ id: added.id }] },
    ]);
    if (name.endsWith('.json')) expect(() => JSON.parse(get(path))).not.toThrow();
    if (text?.startsWith('#')) expect(get(path)).toContain('# mine');
    if (text?.includes('\t')) expect(get(path)).toContain('\n\t"timeout": 5,\n\t"agents": {');
  });

  it('gives a first token to an agent that was written by hand', async () => {
    const path = put('agents:\n  bot:\n    allow: [users:read] # mine\n');
    await add(path, 'bot', {}, catalog);
    expect(masked(get(path))).toBe('agents:\n  bot:\n    allow: [users:read] # mine\n    tokens:\n      - NEW\n');
  });

  it.each([
    [
      'a line for each',
      '[\n        "OLD"\n      ]',
      '[\n        "OLD",\n        "NEW"\n      ]',
      '[\n        "NEW"\n      ]',
    ],
    ['one line', '["OLD"]', '["OLD",\n        "NEW"\n      ]', '[\n        "NEW"\n      ]'],
  ])('keeps the form of a JSON file whose tokens stand in %s', async (_, one, two, other) => {
    const whole = (tokens: string) =>
      `{ "deny": ["a",  "b"],\n  "agents": {\n    "bot": {\n      "allow": "users:read", "tokens": ${tokens}\n    }\n  }\n}\n`;
    const path = put(whole(one).replace('OLD', `aaaaaaaaaa:${'0'.repeat(64)}`), 'w.json');
    const { id } = await add(path, 'bot', {}, catalog);
    expect(masked(get(path))).toBe(whole(two));
    await removeToken(path, 'bot', 'aaaaaaaaaa');
    expect(masked(get(path))).toBe(whole(other));
    await add(path, 'bot', {}, catalog);
    const [, newest] = (await agentsOf(path))[0]?.tokens ?? [];
    await removeToken(path, 'bot', newest?.id ?? '');
    expect((await agentsOf(path))[0]?.tokens).toMatchObject([{ id }]);
  });

  it('keeps line ends, mode and links, and leaves nothing else behind', async () => {
    const path = put(COMMENTED.replaceAll('\n', '\r\n'));
    chmodSync(path, 0o640);
    const link = join(folder, 'link.yaml');
    symlinkSync(path, link);
    await add(link, 'support-bot', {}, catalog);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(get(path).replaceAll('\r\n', '')).not.toContain('\n');
    expect(get(link)).toBe(get(path));
    expect(readdirSync(folder).sort()).toEqual(['link.yaml', 'w.yaml']);
  });

  it.each<[string, string, string, Parameters<typeof addAgent>[2], RegExp]>([
    ['no grants', COMMENTED, 'ops', {}, /no agent ops yet\. Choose what it may do:\n.*--allow/s],
    ['a misspelt grant', COMMENTED, 'ops', { allow: ['user:read'] }, /no area "user"\. Did you mean "users"/],
    [
      'an unknown environment',
      COMMENTED,
      'ops',
      { allow: ['users:read'], environment: 'x' },
      /^agents\.ops\.environment is "x"\. There are staging/,
    ],
    ['a name that is none', COMMENTED, 'Ops Job', { allow: ['users:read'] }, /^"Ops Job": a name is/],
    ['the name of a prototype', COMMENTED, '__proto__', { allow: ['users:read'] }, /^"__proto__": a name is/],
    [
      'grants for an agent that is there',
      COMMENTED,
      'support-bot',
      { allow: ['users:read'] },
      /has an agent support-bot already/,
    ],
    [
      'a file with a mistake elsewhere',
      COMMENTED.replace('timeout', 'timout'),
      'ops',
      { allow: ['users:read'] },
      /w\.yaml:2: there is no setting "timout"/,
    ],
    ['a file that does not parse', 'agents: [', 'ops', { allow: ['users:read'] }, /w\.yaml:1: /],
    [
      'an alias in the way',
      'agents:\n  a: &a { allow: users:read, tokens: [] , jwt: { sub: x } }\n  b: *a\nissuers: { i: { issuer: https://a.authkit.app } }\n',
      'b',
      {},
      /can never match|this command cannot edit/,
    ],
    [
      'a section that is an alias',
      'templates: &none {}\nagents: *none\n',
      'bot',
      { allow: ['users:read'] },
      /w\.yaml was left as it is: it is written in a form that this command cannot edit: set agents\.bot yourself\./,
    ],
  ])('refuses %s and leaves the file as it was', async (_, text, name, given, message) => {
    const path = put(text);
    await expect(add(path, name, given, catalog)).rejects.toThrow(message);
    expect(get(path)).toBe(text);
    expect(readdirSync(folder)).toEqual(['w.yaml']);
  });

  it('writes nothing over a change that came in between', async () => {
    const path = put('b: 2\n');
    await expect(replaceText(path, 'a: 1\n', 'a: 3\n')).rejects.toThrow('has changed in the meantime');
    expect(get(path)).toBe('b: 2\n');
    expect(readdirSync(folder)).toEqual(['w.yaml']);
  });

  it.skipIf(platform() === 'win32')('creates the target of a link that dangles, and keeps the link', async () => {
    symlinkSync('w.yaml', join(folder, 'link.yaml'));
    await add(join(folder, 'link.yaml'), 'bot', { allow: ['users:read'] }, catalog);
    expect(await agentsOf(join(folder, 'w.yaml'))).toHaveLength(1);
    expect(get(join(folder, 'link.yaml'))).toBe(get(join(folder, 'w.yaml')));
    symlinkSync('gone/w.yaml', join(folder, 'dangling.yaml'));
    await expect(add(join(folder, 'dangling.yaml'), 'bot', { allow: ['users:read'] }, catalog)).rejects.toThrow(
      'whose folder does not exist: create that folder first.',
    );
    expect(readdirSync(folder).sort()).toEqual(['dangling.yaml', 'link.yaml', 'w.yaml']);
  });

  it.skipIf(platform() === 'win32')('leaves the file whole where not all of the new one fits on the disk', () => {
    const text = `# ${'x'.repeat(5_000)}\ntimeout: 5\n`;
    const path = put(text);
    const main = join(import.meta.dirname, '../dist/main.js');
    const add = ['agent', 'add', 'bot', '--allow', 'users:read', '--config', path];
    const { status, stderr } = spawnSync('sh', ['-c', 'ulimit -f 2 && exec "$0" "$@"', process.execPath, main, ...add]);
    expect([status, String(stderr)]).toEqual([2, `workos-mcp: ${path} cannot be written (EFBIG).\n`]);
    expect(get(path)).toBe(text);
    expect(readdirSync(folder)).toEqual(['w.yaml']);
  });

  it('takes names of prototypes for names', async () => {
    const path = put(COMMENTED);
    expect(await add(path, 'constructor', { allow: ['users:read'] }, catalog)).toMatchObject({ newAgent: true });
    expect((await agentsOf(path)).map(({ name }) => name)).toEqual(['support-bot', 'constructor']);
  });
});

describe('changes of one file at once', () => {
  it('lose no token and bring none back', async () => {
    const path = put(COMMENTED.replace("']", `', 'bbbbbbbbbb:${'1'.repeat(64)}']`));
    const names = ['one', 'two', 'three', 'four'];
    const [added] = await Promise.all([
      Promise.all(names.map((name) => add(path, name, { allow: ['users:read'] }, catalog))),
      removeToken(path, 'support-bot', 'aaaaaaaaaa'),
    ]);
    const agents = await agentsOf(path);
    for (const [index, name] of names.entries()) {
      expect(agents.find((agent) => agent.name === name)?.tokens.map(({ id }) => id)).toEqual([added[index]?.id]);
    }
    expect(agents[0]?.tokens.map(({ id }) => id)).toEqual(['bbbbbbbbbb']);
    expect(readdirSync(folder)).toEqual(['w.yaml']);
  });

  it.skipIf(platform() === 'win32')('take turns where they name it by different links', async () => {
    const path = put('timeout: 5\n');
    symlinkSync('w.yaml', join(folder, 'link.yaml'));
    await Promise.all(
      [path, join(folder, 'link.yaml')].map((name, index) =>
        add(name, `bot${index}`, { allow: ['users:read'] }, catalog),
      ),
    );
    expect(await agentsOf(path)).toHaveLength(2);
  });

  it('wait no longer than they are told for one that does not end', async () => {
    const path = put('timeout: 5\n');
    put('', '.w.yaml.lock');
    await expect(withLock(path, async () => 'done', 50)).rejects.toThrow(
      `${path} is locked by another command. If none is running, delete ${join(folder, '.w.yaml.lock')}.`,
    );
    expect(readdirSync(folder)).toEqual(['.w.yaml.lock', 'w.yaml']);
  });
});

describe('agent remove-token', () => {
  it.each([
    ['support-bot', 'aaaaaaaaaa', /only token of support-bot: add another first/],
    ['support-bot', 'bbbbbbbbbb', /has no token bbbbbbbbbb\. It has aaaaaaaaaa/],
    ['ops', 'aaaaaaaaaa', /has no agent ops/],
  ])('refuses %s %s', async (name, id, message) => {
    const path = put(COMMENTED);
    await expect(removeToken(path, name, id)).rejects.toThrow(message);
    expect(get(path)).toBe(COMMENTED);
  });

  it('takes the last one of an agent that is known otherwise as well', async () => {
    const path = put(
      `issuers: { i: { issuer: https://a.authkit.app } }\nagents:\n  bot:\n    allow: users:read\n    jwt: { sub: x }\n    tokens: ['aaaaaaaaaa:${'0'.repeat(64)}']\n`,
    );
    await removeToken(path, 'bot', 'aaaaaaaaaa');
    expect(await agentsOf(path)).toMatchObject([{ tokens: [] }]);
  });
});
