import { describe, expect, it } from 'vitest';
import { toHostGuard, toOriginGuard } from '../src/serve/http/guard.ts';
import { callOf, HEADERS, openRaw, rawRequest, sendRaw, startHttp } from './support/http.ts';

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

describe('what a request has to pass', () => {
  it('is passed by a correct one', async () => {
    const { port } = await startHttp();
    const answer = await sendRaw(port, rawRequest());
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain('ada: undefined');
  });

  // Each row has everything wrong that comes after what it is refused for.
  const WRONG = {
    Host: 'evil.test',
    Origin: 'https://evil.test',
    Authorization: 'Bearer wrong',
    'Content-Type': 'text/plain',
    'Content-Length': '9999999',
  };
  it.each<[what: string, status: number, headers: Record<string, string | undefined>, identified: number]>([
    ['its host', 403, WRONG, 0],
    ['its origin', 403, { ...WRONG, Host: 'localhost' }, 0],
    ['its token', 401, { ...WRONG, Host: 'localhost', Origin: undefined }, 1],
    ['its type', 415, { 'Content-Type': 'text/plain', 'Content-Length': '9999999' }, 1],
    ['its size', 413, { 'Content-Length': '9999999' }, 1],
  ])('%s comes in order', async (what, status, headers, identified) => {
    const { port, seen } = await startHttp();
    const raw = openRaw(port);
    raw.socket.write(rawRequest({ headers }));
    const answer = await raw.until(/\}$/); // and not until it closes: it gives the sender of a body time to read
    raw.socket.destroy();
    expect(statusOf(answer)).toBe(status);
    expect(answer).toContain(what === 'its host' ? 'host' : what === 'its origin' ? 'origin' : '');
    expect(seen.identified).toHaveLength(identified);
    expect(seen.from).toEqual([]);
  });
});

const JSON_POST = { ...HEADERS, 'Content-Type': 'application/json' };

it.each<[what: string, status: number, text: string]>([
  ['a token in the query', 400, rawRequest({ line: 'POST /mcp?access_token=token-of-ada HTTP/1.1' })],
  ['an empty query', 400, rawRequest({ line: 'POST /mcp? HTTP/1.1' })],
  [
    'a token in the query alone',
    400,
    rawRequest({ line: 'POST /mcp?token=x HTTP/1.1', headers: { Authorization: undefined } }),
  ],
  ['no token', 401, rawRequest({ headers: { Authorization: undefined } })],
  ['a wrong token', 401, rawRequest({ headers: { Authorization: 'Bearer x' } })],
  ['a second token', 400, rawRequest({}, ['authorization: Bearer token-of-bob'])],
  ['the same token twice', 400, rawRequest({}, ['Authorization: Bearer token-of-ada'])],
  ['a second host', 400, rawRequest({}, ['Host: localhost'])],
  ['no host', 400, rawRequest({ headers: { Host: undefined } })],
  ['no host in HTTP/1.0', 403, rawRequest({ line: 'POST /mcp HTTP/1.0', headers: { Host: undefined } })],
  ['a second origin', 400, rawRequest({}, ['Origin: https://a.test', 'Origin: https://a.test'])],
  ['a whole URL as its target', 400, rawRequest({ line: 'POST http://localhost/mcp HTTP/1.1' })],
  ['another path', 404, rawRequest({ line: 'POST /mcp/ HTTP/1.1' })],
  ['a path around the corner', 404, rawRequest({ line: 'POST /x/../mcp HTTP/1.1' })],
  ['GET', 405, rawRequest({ line: 'GET /mcp HTTP/1.1', body: '' })],
  ['DELETE', 405, rawRequest({ line: 'DELETE /mcp HTTP/1.1', body: '' })],
  ['OPTIONS from no page', 405, rawRequest({ line: 'OPTIONS /mcp HTTP/1.1', body: '' })],
  ['no type', 415, rawRequest({ headers: { 'Content-Type': undefined } })],
  [
    'a type that only looks like JSON',
    415,
    rawRequest({ headers: { 'Content-Type': 'text/plain; a=application/json' } }),
  ],
  ['a compressed body', 415, rawRequest({ headers: { 'Content-Encoding': 'gzip' } })],
  ['an empty body', 400, rawRequest({ body: '' })],
  ['a body that is no JSON', 400, rawRequest({ body: '{"a":' })],
  ['a body that nests deep', 400, rawRequest({ body: '['.repeat(100) + ']'.repeat(100) })],
  ['a body that nests very deep', 400, rawRequest({ body: '['.repeat(1_000_000) })],
  ['a batch', 400, rawRequest({ body: `[${callOf('echo')}]` })],
  ['a body that is null', 400, rawRequest({ body: 'null' })],
  ['both a length and chunks', 400, rawRequest({ headers: { 'Transfer-Encoding': 'chunked' }, body: '0\r\n\r\n' })],
  ['two lengths', 400, rawRequest({}, ['Content-Length: 3'])],
  ['a length with a sign', 400, rawRequest({ headers: { 'Content-Length': '+5' } })],
  ['a length that is a list', 400, rawRequest({ headers: { 'Content-Length': '5, 5' } })],
  [
    'chunks in another coding',
    400,
    rawRequest({ headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'gzip, chunked' }, body: '0\r\n\r\n' }),
  ],
  ['a coding after a tab', 400, rawRequest({ headers: { 'Transfer-Encoding': '\tchunked' }, body: '0\r\n\r\n' })],
  [
    'a chunk of no size',
    400,
    rawRequest({
      headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' },
      body: 'zz\r\n{}\r\n0\r\n\r\n',
    }),
  ],
  [
    'a chunk ended by LF alone',
    400,
    rawRequest({ headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }, body: '2\n{}\n0\n\n' }),
  ],
  ['a space before a colon', 400, rawRequest({}, ['X-A : b'])],
  ['a header folded over two lines', 400, rawRequest({}, ['X-A: b', ' Host: evil.test'])],
  ['a bare LF between headers', 400, rawRequest({}, ['X-A: b\nHost: evil.test'])],
  ['a bare CR in a header', 400, rawRequest({}, ['X-A: b\rHost: evil.test'])],
  ['a zero byte in a header', 400, rawRequest({}, ['X-A: \u0000'])],
  ['a large head', 431, rawRequest({}, [`X-A: ${'a'.repeat(20_000)}`])],
  ['an expectation nobody knows', 417, rawRequest({ headers: { Expect: 'a-miracle' } })],
])('refuses %s with %i', async (_, status, text) => {
  const { port, seen } = await startHttp();
  const answer = await sendRaw(port, text);
  expect(statusOf(answer)).toBe(status);
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1); // nothing in it was taken for a second request
  expect(answer).not.toContain('ada');
  expect(seen.from).toEqual([]);
});

