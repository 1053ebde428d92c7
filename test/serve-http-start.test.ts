import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { get } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openedBy } from './support/catalog.ts';
import { createCertificate, hasOpenssl } from './support/certificate.ts';
import { findPort } from './support/find-port.ts';
import { sendRaw } from './support/http.ts';
import {
  connectTo,
  entriesIn,
  type HttpServer,
  hashOf,
  newTokens,
  openFolder,
  openWorkos,
  post,
  run,
  serve,
} from './support/http-server.ts';
import { runHere } from './support/run-here.ts';
import { PEERS } from './support/session.ts';

const KEY = 'sk_test_start_12345678901';
const LIVE_KEY = 'sk_live_start_12345678901';
const token = newTokens('ann', 'bob');
const folder = openFolder();
let workos: Awaited<ReturnType<typeof openWorkos>>;
let squatter: Server;
let taken: number;

const AGENTS = `agents:\n  ann: { allow: 'users:read', tokens: ['${hashOf(token.ann)}'] }\n`;
const WRITES = AGENTS.replace("'users:read'", "'users:full', production-writes: true");
const NAMED = `environments:\n  north: { api-key-env: NORTH_KEY }\n${AGENTS}`;

beforeAll(async () => {
  workos = await openWorkos('north', KEY);
  taken = await findPort();
  squatter = createServer().listen(taken, '127.0.0.1');
});
afterAll(async () => {
  squatter?.close();
  await workos?.close();
  folder.remove();
});

let files = 0;
const fileOf = (text: string) => {
  files += 1;
  return folder.write(`${files}.yaml`, text);
};

