import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPort } from './support/find-port.ts';
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
  run,
  serve,
  waitFor,
} from './support/http-server.ts';

const KEY = 'sk_test_health_1234567890';
const token = newTokens('ann', 'stranger');
const folder = openFolder();
let workos: Awaited<ReturnType<typeof openWorkos>>;
/** What comes before the usual answer of WorkOS to a request for an object; `undefined` for that. */
const answers = new Map<string, () => Promise<Response | undefined> | Response | undefined>();
const idIn = (path: string) => path.split('/').at(-1) ?? '';
const requestsFor = (id: string) => workos.received.filter(({ path }) => idIn(path) === id);

type Started = HttpServer & { readonly probe: (path: string) => Promise<[status: number, body: unknown]> };
const open: HttpServer[] = [];
let metricsPort: number;
/** Most tests share this one; the others end theirs, or take something away from it. */
let shared: Started;
let revoked: Started;
let piped: Started;
let stopped: Started;
let stuck: Started;

/** A server with a configuration and a record of its own, by its name. */
async function start(name: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<Started> {
  const config = folder.write(
    `${name}.yaml`,
    `
confirm: 'off'
audit-log: ${folder.path}/${name}.jsonl
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${workos.url}' }
agents:
  ann: { allow: [users:full, organizations:read], tokens: ['${hashOf(token.ann)}'] }
`,
  );
  const server = await serve(['--config', config, ...args], { NORTH_KEY: KEY, ...env });
  open.push(server);
  const probe = async (path: string): Promise<[status: number, body: unknown]> => {
    const response = await fetch(new URL(`/${path}`, server.url));
    return [response.status, await response.json()];
  };
  return { ...server, probe };
}

beforeAll(async () => {
  workos = await openWorkos('north', KEY);
  const usual = workos.answer;
  if (typeof usual !== 'function') throw new Error('it answers');
  workos.answer = async (request) => (await answers.get(idIn(new URL(request.url).pathname))?.()) ?? usual(request);
  metricsPort = await findPort();
  [shared, revoked, piped, stopped, stuck] = await Promise.all([
    start('shared', ['--metrics-port', `${metricsPort}`, '--log-level', 'debug']),
    start('revoked', [], { NORTH_KEY: 'sk_test_revoked_12345678' }),
    start('piped', ['--audit-log', 'stderr']),
    start('stopped'),
    start('stuck', ['--attempt-timeout', '60', '--timeout', '60']),
  ]);
});
afterAll(async () => {
  await Promise.all(open.map((server) => server.stop()));
  await workos?.close();
  folder.remove();
});

it('says that it is there and ready, to whoever asks', async () => {
  const { probe } = shared;
  expect(await probe('healthz')).toEqual([200, { status: 'ok' }]);
  expect(await probe('readyz')).toEqual([200, { status: 'ok' }]);
  workos.received.length = 0;
  await Promise.all(Array.from({ length: 20 }, () => probe('readyz')));
  expect(workos.received, 'an answer holds for 30 seconds').toEqual([]);
});

it('is not ready when WorkOS does not take the key, and says no more than that', async () => {
  const { probe, log } = revoked;
  expect(await probe('readyz')).toEqual([503, { status: 'failing', failed: ['workos'] }]);
  expect(await probe('healthz')).toEqual([200, { status: 'ok' }]);
  expect(log()).not.toContain('sk_test_');
});

it('is not ready when the record cannot be written, and does nothing then', async () => {
  const { probe, url, process: child, stop } = piped;
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

it('serves no metrics where no port is given, and no metadata where no issuer is', async () => {
  const { probe } = revoked;
  expect((await probe('metrics'))[0]).toBe(404);
  expect((await probe('.well-known/oauth-protected-resource/mcp'))[0]).toBe(404);
});

it('has the trace of a request in its log and its record', async () => {
  const { url, log } = shared;
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const get = (headers: object) =>
    postCall(url, token.ann.token, 'get_organization', { organization_id: newId('org') }, headers);
  await get({ traceparent });
  expect(log()).toContain(traceparent);
  expect(folder.read('shared.jsonl')).toContain(traceparent);
  await get({ traceparent: 'ada@example.com' });
  expect(log()).not.toContain('ada@');
});

it('counts who is not let in, by reason, in the record', async () => {
  const { url, stop, log } = revoked;
  for (let index = 0; index < 3; index += 1) await post(url, undefined);
  for (let index = 0; index < 2; index += 1) await post(url, token.stranger.token);
  await post(url, 'hunter2');
  expect(await stop()).toBe(0);
  const [note] = entriesIn(folder.read('revoked.jsonl')).filter(({ kind }) => kind === 'note');
  expect(note).toMatchObject({ text: 'rejected requests: 2 path, 3 missing, 3 unknown' });
  expect(`${log()}${folder.read('revoked.jsonl')}`).not.toMatch(/hunter2|wmcp_/);
});

it('tells by a digest in the record which settings and agents it has, whatever the key', async () => {
  const { reload } = stopped;
  const text = folder.read('stopped.yaml');
  const digests = async () => {
    const texts = entriesIn(folder.read('stopped.jsonl')).map(({ kind, config, text }) =>
      kind === 'start' ? String(config) : String(text),
    );
    return texts.flatMap((each) => /[0-9a-f]{12}/.exec(each)?.[0] ?? []);
  };
  expect(await reload()).toBe(true);
  folder.write('stopped.yaml', `${text}  bob: { allow: 'users:read', tokens: ['${hashOf(token.stranger)}'] }\n`);
  expect(await reload()).toBe(true);
  folder.write('stopped.yaml', `dry-run: true\n${text}`);
  expect(await reload()).toBe(true);
  folder.write('stopped.yaml', `max-items: 7\n${text}`); // holds only after a restart
  expect(await reload()).toBe(true);
  folder.write('stopped.yaml', `# nothing new\n${text}`);
  expect(await reload()).toBe(true);
  const [first, same, agents, settings, later, comment, ...more] = await digests();
  expect([same, later, comment, more]).toEqual([first, first, first, []]);
  expect(new Set([first, agents, settings]).size).toBe(3);
});

it('gives up the request to WorkOS when its client leaves', async () => {
  let reached = false;
  let isCut = false;
  const usual = workos.answer;
  const { url } = shared;
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
  const get = (signal?: AbortSignal) => client.call('get_organization', { organization_id: newId('org') }, signal);
  const call = get(gone.signal).catch(() => 'gone');
  await waitFor(() => reached);
  gone.abort();
  expect(await call).toBe('gone');
  await waitFor(() => isCut);
  workos.answer = usual;
  expect((await get()).isError).toBeUndefined();
  await client.close();
});

// Beside each other: they mostly wait.
describe.concurrent('where WorkOS takes its time, it', () => {
  it('gives up a call that does not end, in the time that a container gets', async () => {
    const { url, stop } = stuck;
    const user_id = newId('user');
    answers.set(user_id, () => new Promise<Response>(() => {}));
    const call = postCall(url, token.ann.token, 'delete_user', { user_id }).catch(() => undefined);
    await waitFor(() => requestsFor(user_id).length === 1);
    const from = performance.now();
    expect(await stop()).toBe(0);
    expect(performance.now() - from).toBeLessThan(9_900);
    await call;
    expect(entriesIn(folder.read('stuck.jsonl')).slice(-2)).toMatchObject([
      { kind: 'outcome', outcome: 'unknown' },
      { kind: 'stop' },
    ]);
  });

  it('at SIGTERM answers what is under way, takes nothing new, and ends the record', async () => {
    const { url, stop, process: child, log } = stopped;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const user_id = newId('user');
    answers.set(user_id, async () => {
      await released;
      return undefined;
    });
    const client = await connectTo(url, token.ann.token);
    const call = client.call('delete_user', { user_id });
    await waitFor(() => requestsFor(user_id).length === 1);
    const ended = stop();
    await waitFor(() => log().includes('"msg":"stopping"'));
    await expect(post(url, token.ann.token)).rejects.toThrow();
    expect(child.exitCode).toBeNull();
    release();
    expect((await call).isError).toBeUndefined();
    expect(await ended).toBe(0);
    const entries = entriesIn(folder.read('stopped.jsonl'));
    expect(entries.slice(-3)).toMatchObject([
      { kind: 'decision', tool: 'delete_user', ids: { user_id } },
      { kind: 'outcome', outcome: 'ok', status: 202 },
      { kind: 'stop', reason: 'SIGTERM' },
    ]);
    expect(log()).toMatch(/"head":"[^"]+"/);
    expect(log().trim().split('\n').at(-1)).toContain('"msg":"stopped"');
    expect(await run(['audit', 'verify', `${folder.path}/stopped.jsonl`])).toMatchObject({ code: 0 });
    await client.close();
  });

  it('counts calls on a port of its own, by tool and outcome and nothing else', async () => {
    const { url, probe } = shared;
    const user_id = newId('user');
    await postCall(url, token.ann.token, 'get_user', { user_id });
    await postCall(url, token.ann.token, 'get_user', { user_id: 'user_0M1SS1NG000000000000000000' });
    await postCall(url, token.ann.token, 'delete_connection', { connection_id: newId('conn') });
    await postCall(url, token.ann.token, `tool_of_${user_id}`);
    let failing = 1;
    answers.set(user_id, () => {
      failing -= 1;
      return failing >= 0 ? new Response('{}', { status: 429, headers: { 'retry-after': '0' } }) : undefined;
    });
    await postCall(url, token.ann.token, 'get_user', { user_id });
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
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
      expect((await fetch(`http://127.0.0.1:${metricsPort}/${path}`)).status).toBe(404);
    }
  });
});
