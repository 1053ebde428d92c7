import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toDeploymentKey } from '../src/settings/deployment-key.ts';
import { signInAt } from './support/console-client.ts';
import { findPort } from './support/find-port.ts';
import {
  type ClientOptions,
  connectTo,
  entriesIn,
  type HttpServer,
  hashOf,
  newId,
  newTokens,
  openFolder,
  openWorkos,
  postCall,
  serve,
} from './support/http-server.ts';
import { PEERS } from './support/session.ts';

const KEY = 'sk_test_approved_12345678';
const KEY_TEXT = randomBytes(32).toString('base64');
const DEPLOYMENT_KEY = toDeploymentKey(KEY_TEXT, 'KEY_TEXT');
const token = newTokens('cleaner', 'mine', 'secrets', 'trusted');
const folder = openFolder();
let workos: Awaited<ReturnType<typeof openWorkos>>;
let server: HttpServer;
let url: string;
let start: () => Promise<HttpServer>;

beforeAll(async () => {
  workos = await openWorkos('north', KEY);
  const config = folder.write(
    'workos-mcp.yaml',
    `
audit-log: ${folder.path}/audit.jsonl
deployment-key-env: DEPLOYMENT_KEY
log-level: trace
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${workos.url}', expect: staging }
agents:
  cleaner: { allow: '*:full', confirm: person, tokens: ['${hashOf(token.cleaner)}'] }
  mine: { allow: 'users:full', confirm: person, owner: ann, same-person: refuse, tokens: ['${hashOf(token.mine)}'] }
  secrets: { allow: 'users:full,users:credentials', confirm: person, owner: ann, same-person: refuse, tokens: ['${hashOf(token.secrets)}'] }
  trusted: { allow: 'users:full', confirm: person, client-asks: trusted, tokens: ['${hashOf(token.trusted)}'] }
approvers:
  ann: { agents: '*', allow: '*:full' }
  bob: { agents: '*', allow: 'users:full' }
`,
  );
  const port = await findPort();
  url = `http://127.0.0.1:${port}`;
  const env = { NORTH_KEY: KEY, DEPLOYMENT_KEY: KEY_TEXT };
  start = () => serve(['--config', config, '--console-port', String(port)], env);
  server = await start();
});
afterAll(async () => {
  await server?.stop();
  await workos?.close();
  folder.remove();
});
beforeEach(() => {
  workos.received.length = 0;
});

const ADDRESS = /\/waiting\/[\w-]{22}/g;
const POLL = { timeout: 15_000 };

const deletes = () =>
  workos.received.flatMap(({ method, path }) => (method === 'DELETE' ? [path.split('/').at(-1)] : []));
const entries = () => entriesIn(folder.read('audit.jsonl'));
const signIn = (name: 'ann' | 'bob') => signInAt(url, DEPLOYMENT_KEY, name);
const connect = (of: keyof typeof token, options: ClientOptions) => connectTo(server.url, token[of].token, options);

