import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { explain } from '../src/call/answer/failure.ts';
import { NOTHING } from '../src/call/confidential.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import type { Arguments } from '../src/catalog/declaration.ts';
import { createBytePool } from '../src/memory/byte-pool.ts';
import { TransportError } from '../src/workos/errors.ts';
import { proxyFor } from '../src/workos/proxy.ts';
import { createTransport } from '../src/workos/transport.ts';
import { declarations } from '../tools/index.ts';
import { findPort } from './support/find-port.ts';
import { openProxy } from './support/proxy.ts';

const WORKOS = 'https://api.workos.com';
const UPPER = { HTTPS_PROXY: 'http://upper:3128' };
const toProxy = (target: string, env: Readonly<Record<string, string>>) => proxyFor(target, (name) => env[name]);

describe('the proxy of a request', () => {
  it.each<[target: string, env: Record<string, string>, address: string | undefined]>([
    [WORKOS, {}, undefined],
    [WORKOS, UPPER, 'upper:3128'],
    [`${WORKOS}/x/`, { https_proxy: 'http://lower:3128' }, 'lower:3128'],
    [WORKOS, { ...UPPER, https_proxy: 'http://lower:3128' }, 'lower:3128'],
    [WORKOS, { ...UPPER, https_proxy: ' ' }, 'upper:3128'],
    [WORKOS, { HTTPS_PROXY: '' }, undefined],
    // What is for http is not for https, and what is for everything is not read.
    [WORKOS, { HTTP_PROXY: 'http://plain:3128', http_proxy: 'http://plain:3128' }, undefined],
    [WORKOS, { ALL_PROXY: 'socks5://all:1080' }, undefined],
    // Without a scheme and without a port.
    [WORKOS, { HTTPS_PROXY: 'proxy.acme.test:3128' }, 'proxy.acme.test:3128'],
    [WORKOS, { HTTPS_PROXY: 'user:password@proxy.acme.test:3128' }, 'proxy.acme.test:3128'],
    [WORKOS, { HTTPS_PROXY: 'proxy.acme.test' }, 'proxy.acme.test:80'],
    [WORKOS, { HTTPS_PROXY: 'HTTPS://Proxy.Acme.test/' }, 'proxy.acme.test:443'],
    [WORKOS, { HTTPS_PROXY: '[2001:db8::1]:3128' }, '[2001:db8::1]:3128'],
    // Plain http and loopback, whatever the variables say.
    ['http://127.0.0.1:8080', { ...UPPER, HTTP_PROXY: 'http://upper:3128' }, undefined],
    ['http://api.workos.com', { ...UPPER, HTTP_PROXY: 'http://upper:3128' }, undefined],
    ['https://127.0.0.1:8080', UPPER, undefined],
    ['https://127.8.9.10', UPPER, undefined],
    ['https://2130706433', UPPER, undefined],
    ['https://localhost', UPPER, undefined],
    ['https://LOCALHOST.:8080', UPPER, undefined],
    ['https://mock.localhost', UPPER, undefined],
    ['https://[::1]', UPPER, undefined],
    ['https://[::ffff:127.0.0.1]', UPPER, undefined],
    ['https://127.0.0.1', { HTTPS_PROXY: 'socks5://x' }, undefined],
    ['https://localhost.acme.test', UPPER, 'upper:3128'],
    ['https://128.0.0.1', UPPER, 'upper:3128'],
  ])('%s with %j: %s', (target, env, address) => {
    expect(toProxy(target, env)?.address).toBe(address);
  });

  it.each<[noProxy: string, target: string, goesThrough: boolean]>([
    ['', WORKOS, true],
    ['*', WORKOS, false],
    ['api.workos.com', WORKOS, false],
    ['API.WorkOS.com.', WORKOS, false],
    ['workos.com', WORKOS, false],
    ['.workos.com', WORKOS, false],
    ['*.workos.com', WORKOS, false],
    ['.workos.com', 'https://workos.com', false],
    ['orkos.com', WORKOS, true],
    ['api.workos.com.evil.test', WORKOS, true],
    ['com.workos.api', WORKOS, true],
    ['a.test,workos.com', WORKOS, false],
    ['a.test workos.com', WORKOS, false],
    ['a.test, ,\tworkos.com ,', WORKOS, false],
    [',', WORKOS, true],
    ['.', WORKOS, true],
    ['*.', WORKOS, true],
    [':443', WORKOS, true],
    ['workos.com:443', WORKOS, false],
    ['workos.com:8443', WORKOS, true],
    ['workos.com:8443', `${WORKOS}:8443`, false],
    ['workos.com:443', `${WORKOS}:8443`, true],
    ['10.1.2.3', 'https://10.1.2.3', false],
    ['10.1.2.3:443', 'https://10.1.2.3', false],
    ['10.1.2.3:444', 'https://10.1.2.3', true],
    ['2.3', 'https://10.1.2.3', true],
    ['10.0.0.0/8', 'https://10.1.2.3', false],
    ['10.0.0.0/16', 'https://10.1.2.3', true],
    ['10.0.0.0/33', 'https://10.1.2.3', true],
    ['10.0.0.0/8', WORKOS, true],
    ['2001:db8::1', 'https://[2001:db8::1]', false],
    ['2001:0DB8:0::1', 'https://[2001:db8::1]', false],
    ['[2001:db8::1]', 'https://[2001:db8::1]', false],
    ['[2001:db8::1]:443', 'https://[2001:db8::1]', false],
    ['[2001:db8::1]:444', 'https://[2001:db8::1]', true],
    ['2001:db8::/32', 'https://[2001:db8::1]', false],
    ['<local>,192.168.*,/,x/y', WORKOS, true],
  ])('NO_PROXY %j, to %s: %s', (noProxy, target, goesThrough) => {
    for (const name of ['NO_PROXY', 'no_proxy']) {
      expect(toProxy(target, { ...UPPER, [name]: noProxy }) !== undefined).toBe(goesThrough);
    }
  });

  it('the lower NO_PROXY wins too', () => {
    expect(toProxy(WORKOS, { ...UPPER, NO_PROXY: '*', no_proxy: 'a.test' })).toBeDefined();
    expect(toProxy(WORKOS, { ...UPPER, NO_PROXY: 'a.test', no_proxy: '*' })).toBeUndefined();
  });

  it.each([
    ['http://user:p%40ss@proxy', 'user:p@ss'],
    ['user:@proxy', 'user:'],
    ['https://token@proxy:8443', 'token:'],
    ['http://us%C3%A9r:p:w@proxy', 'usér:p:w'],
  ])('its credentials: %s', (value, credentials) => {
    const proxy = toProxy(WORKOS, { HTTPS_PROXY: value });
    expect(proxy?.authorization).toBe(`Basic ${Buffer.from(credentials).toString('base64')}`);
    expect(proxy?.address).toMatch(/^proxy:\d+$/);
  });

  it.each([
    ['http://user:canary@proxy:port', 'is not a valid proxy'],
    ['http://user:can#ary@proxy:3128', 'is not a valid proxy'],
    ['http://user:31/canary@proxy:3128', 'is not a valid proxy'],
    ['http://user:canary%@proxy:3128', 'is not a valid proxy'],
    ['http://proxy/canary.pac', 'is not a valid proxy'],
    ['http://proxy?canary', 'is not a valid proxy'],
    ['ftp://canary@proxy', 'is not a valid proxy'],
    ['${CANARY}', 'is not a valid proxy'],
    ['socks5h://user:canary@proxy', 'names a SOCKS proxy'],
    ['SOCKS://user:canary@proxy', 'names a SOCKS proxy'],
  ])('%s stops the start without being shown', (value, said) => {
    for (const name of ['HTTPS_PROXY', 'https_proxy']) {
      const read = () => toProxy(WORKOS, { [name]: value });
      expect(read).toThrow(
        expect.objectContaining({ name: 'StartError', message: expect.stringContaining(`${name} ${said}`) }),
      );
      expect(read).toThrow(expect.objectContaining({ message: expect.not.stringMatching(/canary/i) }));
    }
  });
});

