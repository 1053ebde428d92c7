import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { createCertificate, hasOpenssl } from './support/certificate.ts';
import { toConsoleClient, toLink } from './support/console-client.ts';
import { findPort } from './support/find-port.ts';
import { type HttpServer, hashOf, newId, newTokens, openFolder, postCall, serve } from './support/http-server.ts';
import { listen } from './support/upstream.ts';

const HEX = '00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210';
const KEY = Buffer.from(HEX, 'hex');
const ENV = { WORKOS_API_KEY: 'sk_test_1234567890' };
const tokens = newTokens('bot');

const toConfig = (approvers: readonly string[]) => `
agents:
  bot: { allow: [users:read], tokens: ['${hashOf(tokens.bot)}'] }
approvers:
${approvers.map((name) => `  ${name}: { agents: ['*'], allow: ['*:full'] }`).join('\n')}
`;

/** The built server with a console, from a folder of its own. */
async function start(more: readonly string[] = []) {
  const folder = openFolder();
  const port = await findPort();
  const [config, record] = [folder.write('agents.yaml', toConfig(['ada', 'grace'])), `${folder.path}/audit.jsonl`];
  const args = ['--config', config, '--audit-log', record, '--deployment-key-file', folder.write('key', HEX)];
  const server = await serve([...args, '--console-port', String(port), ...more], ENV);
  await server.until(/"msg":"serving the console"/);
  return { server, port, folder };
}

describe('the console of the built server', () => {
  let server: HttpServer;
  let folder: ReturnType<typeof openFolder>;
  let client: ReturnType<typeof toConsoleClient>;
  beforeAll(async () => {
    const started = await start();
    ({ server, folder } = started);
    client = toConsoleClient(started.port, `http://127.0.0.1:${started.port}`);
    return async () => {
      await server.stop();
      folder.remove();
    };
  }, 30_000);
  const signIn = (name: string) => client.signInBy(toLink(KEY, name));

  it('signs in by a link of its deployment key, on record', async () => {
    const { session } = await signIn('ada');
    for (const path of ['/waiting', '/agents', '/calls'])
      expect((await client.send(path, { headers: session })).status, path).toBe(200);
    expect(folder.read('audit.jsonl')).toContain('"text":"ada signed in to the console by link"');
  });

  it('serves its script, which holds all that it calls', async () => {
    const { body } = await client.send('/console.js');
    expect(() => new Function(body)).not.toThrow();
    // Helpers of the bundler would be missing in the browser.
    expect(body).not.toMatch(/__\w+\(/);
  });

  it('takes no token of an agent, and the MCP server no session of an approver', async () => {
    const { session } = await signIn('ada');
    const token = String(session['x-console-session']);
    const authorization = `Bearer ${tokens.bot.token}`;
    expect((await client.send('/waiting', { headers: { authorization } })).status).toBe(400);
    const call = (headers: Record<string, string>) =>
      fetch(server.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
      });
    expect((await call({ authorization })).status).not.toBe(401);
    for (const headers of [
      { cookie: `__Host-console-session=${token}` },
      { 'x-console-session': token },
      { authorization: `Bearer ${token}` },
    ])
      expect((await call(headers)).status).toBe(401);
    expect((await client.send('/readyz')).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${server.port}/waiting`)).status).toBe(404);
  });

  it('knows an approver by the file that holds, and ends with the process', async () => {
    const { session } = await signIn('grace');
    folder.write('agents.yaml', toConfig(['ada']));
    expect(await server.reload()).toBe(true);
    expect((await client.send('/waiting', { headers: session })).status).toBe(401);
    const { session: other } = await signIn('ada');
    const followed = client.send('/waiting', { headers: { ...other, accept: 'text/event-stream' } });
    await expect.poll(async () => (await client.send('/waiting', { headers: other })).status).toBe(200);
    expect(await server.stop()).toBe(0);
    await followed.catch(() => {}); // one that began too late
  });
});

it('ends in the time that a container gets, with a form that does not end and a call that is not answered', async () => {
  const workos = await listen({ raw: () => {} });
  const { server, port, folder } = await start(['--base-url', workos.url]);
  const client = toConsoleClient(port, `http://127.0.0.1:${port}`);
  const { session } = await client.signInBy(toLink(KEY, 'ada'));
  const head = {
    host: client.host,
    origin: client.origin,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': 100,
    ...session,
  };
  const form = connectPlain(port, '127.0.0.1');
  form.on('error', () => {}); // it is cut
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  form.write(`POST /sign-out HTTP/1.1\r\n${lines.join('')}\r\ntoken=`);
  const calling = postCall(server.url, tokens.bot.token, 'get_user', { user_id: newId('user') }).catch(() => 'cut');
  await expect.poll(() => workos.received).toHaveLength(1);
  const from = performance.now();
  expect(await server.stop()).toBe(0);
  expect(performance.now() - from).toBeLessThan(9_900);
  await calling;
  form.destroy();
  await workos.close();
  folder.remove();
}, 30_000);

describe.skipIf(!hasOpenssl)('the console of the built server over https', () => {
  it('uses the certificate of the MCP server, and a new one after a reload', async () => {
    const [first, second] = [createCertificate(), createCertificate()];
    const place = openFolder();
    const [cert, own] = [place.write('cert.pem', first.cert), place.write('key.pem', first.key)];
    const { server, port, folder } = await start(['--tls-cert', cert, '--tls-key', own]);
    const print = async () => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      return raw.toString('base64');
    };
    try {
      const before = await print();
      place.write('cert.pem', second.cert);
      place.write('key.pem', second.key);
      expect(await server.reload()).toBe(true);
      const body = second.cert.replace(/-----[^-]+-----|\s/g, '');
      expect([before === body, await print()]).toEqual([false, body]);
    } finally {
      await server.stop();
      for (const one of [first, second, place, folder]) one.remove();
    }
  }, 30_000);
});
