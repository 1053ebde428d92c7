import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCatalog } from '../src/catalog/catalog.ts';
import { type DoctorDeps, runDoctor } from '../src/commands/doctor/command.ts';
import { type Finding, toText } from '../src/commands/doctor/finding.ts';
import { freeBytes, OLDEST_NODE } from '../src/commands/doctor/machine.ts';
import { reachRedis } from '../src/commands/doctor/redis.ts';
import { StartError } from '../src/errors.ts';
import { userOf } from '../src/files/file-owner.ts';
import { createBytePool } from '../src/memory/byte-pool.ts';
import { toEnvironment } from '../src/settings/environment.ts';
import { TransportError } from '../src/workos/errors.ts';
import { toTransportError } from '../src/workos/faults.ts';
import { proxyFor } from '../src/workos/proxy.ts';
import { declarations } from '../tools/index.ts';
import { createCertificate, hasOpenssl } from './support/certificate.ts';
import { openIssuer } from './support/issuer.ts';

const catalog = createCatalog(declarations);
const KEY = 'sk_test_canary1234567890';
const LIVE = 'sk_live_canary1234567890';
const NOW = Date.parse('2026-05-01T10:00:00Z');
const GOOD = { WORKOS_API_KEY: KEY, WORKOS_CLIENT_ID: 'client_01ABC' };
const KEY_ALONE = { WORKOS_API_KEY: KEY };
const ALLOW = ['--allow', '*:read'];

type Sent = { readonly path: string; readonly headers: Readonly<Record<string, string>> };
type Answer = { status?: number; headers?: Record<string, string>; body?: string };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, text: string, mode = 0o600) => {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
};

async function doctor(
  argv: readonly string[],
  env: Record<string, string>,
  {
    answer = () => ({}),
    ...more
  }: { answer?: () => Answer } & Partial<Pick<DoctorDeps, 'now' | 'node' | 'freeBytes' | 'reachRedis' | 'look'>> = {},
) {
  const sent: Sent[] = [];
  let closed = 0;
  let text = '';
  const readFile = (path: string, what: string) => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw new StartError(`${what}: ${path} cannot be read (${Object(error).code}).`);
    }
  };
  const code = await runDoctor(argv, {
    catalog,
    env,
    host: {
      variable: (name) => env[name],
      answers: createBytePool(1_000),
      readFile,
      user: userOf(process),
      connect: async (config) => ({
        environment: config.sandbox
          ? { label: 'sandbox', baseUrl: 'https://sandbox.workos.test', apiKey: 'sk_sandbox_1', clientId: 'client_1' }
          : toEnvironment(config, (path) => readFile(path, 'WORKOS_API_KEY_FILE')),
        transport: {
          proxy: proxyFor(config.baseUrl, (name) => env[name])?.address,
          send: async ({ path, headers }) => {
            sent.push({ path, headers });
            const { status = 200, headers: own = {}, body = '{"data":[],"list_metadata":{}}' } = answer();
            return { status, headers: { date: new Date(NOW).toUTCString(), ...own }, body };
          },
          close: async () => {
            closed += 1;
          },
        },
      }),
    },
    node: '20.20.2',
    version: '0.1.0',
    now: () => NOW,
    freeBytes: async () => 5e9,
    reachRedis: async () => {},
    look: {},
    write: (more) => {
      text += more;
    },
    ...more,
  });
  expect(text).not.toMatch(/canary/);
  return { code, text, sent, closed };
}

/** The findings, by check. */
async function examine(...args: Parameters<typeof doctor>) {
  const [argv, ...rest] = args;
  const { text, ...result } = await doctor([...argv, '--json'], ...rest);
  const findings: readonly Finding[] = JSON.parse(text);
  const of = (check: string) => findings.find((finding) => finding.check === check);
  const bad = findings.filter(({ state }) => state !== 'ok').map(({ check, state }) => `${state} ${check}`);
  for (const { state, fix } of findings) expect(fix === null).toBe(state === 'ok');
  return { ...result, findings, of, bad };
}

const reads = catalog.tools.filter(({ access, needsCredentials }) => access === 'read' && !needsCredentials).length;
const all = catalog.tools.length;

