import { describe, expect, it } from 'vitest';
import { HEADERS, startHttp } from './support/http.ts';

const line = (more: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, ...more });
const call = (params: unknown, more: object = {}) => line({ method: 'tools/call', params, ...more });

describe.each([
  ['past the SDK', {}],
  ['by the SDK', { answerDirectly: undefined }],
])('a server, answering %s,', (_, over) => {
  const post = async (body: string | Buffer) => {
    const { url, seen } = await startHttp(over);
    const response = await fetch(url, {
      method: 'POST',
      headers: HEADERS,
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
    const text = await response.text();
    const json = text.startsWith('event:') ? text.replace(/^event: message\ndata: /, '').trim() : text;
    return { status: response.status, answer: JSON.parse(json), seen };
  };

  it.each<[what: string, body: string]>([
    ['a list with params of null', line({ method: 'tools/list', params: null })],
    ['a list with _meta of null', line({ method: 'tools/list', params: { _meta: null } })],
    ['a call with nulls', call({ name: 'echo', arguments: null, _meta: null })],
    ['a call with further members', call({ name: 'echo' }, { extra: 1, result: null })],
    ['a call behind a byte order mark', `\uFEFF${call({ name: 'echo' })}`],
  ])('serves %s', async (_, body) => {
    const { status, answer } = await post(body);
    expect([status, answer]).toEqual([200, { jsonrpc: '2.0', id: 1, result: expect.anything() }]);
  });

  it.each<[what: string, body: string | Buffer, status: number, id: unknown, code: number, message: RegExp]>([
    ['no JSON', '{"id":1', 400, null, -32700, /not valid JSON/],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, null, -32700, /not valid UTF-8/],
    ['a batch', `[${call({ name: 'echo' })}]`, 400, null, -32600, /^Batches are not supported/],
    ['params that are a list', call([]), 400, 1, -32600, /^"params" is not an object/],
    ['no jsonrpc', '{"id":"a","method":"ping"}', 400, 'a', -32600, /^The message lacks/],
    ['a fractional ID', line({ id: 1.5, method: 'ping' }), 400, null, -32600, /^"id" is not/],
    [
      'a notification with params that are a list',
      '{"jsonrpc":"2.0","method":"notifications/x","params":[]}',
      400,
      null,
      -32600,
      /^"params"/,
    ],
    ['a call without a name', call({}), 200, 1, -32602, /^The request is not valid\. [^[{]*name: [^[{]*string/],
    [
      'arguments that are a list',
      call({ name: 'echo', arguments: [] }),
      200,
      1,
      -32602,
      /^The request is not valid\. [^[{]*arguments/,
    ],
    [
      'a progress token that is an object',
      call({ name: 'echo', _meta: { progressToken: {} } }),
      400,
      1,
      -32602,
      /progressToken/,
    ],
    [
      'a cursor that is a number',
      line({ method: 'tools/list', params: { cursor: 1 } }),
      200,
      1,
      -32602,
      /^The request is not valid\. [^[{]*cursor/,
    ],
  ])('answers %s with an error', async (_, body, status, id, code, message) => {
    const result = await post(body);
    expect([result.status, result.answer]).toEqual([
      status,
      { jsonrpc: '2.0', id, error: { code, message: expect.stringMatching(message) } },
    ]);
  });

  it('tells of a malformed call that is refused', async () => {
    expect((await post(call({}))).seen.refused).toEqual([{ caller: 'ada', tool: undefined }]);
  });
});

describe('a page of the own address of the server', () => {
  const fromPage = async (origin: string, over: Parameters<typeof startHttp>[0] = {}, host?: string) => {
    const { url, port } = await startHttp(over);
    const headers = { ...HEADERS, origin: origin.replace('PORT', String(port)), ...(host && { host }) };
    const response = await fetch(url, { method: 'POST', headers, body: call({ name: 'echo' }) });
    return [response.status, response.headers.get('access-control-allow-origin')?.replace(String(port), 'PORT')];
  };

  it.each([
    ['the address it listens on', 'http://127.0.0.1:PORT', undefined, 'http://127.0.0.1:PORT'],
    ['its public address', 'https://mcp.example.com', 'https://mcp.example.com/mcp', 'https://mcp.example.com'],
    [
      'its public address with a port',
      'https://mcp.example.com:8443',
      'https://mcp.example.com:8443/mcp',
      'https://mcp.example.com:8443',
    ],
  ])('is let in: %s', async (_, origin, ownUrl, allowed) => {
    expect(await fromPage(origin, { ownUrl })).toEqual([200, allowed]);
  });

  it.each([
    ['another port', 'http://127.0.0.1:1'],
    ['another scheme', 'https://127.0.0.1:PORT'],
    ['another name of this machine, which it is not configured with', 'http://localhost:PORT'],
    ['a name that begins with it', 'https://mcp.example.com.evil.test'],
    ['its host without a scheme', 'mcp.example.com'],
    ['no name', 'null'],
  ])('is no page of %s', async (_, origin) => {
    expect((await fromPage(origin, { ownUrl: 'https://mcp.example.com/mcp' }))[0]).toBe(403);
  });

  it('is never known by the Host header', async () => {
    const over = { allowedHosts: ['evil.test'] };
    expect((await fromPage('http://evil.test', over, 'evil.test'))[0]).toBe(403);
  });
});