describe('http does not start', () => {
  it.each<
    [what: string, file: string | undefined, args: readonly string[], said: RegExp, env?: Record<string, string>]
  >([
    ['without agents', undefined, [], /No agents are configured.*agent add/],
    ['with a file that has none', 'confirm: auto', [], /No agents are configured/],
    [
      'with an agent that nobody can be',
      'agents:\n  ann: { allow: users:read }',
      [],
      /ann.*has no way to authenticate/,
    ],
    ['in public without a name', AGENTS, ['--host', '0.0.0.0'], /--public-url/],
    ['in public by the address that stands for all of them', AGENTS, ['--host', '::'], /--public-url/],
    ['under a public name in plain http', AGENTS, ['--public-url', 'http://mcp.acme.test/mcp'], /--public-url/],
    ['with a password in its public name', AGENTS, ['--public-url', 'https://a:b@mcp.acme.test/mcp'], /--public-url/],
    ['with a host that is none', AGENTS, ['--allowed-hosts', 'https://mcp.acme.test'], /is not a valid host/],
    ['with an origin that is none', AGENTS, ['--allowed-origins', '*'], /is not a valid origin/],
    [
      'for anybody in public',
      undefined,
      ['--anonymous', '--allow', '*:read', '--host', '0.0.0.0', '--public-url', 'https://mcp.acme.test'],
      /--anonymous requires loopback/,
    ],
    [
      'for anybody with a production key',
      undefined,
      ['--anonymous', '--allow', '*:read'],
      /--anonymous requires loopback, a test key/,
      { WORKOS_API_KEY: LIVE_KEY },
    ],
    [
      'for anybody behind a proxy',
      undefined,
      ['--anonymous', '--allow', '*:read', '--trust-proxy'],
      /no --trust-proxy/,
    ],
    ['for anybody beside agents', AGENTS, ['--anonymous'], /--anonymous serves all clients as one agent/],
    ['for anybody with nothing to do', undefined, ['--anonymous'], /allow/],
    ['with grants for nobody', AGENTS, ['--allow', '*:read'], /--allow, .* have no effect over HTTP/],
    [
      'with a switch for nobody',
      AGENTS,
      ['--allow-read'],
      /--allow-read, --allow-write and --allow-delete have no effect/,
    ],
    ['with production writes for nobody', AGENTS, ['--production-writes'], /--production-writes has no effect/],
    ['with half of TLS', AGENTS, ['--tls-cert', '/dev/null'], /--tls-cert and --tls-key must be given together/],
    ['with the other half', AGENTS, ['--tls-key', '/dev/null'], /--tls-cert and --tls-key must be given together/],
    [
      'with TLS files that are not there',
      AGENTS,
      ['--tls-cert', '/no/cert', '--tls-key', '/no/key'],
      /--tls-cert: \/no\/cert/,
    ],
    ['without its key', AGENTS, [], /WORKOS_API_KEY/, {}],
    ['without the variable of an environment', NAMED, [], /environments\.north.*NORTH_KEY/, {}],
    ['with a variable that is no key', NAMED, [], /NORTH_KEY is not a WorkOS API key/, { NORTH_KEY: 'hunter2' }],
    [
      'with a key file that is not there',
      NAMED.replace('api-key-env: NORTH_KEY', 'api-key-file: /no/key'),
      [],
      /\/no\/key/,
      {},
    ],
    [
      'with the key of another kind than expected',
      NAMED.replace('NORTH_KEY', 'NORTH_KEY, expect: staging'),
      [],
      /expect staging/,
      { NORTH_KEY: LIVE_KEY },
    ],
    ['with a key in the file', `${AGENTS}# ${KEY}`, [], /key does not belong in a file/],
    ['with a token in the file', `${AGENTS}# ${token.ann.token}`, [], /token does not belong in a file/],
    [
      'with a grant that is misspelt',
      AGENTS.replace('users:read', 'users:reed'),
      [],
      /users:reed.*Did you mean "read"/,
    ],
    ['where an agent is left without tools', AGENTS, ['--deny', 'users:read'], /ann/],
    ['where a production key may write unrecorded', WRITES, [], /--audit-log/, { WORKOS_API_KEY: LIVE_KEY }],
    ['with a Redis that is none', AGENTS, ['--redis-url', 'http://127.0.0.1'], /--redis-url/],
  ])('%s', async (_, file, args, said, env = { WORKOS_API_KEY: KEY }) => {
    const config = file === undefined ? [] : ['--config', fileOf(file)];
    const port = ['--port', String(await findPort())];
    const { code, stdout, stderr } = await runHere(['http', ...port, ...config, ...args], env);
    expect([code, stdout], stderr).toEqual([2, '']);
    expect(stderr).toMatch(said);
    expect(
      stderr
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('    at ')),
    ).toEqual([]);
    expect(stderr).not.toMatch(/sk_(test|live)_\w|hunter2|wmcp_/);
  });

  it('with a port that is taken', async () => {
    const { code, stderr } = await run(['http', '--port', String(taken), '--config', fileOf(AGENTS)], {
      WORKOS_API_KEY: KEY,
    });
    expect(code, stderr).toBe(2);
    expect(stderr).toContain(`The server cannot listen on 127.0.0.1:${taken}`);
  });

  it('with a port for metrics that is taken', async () => {
    const port = String(await findPort());
    const args = ['http', '--port', port, '--metrics-port', String(taken), '--config', fileOf(AGENTS)];
    const { code, stderr } = await run(args, { WORKOS_API_KEY: KEY });
    expect(stderr).toContain(`The server cannot listen on 127.0.0.1:${taken}`);
    expect(code).toBe(2);
  });

  it.each<[what: string, args: readonly string[], key: string]>([
    ['in the sandbox with named environments, which are real', ['--sandbox'], KEY],
    ['with a production key where staging is expected', ['--expect', 'staging'], LIVE_KEY],
  ])('%s', async (_, args, key) => {
    const port = ['--port', String(await findPort())];
    const { code } = await runHere(['http', ...args, ...port, '--config', fileOf(NAMED)], { NORTH_KEY: key });
    expect(code).toBe(2);
  });

  it('with TLS files that are empty', async () => {
    const args = ['--tls-cert', '/dev/null', '--tls-key', '/dev/null', '--port', String(await findPort())];
    const { code, stderr } = await runHere(['http', ...args, '--config', fileOf(AGENTS)], { WORKOS_API_KEY: KEY });
    expect(code).toBe(2);
    expect(stderr).toContain('does not contain PEM data');
  });
});

