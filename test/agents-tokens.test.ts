import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestsById, matches, parseToken } from '../src/agents/token.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { RELOADS, runAgent } from '../src/commands/agent/command.ts';
import { toAgents } from '../src/settings/agents-config.ts';
import { schema } from '../src/settings/agents-schema.ts';
import { readSettingsFile } from '../src/settings/settings-file.ts';
import { declarations } from '../tools/index.ts';

const catalog = createCatalog(declarations);
const NOW = Date.UTC(2027, 0, 1);
let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agents-'));
  path = join(folder, 'w.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = async (...argv: readonly string[]) => {
  let printed = '';
  const write = (text: string) => {
    printed += text;
  };
  await runAgent([...argv, '--config', path], { catalog, write, now: () => NOW });
  return printed.replaceAll(path, 'FILE');
};
const put = (text: string) => writeFileSync(path, text);
const get = () => readFileSync(path, 'utf8');
const agents = async () => toAgents(await readSettingsFile(get(), path), { mayLackTokens: true }).agents;
const tokenIn = (printed: string) => parseToken(printed.split('\n')[0] ?? '');

const OLD = `aaaaaaaaaa:${'0'.repeat(64)}`;
const NEW = `bbbbbbbbbb:${'1'.repeat(64)}`;
const TWO = `# Who may call.
environments:
  staging: { api-key-env: STAGING_KEY } # the usual one
agents:
  # Answers tickets.
  support-bot:
    allow: [preset:support] # nothing more
    tokens: ['${OLD}'] # since May

  # Sets up trials.
  trial-bot:
    allow: [preset:onboarding]
    tokens: ['${NEW}']
# The end.
`;
const ISSUER = 'issuers:\n  authkit: { issuer: https://a.authkit.app, environment: other }\n';

describe('agent add', () => {
  it('takes every setting of an agent', async () => {
    put(
      'environments:\n  north: { api-key-env: NORTH_KEY }\n  south: { api-key-env: SOUTH_KEY }\n' +
        "approvers:\n  ann: { agents: '*', allow: '*:full' }\n",
    );
    const flags =
      '--environment south --allow users:full,*:read --deny delete_user --read-only --production-writes --confirm person --client-asks trusted --same-person allow --owner ann --affects-approvers accepted --list core --status-tool --requests-per-minute 30 --deletes-per-hour 5 --expires 2027-06-01 --token-expires 2027-03-01T12:00:00Z';
    const printed = await run('add', 'bot', ...flags.split(' '));
    const [bot] = await agents();
    expect(bot).toEqual({
      name: 'bot',
      environment: 'south',
      allow: ['users:full', '*:read'],
      deny: ['delete_user'],
      readOnly: true,
      productionWrites: true,
      confirm: 'person',
      clientAsks: 'trusted',
      samePerson: 'allow',
      owner: 'ann',
      affectsApprovers: 'accepted',
      list: 'core',
      statusTool: true,
      requestsPerMinute: 30,
      deletesPerHour: 5,
      expires: Date.UTC(2027, 5, 1),
      jwt: undefined,
      tokens: [{ id: expect.any(String), sha256: expect.any(String), expires: Date.UTC(2027, 2, 1, 12) }],
    });
    const token = tokenIn(printed);
    expect(token !== undefined && matches(token, digestsById(bot?.tokens ?? []))).toBe(true);
    const { tokens: _, jwt: __, ...shape } = schema.shape.agents.unwrap().valueType.shape;
    const written = Object.keys(shape).filter(
      (key) => get().includes(`\n    ${key}: `) || get().includes(`\n    ${key}:\n`),
    );
    expect(written).toEqual(Object.keys(shape));
  });

  it('takes every condition of an access token, and makes no token then', async () => {
    put(ISSUER);
    const flags =
      '--jwt-issuer authkit --jwt-sub user_1 --jwt-client-id client_1 --jwt-org-id org_1 --jwt-permission p';
    const printed = await run('add', 'ada', '--allow', 'users:read', ...flags.split(' '));
    expect(printed).not.toContain('wmcp_');
    expect(await agents()).toMatchObject([
      {
        tokens: [],
        jwt: {
          issuer: 'authkit',
          conditions: [
            { claim: 'sub', value: 'user_1' },
            { claim: 'client_id', value: 'client_1' },
            { claim: 'org_id', value: 'org_1' },
            { claim: 'permission', value: 'p' },
          ],
        },
      },
    ]);
    expect(tokenIn(await run('add', 'ada'))).toBeDefined();
    expect(await agents()).toMatchObject([{ tokens: [{ id: expect.any(String) }] }]);
    expect((await agents())[0]?.tokens[0]).not.toHaveProperty('expires');
  });

  it.each([
    [
      'a limit that is too high',
      ['--requests-per-minute', '10001'],
      /--requests-per-minute is "10001": use a whole number/,
    ],
    ['a denied tool that there is not', ['--deny', 'users:reed'], /users:reed/],
    ['an expiry that is not a time', ['--expires', 'May'], /^agents\.bot\.expires takes a date/],
    [
      "a token's expiry that is not a time",
      ['--token-expires', '2027-02-31'],
      /^--token-expires "2027-02-31" takes a date/,
    ],
    [
      "a token's expiry that is over",
      ['--token-expires', '2027-01-01'],
      /^--token-expires "2027-01-01" is over already\./,
    ],
    ['an issuer without a condition', ['--jwt-issuer', 'authkit'], /^agents\.bot\.jwt needs a condition/],
    [
      "a token's expiry where none is made",
      ['--jwt-sub', 'user_1', '--token-expires', '2027-02-01'],
      /an agent with --jwt-… gets none\. Add one next: workos-mcp agent add bot/,
    ],
  ])('refuses %s and leaves the file as it was', async (_, flags, message) => {
    put(ISSUER);
    await expect(run('add', 'bot', '--allow', 'users:read', ...flags)).rejects.toThrow(message);
    expect(get()).toBe(ISSUER);
  });

  it('refuses settings for an agent that is there', async () => {
    put(TWO);
    await expect(run('add', 'trial-bot', '--read-only', '--confirm', 'off')).rejects.toThrow(
      'has an agent trial-bot already: change its read-only, confirm there.',
    );
    expect(get()).toBe(TWO);
  });
});

