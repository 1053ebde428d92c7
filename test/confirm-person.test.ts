import { afterEach, describe, expect, it, vi } from 'vitest';
import { toAbout } from '../src/call/confirm/about.ts';
import { declinedOf } from '../src/call/confirm/declined.ts';
import { RefusedError } from '../src/errors.ts';
import { waitForApprover } from '../src/mcp/approver-wait.ts';
import { ReplyError } from '../src/workos/errors.ts';
import type { ApiRequest } from '../src/workos/layer.ts';
import { toApproval } from './support/approvals.ts';
import { type Approvers, openApprovers, openNamedWorkos } from './support/approving.ts';
import { type Calling, type CallingOptions, connectCalling } from './support/calling.ts';
import { SHOWS } from './support/viewing.ts';

const USER = 'user_01J00000000000000000000001';
const OTHER = 'user_01J00000000000000000000002';
const ORGANIZATION = 'org_01J00000000000000000000003';

const opened: Calling[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const one of opened.splice(0)) await one.close();
});

/** An agent whose calls approvers confirm. */
async function start(options: Partial<CallingOptions> = {}, approvers: Approvers = openApprovers()) {
  const workos = openNamedWorkos();
  const { approvals, pending, clock } = approvers;
  const base = { confirm: 'person', asks: false, approvals, pending, clock, workos: workos.workos } as const;
  const agent = await connectCalling({ ...base, ...options });
  opened.push(agent);
  approvers.bound.onAnswer = agent.onAnswer;
  return { approvers, workos, agent };
}

type Result = Awaited<ReturnType<Calling['call']>>;
const confirmationOf = ({ structured }: Result) => Object(structured?.confirmation);

/** A call that has waited in vain, with its handle and the ID that it goes on with. */
async function waitInVain({ agent, approvers }: Awaited<ReturnType<typeof start>>, name: string, args: object) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const calling = agent.call(name, args);
  await expect.poll(() => approvers.store.list()).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(45_000);
  vi.useRealTimers();
  const result = await calling;
  const { handle } = await approvers.next();
  return { result, handle, confirm_token: String(confirmationOf(result).confirmation_id) };
}

it('sends a call once an approver has said yes, on record with their name', async () => {
  const { agent, approvers, workos } = await start();
  const calling = agent.call('delete_user', { user_id: USER });
  const approval = await approvers.next();
  expect(workos.changes()).toEqual([]);
  expect(approval).toMatchObject({
    handle: expect.stringMatching(/^[\w-]{22}$/),
    caller: 'agent',
    tool: 'delete_user',
    environment: 'north',
    environmentLabel: 'staging',
    takesCredentials: false,
    about: [USER],
    shown: { id: USER, names: ['`ada@acme.test`'], isFinal: true, hidden: [], typed: '000001' },
    samePerson: 'allow',
  });
  await approvers.answer(approval.handle, 'yes');
  const result = await calling;
  expect(result.isError, result.text).toBeUndefined();
  expect(workos.changes()).toEqual([`DELETE /user_management/users/${USER}`]);
  expect(agent.record()).toMatchObject([
    { kind: 'decision', decision: 'ask' },
    { kind: 'outcome', outcome: 'asked' },
    { kind: 'note', agent: 'agent', text: `ann said yes to delete_user ${USER}` },
    { kind: 'decision', decision: 'allowed', confirmation: 'console', approver: 'ann', approver_by: 'link' },
    { kind: 'outcome', outcome: 'ok' },
  ]);
  expect(agent.record()[3]).not.toHaveProperty('same_person');
  expect(await approvers.store.find(approval.handle)).toBeUndefined();
});

it('records that the approver had made the call, and signed in with an issuer', async () => {
  const ann = { issuer: 'authkit', sub: OTHER };
  const { agent, approvers } = await start({ requester: ann });
  const calling = agent.call('delete_user', { user_id: USER });
  const approval = await approvers.next();
  expect(approval.requester).toEqual(ann);
  await approvers.answer(approval.handle, 'yes', { by: ann, isSamePerson: true });
  expect(await calling).not.toHaveProperty('isError');
  expect(agent.record()[3]).toMatchObject({ approver: 'ann', approver_by: 'issuer', same_person: true });
});

it('does not count a yes that cannot be recorded', async () => {
  const { agent, approvers, workos } = await start();
  const calling = agent.call('delete_user', { user_id: USER });
  const { handle } = await approvers.next();
  agent.broken.write = Object.assign(new Error('full'), { code: 'ENOSPC' });
  await expect(approvers.answer(handle, 'yes')).rejects.toThrow('A yes that cannot be recorded does not count.');
  expect((await approvers.store.find(handle))?.answer).toBeUndefined();
  agent.broken.write = undefined;
  await approvers.answer(handle, 'yes');
  expect(await calling).not.toHaveProperty('isError');
  expect(workos.changes()).toEqual([`DELETE /user_management/users/${USER}`]);
});

