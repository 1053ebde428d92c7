import { afterEach, describe, expect, it } from 'vitest';
import { type OnAnswer, toBinding } from '../src/call/confirm/binding-answers.ts';
import { createPendingStore, type PendingStore } from '../src/call/confirm/pending.ts';
import { RefusedError } from '../src/errors.ts';
import type { ApiRequest } from '../src/workos/layer.ts';
import { openApprovers, openNamedWorkos } from './support/approving.ts';
import { type Calling, type CallingOptions, connectCalling, type Message } from './support/calling.ts';

/** What comes in the way of a call that waits for a yes: another answer at the same time, a record or a Redis that fails. */

const USER = 'user_01J00000000000000000000001';
const OTHER = 'user_01J00000000000000000000002';
const UPDATE = { user_id: USER, email: 'ada@acme.test' };

const opened: Calling[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** An agent whose WorkOS does not answer reads while it is held. */
async function start(options: Partial<CallingOptions> = {}) {
  const approvers = openApprovers();
  const named = openNamedWorkos();
  const held: { reads: Promise<void> | undefined; begun: number } = { reads: undefined, begun: 0 };
  const workos = async (request: ApiRequest) => {
    const answer = named.workos(request);
    if (held.reads !== undefined && request.method === 'GET') {
      held.begun += 1;
      await held.reads;
    }
    return answer;
  };
  const { approvals, pending, clock } = approvers;
  const agent = await connectCalling({
    confirm: 'person',
    asks: false,
    approvals,
    pending,
    clock,
    workos,
    ...options,
  });
  opened.push(agent);
  approvers.bound.onAnswer = agent.onAnswer;
  return {
    agent,
    approvers,
    changes: named.changes,
    /** Holds the reads that begin from now on. Resolves, once one has, to the function that lets them go on. */
    hold: () => {
      let release = () => {};
      held.reads = new Promise((resolve) => {
        release = resolve;
      });
      const before = held.begun;
      return async () => {
        await expect.poll(() => held.begun).toBeGreaterThan(before);
        return () => {
          held.reads = undefined;
          release();
        };
      };
    },
  };
}

/** A client that asks a person, whose answers the test gives. */
function openAskingClient() {
  const answers: ((message: Message) => void)[] = [];
  const respond = () => new Promise<Message>((resolve) => answers.push(resolve));
  const client: Partial<CallingOptions> = { confirm: 'auto', asks: true, respond };
  return { client, answer: (index: number, result: object) => answers[index]?.({ result }) };
}

/** The handle of a call that was asked about behind those that are known. */
async function nextHandle(approvers: ReturnType<typeof openApprovers>, ...known: readonly string[]): Promise<string> {
  await expect.poll(() => approvers.store.list()).toHaveLength(known.length + 1);
  const found = (await approvers.store.list()).find(({ handle }) => !known.includes(handle));
  return found?.handle ?? expect.fail('no call waits');
}

describe('a no', () => {
  it('refuses a call for the same object whose preview was being read', async () => {
    const { agent, approvers, hold, changes } = await start();
    const first = agent.call('update_user', UPDATE);
    const { handle } = await approvers.next();
    const held = hold();
    const second = agent.call('update_user', { ...UPDATE, email: 'eve@acme.test' });
    const release = await held();
    await approvers.answer(handle, 'no');
    release();
    expect(await first).toMatchObject({ isError: true });
    expect(await second).toMatchObject({
      isError: true,
      text: expect.stringContaining('declined less than ten minutes ago'),
    });
    expect(await approvers.store.all()).toEqual([]);
    expect(changes()).toEqual([]);
  });

  it('refuses a call of a held agent whose preview was being read', async () => {
    const { agent, approvers, hold } = await start();
    const held = hold();
    const calling = agent.call('update_user', UPDATE);
    const release = await held();
    for (let count = 0; count < 3; count += 1) await approvers.store.countNo('agent');
    release();
    expect(await calling).toMatchObject({ isError: true, text: expect.stringContaining('declined three of your') });
    expect(await approvers.store.all()).toEqual([]);
  });

  it('stops a call for the same object that had a yes and was about to be sent', async () => {
    const { agent, approvers, hold, changes } = await start();
    const first = agent.call('update_user', UPDATE);
    const yes = await nextHandle(approvers);
    const second = agent.call('update_user', { ...UPDATE, email: 'eve@acme.test' });
    const no = await nextHandle(approvers, yes);
    const held = hold();
    await approvers.answer(yes, 'yes');
    const release = await held();
    await approvers.answer(no, 'no');
    release();
    expect(await first).toMatchObject({ isError: true });
    expect(await second).toMatchObject({ isError: true });
    expect(changes()).toEqual([]);
    expect(agent.record().at(-1)).toMatchObject({ outcome: 'not sent', rule: 'an approver declined the same call' });
  });

  it('that a client passes on stops a call for the same object that the client had confirmed', async () => {
    const { client, answer } = openAskingClient();
    const { agent, hold, changes } = await start(client);
    const first = agent.call('update_user', UPDATE);
    await expect.poll(() => agent.asked).toHaveLength(1);
    const second = agent.call('update_user', { ...UPDATE, email: 'eve@acme.test' });
    await expect.poll(() => agent.asked).toHaveLength(2);
    const held = hold();
    answer(0, { action: 'accept', content: { confirm: USER } });
    const release = await held();
    answer(1, { action: 'decline' });
    expect(await second).toMatchObject({ isError: true });
    release();
    expect(await first).toMatchObject({ isError: true, text: expect.stringContaining('did not confirm this call') });
    expect(changes()).toEqual([]);
  });

  it.each([
    ['an approver', 'an approver declined'],
    ['a person at the client', 'the client passed on a no'],
  ])('of %s is recorded once the record can be written again', async (who, rule) => {
    const isClient = who !== 'an approver';
    const { client, answer } = openAskingClient();
    const { agent, approvers } = await start(isClient ? client : {});
    const calling = agent.call('delete_user', { user_id: USER });
    await (isClient ? expect.poll(() => agent.asked).toHaveLength(1) : approvers.next());
    agent.broken.write = Object.assign(new Error('full'), { code: 'ENOSPC' });
    if (isClient) answer(0, { action: 'decline' });
    else await approvers.answer((await approvers.next()).handle, 'no');
    expect(await calling).toMatchObject({ isError: true });
    agent.broken.write = undefined;
    await agent.call('get_user', { user_id: USER });
    const noes = agent.record().filter((entry) => entry.rule === rule);
    expect(noes).toMatchObject([{ decision: 'refused', tool: 'delete_user', ids: { user_id: USER } }]);
  });
});

it('names on record the approver whose yes no longer counts', async () => {
  const { agent, approvers } = await start();
  const calling = agent.call('delete_user', { user_id: USER });
  const { handle } = await approvers.next();
  approvers.rules.mayApprove = () => false;
  await approvers.answer(handle, 'yes');
  expect(await calling).toMatchObject({ isError: true, text: expect.stringContaining('may no longer confirm it') });
  expect(agent.record().at(-1)).toMatchObject({
    decision: 'refused',
    rule: 'its approver may no longer confirm it',
    approver: 'ann',
  });
});

const away = async (): Promise<never> => {
  throw new RefusedError('Nothing was sent to WorkOS. Try again in a minute.', 'Redis is unreachable');
};

describe('where the store of confirmations cannot be reached', () => {
  /** A store that fails from some time on, but for what this process remembers. */
  const open = () => {
    const state = { isAway: false };
    const kept = createPendingStore(() => performance.now());
    const pending: PendingStore = {
      ...kept,
      take: (id) => (state.isAway ? away() : kept.take(id)),
      decline: async (...no) => {
        await kept.decline(...no);
        if (state.isAway) await away();
      },
      isDeclined: async (...no) => (await kept.isDeclined(...no)) || (state.isAway && (await away())),
    };
    return { state, pending };
  };

  it('a no that a client passes on binds, and is on record', async () => {
    const { client, answer } = openAskingClient();
    const { state, pending } = open();
    const { agent } = await start({ ...client, pending });
    const calling = agent.call('delete_user', { user_id: USER });
    await expect.poll(() => agent.asked).toHaveLength(1);
    state.isAway = true;
    answer(0, { action: 'decline' });
    expect(await calling).toMatchObject({ isError: true, text: expect.stringContaining('did not confirm this call') });
    expect(agent.record().at(-1)).toMatchObject({ decision: 'refused', rule: 'the client passed on a no' });
    expect((await agent.call('delete_user', { user_id: USER })).text).toContain('less than ten minutes ago');
  });

  it('a no that this process was told also binds a call that needs no confirmation, and any other such call goes on', async () => {
    const { client, answer } = openAskingClient();
    const { state, pending } = open();
    const { agent, changes } = await start({ ...client, pending });
    const calling = agent.call('update_user', UPDATE);
    await expect.poll(() => agent.asked).toHaveLength(1);
    state.isAway = true;
    answer(0, { action: 'decline' });
    await calling;
    const rename = (user_id: string) => agent.call('update_user', { user_id, first_name: 'Eve' });
    expect((await rename(USER)).text).toContain('less than ten minutes ago');
    expect(await rename(OTHER)).not.toHaveProperty('isError');
    expect(changes()).toEqual([`PUT /user_management/users/${OTHER}`]);
  });

  it('a no of an approver reaches the agent with its words', async () => {
    const { state, pending } = open();
    const { agent, approvers } = await start({ pending });
    const calling = agent.call('delete_user', { user_id: USER });
    const { handle } = await approvers.next();
    state.isAway = true;
    await approvers.answer(handle, 'no', { words: 'Keep them.' }).catch(() => {});
    expect((await calling).text).toContain('The approver says: "Keep them."');
  });

  it('a yes does not count', async () => {
    const { client, answer } = openAskingClient();
    const { state, pending } = open();
    const { agent, changes } = await start({ ...client, pending });
    const calling = agent.call('delete_user', { user_id: USER });
    await expect.poll(() => agent.asked).toHaveLength(1);
    state.isAway = true;
    answer(0, { action: 'accept', content: { confirm: USER } });
    expect((await calling).text).toContain('Try again in a minute');
    expect(changes()).toEqual([]);
  });
});

describe('where what replicas share cannot be reached, an approver is told', () => {
  /** A call that waits in a store that fails with its answer, or with what follows from it. */
  const open = async (fails: 'answer' | 'countNo' | 'all', onAnswer: OnAnswer = async () => {}) => {
    const { agent, approvers } = await start();
    void agent.call('delete_user', { user_id: USER }).catch(() => {});
    const { handle } = await approvers.next();
    const store = toBinding({ ...approvers.store, [fails]: away }, onAnswer);
    const say = (answer: 'yes' | 'no') =>
      store.answer(handle, { answer, approver: 'ann', by: 'link', isSamePerson: false, at: 0 });
    return say;
  };

  it.each(['yes', 'no'] as const)('that a %s may count', async (answer) => {
    await expect((await open('answer'))(answer)).rejects.toThrow('so that it may count or not');
  });

  it.each(['countNo', 'all'] as const)('that a no counts, though not all follows from it: %s', async (fails) => {
    const noted: string[] = [];
    const say = await open(fails, async (_, { answer }) => void noted.push(answer));
    await expect(say('no')).rejects.toThrow('Your no counts, and the call ends with it.');
    expect(noted).toEqual(['no']);
  });
});