it('cuts off what Node only notices once the request is here', async () => {
  const { port, seen } = await startHttp();
  const headers = { 'Content-Length': undefined, 'Transfer-Encoding': 'xchunked' };
  expect(await sendRaw(port, rawRequest({ headers, body: '0\r\n\r\n' }))).toBe('');
  expect(seen.identified).toEqual([]);
});

it.each([
  ['names POST as what is served', 'GET /mcp HTTP/1.1', /^allow: POST\r$/im],
  ['lets nothing be stored', 'POST /mcp HTTP/1.1', /^cache-control: no-store\r$/im],
  ['lets no type be guessed', 'POST /mcp HTTP/1.1', /^x-content-type-options: nosniff\r$/im],
])('%s', async (_, line, header) => {
  const { port } = await startHttp();
  expect(await sendRaw(port, rawRequest({ line }))).toMatch(header);
});

it('tells who is refused how to get in, and when', async () => {
  const { url } = await startHttp({
    identify: async () => ({
      ok: false,
      status: 429,
      reason: 'over-budget',
      message: 'Later.',
      challenge: 'Bearer x',
      retryAfter: 2.5,
    }),
  });
  const response = await fetch(url, { method: 'POST', headers: JSON_POST, body: callOf('echo') });
  expect([response.status, response.headers.get('www-authenticate'), response.headers.get('retry-after')]).toEqual([
    429,
    'Bearer x',
    '3',
  ]);
  expect(await response.json()).toEqual({ jsonrpc: '2.0', error: { code: -32000, message: 'Later.' }, id: null });
});

it('lets nobody in when it cannot be found out who it is', async () => {
  const { url, seen } = await startHttp({ identify: () => Promise.reject(new Error('secret detail')) });
  const response = await fetch(url, { method: 'POST', headers: JSON_POST, body: callOf('echo') });
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('secret');
  expect(seen.errors.map((error) => error.message)).toEqual(['secret detail']);
});