describe('a call that is repeated without its confirmation ID', () => {
  it('comes back to the one that waits, whatever its reason, and goes through after a yes, once', async () => {
    const started = await start();
    const { agent, approvers, workos } = started;
    const { confirm_token, handle } = await waitInVain(started, 'delete_user', { user_id: USER });
    const calling = agent.call('delete_user', { user_id: USER, confirm_reason: 'the client lost the ID' });
    const again = agent.call('delete_user', { user_id: OTHER });
    await expect.poll(() => approvers.store.list()).toHaveLength(2);
    expect((await approvers.store.list()).map((approval) => approval.handle)).toContain(handle);
    await approvers.answer(handle, 'yes');
    expect(await calling).not.toHaveProperty('isError');
    expect(workos.changes()).toEqual([`DELETE /user_management/users/${USER}`]);
    expect(await agent.call('delete_user', { user_id: USER, confirm_token })).toMatchObject({
      isError: true,
      text: expect.stringContaining('it was already used'),
    });
    const { handle: other } = await approvers.next();
    await approvers.answer(other, 'no');
    expect(await again).toMatchObject({ isError: true });
    expect(workos.changes()).toHaveLength(1);
  });

  it('is asked about once, also where it comes several times at the same moment', async () => {
    const { agent, approvers, workos } = await start();
    const calls = ['one', 'two', 'three'].map((confirm_reason) =>
      agent.call('delete_user', { user_id: USER, confirm_reason }),
    );
    const { handle } = await approvers.next();
    await approvers.answer(handle, 'yes');
    const results = await Promise.all(calls);
    expect(results.filter(({ isError }) => !isError)).toHaveLength(1);
    expect(workos.changes()).toEqual([`DELETE /user_management/users/${USER}`]);
  });

  it('is told the same ID', async () => {
    const started = await start();
    const first = await waitInVain(started, 'delete_user', { user_id: USER });
    const second = await waitInVain(started, 'delete_user', { user_id: USER });
    expect(second.confirm_token).toBe(first.confirm_token);
    expect(second.handle).toBe(first.handle);
  });

  it.each([
    'another person made it',
    'it is to be decided by another approver',
  ])('is asked about anew where %s', async (what) => {
    const started = await start({ requester: { issuer: 'authkit', sub: 'one' } });
    await waitInVain(started, 'delete_user', { user_id: USER });
    const options = what.startsWith('another person')
      ? { requester: { issuer: 'authkit', sub: 'other' } }
      : { requester: { issuer: 'authkit', sub: 'one' }, samePerson: 'refuse' as const };
    const other = await start(options, started.approvers);
    const calling = other.agent.call('delete_user', { user_id: USER });
    await expect.poll(() => started.approvers.store.list()).toHaveLength(2);
    for (const { handle } of await started.approvers.store.list()) await started.approvers.answer(handle, 'no');
    await calling;
  });
});

it('takes no confirmation ID that was made from what the console shows', async () => {
  const started = await start();
  const { handle, confirm_token } = await waitInVain(started, 'delete_user', { user_id: USER });
  await started.approvers.answer(handle, 'yes');
  for (const id of [handle, `${handle}${handle}`, `${handle}${'A'.repeat(22)}`, `${confirm_token}A`, 'A']) {
    const result = await started.agent.call('delete_user', { user_id: USER, confirm_token: id });
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('is not valid') });
  }
  expect(started.workos.changes()).toEqual([]);
  expect(await started.agent.call('delete_user', { user_id: USER, confirm_token })).not.toHaveProperty('isError');
});

