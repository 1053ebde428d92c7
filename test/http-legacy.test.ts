import { expect, it } from 'vitest';
import { toDirectAnswers } from '../src/serve/direct/http-calls.ts';
import { callOf, eventually, HEADERS, openRaw, rawRequest, startHttp } from './support/http.ts';

const start: typeof startHttp = (over) => startHttp({ ...over, limits: { drainMs: 100, ...over?.limits } });

const call = async (url: string, body: string, headers: Record<string, string> = {}) => {
  const response = await fetch(url, { method: 'POST', headers: { ...HEADERS, ...headers }, body });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
};

it.each([
  {},
  { 'mcp-protocol-version': '2025-06-18' },
])('a call of before 2026 is answered with JSON, %j', async (own) => {
  const { url } = await start();
  const { status, type, text } = await call(url, callOf('echo', { text: 'é' }), own);
  expect([status, type]).toEqual([200, 'application/json']);
  expect(JSON.parse(text)).toEqual({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'ada: é' }] } });
});

it('a bare tool is called without a server, and may be told of as events', async () => {
  const { url, seen } = await start({
    answerDirectly: toDirectAnswers(
      (caller, { tool }) =>
        tool === 'nothing'
          ? undefined
          : async ({ arguments: args, _meta }, { notify }) => {
              if (_meta !== undefined) await notify({ method: 'notifications/progress', params: { progress: 1 } });
              return { content: [{ type: 'text', text: `${caller} ${tool} ${JSON.stringify(args)}` }] };
            },
      { name: 'test', version: '1' },
    ),
  });
  const said = await call(url, callOf('bare', { a: 1 }));
  expect([said.type, JSON.parse(said.text).result]).toEqual([
    'application/json',
    { content: [{ type: 'text', text: 'ada bare {"a":1}' }] },
  ]);
  const told = await call(url, callOf('bare').replace('"name"', '"_meta":{"progressToken":1},"name"'));
  expect([told.type, told.text.match(/^data: /gm)?.length]).toEqual(['text/event-stream', 2]);
  expect(seen.from).toEqual([]);
  await call(url, callOf('nothing'));
  const malformed = await call(url, callOf('bare').replace(/"arguments":\{[^}]*\}/, '"arguments":[1]'));
  expect(JSON.parse(malformed.text).error.code).toBe(-32602);
  expect(seen.from).toHaveLength(2);
});

it('what the server has to tell before its answer comes as events', async () => {
  const { url } = await start();
  const { type, text } = await call(url, callOf('steps', { count: 2 }));
  expect(type).toBe('text/event-stream');
  const events = text.match(/^data: .*$/gm)?.map((line) => JSON.parse(line.slice(6)));
  expect(events?.map(({ method, params, id }) => method ?? [params, id])).toEqual([
    'notifications/progress',
    'notifications/progress',
    [undefined, 1],
  ]);
});

it('a call of a tool that is not there is refused and reported once', async () => {
  const { url, seen } = await start();
  const { status, text } = await call(url, callOf('nothing'));
  expect([status, JSON.parse(text).error.code]).toEqual([200, -32602]);
  expect(seen.refused).toEqual([{ caller: 'ada', tool: 'nothing' }]);
});

it.each([
  ['another version', { 'mcp-protocol-version': '1999-01-01' }, callOf('echo'), 400],
  ['no events', { accept: 'application/json' }, callOf('echo'), 406],
  ['an ID that is none', {}, callOf('echo').replace('"id":1', '"id":{}'), 400],
  [
    'half an envelope',
    {},
    callOf('echo').replace('"name"', '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"},"name"'),
    400,
  ],
])('a call with %s is refused as the SDK does', async (_, headers, body, status) => {
  const { url, seen } = await start();
  expect((await call(url, body, headers)).status).toBe(status);
  expect(seen.started).toEqual([]);
});

it('events that have begun end when the server closes', async () => {
  const { port, seen, close } = await startHttp({ limits: { drainMs: 100 } });
  const raw = openRaw(port);
  raw.socket.write(rawRequest({ body: callOf('steps', { count: 1e9 }), headers: { Connection: 'keep-alive' } }));
  await eventually(() => raw.text().includes('notifications/progress'));
  await close();
  expect(await raw.closed).toMatch(/\r\n0\r\n\r\n$/);
  expect(seen.errors).toEqual([]);
});