describe('agent list', () => {
  it('shows how each agent authenticates, and until when', async () => {
    put(`${ISSUER}agents:
  bot: { allow: [users:read, get_organization], tokens: ['${OLD}:2026-12-31', '${NEW}:2027-01-31T10:00:00+02:00'], expires: 2027-06-01 }
  ada: { allow: '*:read', jwt: { sub: user_1, org-id: org_1 } }
templates:
  staff: { jwt: { org-id: org_1 }, grants-claim: grants, ceiling: '*:read' }
`);
    expect(await run('list')).toBe(
      `AGENT  ENVIRONMENT  TOKENS                                                                    ACCESS TOKENS                      EXPIRES     ALLOW
bot    default      aaaaaaaaaa (expired 2026-12-31), bbbbbbbbbb (until 2027-01-31T08:00:00Z)  -                                  2027-06-01  users:read, get_organization
ada    default      -                                                                         authkit: sub user_1, org_id org_1  never       *:read
Templates, which "workos-mcp check" shows: staff
`,
    );
    const listed = JSON.parse(await run('list', '--json'));
    expect(listed.agents).toMatchObject([
      {
        name: 'bot',
        confirm: null,
        list: null,
        expires: '2027-06-01T00:00:00.000Z',
        jwt: null,
        tokens: [
          { id: 'aaaaaaaaaa', expires: '2026-12-31T00:00:00.000Z' },
          { id: 'bbbbbbbbbb', expires: '2027-01-31T08:00:00.000Z' },
        ],
      },
      { name: 'ada', expires: null, tokens: [] },
    ]);
    expect(JSON.stringify(listed)).not.toContain('0'.repeat(64));
  });

  it('says where there are none, and refuses a file that is not there', async () => {
    await expect(run('list')).rejects.toThrow(`There is no file ${path}.`);
    put('timeout: 5\n');
    expect(await run('list')).toBe('There are no agents.\n');
  });
});