it('shows every value of a repeated header to whoever finds out who is calling', async () => {
  const { port, seen } = await startHttp();
  await sendRaw(port, rawRequest({}, ['X-Narrow: a', 'x-narrow: b']));
  expect(seen.identified[0]?.headersOf('x-')).toEqual({ 'x-narrow': ['a', 'b'] });
});

it.each<[host: string | undefined, served: boolean]>([
  ['mcp.example.com', true],
  ['MCP.Example.COM', true],
  ['mcp.example.com.', true],
  ['mcp.example.com:8443', true],
  ['mcp.example.com.:8443', true],
  ['one.example.com:443', true],
  ['one.example.com', false],
  ['one.example.com:444', false],
  ['localhost:3000', true],
  ['127.0.0.1', true],
  ['[::1]:80', true],
  ['mcp.example.com.evil.test', false],
  ['evil.test#mcp.example.com', false],
  ['evil.test/mcp.example.com', false],
  ['mcp.example.com@evil.test', false],
  ['mcp.example.com..', false],
  ['mcp.example.com:', false],
  ['mcp.example.com:80:80', false],
  ['mcp.example.com evil.test', false],
  ['2130706433', false],
  ['0.0.0.0', false],
  ['', false],
  [undefined, false],
])('the host %s is served: %s', (host, served) => {
  expect(toHostGuard(['mcp.example.com', 'one.example.com:443'])(host)).toBe(served);
});

it.each(['https://mcp.example.com', '*.example.com', '', 'a b'])('takes no "%s" for a host', (entry) => {
  expect(() => toHostGuard([entry])).toThrow('is not a valid host');
});

it.each([
  'app.example.com',
  'null',
  '*',
  'https://a.test/',
  'https://A.test',
  'https://*/',
])('takes no "%s" for an origin', (entry) => expect(() => toOriginGuard([entry])).toThrow('is not a valid origin'));

it('does not open to the world without being told under which hosts', async () => {
  await expect(startHttp({ host: '0.0.0.0' })).rejects.toThrow('--allowed-hosts');
});

it('says when its port is taken', async () => {
  const { port } = await startHttp();
  await expect(startHttp({ port })).rejects.toThrow(`The server cannot listen on 127.0.0.1:${port} (EADDRINUSE).`);
});

describe('pages', () => {
  const allowedOrigins = ['https://app.example.com', 'chrome-extension://abc'];

  it.each<[origin: string, status: number]>([
    ['https://app.example.com', 200],
    ['chrome-extension://abc', 200],
    ['http://app.example.com', 403],
    ['https://app.example.com:8443', 403],
    ['https://app.example.com.evil.test', 403],
    ['http://localhost', 403],
    ['null', 403],
    ['', 403],
  ])('of %s are answered %i', async (origin, status) => {
    const { port } = await startHttp({ allowedOrigins });
    const answer = await sendRaw(port, rawRequest({ headers: { Origin: origin } }));
    expect(statusOf(answer)).toBe(status);
    const granted = /^access-control-allow-origin: (.*)\r$/im.exec(answer)?.[1];
    expect(granted).toBe(status === 200 ? origin : undefined);
  });

  it('of an allowed origin may send what MCP needs', async () => {
    const { url } = await startHttp({ allowedOrigins });
    const wanted = 'authorization,content-type,mcp-method,mcp-name,mcp-param-x,mcp-protocol-version';
    const response = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example.com',
        'access-control-request-method': 'POST',
        'access-control-request-headers': wanted,
      },
    });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': wanted,
      vary: 'origin',
    });
  });

  it('of an allowed origin get to read why they are refused', async () => {
    const { url } = await startHttp({ allowedOrigins });
    const response = await fetch(url, { method: 'POST', headers: { origin: 'https://app.example.com' } });
    expect(response.status).toBe(401);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(response.headers.get('access-control-expose-headers')).toContain('www-authenticate');
  });

  it('of any origin may read the metadata', async () => {
    const metadata = { path: '/.well-known/oauth-protected-resource/mcp', json: () => '{"resource":"x"}' };
    const { url } = await startHttp({ metadata });
    for (const method of ['GET', 'OPTIONS']) {
      const response = await fetch(new URL(metadata.path, url), { method, headers: { origin: 'https://evil.test' } });
      expect([response.status, response.headers.get('access-control-allow-origin'), await response.text()]).toEqual(
        method === 'GET' ? [200, '*', metadata.json()] : [204, '*', ''],
      );
    }
  });
});