describe('a no', () => {
  it('reaches the agent with the words of the approver, which stand in no record', async () => {
    const { agent, approvers, workos } = await start();
    const calling = agent.call('delete_user', { user_id: USER });
    const { handle } = await approvers.next();
    await approvers.answer(handle, 'no', { words: 'Ask\nGrace first.\u200b' });
    expect(await calling).toMatchObject({
      isError: true,
      text: expect.stringContaining('The approver says: "Ask Grace first.".'),
    });
    expect(workos.changes()).toEqual([]);
    const ann = { approver: 'ann', approver_by: 'link' };
    expect(agent.record().slice(2)).toMatchObject([
      {
        decision: 'refused',
        rule: 'an approver declined',
        text: `agent asked to delete user ${USER} in staging: refused, an approver declined`,
        ids: { user_id: USER },
        ...ann,
      },
      { decision: 'refused', rule: 'an approver has declined it', ...ann },
    ]);
    expect(JSON.stringify(agent.record())).not.toContain('Grace');
  });

  it('ends all other calls of that agent and tool for the object, and undoes a yes that was not used', async () => {
    const { agent, approvers, workos } = await start();
    const { store, pass } = approvers;
    const ask = async (user_id: string, email?: string) => {
      const known = (await store.list()).map(({ handle }) => handle);
      const tool = email === undefined ? 'delete_user' : 'update_user';
      const calling = agent.call(tool, { user_id, ...(email && { email }) });
      await expect.poll(() => store.list()).toHaveLength(known.length + 1);
      const handle =
        (await store.list()).find((one) => !known.includes(one.handle))?.handle ?? expect.fail('not asked');
      return { calling, handle };
    };
    const [first, second] = [await ask(USER, 'eve@acme.test'), await ask(USER, 'eva@acme.test')];
    const [third, fourth] = [await ask(OTHER, 'eve@acme.test'), await ask(USER)];
    await approvers.answer(first.handle, 'no', { words: 'Keep them.' });
    expect(await first.calling).toMatchObject({ isError: true });
    expect(await second.calling).toMatchObject({
      isError: true,
      text: expect.stringContaining('The approver says: "Keep them."'),
    });
    const left = [third.handle, fourth.handle];
    expect((await store.list()).map(({ handle }) => handle)).toEqual(left);
    expect(await store.isHeld('agent')).toBe(false); // it was one no
    await Promise.all(left.map((handle) => approvers.answer(handle, 'yes')));
    await Promise.all([third.calling, fourth.calling]);
    expect(workos.changes()).toHaveLength(2);
    pass(11 * 60_000);

    // A yes that the agent keeps for later.
    const kept = toApproval('kept', { caller: 'agent', shown: { ...toApproval('').shown, id: USER } });
    await store.put(kept);
    await approvers.answer('kept', 'yes');
    const last = await ask(USER);
    await approvers.answer(last.handle, 'no');
    await last.calling;
    expect(await store.all()).toEqual([]);
  });

  it('has at most 500 characters of words', async () => {
    const { agent, approvers } = await start();
    const calling = agent.call('delete_user', { user_id: USER });
    await approvers.answer((await approvers.next()).handle, 'no', { words: 'w'.repeat(501) });
    expect((await calling).text).toContain(`"${'w'.repeat(500)}"`);
  });

  it('holds against other reasons and spellings, also if the agent never asks what became of its call', async () => {
    const session = await start();
    const { agent, approvers, workos } = session;
    const { handle } = await waitInVain(session, 'delete_user', { user_id: USER });
    await approvers.answer(handle, 'no');
    expect(agent.record().at(-1)).toMatchObject({ rule: 'an approver declined', approver: 'ann' });
    for (const args of [
      { user_id: USER },
      { user_id: USER, confirm_reason: 'They asked for it.' },
      { user_id: USER.toLowerCase() },
    ]) {
      const result = await agent.call('delete_user', args);
      expect(result, JSON.stringify(args)).toMatchObject({
        isError: true,
        text: expect.stringContaining('declined less than ten minutes ago'),
      });
    }
    expect(await approvers.store.list()).toEqual([]);
    expect(workos.changes()).toEqual([]);
    approvers.pass(10 * 60_000);
    void agent.call('delete_user', { user_id: USER });
    await approvers.next();
  });

  it.each([
    ['jose\u0301@acme.test', 'in other code points'],
    ['JOSÉ@Acme.test', 'in other letters'],
    ['josé@ａcme.test', 'in letters of another width, which mean the same domain'],
  ])('holds for an email that is spelt %s: %s', (email) => {
    expect(declinedOf('create_invitation', email)).toBe(declinedOf('create_invitation', 'josé@acme.test'));
  });

  it('reaches an agent that asks later, with its words', async () => {
    const session = await start();
    const { agent, approvers } = session;
    const { handle, confirm_token } = await waitInVain(session, 'delete_user', { user_id: USER });
    await approvers.answer(handle, 'no', { words: 'Not this one.' });
    const result = await agent.call('delete_user', { user_id: USER, confirm_token });
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('"Not this one."') });
    const again = await agent.call('delete_user', { user_id: USER, confirm_token });
    expect(again.text).toContain('is from before the server was started again, or belongs to another call');
  });

  it('answers all else that waits for the same object at once, and counts once', async () => {
    const { agent, approvers, workos } = await start();
    const calls = ['eve@acme.test', 'eva@acme.test', 'ava@acme.test'].map((email) =>
      agent.call('update_user', { user_id: USER, email }),
    );
    const unlike = agent.call('update_user', { user_id: OTHER, email: 'eve@acme.test' });
    await expect.poll(() => approvers.store.list()).toHaveLength(4);
    const [first] = (await approvers.store.list()).filter(({ shown }) => shown.id === USER);
    await approvers.answer(first?.handle ?? '', 'no', { words: 'Not this one.' });
    for (const result of await Promise.all(calls))
      expect(result).toMatchObject({ isError: true, text: expect.stringContaining('"Not this one."') });
    await approvers.answer((await approvers.next()).handle, 'yes');
    expect(await unlike).not.toHaveProperty('isError');
    expect(workos.changes()).toEqual([`PUT /user_management/users/${OTHER}`]);
    expect(agent.record().filter(({ rule }) => rule === 'an approver declined')).toHaveLength(1);
  });

  it('is one of three within an hour that hold the agent, until an approver lifts that', async () => {
    const { agent, approvers, workos } = await start();
    const ids = [1, 2, 3].map((end) => `user_01J0000000000000000000001${end}`);
    for (const user_id of ids) {
      const calling = agent.call('delete_user', { user_id });
      await approvers.answer((await approvers.next()).handle, 'no');
      expect(await calling).toMatchObject({ isError: true });
    }
    expect(await agent.call('delete_user', { user_id: OTHER })).toMatchObject({
      isError: true,
      text: expect.stringContaining('declined three of your calls within an hour'),
    });
    expect(agent.record().at(-1)).toMatchObject({ rule: 'three calls were declined within an hour' });
    expect(await agent.call('get_user', { user_id: OTHER })).not.toHaveProperty('isError');
    await approvers.store.lift('agent');
    const calling = agent.call('delete_user', { user_id: OTHER });
    await approvers.answer((await approvers.next()).handle, 'yes');
    expect(await calling).not.toHaveProperty('isError');
    expect(workos.changes()).toEqual([`DELETE /user_management/users/${OTHER}`]);
  });
});