describe('agent rotate', () => {
  it('adds a token beside the old one, then removes that, and keeps all comments', async () => {
    put(TWO);
    const printed = await run('rotate', 'support-bot', '--token-expires', '2027-03-01');
    const token = tokenIn(printed);
    const [bot] = await agents();
    expect(bot?.tokens.map(({ id }) => id)).toEqual(['aaaaaaaaaa', token?.id]);
    expect(bot?.tokens[1]?.expires).toBe(Date.UTC(2027, 2, 1));
    const shown = get()
      .replace(/(?<=', ')[a-z2-7]{10}:[0-9a-f]{64}/, 'MADE')
      .replace(/(?<=', )[a-z2-7]{10}:[0-9a-f]{64}/, 'MADE');
    expect(shown).toBe(TWO.replace(`'${OLD}'`, `'${OLD}', MADE:2027-03-01`));
    expect(printed).toContain('workos-mcp agent rotate support-bot --config FILE --finish\n');

    await expect(run('rotate', 'support-bot')).rejects.toThrow('has two tokens already');
    const finished = await run('rotate', 'support-bot', '--finish');
    expect(finished).toContain('Token aaaaaaaaaa of support-bot is gone from FILE');
    expect((await agents())[0]?.tokens.map(({ id }) => id)).toEqual([token?.id]);
    await expect(run('rotate', 'support-bot', '--finish')).rejects.toThrow(
      'support-bot has one token only: begin with workos-mcp agent rotate support-bot',
    );
  });

  it.each([
    ['an agent that is not there', ['rotate', 'ops'], TWO, /has no agent ops/],
    [
      'an agent without a token',
      ['rotate', 'ada'],
      `${ISSUER}agents:\n  ada: { allow: '*:read', jwt: { sub: user_1 } }\n`,
      /ada has no token to replace\. Add one: workos-mcp agent add ada/,
    ],
    [
      'to end on a token that has expired',
      ['rotate', 'bot', '--finish'],
      `agents:\n  bot: { allow: '*:read', tokens: ['${OLD}', '${NEW}:2027-01-01'] }\n`,
      /The newer token of bot \(bbbbbbbbbb\) has expired/,
    ],
    [
      'an expiry at the end',
      ['rotate', 'support-bot', '--finish', '--token-expires', '2027-02-01'],
      TWO,
      /leave --token-expires out/,
    ],
  ])('refuses %s', async (_, argv, text, message) => {
    put(text);
    await expect(run(...argv)).rejects.toThrow(message);
    expect(get()).toBe(text);
  });
});

describe('agent remove', () => {
  it('takes one agent out, and keeps the others with their comments', async () => {
    put(TWO);
    await run('remove', 'trial-bot');
    expect((await agents()).map(({ name }) => name)).toEqual(['support-bot']);
    expect(get()).toContain('  # Answers tickets.\n  support-bot:\n    allow: [preset:support] # nothing more\n');
    expect(get()).not.toContain('trial');
    put(TWO);
    await run('remove', 'support-bot');
    expect((await agents()).map(({ name }) => name)).toEqual(['trial-bot']);
    expect(get()).toContain('agents:\n  # Sets up trials.\n  trial-bot:\n');
    expect(get()).not.toContain('tickets');
  });

  it('does the same in a JSON file', async () => {
    path = join(folder, 'w.json');
    const agent = (name: string, token: string) =>
      `    // ${name}\n    "${name}": { "allow": "users:read", "tokens": ["${token}"] }`;
    const whole = (...members: readonly string[]) => `{\n  "agents": {\n${members.join(',\n')}\n  }\n}\n`;
    put(whole(agent('one', OLD), agent('two', NEW)));
    await run('rotate', 'two', '--token-expires', '2027-03-01');
    expect((await agents())[1]?.tokens).toMatchObject([{ id: 'bbbbbbbbbb' }, { expires: Date.UTC(2027, 2, 1) }]);
    await run('rotate', 'two', '--finish');
    await run('remove', 'two');
    expect((await agents()).map(({ name }) => name)).toEqual(['one']);
    expect(get()).toContain(agent('one', OLD));
  });

  it('keeps a comment about all agents', async () => {
    put(TWO.replace('agents:\n', 'agents:\n  # Reviewed in May.\n\n'));
    await run('remove', 'support-bot');
    expect(get()).toMatch(/agents:\n {2}# Reviewed in May\.\n\s*\n {2}# Sets up trials\.\n {2}trial-bot:\n/);
  });

  it('says that a server keeps the last one until it is stopped', async () => {
    put(`agents:\n  bot: { allow: '*:read', tokens: ['${OLD}'] }\n`);
    expect(await run('remove', 'bot')).toBe(
      'The agent bot is gone from FILE, which has no agents now. Servers refuse to reload such a file and keep letting bot in: stop them.\n',
    );
    await expect(run('remove', 'bot')).rejects.toThrow('has no agent bot');
  });
});

it.each([
  ['rotate', ['rotate', 'bot']],
  ['rotate --finish', ['rotate', 'bot', '--finish']],
  ['remove', ['remove', 'bot']],
  ['remove-token', ['remove-token', 'bot', 'aaaaaaaaaa']],
])('agent %s says that there is no file, also where there is no folder', async (_, argv) => {
  path = join(folder, 'nowhere', 'w.yaml');
  await expect(run(...argv)).rejects.toThrow(`There is no file ${path}.`);
});

it.each([
  ['add', ['add', 'bot', '--allow', 'users:read']],
  ['rotate', ['rotate', 'support-bot']],
  ['remove', ['remove', 'support-bot']],
])('agent %s prints how a server is told to reload', async (_, argv) => {
  put(TWO);
  const printed = await run(...argv);
  for (const [command] of RELOADS) expect(printed).toContain(`\n  ${command} `);
});
