import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { hashOf, newTokens, openFolder, serve } from '../support/http-server.ts';
import { listen } from '../support/upstream.ts';

const folder = openFolder();
afterAll(folder.remove);

const MIB = 1_048_576;
const AGENTS = ['ada', 'bob', 'cem', 'dora', 'eve', 'finn'] as const;

const textsOf = (count: number, toText: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => toText(i));
const membersOf = (count: number) => Object.fromEntries(textsOf(count, (index) => `k${index}`).map((k) => [k, 'x']));
const list = (...data: readonly unknown[]) => JSON.stringify({ object: 'list', data, list_metadata: {} });
const named = (name: string) => list({ object: 'user', id: 'user_1', email: 'a@b.test', name });

/** Answers of WorkOS at the limit and over it. */
const ANSWERS = [
  named('x'.repeat(2_000_000)),
  named('é'.repeat(1_000_000)),
  named('漢=%3d'.repeat(290_000)),
  named('a\u200b'.repeat(500_000)),
  list(...textsOf(9_000, (index) => `user_${index}`).map((id) => ({ id }))),
  list({ object: 'user', id: 'user_1', metadata: membersOf(39_000) }),
  list({ object: 'user', id: 'user_1', metadata: membersOf(600_000) }),
  named('x'.repeat(8_300_000)),
  '['.repeat(8_000_000),
];

const call = (name: string, args: unknown) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } });
const create = (more: object) => call('create_organization', { name: 'x', ...more });

/** Bodies at the limit and over it. */
const BODIES = [
  create({ name: 'é'.repeat(2_000_000) }),
  create({ name: 'é'.repeat(500_000) }),
  create({ metadata: membersOf(39_000) }),
  create({ metadata: membersOf(70_000) }),
  create({ domain_data: `[${'{"a":1},'.repeat(120_000)}1]` }),
  create({ domain_data: textsOf(90, () => '漢'.repeat(3_300)) }),
  call('x'.repeat(1_000_000), {}),
  call('list_users', {}),
  call('list_users', { where: ['email=x'] }),
];

async function open() {
  let count = 0;
  const upstream = await listen({
    raw: (response) => {
      count += 1;
      response.on('error', () => {});
      // Every second one does not say its length.
      const body = Buffer.from(ANSWERS[count % ANSWERS.length] ?? '');
      response.writeHead(200, {
        'content-type': 'application/json',
        ...(count % 2 === 0 && { 'content-length': body.length }),
      });
      response.end(body);
    },
  });
  const tokens = newTokens(...AGENTS);
  const agents = AGENTS.map((name) => [
    name,
    { allow: ['*:full'], 'requests-per-minute': 10_000, tokens: [hashOf(tokens[name])] },
  ]);
  const config = folder.write('config.json', JSON.stringify({ agents: Object.fromEntries(agents) }));
  const env = { WORKOS_API_KEY: 'sk_test_memory', WORKOS_BASE_URL: upstream.url };
  const server = await serve(['--config', config, '--log-level', 'info'], env);
  const post = async (name: (typeof AGENTS)[number], body: string): Promise<number> => {
    const headers = {
      authorization: `Bearer ${tokens[name].token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    const response = await fetch(server.url, { method: 'POST', headers, body });
    await response.text();
    return response.status;
  };
  const end = async () => {
    await server.stop();
    await upstream.close();
  };
  return { post, end, pid: server.process.pid };
}

const isLinux = process.platform === 'linux';

it.skipIf(!isLinux)('a hostile mix of bodies and answers stays under 400 MiB', { timeout: 120_000 }, async () => {
  const { post, end, pid } = await open();
  const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
  const until = performance.now() + 20_000;
  const statuses = new Set<number>();
  const agents = AGENTS.flatMap((name) => textsOf(10, () => name)) as (typeof AGENTS)[number][]; // textsOf forgets the names
  await Promise.all(
    agents.map(async (name, index) => {
      for (let turn = index; performance.now() < until; turn += 1)
        statuses.add(await post(name, BODIES[turn % BODIES.length] ?? '').catch(() => 0));
    }),
  );
  expect(peak()).toBeLessThan(400);
  expect(await post('ada', call('get_access_status', {}))).toBe(200);
  expect(statuses).toContain(200);
  expect(statuses).toContain(413);
  await end();
});

it.skipIf(!isLinux)('no body and no answer takes 250 ms of processor time', { timeout: 120_000 }, async () => {
  const { post, end, pid } = await open();
  /** Hundredths of a second, of all threads. */
  const used = () => {
    const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    const [user = 0, system = 0] = fields.split(' ').slice(11, 13).map(Number);
    return (user + system) * 10;
  };
  for (let index = 0; index < 30; index += 1) await post('ada', create({}));
  await setTimeout(1_000);
  const costs: [string, number][] = [];
  const rounds = 2 * BODIES.length + 2 * ANSWERS.length;
  for (let index = 0; index < rounds; index += 1) {
    const body = index < 2 * BODIES.length ? (BODIES[index % BODIES.length] ?? '') : call('list_users', {});
    const before = used();
    await post('ada', body).catch(() => 0);
    costs.push([`${index}: ${body.slice(40, 100)}`, used() - before]);
  }
  expect(costs.filter(([, ms]) => ms > 250)).toEqual([]);
  await end();
});

it('the bodies are as large as they are meant to be', () => {
  expect(BODIES.filter((body) => Buffer.byteLength(body) > MIB)).toHaveLength(2);
});