describe.each(PEERS)('a %s', (peer) => {
  it('waits for an approver in the console, whose yes sends the call', async () => {
    const [ann, client] = [await signIn('ann'), await connect('cleaner', { peer })];
    const user_id = newId('user');
    const calling = client.call('delete_user', { user_id });
    const path = await ann.next();
    expect(deletes()).toEqual([]);
    expect(await ann.post(path, { answer: 'yes', typed: user_id.slice(-6) })).toBe(200);
    const result = await calling;
    expect(result.isError, result.text).toBeUndefined();
    expect(deletes()).toEqual([user_id]);
    expect(entries().slice(-2)).toMatchObject([
      { decision: 'allowed', confirmation: 'console', approver: 'ann', approver_by: 'link' },
      { outcome: 'ok' },
    ]);
    await client.close();
  });

  it('that can open URLs opens the console, which answers nothing', async () => {
    const [ann, opened] = [await signIn('ann'), [] as unknown[]];
    const person: ClientOptions['person'] = (question) => {
      opened.push(question);
      return { action: 'accept' };
    };
    const client = await connect('cleaner', { peer, elicitation: { url: {} }, person });
    const user_id = newId('user');
    const calling = client.call('delete_user', { user_id });
    const path = await ann.next();
    await expect.poll(() => opened).toMatchObject([{ mode: 'url', url: `${url}${path}` }]);
    expect(await ann.post(path, { answer: 'no', words: 'Keep them.' })).toBe(200);
    expect(await calling).toMatchObject({ isError: true, text: expect.stringContaining('says: "Keep them."') });
    expect(opened).toHaveLength(1);
    expect(deletes()).toEqual([]);
    await client.close();
    await ann.post('/agents/cleaner/lift', {}, '/agents');
  });

  it('whose forms the operator trusts is asked itself', async () => {
    const user_id = newId('user');
    const person: ClientOptions['person'] = () => ({ action: 'accept', content: { confirm: user_id } });
    const client = await connect('trusted', { peer, elicitation: { form: {} }, person });
    expect(await client.call('delete_user', { user_id })).not.toHaveProperty('isError');
    expect(deletes()).toEqual([user_id]);
    expect(entries().at(-2)).toMatchObject({ confirmation: 'client prompt' });
    expect(entries().at(-2)).not.toHaveProperty('approver');
    await client.close();
  });

  it('whose forms the operator does not trust is not asked', async () => {
    const [ann, user_id] = [await signIn('ann'), newId('user')];
    const person: ClientOptions['person'] = () => ({ action: 'accept', content: { confirm: user_id } });
    const client = await connect('cleaner', { peer, elicitation: { form: {} }, person });
    const calling = client.call('delete_user', { user_id });
    await ann.post(await ann.next(), { answer: 'yes', typed: user_id.slice(-6) });
    expect(await calling).not.toHaveProperty('isError');
    expect(client.asked).toEqual([]);
    await client.close();
  });
});

it('keeps a call in the console whose client is gone', async () => {
  const [ann, user_id] = [await signIn('ann'), newId('user')];
  const gone = new AbortController();
  const client = await connect('cleaner', { peer: 'v2 client, legacy' });
  const calling = client.call('delete_user', { user_id }, gone.signal).catch(() => 'cancelled');
  const path = await ann.next();
  gone.abort();
  expect(await calling).toBe('cancelled');
  expect(await ann.next()).toBe(path);
  expect(await ann.post(path, { answer: 'yes', typed: user_id.slice(-6) })).toBe(200);
  expect(deletes()).toEqual([]);
  const { token: bearer } = token.cleaner;
  const { result } = await postCall(server.url, bearer, 'delete_user', { user_id, confirm_token: 'x'.repeat(22) });
  expect(result).toMatchObject({ isError: true });
  expect(result.content[0].text).toContain('is from before the server was started again');
  await client.close();
});