describe('doctor', () => {
  it('says that nothing is wrong where nothing is', async () => {
    const { code, text, sent, closed } = await doctor(ALLOW, GOOD);
    expect(text).toBe(
      [
        'ok  Node       20.20.2',
        'ok  config     no file, flags and variables alone',
        'ok  settings   understood',
        'ok  key        a staging key',
        'ok  client ID  set',
        'ok  base URL   https://api.workos.com',
        'ok  read       list_organizations answered',
        "ok  clock      within 1 s of WorkOS's",
        `ok  grants     ${reads} of ${all} tools are on`,
        'ok  record     written to stderr',
        '',
        'Nothing is wrong.',
        '',
      ].join('\n'),
    );
    expect(code).toBe(0);
    expect(sent).toMatchObject([{ path: '/organizations?limit=1', headers: { authorization: `Bearer ${KEY}` } }]);
    expect(closed).toBe(1);
  });

  it('reads through the proxy, and says through which', async () => {
    const { of, code } = await examine(ALLOW, { ...GOOD, https_proxy: 'http://user:canary@proxy.acme.test' });
    expect(of('read')?.found).toBe('list_organizations answered through the proxy proxy.acme.test:80');
    expect(code).toBe(0);
  });

  it('needs no Client ID where no tool that is on does', async () => {
    const { bad, of } = await examine(['--allow', 'users:read'], KEY_ALONE);
    expect(bad).toEqual([]);
    expect(of('client ID')?.found).toBe('none, and no tool that is on needs it');
  });

  it('needs no key for the sandbox', async () => {
    const { code, bad, of, sent } = await examine(['--sandbox', ...ALLOW], {});
    expect([code, bad]).toEqual([0, []]);
    expect(of('key')?.found).toContain('none is needed');
    expect(of('clock')).toBeUndefined();
    expect(sent).toMatchObject([{ headers: { authorization: 'Bearer sk_sandbox_1' } }]);
  });

  it('puts what to do below what is wrong, in colour where there is any', async () => {
    const findings: readonly Finding[] = [
      { check: 'a', state: 'ok', found: 'good', fix: null },
      { check: 'long', state: 'fail', found: 'bad\nand worse', fix: 'Mend it.' },
      { check: 'b', state: 'warn', found: 'odd', fix: 'Look.' },
    ];
    expect(toText(findings, {})).toBe(
      [
        'ok    a     good',
        'FAIL  long  bad',
        '            and worse',
        '            → Mend it.',
        'warn  b     odd',
        '            → Look.',
        '',
        '1 of 3 checks failed, 1 to look at.',
        '',
      ].join('\n'),
    );
    expect(toText(findings, { colour: true })).toContain('\u001b[31mFAIL\u001b[39m  long  bad\n');
    expect((await doctor(ALLOW, GOOD, { look: { colour: true } })).text).toContain('\u001b[32mok\u001b[39m  Node ');
  });
});

type Case = [
  what: string,
  argv: readonly string[],
  env: Record<string, string>,
  more: Parameters<typeof doctor>[2],
  bad: readonly string[],
  said: string,
];

const fault = (error: unknown) => () => {
  throw toTransportError(error);
};
const connecting = (code: string) => fault(Object.assign(new Error('canary'), { code, syscall: 'connect' }));

