import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { McpServer, type StandardSchemaV1 } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { createSessions, SESSION_MS } from '../src/mcp/sessions.ts';
import { toDirectAnswers } from '../src/serve/direct/http-calls.ts';
import { createCallsInProgress, type Relay } from '../src/serve/http/calls-in-progress.ts';
import { eventually, HEADERS, startHttp } from './support/http.ts';
import { SHOWS } from './support/viewing.ts';

const INFO = { name: 'test', version: '1' };
const KEY = Buffer.alloc(32, 1);
const sessions = createSessions({ key: KEY, scope: 'test', now: Date.now });
const ANY: StandardSchemaV1<unknown> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};

/** Its tool `delete` asks a person and tells what it heard; `wait` ends when it is aborted. */
async function start(over: Parameters<typeof startHttp>[0]) {
  const seen = { waiting: 0, aborted: 0 };
  const server = await startHttp({
    factory: (_, { session }) => {
      const mcp = new McpServer({ name: 'test', version: '1' }, { capabilities: { tools: {} } });
      mcp.server.setRequestHandler('tools/list', () => ({ tools: [] }));
      mcp.server.setRequestHandler('tools/call', async ({ params }, { mcpReq: { send, signal } }) => {
        const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });
        if (params.name === 'wait') {
          seen.waiting += 1;
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          seen.aborted += 1;
          return say('too late');
        }
        if (params.name === 'delete' && session?.form === true) {
          const request = {
            method: 'elicitation/create',
            params: {
              mode: 'form',
              message: 'Sure?',
              requestedSchema: { type: 'object', properties: { confirm: { type: 'string' } } },
            },
          };
          return say(`heard ${JSON.stringify(await send(request, ANY))}`);
        }
        return say('not asked');
      });
      return mcp;
    },
    issueSession: (caller, params) => sessions.issue(caller, params),
    readSession: (caller, id) => sessions.read(caller, id),
    mayAsk: (_, { name }) => name === 'delete',
    ...over,
  });
  let id = 0;
  const post = async (message: object, headers: Record<string, string> = {}, url = server.url) => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    return fetch(url, { method: 'POST', headers: { ...HEADERS, ...headers }, body });
  };
  const initialize = async (capabilities: object, headers = {}) => {
    const params = { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 'raw', version: '1' } };
    const answer = await post({ id: 0, method: 'initialize', params }, headers);
    await answer.text();
    return answer.headers.get('mcp-session-id') ?? expect.fail('there is no session ID');
  };
  const call = (name: string, headers = {}) => {
    id += 1;
    return post({ id, method: 'tools/call', params: { name } }, headers);
  };
  return { ...server, seen, post, initialize, call, lastId: () => id };
}

/** The messages of an event stream, as they come. */
async function* messagesOf(response: Response) {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data) yield JSON.parse(data);
    }
  }
}

const textOf = async (response: Response): Promise<string> => {
  const text = await response.text();
  return Object(JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text)).result?.content?.[0].text;
};

const WAYS = [
  ['past the SDK', { answerDirectly: toDirectAnswers(() => undefined, INFO) }],
  ['by the SDK', { answerDirectly: undefined }],
] as const;

