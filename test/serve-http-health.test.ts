import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import {
  connectTo,
  entriesIn,
  findPort,
  type HttpServer,
  hashOf,
  newId,
  newTokens,
  openFolder,
  openWorkos,
  post,
  postCall,
  run,
  serve,
  waitFor,
} from './support/http-server.ts';

const KEY = 'sk_test_health_1234567890';
const token = newTokens('ann', 'stranger');
const folder = openFolder();
let workos: Awaited<ReturnType<typeof openWorkos>>;
/** Before the usual answer; `undefined` for that. */
let answer: () => Promise<Response | undefined> | Response | undefined;
const open: HttpServer[] = [];

beforeAll(async () => {
  workos = await openWorkos('north', KEY);
  const usual = workos.answer;
  if (typeof usual !== 'function') throw new Error('it answers');
  workos.answer = async (request) => (await answer()) ?? usual(request);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()));
});
afterAll(async () => {
  await workos?.close();
  folder.remove();
});

let files = 0;
async function start(args: readonly string[] = [], env: Record<string, string> = {}, more = '') {
  files += 1;
  answer = () => undefined;
  const config = folder.write(
    `${files}.yaml`,
    `
confirm: 'off'
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${workos.url}' }
agents:
  ann: { allow: 'users:full', tokens: ['${hashOf(token.ann)}'] }
${more}`,
  );
  const server = await serve(['--config', config, ...args], { NORTH_KEY: KEY, ...env });
  open.push(server);
  const root = new URL('/', server.url).href;
  const probe = async (path: string) => {
    const response = await fetch(`${root}${path}`);
    return [response.status, await response.json()];
  };
  return { ...server, config, probe };
}

const recordFile = () => `${folder.path}/${files + 1}.jsonl`;

it('says that it is there and ready, to whoever asks', async () => {
  const { probe } = await start();
  expect(await probe('healthz')).toEqual([200, { status: 'ok' }]);
  expect(await probe('readyz')).toEqual([200, { status: 'ok' }]);
  workos.received.length = 0;
  await Promise.all(Array.from({ length: 20 }, () => probe('readyz')));
  expect(workos.received, 'an answer holds for 30 seconds').toEqual([]);
});

it('is not ready when WorkOS does not take the key, and says no more than that', async () => {
  const { probe, log } = await start([], { NORTH_KEY: 'sk_test_revoked_12345678' });
  expect(await probe('readyz')).toEqual([503, { status: 'failing', failed: ['workos'] }]);
  expect(await probe('healthz')).toEqual([200, { status: 'ok' }]);
  expect(log()).not.toContain('sk_test_');
});

it('is not ready when the record cannot be written, and does nothing then', async () => {
  const { probe, url, process: child, stop } = await start(['--audit-log', 'stderr']);
  const remove = () => postCall(url, token.ann.token, 'delete_user', { user_id: newId('user') });
  expect((await remove()).result.isError).toBeUndefined();
  workos.received.length = 0;
  child.stderr?.destroy(); // whoever kept the record is gone
  expect((await remove()).result).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining('The audit record cannot be written') }],
  });
  expect(workos.received).toEqual([]);
  expect(await probe('readyz')).toEqual([503, { status: 'failing', failed: ['record'] }]);
  expect(await probe('healthz')).toEqual([200, { status: 'ok' }]);
  expect(await stop()).toBe(0);
});

it('counts calls on a port of its own, by tool and outcome and nothing else', async () => {
  const port = await findPort();
  const { url, probe } = await start(['--metrics-port', String(port)]);
  const user_id = newId('user');
  await postCall(url, token.ann.token, 'get_user', { user_id });
  await postCall(url, token.ann.token, 'get_user', { user_id: 'user_MISSING00000000000000000' });
  await postCall(url, token.ann.token, 'delete_connection', { connection_id: newId('conn') });
  await postCall(url, token.ann.token, `tool_of_${user_id}`);
  let failing = 1;
  answer = () => {
    failing -= 1;
    return failing >= 0 ? new Response('{}', { status: 429, headers: { 'retry-after': '0' } }) : undefined;
  };
  await postCall(url, token.ann.token, 'get_user', { user_id });
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(text).toContain('workos_mcp_calls_total{tool="get_user",outcome="ok"} 2');
  expect(text).toContain('workos_mcp_calls_total{tool="get_user",outcome="error"} 1');
  expect(text).toContain('workos_mcp_calls_total{tool="delete_connection",outcome="refused"} 1');
  expect(text).toContain('workos_mcp_calls_total{tool="unknown",outcome="refused"} 1');
  expect(text).toContain('workos_mcp_rate_limited_total{tool="get_user"} 1');
  expect(text).toContain('workos_mcp_retries_total{tool="get_user"} 1');
  expect(text).toMatch(/workos_mcp_call_duration_seconds_count\{tool="get_user"\} 3/);
  expect(text).not.toMatch(/user_[0-9A-Z]{10}|conn_|ann|north|sk_test|wmcp_[a-z2-7]{10}_/);
  const [status] = await probe('metrics');
  expect(status).toBe(404);
  for (const path of ['', 'mcp', 'healthz']) {
    expect((await fetch(`http://127.0.0.1:${port}/${path}`)).status).toBe(404);
  }
});

it('serves no metrics where no port is given, and no metadata where no issuer is', async () => {
  const { probe } = await start();
  expect((await probe('metrics'))[0]).toBe(404);
  expect((await probe('.well-known/oauth-protected-resource/mcp'))[0]).toBe(404);
});