describe('doctor, where something is wrong,', () => {
  it.each<Case>([
    ['an old Node', ALLOW, GOOD, { node: '20.19.9' }, ['fail Node'], 'Install Node 20.20'],
    ['an older Node', ALLOW, GOOD, { node: '18.99.0' }, ['fail Node'], '18.99.0 is older than 20.20.'],
    ['no key', ['--allow', 'users:read'], {}, {}, ['fail key'], 'No API key.'],
    ['a blank key', ALLOW, { ...GOOD, WORKOS_API_KEY: ' ' }, {}, ['fail key'], 'WORKOS_API_KEY is blank'],
    ['two keys', ALLOW, { ...GOOD, WORKOS_API_KEY_FILE: 'x' }, {}, ['fail key'], 'both set'],
    [
      'a key that is none',
      ALLOW,
      { ...GOOD, WORKOS_API_KEY: 'canary-no-key' },
      {},
      ['fail key'],
      'is not a WorkOS API key',
    ],
    [
      'the placeholder of init',
      ALLOW,
      { ...GOOD, WORKOS_API_KEY: 'sk_test_…' },
      {},
      ['fail key'],
      'WORKOS_API_KEY is the placeholder of the examples',
    ],
    [
      'a key file that is not there',
      ALLOW,
      { WORKOS_CLIENT_ID: 'client_1', WORKOS_API_KEY_FILE: '/nowhere' },
      {},
      ['fail key'],
      'ENOENT',
    ],
    ['another environment than expected', [...ALLOW, '--expect', 'production'], GOOD, {}, ['fail key'], 'staging key'],
    [
      'a Client ID that is a key',
      ALLOW,
      { ...GOOD, WORKOS_CLIENT_ID: LIVE },
      {},
      ['fail settings', 'warn key'],
      'is given a WorkOS API key',
    ],
    [
      'a Client ID like a key',
      ALLOW,
      { ...GOOD, WORKOS_CLIENT_ID: 'sk_test' },
      {},
      ['fail client ID'],
      'is an API key',
    ],
    ['an odd Client ID', ALLOW, { ...GOOD, WORKOS_CLIENT_ID: 'proj_1' }, {}, ['warn client ID'], 'does not look like'],
    [
      'no Client ID for tools that need it',
      ALLOW,
      KEY_ALONE,
      {},
      ['warn client ID'],
      'the Client ID, which is not set',
    ],
    [
      'a base URL in the clear',
      ALLOW,
      { ...GOOD, WORKOS_BASE_URL: 'http://api.workos.com' },
      {},
      ['fail base URL'],
      'plain http',
    ],
    [
      'a base URL that is none',
      ALLOW,
      { ...GOOD, WORKOS_BASE_URL: 'workos' },
      {},
      ['fail base URL'],
      'not a valid http(s) URL',
    ],
    [
      'a key that WorkOS refuses',
      ALLOW,
      GOOD,
      { answer: () => ({ status: 401 }) },
      ['fail read'],
      'it does not know the key',
    ],
    [
      'a key that may do little',
      ALLOW,
      GOOD,
      { answer: () => ({ status: 403 }) },
      ['warn read'],
      'may not list organizations',
    ],
    ['a wrong path', ALLOW, GOOD, { answer: () => ({ status: 404 }) }, ['fail read'], 'WorkOS answered 404'],
    ['a redirect', ALLOW, GOOD, { answer: () => ({ status: 302 }) }, ['fail read'], 'is not followed'],
    ['too many requests', ALLOW, GOOD, { answer: () => ({ status: 429 }) }, ['warn read'], 'Try again in a minute'],
    ['WorkOS down', ALLOW, GOOD, { answer: () => ({ status: 503 }) }, ['fail read'], 'status.workos.com'],
    ['a login page', ALLOW, GOOD, { answer: () => ({ body: '<html>' }) }, ['fail read'], 'not WorkOS'],
    [
      'no DNS',
      ALLOW,
      GOOD,
      { answer: fault({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }) },
      ['fail read'],
      'api.workos.com: host name not found.","fix":"Check the host name, and set HTTPS_PROXY where a proxy is the only way out.',
    ],
    [
      'no network',
      ALLOW,
      GOOD,
      { answer: fault({ code: 'EAI_AGAIN', syscall: 'getaddrinfo' }) },
      ['fail read'],
      'api.workos.com: host name could not be looked up.","fix":"Check the network and its DNS server, and set HTTPS_PROXY',
    ],
    ['a closed port', ALLOW, GOOD, { answer: connecting('ECONNREFUSED') }, ['fail read'], 'Nothing listens there'],
    ['no route', ALLOW, GOOD, { answer: connecting('ENETUNREACH') }, ['fail read'], 'is online'],
    ['a fault of another kind', ALLOW, GOOD, { answer: fault({ code: 'EODD' }) }, ['fail read'], 'is online'],
    [
      'a firewall',
      ALLOW,
      GOOD,
      { answer: fault({ code: 'UND_ERR_CONNECT_TIMEOUT' }) },
      ['fail read'],
      'a firewall drops the request',
    ],
    [
      'a server that hangs',
      ALLOW,
      GOOD,
      {
        answer: () => {
          throw new TransportError('no complete answer within 10 s', true);
        },
      },
      ['fail read'],
      'a firewall drops the request',
    ],
    ['a reset', ALLOW, GOOD, { answer: fault({ code: 'ECONNRESET' }) }, ['fail read'], 'firewall or proxy between'],
    [
      'a CA of the company',
      ALLOW,
      GOOD,
      { answer: fault({ code: 'SELF_SIGNED_CERT_IN_CHAIN' }) },
      ['fail read'],
      'NODE_EXTRA_CA_CERTS',
    ],
    [
      'an expired certificate',
      ALLOW,
      GOOD,
      { answer: fault({ code: 'CERT_HAS_EXPIRED' }) },
      ['fail read'],
      'Check the clock of this computer first',
    ],
    [
      'another host',
      ALLOW,
      GOOD,
      { answer: fault({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }) },
      ['fail read'],
      'Check the address, since the certificate is for another host name.',
    ],
    [
      'a proxy that NO_PROXY keeps out',
      ALLOW,
      { ...GOOD, HTTPS_PROXY: 'http://u:canary@proxy', no_proxy: '.workos.com' },
      { answer: fault({ code: 'UND_ERR_CONNECT_TIMEOUT' }) },
      ['fail read'],
      'HTTPS_PROXY is set, but not used for api.workos.com, which is on loopback or in NO_PROXY.',
    ],
    [
      'a proxy in a variable that is not read',
      ALLOW,
      { ...GOOD, all_proxy: 'http://u:canary@proxy' },
      { answer: fault({ code: 'UND_ERR_CONNECT_TIMEOUT' }) },
      ['fail read'],
      'ALL_PROXY is set, but only HTTPS_PROXY is for https addresses.',
    ],
    [
      'a proxy that wants a login',
      ALLOW,
      { ...GOOD, HTTPS_PROXY: 'proxy:3128' },
      { answer: fault({ proxy: { status: 407, authorized: false } }) },
      ['fail read'],
      'api.workos.com through the proxy proxy:3128: the proxy asks for a user and password (407).","fix":"Put a user and password into HTTPS_PROXY, as http://USER:PASSWORD@HOST:PORT.',
    ],
    [
      'a proxy that refuses the login',
      ALLOW,
      { ...GOOD, HTTPS_PROXY: 'http://u:canary@proxy:3128' },
      { answer: fault({ proxy: { status: 407, authorized: true } }) },
      ['fail read'],
      'through the proxy proxy:3128: the proxy refused the user and password (407).","fix":"Correct the user and password in HTTPS_PROXY.',
    ],
    [
      'a clock that is behind',
      ALLOW,
      GOOD,
      { answer: () => ({ headers: { date: new Date(NOW + 61_000).toUTCString() } }) },
      ['warn clock'],
      "61 s behind WorkOS's.",
    ],
    [
      'a clock that is ahead',
      ALLOW,
      GOOD,
      { answer: () => ({ headers: { date: new Date(NOW - 3_600_000).toUTCString() } }) },
      ['warn clock'],
      "3600 s ahead of WorkOS's.",
    ],
    ['no grants in production', [], { ...GOOD, WORKOS_API_KEY: LIVE }, {}, ['warn grants'], 'None are given here'],
    ['no grants', [], GOOD, {}, ['warn grants'], 'begin with --allow'],
    ['a grant that is misspelt', ['--allow', 'user:read'], GOOD, {}, ['fail grants'], 'Did you mean \\"users\\"?'],
    ['nothing left on', ['--allow', 'users:write', '--read-only'], GOOD, {}, ['fail grants'], 'No tool is left on'],
    [
      'writes in production without a record',
      ['--allow', 'users:write', '--production-writes'],
      { ...GOOD, WORKOS_API_KEY: LIVE },
      {},
      ['fail record'],
      'needs an audit log',
    ],
    [
      'a record in a folder that is not there',
      [...ALLOW, '--audit-log', '/nowhere/a.jsonl'],
      GOOD,
      {},
      ['fail record'],
      'ENOENT',
    ],
    [
      'a record that is a folder',
      [...ALLOW, '--audit-log', '/'],
      GOOD,
      {},
      ['fail record'],
      'it is not a regular file',
    ],
    [
      'Redis away',
      ['--public-url', 'https://x.example', '--anonymous', ...ALLOW],
      { ...GOOD, WORKOS_MCP_REDIS_URL: 'redis://u:canary12@h' },
      { reachRedis: () => Promise.reject(new StartError('--redis-url: Redis cannot be used (ECONNREFUSED).')) },
      ['warn deployment key', 'fail Redis'],
      'ECONNREFUSED',
    ],
    [
      'a flag that is none',
      ['--alow', 'x'],
      GOOD,
      {},
      ['fail settings', 'warn read', 'warn grants'],
      'Did you mean \\"--allow\\"?',
    ],
    [
      'a variable that is none',
      ALLOW,
      { ...GOOD, WORKOS_MCP_ALOW: 'x' },
      {},
      ['fail settings', 'warn read', 'warn grants'],
      'no setting WORKOS_MCP_ALOW',
    ],
    [
      'a key as a flag',
      ['--api-key', KEY],
      {},
      {},
      ['fail settings', 'fail key', 'warn read', 'warn grants'],
      'is not an option',
    ],
    [
      'a key in the wrong place',
      [...ALLOW, '--expect', KEY],
      GOOD,
      {},
      ['fail settings', 'warn read', 'warn grants'],
      '--expect is \\"…\\"',
    ],
    [
      'a word too many',
      ['now', ...ALLOW],
      GOOD,
      {},
      ['fail settings', 'warn read', 'warn grants'],
      'Unexpected argument',
    ],
    [
      'the sandbox with a key',
      ['--sandbox', ...ALLOW],
      GOOD,
      {},
      ['fail settings', 'warn read', 'warn grants'],
      '--sandbox cannot be combined with',
    ],
    [
      'a limit that is none',
      [...ALLOW, '--limit', 'x=1/1'],
      GOOD,
      {},
      ['fail settings', 'warn read', 'warn grants'],
      'there is no limit',
    ],
    [
      'a config file that is not there',
      [...ALLOW, '--config', '/nowhere.yaml'],
      GOOD,
      {},
      ['fail config', 'warn read', 'warn grants'],
      'ENOENT',
    ],
  ])('tells of %s', async (_, argv, env, more, expected, said) => {
    const { code, findings, bad, sent } = await examine(argv, env, more);
    expect(JSON.stringify(findings)).toContain(said);
    expect(bad).toEqual(expected);
    expect(code).toBe(expected.some((one) => one.startsWith('fail')) ? 1 : 0);
    const isSure = !expected.some((one) => /^fail (settings|config|key|base URL)$|^fail client/.test(one));
    expect(sent.length, 'requests').toBe(isSure ? 1 : 0);
  });

  it('sends nothing where the proxy is not valid', async () => {
    const { of, bad, sent } = await examine(ALLOW, { ...GOOD, HTTPS_PROXY: 'http://u:canary@proxy:3128/x' });
    expect(of('read')?.found).toContain('HTTPS_PROXY is not a valid proxy');
    expect([bad, sent]).toEqual([['fail read'], []]);
  });

  it('goes on with what can still be checked', async () => {
    const env = { ...GOOD, WORKOS_CLIENT_ID: 'client_1', WORKOS_MCP_ALOW: 'x' };
    const { of } = await examine(['--audit-log', '/nowhere/a.jsonl'], env, { node: '18.0.0' });
    expect(of('Node')?.state).toBe('fail');
    expect(of('key')?.state).toBe('ok');
    expect(of('client ID')?.state).toBe('ok');
    expect(of('record')?.state).toBe('fail');
  });

  it('shows no key, even one that is nowhere else', async () => {
    const { of } = await examine(['--expect', LIVE], {});
    expect(of('settings')?.found).toContain('--expect is "sk_…"');
  });

  it('leaves out the file alone where that does not go with the rest', async () => {
    const path = put('w.yaml', 'sandbox: true\n');
    const env = { ...GOOD, WORKOS_MCP_AUDIT_LOG: '/nowhere/a.jsonl' };
    const { bad, sent } = await examine([...ALLOW, '--config', path], env);
    expect(bad).toEqual(['fail settings', 'warn read', 'warn grants', 'fail record']);
    expect(sent).toEqual([]);
  });

  it('says how much more a production key could do', async () => {
    const { of, code } = await examine(['--allow', '*:read,users:write'], { ...GOOD, WORKOS_API_KEY: LIVE });
    const writes = catalog.tools.filter(
      (tool) => tool.area === 'users' && tool.access === 'write' && !tool.needsCredentials,
    );
    expect(of('key')?.found).toBe('a production key');
    expect(of('grants')?.found).toBe(`${reads} of ${all} tools are on, ${writes.length} more with --production-writes`);
    expect(code).toBe(0);
  });

  it('reads a key from its file', async () => {
    const path = put('key', `${KEY}\n`);
    const { of, sent } = await examine(ALLOW, { WORKOS_API_KEY_FILE: path });
    expect(of('key')?.found).toBe('a staging key, from a file');
    expect(sent).toHaveLength(1);
  });
});

