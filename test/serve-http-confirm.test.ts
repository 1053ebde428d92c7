import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
} from './support/http-server.ts';
import { connectClient, openClient } from './support/session.ts';
import { answerTo, SHOWS, toHost } from './support/viewing.ts';

const KEY = 'sk_test_confirm_123456789';
const LIVE_KEY = 'sk_live_confirm_123456789';
const token = newTokens('ann', 'bob', 'strict', 'off', 'live', 'guarded');
const folder = openFolder();
let workos: Awaited<ReturnType<typeof openWorkos>>;
let live: Awaited<ReturnType<typeof openWorkos>>;
let server: HttpServer;

beforeAll(async () => {
  [workos, live] = await Promise.all([openWorkos('north', KEY), openWorkos('live', LIVE_KEY)]);
  const config = folder.write(
    'workos-mcp.yaml',
    `
audit-log: ${folder.path}/audit.jsonl
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${workos.url}', expect: staging }
  live: { api-key-env: LIVE_KEY, base-url: '${live.url}', expect: production }
agents:
  ann: { environment: north, allow: '*:full', tokens: ['${hashOf(token.ann)}'] }
  bob: { environment: north, allow: '*:full', tokens: ['${hashOf(token.bob)}'] }
  strict: { environment: north, allow: '*:full', confirm: strict, tokens: ['${hashOf(token.strict)}'] }
  off: { environment: north, allow: '*:full', confirm: 'off', tokens: ['${hashOf(token.off)}'] }
  live: { environment: live, allow: 'users:full', production-writes: true, tokens: ['${hashOf(token.live)}'] }
  guarded: { environment: live, allow: 'users:full', tokens: ['${hashOf(token.guarded)}'] }
`,
  );
  server = await serve(['--config', config], { NORTH_KEY: KEY, LIVE_KEY });
});
afterAll(async () => {
  await server?.stop();
  await Promise.all([workos?.close(), live?.close()]);
  folder.remove();
});
beforeEach(() => {
  workos.received.length = 0;
  live.received.length = 0;
});

const deletes = ({ received } = workos) =>
  received.flatMap(({ method, path }) => (method === 'DELETE' ? [path.split('/').at(-1)] : []));
const entries = () => entriesIn(folder.read('audit.jsonl'));
const tokenIn = (text: string) => /confirm_token="([^"]+)"/.exec(text)?.[1] ?? expect.fail(text);
/** A delete, as the newest era has it without anybody to ask. */
const remove = async (of: keyof typeof token, user_id: string, confirm_token?: string) => {
  const args = confirm_token === undefined ? { user_id } : { user_id, confirm_token };
  const { result } = await postCall(server.url, token[of].token, 'delete_user', args);
  return { isError: result.isError === true, text: String(result.content[0].text) };
};

describe.each([
  'v2 client, auto',
  'v2 client, pinned to 2026-07-28',
  'v2 client, legacy',
  'v1 client',
] as const)('a %s that can ask', (peer) => {
  it.each(['ann', 'strict'] as const)('asks a person, who types the ID (%s)', async (agent) => {
    const user_id = newId('user');
    const client = await connectTo(server.url, token[agent].token, {
      peer,
      elicitation: {},
      person: () => ({ action: 'accept', content: { confirm: user_id } }),
    });
    const result = await client.call('delete_user', { user_id });
    expect(result.isError, result.text).toBeUndefined();
    expect(client.asked).toHaveLength(1);
    expect(client.asked[0]?.message).toContain(`In staging: delete user`);
    expect(deletes()).toEqual([user_id]);
    expect(entries().slice(-4)).toMatchObject([
      { kind: 'decision', agent, decision: 'ask' },
      { kind: 'outcome', agent, outcome: 'asked' },
      { kind: 'decision', agent, decision: 'allowed', confirmation: 'client prompt' },
      { kind: 'outcome', agent, outcome: 'ok' },
    ]);
    await client.close();
  });

  it.each([
    ['declines', { action: 'decline' }],
    ['closes the question', { action: 'cancel' }],
    ['is given no field to type into', { action: 'accept' }],
    ['types something else', { action: 'accept', content: { confirm: 'yes' } }],
  ] as const)('sends nothing when the person %s', async (_, reply) => {
    const client = await connectTo(server.url, token.ann.token, { peer, elicitation: {}, person: () => reply });
    const result = await client.call('delete_user', { user_id: newId('user') });
    expect(result.isError).toBe(true);
    expect(client.asked).toHaveLength(1);
    expect(deletes()).toEqual([]);
    await client.close();
  });
});