describe('a call that was not answered in time', () => {
  it('tells the agent how to go on, and goes on with its confirmation ID', async () => {
    const session = await start();
    const { agent, approvers, workos } = session;
    const { result, handle, confirm_token } = await waitInVain(session, 'delete_user', { user_id: USER });
    expect(result.isError).toBeUndefined();
    expect(confirmationOf(result)).toEqual({
      status: 'waiting',
      confirmation_id: expect.stringMatching(/^[\w-]{44}$/),
      tool: 'delete_user',
      object: USER,
      console: `https://console.test/waiting/${handle}`,
      expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
      next_step: expect.stringContaining(`call delete_user again with the same arguments and confirm_token="`),
    });
    const again = agent.call('delete_user', { user_id: USER, confirm_token, confirm_reason: 'They left.' });
    await expect.poll(() => agent.record().length).toBe(4);
    await approvers.answer(handle, 'yes');
    expect(await again).not.toHaveProperty('isError');
    expect(workos.changes()).toEqual([`DELETE /user_management/users/${USER}`]);
    expect(agent.record()).toMatchObject([
      { decision: 'ask', rule: '*:full' },
      { outcome: 'asked' },
      { decision: 'ask', rule: '*:full, repeated with its confirmation ID' },
      { outcome: 'asked' },
      { kind: 'note', text: `ann said yes to delete_user ${USER}` },
      { decision: 'allowed', confirmation: 'console' },
      { outcome: 'ok' },
    ]);
    expect(new Set(agent.record().flatMap((entry) => entry.arguments ?? []))).toHaveProperty('size', 1);
  });

  it('answers the same if it is repeated too early', async () => {
    const session = await start();
    const first = await waitInVain(session, 'delete_user', { user_id: USER });
    const { confirm_token } = first;
    const second = await waitInVain(session, 'delete_user', { user_id: USER, confirm_token });
    expect(confirmationOf(second.result)).toEqual(confirmationOf(first.result));
  });

  it('was never answered with no', async () => {
    const session = await start();
    await waitInVain(session, 'delete_user', { user_id: USER });
    session.approvers.pass(60 * 60_000);
    void session.agent.call('delete_user', { user_id: USER });
    await session.approvers.next();
    expect(await session.approvers.store.isHeld('agent')).toBe(false);
  });

  it('is refused with its ID after an hour', async () => {
    const session = await start();
    const { confirm_token } = await waitInVain(session, 'delete_user', { user_id: USER });
    session.approvers.pass(60 * 60_000);
    const result = await session.agent.call('delete_user', { user_id: USER, confirm_token });
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('is more than an hour old') });
  });

  it('sends progress every 15 seconds while it waits', async () => {
    const { agent, approvers } = await start();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const calling = agent.call('delete_user', { user_id: USER }, { progressToken: 7 });
    await expect.poll(() => approvers.store.list()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(45_000);
    vi.useRealTimers();
    await calling;
    expect(agent.told).toEqual(
      [1, 2, 3].map((progress) => ({
        method: 'notifications/progress',
        params: { progressToken: 7, progress },
      })),
    );
  });

  it('waits no longer than it has to where too many calls wait already', async () => {
    const waitOutside = async () => {
      throw new Error('full');
    };
    const { agent, approvers } = await start({ waitOutside });
    const result = await agent.call('delete_user', { user_id: USER });
    expect(confirmationOf(result)).toMatchObject({ status: 'waiting' });
    const { confirmation_id: confirm_token } = confirmationOf(result);
    await approvers.answer((await approvers.next()).handle, 'yes');
    expect(await agent.call('delete_user', { user_id: USER, confirm_token })).not.toHaveProperty('isError');
  });
});

