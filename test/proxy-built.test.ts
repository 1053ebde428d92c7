import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { built } from './support/built.ts';
import { hashOf, newTokens, openFolder, post, postCall, run, serve, waitFor } from './support/http-server.ts';
import { openIssuer } from './support/issuer.ts';
import { hasOpenssl, makeCertificate, openHttps, openProxy } from './support/proxy.ts';
import { connect } from './support/session.ts';

/** Node reads NODE_EXTRA_CA_CERTS when a process begins. */
const start = (args: readonly string[], env: Record<string, string>) => connect(args, env, 'v2 client, legacy', built);

const openings: { readonly close: () => unknown }[] = [];
afterEach(async () => {
  for (const one of openings.splice(0).toReversed()) await one.close();
});

/** Names that nothing but the proxy knows: loopback itself never goes through one. */
describe.skipIf(!hasOpenssl)('the built server behind a proxy', () => {
  const KEY = 'sk_test_proxied_1234567890';
  const folder = openFolder();
  const token = newTokens('bot');
  const audience = 'https://mcp.acme.test/mcp';
  let issuer: Awaited<ReturnType<typeof openIssuer>>;
  let beyond: Awaited<ReturnType<typeof openHttps>>;
  let ca = '';
  /** Of the proxy itself, which has no other name. */
  let pem: Parameters<typeof openProxy>[1];
  const received: (readonly [where: string | undefined, headers: IncomingHttpHeaders])[] = [];
  const hosts = () => ({ 'workos.test:443': beyond.port, 'issuer.test:8443': beyond.port });
  const env = () => ({ WORKOS_API_KEY: KEY, WORKOS_BASE_URL: 'https://workos.test', NODE_EXTRA_CA_CERTS: ca });

  beforeAll(async () => {
    issuer = await openIssuer();
    const { cert, key } = makeCertificate(folder.path, 'workos.test', 'issuer.test');
    const own = makeCertificate(folder.path, 'localhost');
    pem = { cert: readFileSync(own.cert), key: readFileSync(own.key) };
    ca = folder.write('ca.pem', `${readFileSync(cert, 'utf8')}${readFileSync(own.cert, 'utf8')}`);
    beyond = await openHttps(
      { cert: readFileSync(cert), key: readFileSync(key) },
      async ({ url, headers }, response) => {
        received.push([`${headers.host}${url}`, headers]);
        const isKeys = url === '/jwks?v=1';
        const keys = isKeys ? await (await fetch(issuer.jwksUrl)).text() : '{"data":[],"list_metadata":{}}';
        // So that what a test asks for next needs another tunnel.
        if (url === '/organizations') response.setHeader('connection', 'close');
        response.setHeader('content-type', 'application/json').end(keys);
      },
    );
  });
  beforeEach(() => {
    received.length = 0;
  });
  afterAll(async () => {
    beyond.close();
    await issuer.close();
    folder.remove();
  });

  /** Nothing of a password in any form of it. */
  const expectNoCredentials = (text: string) => {
    expect(text).not.toMatch(/p@ss|p%40ss|Basic /);
    expect(text).not.toContain(Buffer.from('agent:p@ss').toString('base64'));
  };

  it('reaches WorkOS through it, and tells what it refuses', async () => {
    const proxy = await openProxy(hosts());
    openings.push(proxy);
    const record = `${folder.path}/audit.jsonl`;
    const args = ['--allow', '*:full', '--timeout', '2', '--audit-log', record];
    const session = await start(args, { ...env(), HTTPS_PROXY: `agent:p%40ss@127.0.0.1:${proxy.port}` });
    openings.push(session);

    expect(await session.call('list_users')).toMatchObject({ structured: { data: [] } });
    expect((await session.call('list_organizations')).isError).toBeUndefined();
    const asked = {
      target: 'workos.test:443',
      authorization: `Basic ${Buffer.from('agent:p@ss').toString('base64')}`,
    };
    // One tunnel for both, as for connections without a proxy.
    expect(proxy.state.asked).toEqual([asked]);
    expect(received.map(([where]) => where)).toEqual([
      'workos.test/user_management/users',
      'workos.test/organizations',
    ]);
    for (const [, headers] of received) {
      expect(headers).toMatchObject({ authorization: `Bearer ${KEY}` });
      expect(headers).not.toHaveProperty('proxy-authorization');
    }
    const shown = `"proxy":"127.0.0.1:${proxy.port}"`;
    await waitFor(() => session.log().includes(shown), session.log);

    const texts: string[] = [];
    const create = async () => {
      const { isError, text } = await session.call('create_user', { email: 'ada@acme.test' });
      expect(isError).toBe(true);
      expect(text).not.toContain('Calling again is safe');
      expect(text).toContain('Nothing was changed.');
      texts.push(text);
      return text;
    };
    proxy.refuseWith(407);
    expect(await create()).toBe(
      'WorkOS gave no usable answer to create_user: the proxy refused the user and password (407). Nothing was changed. Calling again would fail in the same way. Ask the operator of this server to correct the user and password in HTTPS_PROXY.',
    );
    proxy.refuseWith(403);
    expect(await create()).toContain('the proxy refused to open a tunnel (403). Nothing was changed. Calling again');
    proxy.refuseWith(502);
    expect(await create()).toMatch(
      /\(\d attempts, [\d.]+ s in all\): the proxy opened no tunnel \(502\)\. Nothing was changed\. Ask the operator of this server to check that the proxy can reach this host/,
    );
    await proxy.close();
    openings.splice(openings.indexOf(proxy), 1);
    expect(await create()).toMatch(
      /the proxy refused the connection\. Nothing was changed\. Ask the operator of this server to check that the proxy runs/,
    );
    expect(received).toHaveLength(2);
    expectNoCredentials([...texts, session.log(), folder.read('audit.jsonl')].join());
  });

  it('trusts the certificate behind it by NODE_EXTRA_CA_CERTS alone', async () => {
    const proxy = await openProxy(hosts());
    openings.push(proxy);
    const untrusting = { ...env(), NODE_EXTRA_CA_CERTS: '', https_proxy: `http://127.0.0.1:${proxy.port}` };
    const session = await start(['--allow', '*:read'], untrusting);
    openings.push(session);
    expect((await session.call('list_users')).text).toBe(
      'WorkOS gave no usable answer to list_users: the TLS certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT). Calling again would fail in the same way. Ask the operator of this server to set NODE_EXTRA_CA_CERTS to the CA certificate of what opens TLS on the way, such as a proxy of the company.',
    );
    expect([proxy.state.asked.length, received]).toEqual([1, []]);
  });

  it('goes past it where NO_PROXY says so, and tells of a name that does not resolve', async () => {
    const proxy = await openProxy(hosts());
    openings.push(proxy);
    const past = { ...env(), HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: 'x.test, .workos.test:443' };
    const session = await start(['--allow', '*:read', '--timeout', '1'], past);
    openings.push(session);
    const { text } = await session.call('list_users');
    expect(text).toMatch(/host name (not found|could not be looked up)\./);
    expect(text).toMatch(
      /Ask the operator of this server to check .* set HTTPS_PROXY where a proxy is the only way out\.$/,
    );
    expect(text).not.toContain('Calling again is safe');
    await waitFor(() => session.log().includes('"msg":"serving stdio"'), session.log);
    expect(session.log()).not.toContain('"proxy"');
    expect([proxy.state.asked, received]).toEqual([[], []]);
  });

  it('gets the keys of issuers through it too, over TLS to the proxy itself', async () => {
    const proxy = await openProxy(hosts(), pem);
    openings.push(proxy);
    const config = folder.write(
      'workos-mcp.yaml',
      `
public-url: ${audience}
issuers:
  far: { issuer: https://issuer.test, jwks-url: 'https://issuer.test:8443/jwks?v=1', environment: other }
  shut: { issuer: https://shut.test, jwks-url: 'https://issuer.test:8444/jwks', environment: other }
  near: { issuer: '${issuer.url}', jwks-url: '${issuer.jwksUrl}', environment: other }
agents:
  bot: { allow: 'users:read', tokens: ['${hashOf(token.bot)}'] }
  far: { allow: 'users:read', jwt: { issuer: far, sub: user_1 } }
  near: { allow: 'users:read', jwt: { issuer: near, sub: user_1 } }
`,
    );
    const url = `https://agent:p%40ss@localhost:${proxy.port}`;
    const variables = { ...env(), HTTPS_PROXY: url, HTTP_PROXY: url, NODE_USE_ENV_PROXY: '1' };
    const server = await serve(['--config', config, '--timeout', '2'], variables);
    openings.push({ close: server.stop });
    expect(server.log()).toContain(`"proxy":"localhost:${proxy.port}"`);

    const claims = { aud: audience, sub: 'user_1', exp: Math.floor(Date.now() / 1_000) + 600 };
    const statusOf = async (iss: string) => (await post(server.url, await issuer.sign({ ...claims, iss }))).status;
    expect(await statusOf(issuer.url)).toBe(200);
    expect([proxy.state.asked, proxy.state.plain]).toEqual([[], []]); // that issuer is on loopback

    expect(await statusOf('https://issuer.test')).toBe(200);
    expect(await statusOf('https://shut.test')).toBe(503);
    await server.until(/"host":"issuer.test:8444","reason":"the proxy opened no tunnel \(502\)"/);
    expect(received.map(([where]) => where)).toEqual(['issuer.test:8443/jwks?v=1']);
    expect((await postCall(server.url, token.bot.token, 'list_users')).result.isError).toBeUndefined();
    expect(proxy.state.asked.map(({ target }) => target)).toEqual([
      'issuer.test:8443',
      'issuer.test:8444',
      'workos.test:443',
    ]);
    expect(proxy.state.plain).toEqual([]);
    expectNoCredentials(server.log());
  });

  it('is examined by doctor as calls go', async () => {
    const proxy = await openProxy(hosts());
    openings.push(proxy);
    const through = { ...env(), HTTPS_PROXY: `http://agent:p%40ss@127.0.0.1:${proxy.port}` };
    const good = await run(['doctor', '--allow', '*:read'], through);
    expect(good.stdout).toContain(`read       list_organizations answered through the proxy 127.0.0.1:${proxy.port}\n`);
    proxy.refuseWith(407);
    const bad = await run(['doctor', '--allow', '*:read'], through);
    expect(bad.stdout).toContain(
      `workos.test through the proxy 127.0.0.1:${proxy.port}: the proxy refused the user and password (407).\n`,
    );
    expect(bad.stdout).toContain('→ Correct the user and password in HTTPS_PROXY.\n');
    expect([good.code, bad.code]).toEqual([0, 1]);
    expectNoCredentials([good, bad].map(({ stdout, stderr }) => stdout + stderr).join());
  });
});