describe('over stdio', () => {
  it.each([
    ['--port', '8080'],
    ['--public-url', 'https://mcp.acme.test'],
    ['--anonymous'],
    ['--redis-url', 'redis://127.0.0.1'],
  ])('%s is refused', async (...args) => {
    const { code, stderr } = await runHere([...args, '--allow', 'users:read'], { WORKOS_API_KEY: KEY });
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${args[0]} works only with the command "http"`)]);
  });

  it('agents are refused', async () => {
    const { code, stderr } = await runHere(['--config', fileOf(AGENTS)], { WORKOS_API_KEY: KEY });
    expect([code, stderr]).toEqual([2, expect.stringContaining('workos-mcp http --config')]);
  });
});

describe('http starts', () => {
  const open: HttpServer[] = [];
  let anonymous: HttpServer;
  let sandbox: HttpServer;
  let known: HttpServer;
  const env = { WORKOS_API_KEY: KEY, WORKOS_BASE_URL: '' };
  const start = async (args: readonly string[], env: Record<string, string> = {}) => {
    const server = await serve(args, env);
    open.push(server);
    return server;
  };
  beforeAll(async () => {
    env.WORKOS_BASE_URL = workos.url;
    const agents = fileOf(AGENTS);
    const record = ['--audit-log', `${folder.path}/anybody.jsonl`];
    [anonymous, sandbox, known] = await Promise.all([
      start(['--anonymous', '--allow', 'users:read', ...record], env),
      start(['--sandbox', '--config', agents]),
      start(['--host', '0.0.0.0', '--public-url', 'https://mcp.acme.test/mcp', '--config', agents], env),
    ]);
  });
  afterAll(() => Promise.all(open.map((server) => server.stop())));

  it.each(PEERS)('for anybody on loopback with a test key: a %s', async (peer) => {
    const client = await connectTo(anonymous.url, undefined, { peer });
    expect([...(await client.tools())].sort()).toEqual([...openedBy('users', 'read'), 'get_access_status'].sort());
    expect((await client.call('get_user', { user_id: 'user_01E4ZCR3C56J083X43JQXF3JK5' })).isError).toBeUndefined();
    expect(entriesIn(folder.read('anybody.jsonl')).at(-1)).toMatchObject({ agent: 'anonymous', outcome: 'ok' });
    await client.close();
  });

  it('unrecorded with a production key, where nobody has a write', async () => {
    const env = { WORKOS_API_KEY: LIVE_KEY };
    const open = AGENTS.replace('{ allow', '{ production-writes: true, allow');
    expect(await runHere(['check', '--config', fileOf(open)], env)).toMatchObject({ code: 0 });
    expect(await runHere(['check', '--config', fileOf(WRITES)], env)).toMatchObject({ code: 2 });
  });

  it('in the sandbox, without a key', async () => {
    const client = await connectTo(sandbox.url, token.ann.token);
    expect((await client.call('list_users')).text).toContain('user_');
    await client.close();
  });

  it.skipIf(!hasOpenssl)('with TLS', async ({ onTestFinished }) => {
    const { certFile, keyFile, cert, remove } = createCertificate();
    onTestFinished(remove);
    const server = await start(['--tls-cert', certFile, '--tls-key', keyFile, '--config', fileOf(AGENTS)], env);
    const ask = get(`https://localhost:${server.port}/healthz`, { ca: cert, family: 4 });
    const [response] = await once(ask, 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
    await expect(post(server.url, token.ann.token)).rejects.toThrow();
    expect(server.log()).not.toContain('PRIVATE KEY');
  });

  it('in public under its name, and answers to that alone', async () => {
    const client = await connectTo(known.url, token.ann.token);
    expect([...(await client.tools())].sort()).toEqual([...openedBy('users', 'read')].sort());
    await client.close();
    const ask = (host: string) =>
      sendRaw(known.port, `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(await ask('10.0.0.1')).toMatch(/ 403 /);
    expect(await ask('mcp.acme.test')).toMatch(/ 401 /);
  });
});