describe('a yes', () => {
  /** A session whose call has waited in vain and was answered with yes then. */
  const startWithYes = async (options: Partial<CallingOptions> = {}, args: object = { user_id: USER }) => {
    const session = await start(options);
    const { handle, confirm_token } = await waitInVain(session, 'delete_user', args);
    await session.approvers.answer(handle, 'yes');
    return { ...session, handle, confirm_token };
  };

  it('counts once', async () => {
    const { agent, workos, confirm_token } = await startWithYes();
    const args = { user_id: USER, confirm_token };
    const results = await Promise.all([agent.call('delete_user', args), agent.call('delete_user', args)]);
    expect(results.filter(({ isError }) => isError)).toHaveLength(1);
    expect((await agent.call('delete_user', args)).text).toContain('This confirmation is not valid');
    expect(workos.changes()).toHaveLength(1);
  });

  it('counts for its arguments alone', async () => {
    const session = await start();
    const { agent, approvers, workos } = session;
    const args = { user_id: USER, password: 'correct horse battery' };
    const { handle, confirm_token } = await waitInVain(session, 'update_user', args);
    await approvers.answer(handle, 'yes');
    for (const other of [
      { ...args, password: 'another horse battery' },
      { ...args, user_id: OTHER },
      { ...args, first_name: 'Ada' },
    ]) {
      const result = await agent.call('update_user', { ...other, confirm_token });
      expect(result).toMatchObject({ isError: true, text: expect.stringContaining('The arguments differ') });
    }
    const other = await agent.call('delete_user', { user_id: USER, confirm_token });
    expect(other.text).toContain('This confirmation is not valid');
    expect(workos.changes()).toEqual([]);
    const reason = { confirm_reason: 'Another reason is no other argument.' };
    expect(await agent.call('update_user', { ...args, ...reason, confirm_token })).not.toHaveProperty('isError');
  });

  it('counts for its agent and requester alone', async () => {
    const requester = { issuer: 'authkit', sub: OTHER };
    const { approvers, workos, confirm_token } = await startWithYes({ requester });
    const base = { workos: workos.workos };
    for (const options of [{ ...base, agent: 'mallory', requester }, { ...base, requester: { owner: 'bob' } }, base]) {
      const { agent } = await start(options, approvers);
      const result = await agent.call('delete_user', { user_id: USER, confirm_token });
      expect(result).toMatchObject({ isError: true, text: expect.stringContaining('This confirmation is not valid') });
    }
    expect(workos.changes()).toEqual([]);
  });

  it('does not count for an object that has changed since', async () => {
    const { agent, workos, confirm_token } = await startWithYes();
    workos.names.set(USER, 'eve@acme.test');
    const result = await agent.call('delete_user', { user_id: USER, confirm_token });
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('has changed since the preview') });
    expect(workos.changes()).toEqual([]);
    expect(agent.record().slice(-2)).toMatchObject([
      { decision: 'allowed', confirmation: 'console', approver: 'ann' },
      { outcome: 'not sent', rule: 'the object has changed since the preview' },
    ]);
  });

  it('does not count where a value that it replaces has changed since', async () => {
    const changes: string[] = [];
    const state = { email_verified: true };
    const workos = ({ method, path }: ApiRequest) => {
      if (method !== 'GET') changes.push(`${method} ${path}`);
      return { id: USER, email: 'ada@acme.test', ...state };
    };
    const session = await start({ workos });
    const args = { user_id: USER, email_verified: true };
    const { handle, confirm_token } = await waitInVain(session, 'update_user', args);
    const { shown } = await session.approvers.next();
    expect(shown.changes).toEqual([{ name: 'email_verified', before: 'true', after: 'true' }]);
    await session.approvers.answer(handle, 'yes');
    state.email_verified = false;
    const result = await session.agent.call('update_user', { ...args, confirm_token });
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('has changed since the preview') });
    expect(changes).toEqual([]);
  });

  it('does not count of an approver who was removed since', async () => {
    const { agent, approvers, workos, confirm_token } = await startWithYes();
    approvers.rules.mayApprove = (_, approver) => approver !== 'ann';
    const result = await agent.call('delete_user', { user_id: USER, confirm_token });
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('may no longer confirm it') });
    expect(workos.changes()).toEqual([]);
    expect(agent.record().at(-1)).toMatchObject({
      decision: 'refused',
      rule: 'its approver may no longer confirm it',
    });
  });

  it('does not count of an approver who was removed while the preview was compared', async () => {
    const { agent, approvers, workos, confirm_token } = await startWithYes();
    let asked = 0;
    approvers.rules.mayApprove = () => {
      asked += 1;
      return asked === 1;
    };
    const result = await agent.call('delete_user', { user_id: USER, confirm_token });
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('may no longer confirm it') });
    expect(workos.changes()).toEqual([]);
  });

  it('is judged by the same-person rule that holds now', async () => {
    const { approvers, workos, confirm_token } = await startWithYes();
    approvers.rules.mayApprove = ({ samePerson }) => samePerson === 'allow';
    const { agent } = await start({ workos: workos.workos, samePerson: 'refuse' }, approvers);
    const result = await agent.call('delete_user', { user_id: USER, confirm_token });
    expect(result.text).toContain('may no longer confirm it');
  });

  it('waits for a lift where the agent is held', async () => {
    const { agent, approvers, confirm_token } = await startWithYes();
    for (let count = 0; count < 3; count += 1) await approvers.store.countNo('agent');
    const args = { user_id: USER, confirm_token };
    expect((await agent.call('delete_user', args)).text).toContain('declined three of your calls');
    await approvers.store.lift('agent');
    expect(await agent.call('delete_user', args)).not.toHaveProperty('isError');
  });
});