describe.each(['v2 client, legacy', 'v1 client', 'v2 client, auto'] as const)('a %s that cannot be asked', (peer) => {
  // A client that asks only by opening a URL cannot show the question either.
  const elicitation = peer === 'v1 client' ? { url: {} } : undefined;

  it('in auto repeats a token', async () => {
    const user_id = newId('user');
    const client = await connectTo(server.url, token.ann.token, { peer, elicitation });
    const preview = await client.call('delete_user', { user_id });
    expect(preview).toMatchObject({
      text: expect.stringContaining('In staging: delete user'),
      structured: { confirmation: { status: 'asked' } },
    });
    expect(preview.isError).toBeUndefined();
    expect(deletes()).toEqual([]);
    const confirm_token = tokenIn(preview.text);
    const result = await client.call('delete_user', { user_id, confirm_token });
    expect(result.isError, result.text).toBeUndefined();
    expect(deletes()).toEqual([user_id]);
    expect((await client.call('delete_user', { user_id, confirm_token })).isError).toBe(true);
    expect(deletes()).toEqual([user_id]);
    await client.close();
  });

  it('in strict is refused before anything is read', async () => {
    const client = await connectTo(server.url, token.strict.token, { peer, elicitation });
    const result = await client.call('delete_user', { user_id: newId('user') });
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('this client cannot ask one') });
    expect(workos.received).toEqual([]);
    await client.close();
  });

  it('with confirmation off is not asked', async () => {
    const user_id = newId('user');
    const client = await connectTo(server.url, token.off.token, { peer, elicitation });
    expect((await client.call('delete_user', { user_id })).isError).toBeUndefined();
    expect(deletes()).toEqual([user_id]);
    await client.close();
  });
});

describe('a confirmation', () => {
  it('is of no use to another agent, and still of use to its own', async () => {
    const user_id = newId('user');
    const confirm_token = tokenIn((await remove('ann', user_id)).text);
    expect(await remove('bob', user_id, confirm_token)).toMatchObject({ isError: true });
    expect(deletes()).toEqual([]);
  });

  it('holds for the call that was shown, once, however many come at once', async () => {
    const [user_id, other] = [newId('user'), newId('user')];
    const wrong = await remove('ann', other, tokenIn((await remove('ann', user_id)).text));
    expect(wrong.text).toContain('differ from those that the confirmation is for');
    const confirm_token = tokenIn((await remove('ann', user_id)).text);
    const results = await Promise.all(Array.from({ length: 5 }, () => remove('ann', user_id, confirm_token)));
    expect(results.filter(({ isError }) => !isError)).toHaveLength(1);
    expect(deletes()).toEqual([user_id]);
  });

  it("of a person cannot be answered by another agent's client", async () => {
    const user_id = newId('user');
    const ask = async (of: keyof typeof token, more: object) => {
      const params = { name: 'delete_user', arguments: { user_id }, ...more };
      const abilities = { elicitation: {} };
      return (await post(server.url, token[of].token, { method: 'tools/call', params, abilities })).result;
    };
    const { requestState } = await ask('ann', {});
    expect(requestState).toMatch(/^[\w-]{22}$/);
    const inputResponses = { confirm: { action: 'accept', content: { confirm: user_id } } };
    const stolen = await ask('bob', { requestState, inputResponses });
    expect(stolen).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('is not valid') }] });
    expect(deletes()).toEqual([]);
  });

  it('in production is a person’s unless the agent says otherwise', async () => {
    expect((await remove('live', newId('user'))).text).toContain('this client cannot ask one');
    expect(live.received).toEqual([]);
  });
});

it('an agent without production-writes has no write at all with a production key', async () => {
  const { result } = await post(server.url, token.guarded.token);
  expect(result.tools.map(({ name }: { name: string }) => name)).toEqual(openedBy('users', 'read'));
  const user_id = newId('user');
  const read = await postCall(server.url, token.guarded.token, 'get_user', { user_id });
  expect(read.result.structuredContent).toMatchObject({ email: 'ada@live.test' });
  expect(entries().at(-1)).toMatchObject({ agent: 'guarded', environment: expect.stringContaining('production') });
});

describe.each([
  'v2 client, auto',
  'v2 client, pinned to 2026-07-28',
  'v2 client, legacy',
  'v1 client',
] as const)('a %s that shows views', (peer) => {
  it('lets a person confirm in one, with requests that reach any server', async () => {
    const client = openClient(peer, SHOWS);
    const requestInit = { headers: { authorization: `Bearer ${token.strict.token}` } };
    const transport =
      peer === 'v1 client'
        ? new TransportV1(new URL(server.url), { requestInit })
        : new StreamableHTTPClientTransport(new URL(server.url), { requestInit });
    // With exactOptionalPropertyTypes the SDK's transport is none of its own Transports.
    await connectClient(client, transport as Parameters<typeof connectClient>[1]);
    const host = toHost(client);
    expect((await host.tools()).map(({ name }) => name)).toContain('answer_confirmation');
    expect(JSON.stringify(await host.read('ui://workos-mcp/confirmation'))).toContain('<!doctype html>');
    const args = { user_id: newId('user') };
    const waiting = await host.call('delete_user', args);
    expect(waiting.structured, waiting.text).toMatchObject({ confirmation: { status: 'waiting' } });
    expect(deletes()).toEqual([]);
    const done = await host.call('answer_confirmation', answerTo(waiting, 'yes', args, args.user_id.slice(-6)));
    expect(done.isError, done.text).toBe(false);
    expect(deletes()).toEqual([args.user_id]);
    expect(entries().slice(-2)).toMatchObject([{ agent: 'strict', confirmation: 'client view' }, { outcome: 'ok' }]);
    await client.close();
  });
});