describe.each(WAYS)('over HTTP, answered %s, a session', (_, over) => {
  it.each(['v1', 'v2'] as const)('lets a call ask a person at a client of SDK %s', async (sdk) => {
    const { url } = await start(over);
    const requestInit = { headers: { authorization: 'Bearer token-of-ada' } };
    const info = { name: 'test', version: '1' };
    const capabilities = { elicitation: { form: {} } };
    let asked = 0;
    const person = () => {
      asked += 1;
      return { action: 'accept' as const, content: { confirm: `yes ${asked}` } };
    };
    const client = sdk === 'v1' ? new ClientV1(info, { capabilities }) : new Client(info, { capabilities });
    if (client instanceof ClientV1) {
      client.setRequestHandler(ElicitRequestSchema, person);
      // With exactOptionalPropertyTypes the SDK's transport is none of its own Transports.
      await client.connect(new TransportV1(new URL(url), { requestInit }) as Parameters<ClientV1['connect']>[0]);
    } else {
      client.setRequestHandler('elicitation/create', person);
      await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
    }
    // Two at once: their servers would use the same ID for their questions.
    const results: unknown[] = await Promise.all([1, 2].map(() => client.callTool({ name: 'delete', arguments: {} })));
    expect(results.map((result) => Object(result).content[0].text).toSorted()).toEqual(
      [1, 2].map((count) => `heard {"action":"accept","content":{"confirm":"yes ${count}"}}`),
    );
    await client.close();
  });

  it('is not needed: a request without one is answered as before', async () => {
    const { call, initialize } = await start(over);
    expect(await textOf(await call('delete'))).toBe('not asked');
    const id = await initialize({ elicitation: { url: {} } });
    expect(await textOf(await call('delete', { 'mcp-session-id': id }))).toBe('not asked');
  });

  it('takes an answer only in the session that was asked, once', async () => {
    const { call, initialize, post } = await start(over);
    const [own, other] = [await initialize({ elicitation: {} }), await initialize({ elicitation: {} })];
    const stream = messagesOf(await call('delete', { 'mcp-session-id': own }));
    const { value: question } = await stream.next();
    expect(question).toMatchObject({ method: 'elicitation/create', id: expect.stringMatching(/^[\w-]{22}$/) });
    const answer = { id: question.id, result: { action: 'decline' } };
    const statusOf = async (headers: Record<string, string>, message: object = answer) =>
      (await post(message, headers)).status;
    expect(await statusOf({ 'mcp-session-id': other })).toBe(400);
    expect(await statusOf({ 'mcp-session-id': own }, { ...answer, id: 0 })).toBe(400);
    expect(await statusOf({ 'mcp-session-id': own, authorization: 'Bearer token-of-bob' })).toBe(404);
    expect(await statusOf({ 'mcp-session-id': own })).toBe(202);
    expect(await statusOf({ 'mcp-session-id': own })).toBe(400);
    expect((await stream.next()).value.result.content[0].text).toBe('heard {"action":"decline"}');
    expect((await stream.next()).done).toBe(true);
  });

  it('sends a question once every replica takes its answer', async () => {
    let setReady = () => {};
    const ready = new Promise<void>((resolve) => {
      setReady = resolve;
    });
    const order: string[] = [];
    const relay: Relay = {
      expect: () => ({ ready, stop: () => {} }),
      pass: async () => 'not asked',
      passCancel: async () => {},
    };
    const { call, initialize, post } = await start({ ...over, relay });
    const headers = { 'mcp-session-id': await initialize({ elicitation: {} }) };
    const asking = call('delete', headers).then(async (response) => {
      const stream = messagesOf(response);
      const { value: question } = await stream.next();
      order.push(question.method);
      return { stream, id: question.id };
    });
    // More round trips than the question would need.
    for (let index = 0; index < 5; index += 1) await call('read');
    order.push('ready');
    setReady();
    const { stream, id } = await asking;
    expect(order).toEqual(['ready', 'elicitation/create']);
    expect((await post({ id, result: { action: 'decline' } }, headers)).status).toBe(202);
    expect((await stream.next()).value.result.content[0].text).toBe('heard {"action":"decline"}');
  });

  it.each([
    ['not asked', 400, 'No call of this session waits for an answer with this ID'],
    ['too long', 413, 'The answer is too long'],
    ['away', 503, 'in a few seconds'],
  ] as const)('whose answer another replica would take, which is %s, says so', async (taken, status, message) => {
    const relay: Relay = {
      expect: () => expect.fail('no call asks'),
      pass: async () => taken,
      passCancel: async () => {},
    };
    const { initialize, post } = await start({ ...over, relay });
    const headers = { 'mcp-session-id': await initialize({ elicitation: {} }) };
    const answer = await post({ id: 'x', result: { action: 'decline' } }, headers);
    expect([answer.status, Object(await answer.json()).error.message]).toEqual([
      status,
      expect.stringContaining(message),
    ]);
  });

  it('lets notifications/cancelled reach its call, and no other', async () => {
    const { call, initialize, post, seen, lastId } = await start(over);
    const [own, other] = [await initialize({}), await initialize({})];
    const waiting = call('wait', { 'mcp-session-id': own });
    await eventually(() => seen.waiting === 1);
    const cancel = (session: string, requestId: number) =>
      post({ method: 'notifications/cancelled', params: { requestId } }, { 'mcp-session-id': session });
    expect((await cancel(other, lastId())).status).toBe(202);
    expect((await cancel(own, lastId() + 1)).status).toBe(202);
    expect(seen.aborted).toBe(0);
    expect((await cancel(own, lastId())).status).toBe(202);
    await eventually(() => seen.aborted === 1);
    // A cancelled request gets no answer.
    const answer = await waiting;
    expect([answer.status, answer.headers.get('content-type'), (await answer.text()).includes('data:')]).toEqual([
      200,
      'text/event-stream',
      false,
    ]);
  });

  it('ends a question with the client that leaves', async () => {
    const { url, initialize, post } = await start(over);
    const headers = { ...HEADERS, 'mcp-session-id': await initialize({ elicitation: {} }) };
    const leaving = new AbortController();
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'delete' } });
    const stream = messagesOf(await fetch(url, { method: 'POST', headers, body, signal: leaving.signal }));
    const { value: question } = await stream.next();
    leaving.abort();
    const answer = async () => (await post({ id: question.id, result: { action: 'accept' } }, headers)).status;
    await expect.poll(answer).toBe(400);
  });

  it('that is not known is refused where it matters, and nowhere else', async () => {
    const { call, post, initialize } = await start(over);
    const foreign = createSessions({ key: Buffer.alloc(32, 2), scope: 'test', now: Date.now }).issue('ada', {});
    const bobs = await initialize({}, { authorization: 'Bearer token-of-bob' });
    for (const id of [foreign, bobs, 'x', `${await initialize({})}x`]) {
      const headers = { 'mcp-session-id': id };
      expect((await call('delete', headers)).status).toBe(404);
      expect((await post({ id: 'a', result: {} }, headers)).status).toBe(404);
      expect((await post({ method: 'notifications/cancelled', params: { requestId: 1 } }, headers)).status).toBe(404);
      expect(await textOf(await call('read', headers))).toBe('not asked');
      expect((await post({ id: 1, method: 'tools/list' }, headers)).status).toBe(200);
      expect((await post({ method: 'notifications/initialized' }, headers)).status).toBe(202);
    }
  });

  it('has an ID that is short, and a longer one is refused', async () => {
    const { call, initialize } = await start(over);
    const id = await initialize({
      elicitation: { form: {}, url: {} },
      extensions: { 'io.modelcontextprotocol/ui': {} },
    });
    expect(id).toMatch(/^[\w-]{40,150}$/);
    expect((await call('read', { 'mcp-session-id': 'x'.repeat(1_024) })).status).toBe(200);
    const long = await call('read', { 'mcp-session-id': 'x'.repeat(1_025) });
    expect([long.status, Object(await long.json()).error.message]).toEqual([
      400,
      'The Mcp-Session-Id header is too long.',
    ]);
  });

  it('is not ended by a client', async () => {
    const { url, initialize } = await start(over);
    const headers = { ...HEADERS, 'mcp-session-id': await initialize({}) };
    expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(405);
  });

  it('is begun by an initialize alone', async () => {
    const { post, call } = await start(over);
    for (const answer of [
      await call('read'),
      await post({ id: 1, method: 'initialize', params: {} }),
      await post({ id: 1, method: 'tools/list' }),
    ]) {
      expect(answer.headers.get('mcp-session-id')).toBeNull();
    }
  });
});

