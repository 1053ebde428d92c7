import { describe, expect, it } from 'vitest';
import { createBudgets } from '../src/agents/budgets.ts';
import { createPendingStore, type Pending } from '../src/call/confirm/pending.ts';
import type { Clock } from '../src/clock.ts';
import { createLog } from '../src/log.ts';
import { memoizeByName } from '../src/memo.ts';
import type { ApiRequest, Context, Slot } from '../src/workos/layer.ts';
import { limit } from '../src/workos/limits/limit.ts';
import { createQueue } from '../src/workos/limits/queue.ts';
import { createOwners, ownersIn, toSlots } from '../src/workos/limits/slots.ts';
import { tidy } from '../src/workos/limits/windows.ts';
import { catalog } from './support/catalog.ts';

/** What the server keeps between calls, where its names or its number come from outside. */

const toolOf = (name: string) => {
  const tool = catalog.tools.find((tool) => tool.name === name);
  if (tool === undefined) throw new Error(`there is no ${name}`);
  return tool;
};
const keysOf = (name: string, args: Record<string, unknown>) =>
  toSlots(toolOf(name), args, catalog.general, {}, createOwners()).map(({ key }) => key);

describe('windows of rate limits', () => {
  it.each([
    ['create_magic_auth', 'email', 'USER@example.com', 'user@example.com'],
    ['create_magic_auth', 'email', 'x'.repeat(64), 'x'.repeat(64)],
    ['create_magic_auth', 'email', 'x'.repeat(65), '65 3022722951'],
    ['create_magic_auth', 'email', 'X'.repeat(65), '65 3022722951'],
    ['list_directory_users', 'directory', 'x'.repeat(65), '65 3022722951'],
  ])('%s: a %s is a key as it stands, a long one by its checksum', (name, argument, text, key) => {
    expect(keysOf(name, { [argument]: text })).toContain(key);
  });

  it('the directory of an answer has the same key as an argument', () => {
    const { allLimits } = toolOf('list_directory_users');
    const directory = 'X'.repeat(65);
    const [[, , key] = []] = [...ownersIn(allLimits, { data: [{ id: 'directory_user_1', directory_id: directory }] })];
    expect([key]).toEqual(keysOf('list_directory_users', { directory }).filter((key) => key !== ''));
  });

  const slot: Slot = { name: 'email', requests: 1, seconds: 60, key: '' };
  const slots = (key: string): readonly Slot[] => [
    { ...slot, name: 'general', requests: 10 },
    { ...slot, key },
  ];

  it('of calls that were refused are dropped', async () => {
    const clock: Clock = { now: () => 0, date: () => 0, setTimer: () => () => {} };
    const queue = createQueue();
    const filled = queue.toCall(slots('a'), 'agent');
    queue.take(filled, 0);
    for (let index = 0; index < 1_000; index += 1) tidy(queue.toCall(slots(`user${index}`), 'agent'), clock.now());
    const { family } = filled.windows[0] ?? expect.fail('no window');
    expect(family.byKey.size).toBeLessThan(100);
    expect(family.byKey.get('a')).toBe(filled.windows[0]);
  });

  const toContext = (key: string, agent = 'agent'): Context => ({
    signal: new AbortController().signal,
    deadline: 100,
    agent,
    repeat: 'never',
    slots: [{ ...slot, key }],
  });
  const request: ApiRequest = { method: 'GET', path: '/', headers: {}, body: undefined };
  const ok = async () => ({ status: 200, headers: {}, body: '' });

  it('in use are never dropped: where there are 20,000, further calls are refused until some are free', async () => {
    let time = 0;
    const send = limit({ now: () => time, date: () => time, setTimer: () => () => {} })(ok);
    for (let index = 0; index < 20_000; index += 1) await send(request, toContext(`user${index}`));
    await expect(send(request, toContext('another'))).rejects.toThrow('Too many different objects or addresses');
    await expect(send(request, toContext('user0'))).rejects.toThrow(/is used up|Too many/);
    time = 61_000;
    await expect(send(request, { ...toContext('another'), deadline: 62_000 })).rejects.toThrow('Too many');
    await expect(send(request, { ...toContext('another'), deadline: 62_000 })).resolves.toMatchObject({ status: 200 });
  });

  it('remember the turns of 1,000 agents, those that were served last', () => {
    const queue = createQueue();
    const call = (agent: string) => {
      const one = queue.toCall([{ ...slot, requests: 10_000 }], agent);
      queue.take(one, 0);
      queue.cool(one, 0, 0);
      tidy(one, 0);
      return one.windows[0]?.turns;
    };
    for (let index = 0; index < 1_500; index += 1) call(`agent${index}`);
    const turns = call('last');
    expect(turns?.size).toBeLessThanOrEqual(1_000);
    expect([turns?.has('agent0'), turns?.has('agent1499'), turns?.has('last')]).toEqual([false, true, true]);
  });
});

