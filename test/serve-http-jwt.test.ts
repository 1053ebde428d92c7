import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openedBy } from './support/catalog.ts';
import {
  connectTo,
  entriesIn,
  type HttpServer,
  hashOf,
  newId,
  newTokens,
  openFolder,
  openWorkos,
  post,
  postCall,
  serve,
  waitFor,
} from './support/http-server.ts';
import { forge, newKey, openIssuer, toPem } from './support/issuer.ts';
import { PEERS } from './support/session.ts';

const KEY = 'sk_test_signed_1234567890';
const publicUrl = 'https://mcp.acme.test/mcp';
const token = newTokens('plain');
const folder = openFolder();
let issuer: Awaited<ReturnType<typeof openIssuer>>;
let stranger: Awaited<ReturnType<typeof openIssuer>>;
let workos: Awaited<ReturnType<typeof openWorkos>>;
let server: HttpServer;

beforeAll(async () => {
  const other = openIssuer(await newKey('key-1'));
  [issuer, stranger, workos] = await Promise.all([openIssuer(), other, openWorkos('north', KEY)]);
  const config = folder.write(
    'workos-mcp.yaml',
    `
audit-log: ${folder.path}/audit.jsonl
confirm: 'off'
log-level: trace
public-url: ${publicUrl}
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${workos.url}' }
issuers:
  authkit: { issuer: '${issuer.url}', jwks-url: '${issuer.jwksUrl}', environment: other }
agents:
  ops: { allow: 'users:full', jwt: { client-id: client_ops, org-id: org_1 }, requests-per-minute: 1000 }
  former: { allow: 'users:read', jwt: { client-id: client_former }, expires: 2020-01-01 }
  plain: { allow: 'users:read', tokens: ['${hashOf(token.plain)}'] }
templates:
  engineers:
    jwt: { permission: 'workos-mcp:use' }
    grants-claim: workos_mcp_grants
    ceiling: [get_user, list_users, delete_user, get_organization, list_organizations]
    requests-per-minute: 6
`,
  );
  server = await serve(['--config', config], { NORTH_KEY: KEY });
});
afterAll(async () => {
  await server?.stop();
  await Promise.all([issuer?.close(), stranger?.close(), workos?.close()]);
  folder.remove();
});

const NOW = Math.floor(Date.now() / 1_000);
const OPS = { aud: publicUrl, sub: 'user_1', exp: NOW + 600, iat: NOW, client_id: 'client_ops', org_id: 'org_1' };
const without = (claim: string) => Object.fromEntries(Object.entries(OPS).filter(([name]) => name !== claim));
const ENGINEER = { aud: publicUrl, sub: 'user_2', exp: NOW + 600, iat: NOW, permissions: ['workos-mcp:use'] };
const entries = () => entriesIn(folder.read('audit.jsonl'));
const namesOf = async (jwt: string) => {
  const { result } = await post(server.url, jwt);
  return (result?.tools ?? []).map(({ name }: { name: string }) => name).sort() as string[];
};

it.each(PEERS)('a signed token makes a %s its agent', async (peer) => {
  const client = await connectTo(server.url, await issuer.sign(OPS), { peer });
  expect([...(await client.tools())].sort()).toEqual([...openedBy('users', 'read', 'write', 'delete')].sort());
  const user_id = newId('user');
  expect((await client.call('delete_user', { user_id })).isError).toBeUndefined();
  expect(workos.received.at(-1)).toMatchObject({ method: 'DELETE', headers: { authorization: `Bearer ${KEY}` } });
  expect(entries().at(-1)).toMatchObject({ agent: 'ops', tool: 'delete_user', outcome: 'ok' });
  await client.close();
});