describe('a session ID', () => {
  let time = 0;
  const of = (key = KEY, scope = 'test') => createSessions({ key, scope, now: () => time });

  it.each([
    [{}, { form: false, url: false, apps: false }],
    [{ elicitation: {} }, { form: true, url: false, apps: false }],
    [{ elicitation: { form: {} } }, { form: true, url: false, apps: false }],
    [{ elicitation: { url: {} } }, { form: false, url: true, apps: false }],
    [{ elicitation: { form: {}, url: {} } }, { form: true, url: true, apps: false }],
    [{ extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: [] } } }, { form: false, url: false, apps: false }],
    [SHOWS, { form: false, url: false, apps: true }],
    [
      { elicitation: null, extensions: null },
      { form: false, url: false, apps: false },
    ],
    [undefined, { form: false, url: false, apps: false }],
  ])('holds what the client declared: %j', (capabilities, declared) => {
    const id = of().issue('ada', { protocolVersion: '2025-06-18', capabilities });
    expect(of().read('ada', id)).toEqual({ id, version: '2025-06-18', ...declared });
  });

  it.each([
    undefined,
    null,
    'x',
    { protocolVersion: 'x'.repeat(1e6) },
    { protocolVersion: {} },
  ])('is short whatever the client sent (%#)', (params) => {
    const id = of().issue('ada', params);
    expect(id.length).toBeLessThan(150);
    expect(of().read('ada', id)).toMatchObject({ version: '' });
  });

  it('is not taken for that of another agent once it was read', () => {
    const own = of();
    const id = own.issue('staff.user 1', {});
    expect(own.read('staff.user 1', id)).toBeDefined();
    const others = [
      ['bob', id],
      ['staff.user', `1 ${id}`],
      ['staff.user', `${id} 1`],
      ['', `staff.user 1 ${id}`],
    ] as const;
    for (const [agent, other] of others) expect(own.read(agent, other)).toBeUndefined();
    // Many sessions later it is still known.
    for (let index = 0; index < 300; index += 1) own.read('ada', own.issue('ada', {}));
    expect(own.read('staff.user 1', id)).toBeDefined();
  });

  it('is of one agent, deployment and month', () => {
    const id = of().issue('ada', {});
    expect(of().read('bob', id)).toBeUndefined();
    expect(of(KEY, 'other').read('ada', id)).toBeUndefined();
    expect(of(Buffer.alloc(32, 2)).read('ada', id)).toBeUndefined();
    time = SESSION_MS - 1;
    expect(of().read('ada', id)).toBeDefined();
    time = SESSION_MS;
    expect(of().read('ada', id)).toBeUndefined();
  });
});

it('a call in progress keeps nothing once it has ended', async () => {
  const expected: string[] = [];
  const passed: string[] = [];
  const calls = createCallsInProgress({
    expect: ({ question }) => {
      expected.push(question);
      return { ready: Promise.resolve(), stop: () => void expected.splice(expected.indexOf(question), 1) };
    },
    pass: async (question) => (expected.includes(question) ? 'taken' : 'not asked'),
    passCancel: async (call) => void passed.push(call),
  });
  const aborted: string[] = [];
  const first = calls.begin('s', 1, () => aborted.push('first'));
  const second = calls.begin('s', 1, () => aborted.push('second')); // reuses the ID, which the protocol forbids
  const { id: question } = first.ask(() => expect.fail('it has ended'));
  expect(expected).toHaveLength(1);
  first.end();
  expect(expected).toEqual([]);
  expect(await calls.answer('s', { jsonrpc: '2.0', id: question, result: {} })).toBe('not asked');
  await calls.cancel('s', 1);
  await calls.cancel('s', 2);
  expect(passed).toEqual(['["s",2]']);
  expect([first.isCancelled(), second.isCancelled(), aborted]).toEqual([false, true, ['second']]);
});