describe('doctor and the record', () => {
  it('tells of a disk that is nearly full', async () => {
    const argv = [...ALLOW, '--audit-log', join(folder, 'a.jsonl')];
    expect((await examine(argv, GOOD, { freeBytes: async () => 99e6 })).bad).toEqual(['warn disk']);
    expect((await examine(argv, GOOD)).of('disk')?.found).toBe('5,000 MB free');
    expect((await examine(argv, GOOD, { freeBytes: () => Promise.reject(new Error('ENOSYS')) })).bad).toEqual([]);
  });

  it('asks for the free space of its folder', async () => {
    const asked: string[] = [];
    const space = async (where: string) => asked.push(where) * 1e9;
    await examine([...ALLOW, '--audit-log', join(folder, 'a.jsonl')], GOOD, { freeBytes: space });
    expect(asked).toEqual([folder]);
    expect(await freeBytes(folder)).toBeGreaterThan(0);
  });

  it.skipIf(platform() === 'win32')('tells of a file that others may read, and of one that is no record', async () => {
    const open = put('open.jsonl', '', 0o644);
    expect((await examine([...ALLOW, '--audit-log', open], GOOD)).of('record')?.found).toContain('chmod 600');
    const other = put('other.txt', 'settings');
    const { of } = await examine([...ALLOW, '--audit-log', other], GOOD);
    expect(of('record')?.found).toContain('something other than an audit record');
    expect(readFileSync(other, 'utf8')).toBe('settings');
  });
});