it('refuses a call at once that no approver may confirm', async () => {
  const { agent, approvers } = await start();
  approvers.rules.mayApprove = () => false;
  const result = await agent.call('delete_user', { user_id: USER });
  expect(result).toMatchObject({
    isError: true,
    text: expect.stringContaining('names no approver who may confirm it'),
  });
  expect(await approvers.store.list()).toEqual([]);
});

it('refuses a call where there is no console', async () => {
  const { agent, workos } = await start({ approvals: undefined });
  const result = await agent.call('delete_user', { user_id: USER });
  expect(result).toMatchObject({ isError: true, text: expect.stringContaining('this server has no console') });
  expect(workos.sent).toEqual([]);
});

describe('what a client asks', () => {
  const accept = () => ({ result: { action: 'accept', content: { confirm: USER } } });
  const capabilities = { elicitation: { form: {}, url: {} } };

  it('counts where the operator trusts it', async () => {
    const { agent, approvers, workos } = await start({ capabilities, respond: accept, clientAsks: 'trusted' });
    expect(await agent.call('delete_user', { user_id: USER })).not.toHaveProperty('isError');
    expect(agent.asked).toHaveLength(1);
    expect(agent.record()[2]).toMatchObject({ confirmation: 'client prompt' });
    expect(agent.record()[2]).not.toHaveProperty('approver');
    expect(workos.changes()).toHaveLength(1);
    expect(await approvers.store.list()).toEqual([]);
  });

  it('is not even asked otherwise', async () => {
    const { agent, approvers, workos } = await start({ capabilities: { elicitation: {} }, respond: accept });
    const calling = agent.call('delete_user', { user_id: USER });
    const { handle } = await approvers.next();
    expect(agent.asked).toEqual([]);
    expect(workos.changes()).toEqual([]);
    await approvers.answer(handle, 'no');
    await calling;
  });

  it('is asked in the console where a trusted client cannot ask', async () => {
    const { agent, approvers } = await start({ clientAsks: 'trusted' });
    const calling = agent.call('delete_user', { user_id: USER });
    await approvers.answer((await approvers.next()).handle, 'yes');
    expect(await calling).not.toHaveProperty('isError');
  });

  it.each([
    'accept',
    'decline',
    'cancel',
  ])('is an address alone, whose %s is neither a yes nor a no', async (action) => {
    const respond = () => ({ result: { action } });
    const { agent, approvers, workos } = await start({ capabilities: { elicitation: { url: {} } }, respond });
    const calling = agent.call('delete_user', { user_id: USER });
    const { handle } = await approvers.next();
    await expect.poll(() => agent.told).toHaveLength(1);
    expect(agent.told[0]).toEqual({
      method: 'elicitation/create',
      params: {
        mode: 'url',
        message: expect.any(String),
        url: `https://console.test/waiting/${handle}`,
        elicitationId: handle,
      },
    });
    expect(await approvers.store.list()).toHaveLength(1);
    expect(workos.changes()).toEqual([]);
    await approvers.answer(handle, 'yes');
    expect(await calling).not.toHaveProperty('isError');
    expect(agent.told[1]).toEqual({ method: 'notifications/elicitation/complete', params: { elicitationId: handle } });
  });

  it('is shown a view only where the operator trusts that', async () => {
    const { agent: own, approvers } = await start({ capabilities: SHOWS, clientAsks: 'trusted' });
    const waiting = await own.call('delete_user', { user_id: USER });
    expect(confirmationOf(waiting)).toMatchObject({ status: 'waiting', preview: { id: USER } });
    expect(await approvers.store.list()).toEqual([]);
    const names = async (options: Partial<CallingOptions>) => {
      const { agent } = await start({ capabilities: SHOWS, ...options });
      return (await agent.list()).map(({ name }) => name);
    };
    expect(await names({})).not.toContain('answer_confirmation');
    expect(await names({ clientAsks: 'trusted' })).toContain('answer_confirmation');
  });
});

it('leaves a call in the console that was cancelled while it waited', async () => {
  const { agent, approvers, workos } = await start();
  void agent.call('delete_user', { user_id: USER });
  const { handle } = await approvers.next();
  await agent.send({ method: 'notifications/cancelled', params: { requestId: 'c2' } });
  await approvers.answer(handle, 'yes');
  await agent.call('get_user', { user_id: USER });
  expect(workos.changes()).toEqual([]);
  expect(await approvers.store.find(handle)).toMatchObject({ answer: { answer: 'yes' } });
});

it('asks about nothing in a dry run', async () => {
  const { agent, approvers } = await start({ dryRun: true });
  const result = await agent.call('delete_user', { user_id: USER });
  expect(result.structured).toMatchObject({ dry_run: true });
  expect(await approvers.store.list()).toEqual([]);
});