describe('a template', () => {
  it.each<[what: string, claim: unknown, tools: readonly string[]]>([
    ['gives what the claim says', ['users:read'], ['get_user', 'list_users']],
    ['reads a claim that is a text', 'users:read, users:delete', ['delete_user', 'get_user', 'list_users']],
    [
      'gives no more than the ceiling',
      '*:full',
      ['delete_user', 'get_organization', 'get_user', 'list_organizations', 'list_users'],
    ],
    ['gives no credentials beyond it', ['users:full', 'users:credentials'], ['delete_user', 'get_user', 'list_users']],
  ])('%s', async (_, workos_mcp_grants, tools) => {
    const sub = newId('user');
    expect(await namesOf(await issuer.sign({ ...ENGINEER, sub, workos_mcp_grants }))).toEqual(tools);
  });

  it.each<[what: string, claim: unknown]>([
    ['no claim', undefined],
    ['nothing in it', []],
    ['a blank', ''],
    ['grants outside the ceiling only', ['organizations:write']],
    ['a grant that is none', ['users:read', 'users:reed']],
    ['something else', [{ users: 'read' }]],
  ])('refuses a token with %s', async (_, workos_mcp_grants) => {
    const answer = await post(server.url, await issuer.sign({ ...ENGINEER, workos_mcp_grants }));
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toBeNull();
  });

  it('makes each subject an agent of its own, with its own budget and name in the record', async () => {
    const [one, two] = await Promise.all(
      ['user_one', 'user_two'].map((sub) => issuer.sign({ ...ENGINEER, sub, workos_mcp_grants: ['users:read'] })),
    );
    const statuses = async (jwt: string | undefined) => {
      const all = [];
      for (let index = 0; index < 8; index += 1) {
        all.push((await postCall(server.url, jwt, 'get_user', { user_id: newId('user') })).status);
      }
      return all;
    };
    expect(await statuses(one)).toEqual([200, 200, 200, 200, 200, 200, 429, 429]);
    expect(await statuses(two)).toEqual([200, 200, 200, 200, 200, 200, 429, 429]);
    // Another token of the same subject has no other budget.
    const again = await issuer.sign({ ...ENGINEER, sub: 'user_one', workos_mcp_grants: ['users:delete'], jti: '2' });
    expect((await post(server.url, again)).status).toBe(429);
    const agents = new Set(entries().map(({ agent }) => agent));
    expect([...agents]).toEqual(expect.arrayContaining(['engineers.user_one', 'engineers.user_two']));
  });
});

describe('a signed token is refused', () => {
  it.each<[what: string, status: 401 | 403, make: () => Promise<string> | string]>([
    ['of another audience', 401, () => issuer.sign({ ...OPS, aud: 'https://other.acme.test/mcp' })],
    ['for the address it was sent to', 401, () => issuer.sign({ ...OPS, aud: server.url })],
    ['without an audience', 401, () => issuer.sign(without('aud'))],
    ['that has expired', 401, () => issuer.sign({ ...OPS, exp: NOW - 60 })],
    ['without an end', 401, () => issuer.sign(without('exp'))],
    ['of an hour to come', 401, () => issuer.sign({ ...OPS, nbf: NOW + 3_600 })],
    ['of an issuer that is not known', 401, () => stranger.sign(OPS)],
    ['of another issuer in its name', 401, () => stranger.sign({ ...OPS, iss: issuer.url })],
    ['by a key swapped for its own', 401, async () => issuer.sign(OPS, { key: await newKey('key-1') })],
    [
      'by a key that it brings along',
      401,
      async () => issuer.sign(OPS, { key: await newKey('key-9'), header: { jku: 'http://127.0.0.1:1/' } }),
    ],
    ['with no signature', 401, () => forge({ alg: 'none' }, { iss: issuer.url, ...OPS })],
    ['with no signature, but a key', 401, () => forge({ alg: 'none', kid: 'key-1' }, { iss: issuer.url, ...OPS })],
    [
      'signed with the public key as a secret',
      401,
      async () => {
        const pem = await toPem(issuer.key);
        return forge({ alg: 'HS256', kid: 'key-1' }, { iss: issuer.url, ...OPS }, (input) =>
          createHmac('sha256', pem).update(input).digest(),
        );
      },
    ],
    [
      'with other claims under the signature',
      401,
      async () => {
        const [header, , signature] = (await issuer.sign({ ...OPS, client_id: 'client_x' })).split('.');
        return `${header}.${Buffer.from(JSON.stringify({ iss: issuer.url, ...OPS })).toString('base64url')}.${signature}`;
      },
    ],
    ['that is an ID token by its type', 401, () => issuer.sign(OPS, { header: { typ: 'logout+jwt' } })],
    ['of an agent whose time is over', 401, () => issuer.sign({ ...OPS, client_id: 'client_former' })],
    ['of nobody that anything was given to', 403, () => issuer.sign({ ...OPS, client_id: 'client_x' })],
    ['of one organization for another', 403, () => issuer.sign({ ...OPS, org_id: 'org_2' })],
    [
      'with a permission that only begins alike',
      403,
      () => issuer.sign({ ...ENGINEER, permissions: ['workos-mcp:user'] }),
    ],
  ])('%s: %i', async (_, status, make) => {
    const received = workos.received.length;
    const jwt = await make();
    const answer = await postCall(server.url, jwt, 'get_user', { user_id: newId('user') });
    expect(answer.status).toBe(status);
    const challenge = answer.headers.get('www-authenticate');
    if (status === 401) {
      expect(challenge).toContain('error="invalid_token"');
      expect(challenge).toContain('resource_metadata="https://mcp.acme.test/.well-known/oauth-protected-resource/mcp"');
    } else expect(challenge).toBeNull();
    expect(workos.received).toHaveLength(received);
  });

  it('in the address', async () => {
    const jwt = await issuer.sign(OPS);
    expect((await post(`${server.url}?access_token=${jwt}`, undefined)).status).toBe(400);
  });

  it('whatever host and forwarded headers say', async () => {
    const aud = 'https://evil.test/mcp';
    const headers = { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https', forwarded: 'host=evil.test' };
    expect((await post(server.url, await issuer.sign({ ...OPS, aud }), { headers })).status).toBe(401);
  });
});

it('a client finds its way from the challenge to the issuer', async () => {
  const { status, headers } = await post(server.url, undefined);
  expect(status).toBe(401);
  const metadata = /resource_metadata="([^"]+)"/.exec(headers.get('www-authenticate') ?? '')?.[1];
  const { pathname } = new URL(metadata ?? expect.fail('no metadata'));
  const response = await fetch(new URL(pathname, server.url));
  expect(await response.json()).toEqual({
    resource: publicUrl,
    authorization_servers: [issuer.url],
    bearer_methods_supported: ['header'],
    resource_name: 'WorkOS MCP server',
  });
});