const openings: { readonly close: () => unknown }[] = [];
afterEach(async () => {
  for (const one of openings.splice(0).toReversed()) await one.close();
});

/** Sends one request through the proxy at a port. */
async function sendThrough(authority: string, attemptTimeout = 5_000) {
  const now = () => performance.now();
  const proxy = toProxy('https://workos.test', { HTTPS_PROXY: authority });
  const transport = createTransport('https://workos.test/v1', {
    attemptTimeout,
    maxReplyBytes: 1_000,
    answers: createBytePool(1_000),
    now,
    proxy,
  });
  openings.push(transport);
  return transport.send(
    { method: 'POST', path: '/', headers: {}, body: '{}' },
    { signal: new AbortController().signal, deadline: now() + attemptTimeout, agent: 'a', repeat: 'never', slots: [] },
  );
}

describe('a proxy that opens no tunnel', () => {
  type Refusal = [status: number, headers: string[], user: string, said: string, final: boolean, remedy: string];
  it.each<Refusal>([
    [407, [], '', 'the proxy asks for a user and password (407)', true, 'put a user and password into HTTPS_PROXY'],
    [
      407,
      ['Proxy-Authenticate: NTLM', 'Proxy-Authenticate: basic realm="x"'],
      'u:canary@',
      'the proxy refused the user and password (407)',
      true,
      'correct',
    ],
    [
      407,
      ['Proxy-Authenticate: Negotiate'],
      'u:canary@',
      'the proxy asks for a login that this server does not know (407)',
      true,
      'Basic',
    ],
    [403, [], 'u:canary@', 'the proxy refused to open a tunnel (403)', true, 'NO_PROXY'],
    [
      302,
      ['Location: https://canary.test'],
      '',
      'the proxy refused to open a tunnel (302)',
      true,
      'allow connections to this host',
    ],
    [502, [], '', 'the proxy opened no tunnel (502)', false, 'check that the proxy can reach this host'],
    [504, [], '', 'the proxy opened no tunnel (504)', false, 'check that the proxy can reach this host'],
  ])('but answers %i %j', async (status, headers, user, message, final, remedy) => {
    const proxy = await openProxy();
    openings.push(proxy);
    proxy.refuseWith(status, ...headers);
    const error = await sendThrough(`${user}127.0.0.1:${proxy.port}`).catch((fault: unknown) => fault);
    expect(error).toMatchObject({ name: 'TransportError', message, sent: false, final });
    expect(Object(error).remedy).toContain(remedy);
    expect(JSON.stringify([error, Object(error).stack])).not.toMatch(/canary/);
    const authorization = user === '' ? undefined : `Basic ${Buffer.from('u:canary').toString('base64')}`;
    expect(proxy.state.asked).toEqual([{ target: 'workos.test:443', authorization }]);
  });

  it.each<[what: string, refuse: (socket: Socket) => void, said: string]>([
    ['hangs up', (socket) => socket.destroy(), 'the proxy did not answer in HTTP'],
    ['speaks something else', (socket) => socket.end('SSH-2.0-x\r\n'), 'the proxy did not answer in HTTP'],
    ['keeps silent', () => {}, 'the proxy opened no tunnel in time'],
    [
      'opens one and resets it',
      (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n', () => socket.resetAndDestroy()),
      'no connection was established',
    ],
    ['opens one that ends at once', (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'), 'no connection was established'],
  ])('but %s', async (_, refuse, message) => {
    const proxy = await openProxy();
    openings.push(proxy);
    proxy.state.refuse = refuse;
    await expect(sendThrough(`127.0.0.1:${proxy.port}`, 3_000)).rejects.toMatchObject({
      message,
      sent: false,
      final: false,
    });
  });

  it.each([
    ['http://127.0.0.1', 'the proxy refused the connection', false],
    ['https://127.0.0.1', 'the proxy refused the connection', false],
    [
      'http://proxy.invalid',
      expect.stringMatching(/^the host name of the proxy (was not found|could not be looked up)$/),
      expect.any(Boolean),
    ],
  ])('since nothing answers at %s', async (origin, message, final) => {
    await expect(sendThrough(`${origin}:${await findPort()}`)).rejects.toMatchObject({
      message,
      sent: false,
      final,
      remedy: expect.stringMatching(/HTTPS_PROXY|DNS/),
    });
  });

  it('since it is no https proxy', async () => {
    const proxy = await openProxy();
    openings.push(proxy);
    await expect(sendThrough(`https://127.0.0.1:${proxy.port}`)).rejects.toMatchObject({
      message: expect.stringMatching(/^no TLS connection to the proxy \((EPROTO|ERR_SSL_\w+)\)$/),
      sent: false,
      final: true,
      remedy: 'begin HTTPS_PROXY with http:// where the proxy itself does not speak TLS',
    });
  });
});

describe('an agent is told what the operator has to do', () => {
  const tools = new Map(createCatalog(declarations).tools.map((tool) => [tool.name, tool]));
  const DO = 'Ask the operator of this server to do that.';
  it.each<[name: string, args: Arguments, sent: boolean, final: boolean, told: string]>([
    ['list_users', {}, false, true, 'Calling again would fail in the same way. '],
    ['list_users', {}, false, false, ''],
    ['list_users', {}, true, false, ''],
    ['create_user', {}, false, true, 'Nothing was changed. Calling again would fail in the same way. '],
    ['create_user', {}, false, false, 'Nothing was changed. '],
    // The attempt before may have arrived.
    [
      'create_audit_log_event',
      { idempotency_key: 'k1' },
      true,
      true,
      'The call may have taken effect anyway. Calling again with idempotency_key="k1" is safe. ',
    ],
  ])('%s %j, sent: %s, final: %s', (name, args, sent, final, told) => {
    const tool = tools.get(name) ?? expect.fail(name);
    const error = new TransportError('no way', sent, { final, remedy: 'do that' });
    const text = explain(error, { tool, args, confidential: NOTHING, sent: true });
    expect(text).toBe(`WorkOS gave no usable answer to ${name}: no way. ${told}${DO}`);
  });
});