it('confirms calls of call tools, with the name that goes on', async () => {
  const session = await start({ isListed: () => false });
  const { agent, approvers, workos } = session;
  const toArgs = (more: object = {}) => ({ name: 'delete_user', arguments: { user_id: USER, ...more } });
  const { result, handle, confirm_token } = await waitInVain(session, 'call_delete_tool', toArgs());
  expect(result.text).toContain('call delete_user (by call_delete_tool) again');
  await approvers.answer(handle, 'yes');
  expect(await agent.call('call_delete_tool', toArgs({ confirm_token }))).not.toHaveProperty('isError');
  expect(workos.changes()).toEqual([`DELETE /user_management/users/${USER}`]);
  expect(agent.record().at(-2)).toMatchObject({ via: 'call_delete_tool', confirmation: 'console' });
});

describe("the agent's reason", () => {
  it('is one visible line for approvers, on no record and in no request', async () => {
    const { agent, approvers, workos } = await start();
    const reason = ' The person\nleft\u202e the company.\t ';
    const calling = agent.call('delete_user', { user_id: USER, confirm_reason: reason });
    const approval = await approvers.next();
    expect(approval.reason).toBe('The person left the company.');
    await approvers.answer(approval.handle, 'yes');
    expect(await calling).not.toHaveProperty('isError');
    expect(JSON.stringify(agent.record())).not.toContain('left');
    expect(workos.sent.join()).not.toContain('left');
  });

  it('covers nothing around it', async () => {
    const { agent, approvers } = await start();
    const calling = agent.call('delete_user', { user_id: USER, confirm_reason: `a${'\u0301'.repeat(150)}b` });
    const approval = await approvers.next();
    expect(approval.reason).toBe('a\u0301\u0301b');
    await approvers.answer(approval.handle, 'no');
    await calling;
  });

  it.each([
    ['r'.repeat(201), 'Too big'],
    ['', 'Too small'],
    [7, 'Invalid input'],
  ])('of %j is refused', async (confirm_reason, why) => {
    const { agent, approvers } = await start();
    const result = await agent.call('delete_user', { user_id: USER, confirm_reason });
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining(`confirm_reason: ${why}`) });
    expect(await approvers.store.list()).toEqual([]);
  });

  it('is an argument of waiting calls alone, where approvers confirm', async () => {
    const argumentsOf = async (options: Partial<CallingOptions>, of: string) => {
      const { agent } = await start(options);
      const found = (await agent.list()).find(({ name }) => name === of);
      return Object.keys(Object(Object(found?.inputSchema).properties));
    };
    expect(await argumentsOf({}, 'delete_user')).toEqual(['user_id', 'confirm_token', 'confirm_reason']);
    expect(await argumentsOf({}, 'get_user')).not.toContain('confirm_reason');
    expect(await argumentsOf({ confirm: 'auto' }, 'delete_user')).toEqual(['user_id', 'confirm_token']);
    expect(await argumentsOf({ confirm: 'strict' }, 'delete_user')).toEqual(['user_id']);
  });
});

describe('what an approver sees beyond the grants of the agent', () => {
  const GRANTS = { grants: 'organizations:delete' };

  it('is shown whole, and compared whole before the call is sent', async () => {
    const session = await start(GRANTS);
    const { agent, approvers, workos } = session;
    const args = { organization_id: ORGANIZATION };
    const { handle, confirm_token } = await waitInVain(session, 'delete_organization', args);
    const { shown } = await approvers.next();
    expect(shown).toMatchObject({ names: ['`Acme`'], hidden: [] });
    expect(shown.linked.map(({ what }) => what)).toContain('users');
    await approvers.answer(handle, 'yes');
    expect(await agent.call('delete_organization', { ...args, confirm_token })).not.toHaveProperty('isError');
    expect(workos.changes()).toHaveLength(1);
  });

  it('is read as long as the call itself is allowed', async () => {
    const stillAllowed: CallingOptions['stillAllowed'] = (tool) =>
      tool.name === 'delete_organization' ? undefined : Promise.reject(new RefusedError('No.', 'the reader is off'));
    const { agent, approvers } = await start({ ...GRANTS, stillAllowed });
    const calling = agent.call('delete_organization', { organization_id: ORGANIZATION });
    await approvers.answer((await approvers.next()).handle, 'yes');
    expect(await calling).not.toHaveProperty('isError');
  });

  it('is not told by a read that fails either', async () => {
    const workos = () => {
      throw new ReplyError({ status: 404, headers: {}, body: '{"message":"Canary Ltd is gone"}' });
    };
    const { agent } = await start({ ...GRANTS, workos });
    const result = await agent.call('delete_organization', { organization_id: ORGANIZATION });
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('get_organization failed.') });
    expect(result.text).not.toContain('Canary');
  });

  it('reaches the agent in no text, progress or record', async () => {
    const session = await start(GRANTS);
    const { agent, approvers, workos } = session;
    workos.names.set(ORGANIZATION, 'Canary Ltd');
    const args = { organization_id: ORGANIZATION };
    const { result, handle, confirm_token } = await waitInVain(session, 'delete_organization', args);
    expect((await approvers.next()).shown.names).toEqual(['`Canary Ltd`']);
    const again = await waitInVain(session, 'delete_organization', { ...args, confirm_token });
    workos.names.set(ORGANIZATION, 'Changed Canary Ltd');
    await approvers.answer(handle, 'yes');
    const last = await agent.call('delete_organization', { ...args, confirm_token });
    expect(last.text).toContain('has changed since the preview');
    expect(JSON.stringify([result, again.result, last, agent.told, agent.record()])).not.toContain('Canary');
    expect(JSON.stringify([result, again.result])).not.toContain('connections');
  });
});