const HASH = '0'.repeat(64);
const AGENTS = `agents:
  support-bot:
    allow: [users:read]
    tokens: ['aaaaaaaaaa:${HASH}']
  old-bot:
    allow: ['users:read']
    expires: '2026-01-01T00:00:00Z'
    tokens: ['bbbbbbbbbb:${HASH}']
`;

describe('doctor and the config file', () => {
  it('names the line that is wrong', async () => {
    const path = put('w.yaml', 'timeout: 10\nalow: [x]\n');
    const { bad, of } = await examine(['--config', path, ...ALLOW], GOOD);
    expect(bad).toEqual(['fail config', 'warn read', 'warn grants']);
    expect(of('config')?.found).toContain(`${path}:2: there is no setting "alow"`);
  });

  it('takes what it says for settings', async () => {
    const path = put('w.yaml', "allow: ['*:read']\naudit-log: /nowhere/a.jsonl\n");
    const { bad, of } = await examine(['--config', path], GOOD);
    expect(of('config')).toMatchObject({ state: 'ok', found: path });
    expect(bad).toEqual(['fail record']);
  });

  it('says of each agent what it may do, and what is seldom meant', async () => {
    const path = put('w.yaml', AGENTS);
    const { code, bad, of } = await examine(['--config', path], GOOD);
    const users = catalog.tools.filter(
      (tool) => tool.area === 'users' && tool.access === 'read' && !tool.needsCredentials,
    );
    expect(of('agent support-bot')?.found).toBe(`${users.length} of ${all} tools are on, in staging`);
    expect(of('agents')).toMatchObject({ state: 'warn', found: 'agents.old-bot has expired.' });
    expect([code, bad]).toEqual([0, ['warn agents']]);
  });

  it('tells of agents that could not be served', async () => {
    const path = put('w.yaml', AGENTS.replace('users:read]', 'user:read]'));
    const { bad, of } = await examine(['--config', path], GOOD);
    expect(bad).toEqual(['fail agents']);
    expect(of('agents')?.found).toContain('there is no area "user"');
  });

  it('tells of agents that lack the Client ID', async () => {
    const path = put('w.yaml', AGENTS.replace('users:read]', "'*:full', '*:credentials']"));
    expect((await examine(['--config', path], GOOD)).bad).toEqual(['warn agents']);
    expect((await examine(['--config', path], KEY_ALONE)).bad).toContain('warn agent support-bot');
  });

  it('looks at each environment by itself', async () => {
    const environments = `environments:
  one: { api-key-env: ONE_KEY, base-url: 'http://127.0.0.1:9' }
  two: { api-key-env: TWO_KEY }
`;
    const path = put('w.yaml', environments + AGENTS.replaceAll('    allow', '    environment: one\n    allow'));
    const { bad, of, sent } = await examine(['--config', path], { ONE_KEY: KEY });
    expect(of('key of one')?.found).toBe('a staging key');
    expect(of('key of two')?.found).toContain('the variable TWO_KEY, which should hold its key, is not set');
    expect(of('read in one')?.found).toBe('127.0.0.1:9: connection refused.');
    expect(of('agents')?.found).toContain('not looked at');
    expect(bad).toEqual(['fail key of two', 'fail read in one', 'warn agents']);
    expect(sent).toEqual([]);
  });
});