it('an issuer that is down is no trouble to those it was there for, after a reload either', async () => {
  const jwt = await issuer.sign(OPS);
  expect((await post(server.url, jwt)).status).toBe(200);
  issuer.state.answer = 'error';
  try {
    expect((await post(server.url, jwt)).status).toBe(200);
    expect(await server.reload()).toBe(true);
    expect((await post(server.url, jwt)).status).toBe(200);
  } finally {
    issuer.state.answer = 'keys';
    await waitFor(async () => (await post(server.url, jwt)).status === 200);
  }
});

it('an issuer that is down is a 503 for its tokens, and nothing for static ones', async () => {
  const config = folder.read('workos-mcp.yaml');
  folder.write('workos-mcp.yaml', config.replaceAll(issuer.jwksUrl, 'http://127.0.0.1:1/jwks'));
  expect(await server.reload()).toBe(true);
  try {
    const answer = await post(server.url, await issuer.sign(OPS));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await post(server.url, token.plain.token)).status).toBe(200);
  } finally {
    folder.write('workos-mcp.yaml', config);
    expect(await server.reload()).toBe(true);
  }
});

it('no token shows in log or record, and who was turned away is counted there at the end', async () => {
  const jwt = await issuer.sign(OPS);
  expect((await post(server.url, jwt)).status).toBe(200);
  expect(await server.stop()).toBe(0);
  const written = `${folder.read('audit.jsonl')}${server.log()}`;
  expect(written).not.toMatch(/eyJ|wmcp_|sk_test/);
  for (const part of jwt.split('.')) expect(written).not.toContain(part);
  const notes = entries().flatMap(({ kind, text }) => (kind === 'note' ? [String(text)] : []));
  expect(notes.join('\n')).toMatch(/rejected requests: .*\d+ audience/);
  for (const reason of ['expired', 'signature', 'algorithm', 'issuer', 'unmatched', 'grants', 'missing']) {
    expect(notes.join('\n')).toContain(` ${reason}`);
  }
  // One person was over the budget of requests three times, another twice.
  const overBudget = entries().flatMap(({ kind, text, agent }) => {
    const [, count] = / (\d+) over-budget/.exec(kind === 'note' ? String(text) : '') ?? [];
    expect(count === undefined || String(text).startsWith(`rejected requests of ${agent}: `)).toBe(true);
    return count === undefined ? [] : [count];
  });
  expect(overBudget.sort()).toEqual(['2', '3']);
  expect(entries().at(-1)).toMatchObject({ kind: 'stop', reason: 'SIGTERM' });
});