it('hands the confirmation ID to the agent alone', async () => {
  const session = await start();
  const { handle, confirm_token } = await waitInVain(session, 'delete_user', { user_id: USER });
  const kept = await session.approvers.store.find(handle);
  expect(confirm_token).toHaveLength(44);
  expect(JSON.stringify([kept, await session.approvers.store.list(), session.agent.record()])).not.toContain(
    confirm_token,
  );
  const result = await session.agent.call('delete_user', { user_id: USER, confirm_token: handle });
  expect(result.text).toContain('This confirmation is not valid');
});

it('names the members of a membership, so that it can tell whom the call is about', async () => {
  const membership = 'om_01J00000000000000000000004';
  const workos = () => ({
    id: membership,
    user_id: USER,
    organization_id: ORGANIZATION,
    role: { slug: 'admin' },
    status: 'active',
  });
  const { agent, approvers } = await start({ workos });
  void agent.call('delete_organization_membership', { organization_membership_id: membership });
  expect((await approvers.next()).about).toEqual([membership, USER, ORGANIZATION]);
});

it('names the user whom an invitation by email is for', async () => {
  const workos = ({ path }: ApiRequest): unknown => {
    if (path.includes('/users?')) return { object: 'list', data: [{ id: USER, email: 'ada@acme.test' }] };
    if (path.startsWith('/organizations/') && !path.endsWith('/roles')) return { id: ORGANIZATION, name: 'Acme' };
    return { object: 'list', data: [], list_metadata: {} };
  };
  const { agent, approvers } = await start({ workos });
  const args = { email: 'ada@acme.test', organization_id: ORGANIZATION, role_slug: 'admin' };
  void agent.call('create_invitation', args);
  const { about } = await approvers.next();
  expect(about).toEqual(['ada@acme.test', USER, ORGANIZATION]);
});

it('names none of the members of an organization, of whom one is looked up', async () => {
  const workos = ({ path }: ApiRequest): unknown => {
    if (path.includes('/users?')) return { object: 'list', data: [{ id: USER, email: 'ada@acme.test' }] };
    if (path.startsWith('/organizations/') && !path.endsWith('/roles')) return { id: ORGANIZATION, name: 'Acme' };
    return { object: 'list', data: [], list_metadata: {} };
  };
  const { agent, approvers } = await start({ workos });
  void agent.call('create_organization_domain', { organization_id: ORGANIZATION, domain: 'acme.test' });
  expect((await approvers.next()).about).toEqual([ORGANIZATION]);
});

it('does not go on for a client that is gone, though there is an answer', async () => {
  const wait = { id: 'id', handle: 'handle', address: 'https://console.test', isOver: async () => true };
  const goesOn = (signal: AbortSignal) =>
    waitForApprover(wait, {
      send: () => expect.fail('asked'),
      notify: () => expect.fail('told'),
      signal,
      onProgress: undefined,
      waitOutside: (work) => work(),
      opens: false,
    });
  expect(await goesOn(new AbortController().signal)).toBe(true);
  expect(await goesOn(AbortSignal.abort())).toBe(false);
});

describe('what a call is about', () => {
  const id = (prefix: string, end: number) => `${prefix}_01J${String(end).padStart(23, '0')}`;

  it.each<[of: string, value: unknown, about: readonly string[]]>([
    ['a member', { user_id: USER, name: 'user' }, [USER]],
    ['a member of a member', { member: { user_id: USER } }, [USER]],
    ['the items of a list', { members: [{ user_id: USER }, { user_id: OTHER }] }, [USER, OTHER]],
    ['a list of IDs', { user_ids: [USER, OTHER] }, [USER, OTHER]],
    ['nothing that lies deeper', { one: { two: { user_id: USER } } }, []],
    ['no text that merely holds one', { name: `not ${USER}` }, []],
  ])('is told by %s', (_, value, about) => {
    expect(toAbout([value])).toEqual(about);
  });

  it('names users before all else, and 50 at most', () => {
    const groups = Array.from({ length: 60 }, (_, end) => id('group', end));
    const about = toAbout([{ groups }, { user_id: USER }]);
    expect(about).toHaveLength(50);
    expect(about.slice(0, 2)).toEqual([USER, groups[0]]);
  });
});