it('has the trace of a request in its log and its record', async () => {
  const file = recordFile();
  const { url, log } = await start(['--log-level', 'debug', '--audit-log', file]);
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await postCall(url, token.ann.token, 'get_user', { user_id: newId('user') }, { traceparent });
  expect(log()).toContain(traceparent);
  expect(folder.read(`${files}.jsonl`)).toContain(traceparent);
  await postCall(url, token.ann.token, 'get_user', { user_id: newId('user') }, { traceparent: 'ada@example.com' });
  expect(log()).not.toContain('ada@');
});

it('counts who is not let in, by reason, in the record', async () => {
  const file = recordFile();
  const { url, stop, log } = await start(['--audit-log', file]);
  for (let index = 0; index < 3; index += 1) await post(url, undefined);
  for (let index = 0; index < 2; index += 1) await post(url, token.stranger.token);
  await post(url, 'hunter2');
  expect(await stop()).toBe(0);
  const [note] = entriesIn(folder.read(`${files}.jsonl`)).filter(({ kind }) => kind === 'note');
  expect(note).toMatchObject({ text: 'requests that were not let in: 3 missing, 3 unknown' });
  expect(`${log()}${folder.read(`${files}.jsonl`)}`).not.toMatch(/hunter2|wmcp_/);
});

it('at SIGTERM answers what is under way, takes nothing new, and ends the record', async () => {
  const file = recordFile();
  const { url, stop, process: child, log } = await start(['--audit-log', file]);
  let reached = false;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  answer = async () => {
    reached = true;
    await released;
    return undefined;
  };
  const client = await connectTo(url, token.ann.token);
  const user_id = newId('user');
  const call = client.call('delete_user', { user_id });
  await waitFor(() => reached);
  const stopped = stop();
  await waitFor(() => log().includes('"msg":"stopping"'));
  await expect(post(url, token.ann.token)).rejects.toThrow();
  expect(child.exitCode).toBeNull();
  release();
  expect((await call).isError).toBeUndefined();
  expect(await stopped).toBe(0);
  const entries = entriesIn(folder.read(`${files}.jsonl`));
  expect(entries.slice(-3)).toMatchObject([
    { kind: 'decision', tool: 'delete_user', ids: { user_id } },
    { kind: 'outcome', outcome: 'ok', status: 202 },
    { kind: 'stop', reason: 'SIGTERM' },
  ]);
  expect(log()).toMatch(/"head":"[^"]+"/);
  expect(log().trim().split('\n').at(-1)).toContain('"msg":"stopped"');
  expect(await run(['audit', 'verify', file])).toMatchObject({ code: 0 });
  await client.close();
});

it('gives up a call that does not end, in the time that a container gets', async () => {
  const file = recordFile();
  const { url, stop } = await start(['--audit-log', file, '--attempt-timeout', '60', '--timeout', '60']);
  let reached = false;
  answer = () => {
    reached = true;
    return new Promise<Response>(() => {});
  };
  const call = postCall(url, token.ann.token, 'delete_user', { user_id: newId('user') }).catch(() => undefined);
  await waitFor(() => reached);
  const from = performance.now();
  expect(await stop()).toBe(0);
  expect(performance.now() - from).toBeLessThan(9_900);
  await call;
  expect(entriesIn(folder.read(`${files}.jsonl`)).slice(-2)).toMatchObject([
    { kind: 'outcome', outcome: 'unknown' },
    { kind: 'stop' },
  ]);
});

it('tells by a digest in the record which settings and agents it has, whatever the key', async () => {
  const { reload, stop } = await start(['--audit-log', recordFile()]);
  const name = `${files}.yaml`;
  const text = folder.read(name);
  const digests = async () => {
    const texts = entriesIn(folder.read(`${files}.jsonl`)).map(({ kind, config, text }) =>
      kind === 'start' ? String(config) : String(text),
    );
    return texts.flatMap((each) => /[0-9a-f]{12}/.exec(each)?.[0] ?? []);
  };
  expect(await reload()).toBe(true);
  folder.write(name, `${text}  bob: { allow: 'users:read', tokens: ['${hashOf(token.stranger)}'] }\n`);
  expect(await reload()).toBe(true);
  folder.write(name, `max-items: 7\n${text}`);
  expect(await reload()).toBe(true);
  folder.write(name, `# nothing new\n${text}`);
  expect(await reload()).toBe(true);
  await stop();
  const [first, same, agents, settings, comment, ...more] = await digests();
  expect([same, comment, more]).toEqual([first, first, []]);
  expect(new Set([first, agents, settings]).size).toBe(3);
});

it('gives up the request to WorkOS when its client leaves', async () => {
  let reached = false;
  let isCut = false;
  const usual = workos.answer;
  const { url } = await start();
  workos.answer = {
    raw: (response) => {
      reached = true;
      response.once('close', () => {
        isCut = true;
      });
    },
  };
  const gone = new AbortController();
  const client = await connectTo(url, token.ann.token);
  const call = client.call('get_user', { user_id: newId('user') }, gone.signal).catch(() => 'gone');
  await waitFor(() => reached);
  gone.abort();
  expect(await call).toBe('gone');
  await waitFor(() => isCut);
  workos.answer = usual;
  expect((await client.call('get_user', { user_id: newId('user') })).isError).toBeUndefined();
  await client.close();
});