it('tells of a Redis out of reach without its password', async () => {
  await expect(reachRedis('redis://u:canary12@127.0.0.1:9')).rejects.toMatchObject({
    name: 'StartError',
    message: '--redis-url: Redis cannot be used (ECONNREFUSED).',
  });
  await expect(reachRedis('http://u:canary12@h')).rejects.toThrow(/^(?!.*canary)--redis-url is not a valid Redis URL/);
});

it('asks for the Node that package.json asks for', () => {
  const { engines } = JSON.parse(readFileSync(`${import.meta.dirname}/../package.json`, 'utf8'));
  expect(engines.node).toBe(`>=${OLDEST_NODE.join('.')}`);
});

describe('doctor for a server over HTTP', () => {
  const HASH = `abcdefghij:${'0'.repeat(64)}`;
  const over = async (more: string, now = NOW) => {
    const config = put('http.yaml', `agents:\n  ann: { allow: ['users:read'], tokens: ['${HASH}'] }\n${more}`);
    return examine(['http', '--config', config], GOOD, { now: () => now });
  };

  it('fetches the keys of each issuer', async () => {
    const [up, down] = await Promise.all([openIssuer(), openIssuer()]);
    down.state.answer = 'garbage';
    const { code, of, bad } = await over(
      `issuers:\n  up: { issuer: '${up.url}', jwks-url: '${up.jwksUrl}', environment: other }\n  down: { issuer: '${down.url}', jwks-url: '${down.jwksUrl}', environment: other }\n`,
    );
    await Promise.all([up.close(), down.close()]);
    expect([code, bad]).toEqual([1, ['fail issuer down']]);
    expect(of('issuer up')?.found).toBe('its keys were fetched');
    const { host } = new URL(down.url);
    expect(of('issuer down')?.found).toBe(`${host}: the keys cannot be fetched: its answer is not a set of keys.`);
  });

  it.skipIf(!hasOpenssl)('looks at when the certificate expires', async () => {
    const { cert, key, remove } = createCertificate();
    remove();
    const more = `tls-cert: ${put('cert.pem', cert)}\ntls-key: ${put('key.pem', key)}\n`;
    const day = 86_400_000;
    const states = [];
    for (const days of [-30, 0, 3]) {
      const { of } = await over(more, Date.now() + days * day);
      states.push(`${of('certificate')?.state} ${of('certificate')?.found}`);
    }
    const date = '\\d{4}-\\d\\d-\\d\\d';
    expect(states.join('\n')).toMatch(
      new RegExp(`^ok expires on ${date}\nwarn expires on ${date}\\.\nfail expired on ${date}\\.$`),
    );
  });
});