describe('owners of IDs', () => {
  const { allLimits } = toolOf('get_directory_user');
  const learned = (...ids: readonly string[]) => {
    const owners = createOwners();
    owners.learn(allLimits, { data: ids.map((id) => ({ id, directory_id: 'directory_1' })) });
    return owners;
  };

  it('are not kept for an ID that is too long: it counts in every window', () => {
    const long = 'x'.repeat(101);
    const owners = learned('short', long);
    const key = (id: string) =>
      toSlots(toolOf('get_directory_user'), { directory_user_id: id }, catalog.general, {}, owners).at(-1)?.key;
    expect([key('short'), key(long)]).toEqual(['directory_1', '*']);
  });

  it('are kept for 20,000', () => {
    const owners = learned(...Array.from({ length: 20_001 }, (_, index) => `id${index}`));
    const [{ name } = expect.fail('no limit')] = allLimits.filter(({ within }) => within !== undefined);
    expect([owners.get(name, 'id0'), owners.get(name, 'id1')]).toEqual([undefined, 'directory_1']);
  });
});

it('a memo keeps no long names', () => {
  const seen: string[] = [];
  const find = memoizeByName((name) => seen.push(name.slice(0, 1)));
  for (const name of ['a'.repeat(100), 'b'.repeat(101)]) for (let again = 0; again < 2; again += 1) find(name);
  expect(seen.join('')).toBe('abb');
});

describe('confirmations', () => {
  const pending = (caller: string): Pending => ({ caller, tool: 't', args: '', shown: '', expected: [], by: 'prompt' });

  it('are refused beyond 5,000 of all callers', async () => {
    let time = 0;
    const store = createPendingStore(() => time);
    for (let index = 0; index < 5_000; index += 1)
      expect(await store.put(`${index}`, pending(`agent${index % 1_000}`))).toBe(true);
    expect(await store.put('more', pending('another'))).toBe(false);
    expect(await store.take('0')).toEqual(pending('agent0')); // none was dropped for it
    expect(await store.put('more', pending('another'))).toBe(true);
    time = 300_000;
    expect(await store.put('later', pending('agent1'))).toBe(true);
  });

  it('are refused to a caller with 100 declined calls, none of which is forgotten', async () => {
    let time = 0;
    const store = createPendingStore(() => time);
    for (let index = 0; index < 100; index += 1) await store.decline('a', `call${index}`);
    expect(await store.put('x', pending('a'))).toBe(false);
    expect(await store.put('y', pending('b'))).toBe(true);
    expect(await store.isDeclined('a', 'call0')).toBe(true);
    time = 600_000;
    expect(await store.put('x', pending('a'))).toBe(true);
  });
});

it('budgets in use are never dropped: where there are 10,000, another agent is refused', async () => {
  let time = 0;
  const budgets = createBudgets(() => time);
  for (let index = 0; index < 10_000; index += 1) await budgets.take(`agent${index}`, 1, 60_000);
  expect(await budgets.take('another', 1, 60_000)).toEqual({ ok: false, retryAfterMs: 60_000 });
  expect(await budgets.take('agent0', 1, 60_000)).toEqual({ ok: false, retryAfterMs: 60_000 });
  time = 60_000;
  expect(await budgets.take('another', 1, 60_000)).toEqual({ ok: true });
});

it('the log buffers 1,000 lines until it has loaded, and says how many it dropped', async () => {
  const lines: string[] = [];
  const log = createLog('info', { offer: (line) => lines.push(line) });
  for (let index = 0; index < 1_500; index += 1) log.info({ index }, 'line');
  await log.written();
  expect(lines).toHaveLength(1_001);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ dropped: 500, msg: 'lines of the log were dropped' });
});