it('lets a client from before 2026-07-28 wait that has no session', async () => {
  const [ann, user_id] = [await signIn('ann'), newId('user')];
  const params = { name: 'delete_user', arguments: { user_id } };
  const answer = fetch(server.url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token.cleaner.token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-06-18',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  await ann.post(await ann.next(), { answer: 'yes', typed: user_id.slice(-6) });
  expect(await (await answer).text()).not.toContain('isError');
  expect(deletes()).toEqual([user_id]);
});

it('takes no yes of the approver for whom an agent works, where the file says so', async () => {
  const [ann, bob, user_id] = [await signIn('ann'), await signIn('bob'), newId('user')];
  const client = await connect('mine', { peer: 'v1 client' });
  const calling = client.call('delete_user', { user_id });
  const path = await bob.next();
  const yes = { answer: 'yes', typed: user_id.slice(-6) };
  expect(await ann.post(path, yes, '/waiting')).toBe(403);
  expect(await bob.post(path, yes)).toBe(200);
  expect(await calling).not.toHaveProperty('isError');
  expect(entries().at(-2)).toMatchObject({ approver: 'bob' });
  await client.close();
});

it('refuses a call at once that no approver may confirm', async () => {
  // Only ann may confirm it, and the agent works for her.
  const client = await connect('secrets', { peer: 'v2 client, auto' });
  const result = await client.call('update_user', { user_id: newId('user'), password: 'correct horse battery' });
  expect(result).toMatchObject({
    isError: true,
    text: expect.stringContaining('names no approver who may confirm it'),
  });
  await client.close();
});

it('answers at once where four calls of the agent wait already, with an ID that no log or record holds', async () => {
  const [ann, gone] = [await signIn('ann'), new AbortController()];
  const client = await connect('cleaner', { peer: 'v2 client, auto' });
  const ids = Array.from({ length: 4 }, () => newId('user'));
  const waiting = ids.map((user_id) => client.call('delete_user', { user_id }, gone.signal).catch(() => 'cancelled'));
  await expect.poll(async () => new Set((await ann.read('/waiting')).match(ADDRESS)).size, POLL).toBe(4);
  const user_id = newId('user');
  const asked = await client.call('delete_user', { user_id });
  const { status, confirmation_id, console } = Object(asked.structured?.confirmation);
  expect({ status, console }).toEqual({ status: 'waiting', console: expect.stringContaining(`${url}/waiting/`) });
  const path = new URL(console).pathname;
  expect(await ann.read(path)).not.toContain(confirmation_id);
  expect(await ann.post(path, { answer: 'yes', typed: user_id.slice(-6) })).toBe(200);
  const result = await client.call('delete_user', { user_id, confirm_token: confirmation_id });
  expect(result.isError, result.text).toBeUndefined();
  expect(deletes()).toEqual([user_id]);
  gone.abort();
  expect(await Promise.all(waiting)).toEqual(Array.from({ length: 4 }, () => 'cancelled'));
  // They wait in the console all the same, until they are answered there.
  for (const left of new Set((await ann.read('/waiting')).match(ADDRESS))) {
    const page = await ann.read(left);
    const typed = ids.find((id) => page.includes(id))?.slice(-6) ?? expect.fail(page);
    expect(await ann.post(left, { answer: 'yes', typed })).toBe(200);
  }
  expect(server.log()).not.toContain(confirmation_id);
  expect(folder.read('audit.jsonl')).not.toContain(confirmation_id);
  await client.close();
});

it('writes no words of an approver into log or record', () => {
  expect(entries().filter(({ rule }) => rule === 'an approver declined')).not.toEqual([]);
  expect(server.log()).not.toContain('Keep them.');
  expect(folder.read('audit.jsonl')).not.toContain('Keep them.');
});

it('holds an agent after three noes, also after a restart, until an approver lifts that', async () => {
  let client = await connect('mine', { peer: 'v2 client, legacy' });
  let bob = await signIn('bob');
  for (let count = 0; count < 3; count += 1) {
    const calling = client.call('delete_user', { user_id: newId('user') });
    expect(await bob.post(await bob.next(), { answer: 'no' })).toBe(200);
    expect(await calling).toMatchObject({ isError: true });
  }
  const isHeld = async () =>
    (await client.call('delete_user', { user_id: newId('user') })).text.includes('until an approver lifts');
  const restart = async () => {
    await client.close();
    await server.stop();
    server = await start();
    client = await connect('mine', { peer: 'v2 client, legacy' });
    bob = await signIn('bob');
  };
  // What a server leaves of a hold for the next one, which may start when the noes are long ago.
  const left = () => entries().filter(({ text }) => text === 'calls are held until an approver lifts that');
  expect(await isHeld()).toBe(true);
  await restart();
  expect(left()).toMatchObject([{ kind: 'note', agent: 'mine' }]);
  expect(await isHeld()).toBe(true);
  expect(await bob.post('/agents/mine/lift', {}, '/agents/mine')).toBe(200);
  await restart();
  expect(left()).toHaveLength(1);
  const calling = isHeld();
  expect(await bob.post(await bob.next(), { answer: 'no' })).toBe(200);
  expect(await calling).toBe(false);
  await client.close();
});
