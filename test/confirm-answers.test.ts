import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ApiRequest } from '../src/workos/layer.ts';
import { type Calling, connectCalling, isListed, type Message, NO_OBJECTS } from './support/calling.ts';

const ID = 'user_01JTESS0000000000000BFSHRT';
const args = { user_id: ID };

let deletes = 0;
const workos = ({ method, path }: ApiRequest) => {
  if (method === 'DELETE') deletes += 1;
  if (isListed(path)) return NO_OBJECTS;
  return { object: 'user', id: ID, email: 'ada@acme.test' };
};

let client: Calling | undefined;
afterEach(async () => {
  vi.useRealTimers();
  deletes = 0;
  await client?.close();
});

async function connect(respond: (question: string) => Message | undefined): Promise<Calling> {
  client = await connectCalling({ workos, respond });
  return client;
}

const accept = (content: unknown): Message => ({
  result: { action: 'accept', ...(content !== undefined && { content }) },
});
const lastRule = ({ record }: Calling) => record().at(-1)?.rule;
const DASHBOARD = 'in the WorkOS Dashboard, or use an MCP client that shows a text field';

describe('a client that did not let a person answer', () => {
  const NOTHING = ['without the text that a person has to type', 'the client passed no answer on'] as const;
  const INVALID = ["The client's answer to the question is not valid.", 'the client gave no valid answer'] as const;
  const ERROR = ['The client answered the question with an error.', 'the client failed to ask'] as const;

  it.each<[what: string, response: Message, said: readonly [text: string, rule: string]]>([
    ['accepts without content', accept(undefined), NOTHING],
    ['accepts with null', accept(null), NOTHING],
    ['accepts with {}', accept({}), NOTHING],
    ['accepts with another field', accept({ name: 'BFSHRT' }), NOTHING],
    ['accepts with null in the field', accept({ confirm: null }), NOTHING],
    ['accepts with an empty text', accept({ confirm: '' }), NOTHING],
    ['accepts with blanks', accept({ confirm: ' \t' }), NOTHING],
    ['accepts with a list', accept({ confirm: ['BFSHRT'] }), INVALID],
    ['accepts with a number', accept({ confirm: 1 }), INVALID],
    ['accepts with true', accept({ confirm: true }), INVALID],
    ['answers with {}', { result: {} }, INVALID],
    ['answers with an unknown action', { result: { action: 'yes', content: { confirm: 'BFSHRT' } } }, INVALID],
    ['answers with an action in capitals', { result: { action: 'ACCEPT', content: { confirm: 'BFSHRT' } } }, INVALID],
    ['does not know the method', { error: { code: -32601, message: 'Method not found' } }, ERROR],
    ['has an internal error', { error: { code: -32603, message: 'no window' } }, ERROR],
  ])('since it %s: the message and the record say so, and the call may be asked about again', async (_, response, said) => {
    let next: Message = response;
    const session = await connect(() => next);
    const refused = await session.call('delete_user', args);
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining(said[0]) });
    expect(refused.text).toContain(DASHBOARD);
    expect(refused.text).not.toMatch(/person (typed|was asked)/);
    expect(deletes).toBe(0);
    expect(lastRule(session)).toBe(said[1]);

    next = accept({ confirm: 'BFSHRT' });
    expect((await session.call('delete_user', args)).isError).toBeUndefined();
    expect(session.asked).toHaveLength(2);
    expect(deletes).toBe(1);
  });

  it('since it closed the question: it is told as the client reports it, and not held against a person', async () => {
    let next: Message = { result: { action: 'cancel' } };
    const session = await connect(() => next);
    const refused = await session.call('delete_user', args);
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('closed without an answer') });
    expect(lastRule(session)).toBe('the question was closed without an answer');
    next = accept({ confirm: 'BFSHRT' });
    expect((await session.call('delete_user', args)).isError).toBeUndefined();
    expect(deletes).toBe(1);
  });

  it('since it is silent for five minutes: the time is over, and a late answer confirms nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const session = await connect(() => undefined);
    const call = session.call('delete_user', args);
    await expect.poll(() => session.asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5 * 60_000);
    expect(await call).toMatchObject({
      isError: true,
      text: expect.stringContaining('no answer to the question within five minutes'),
    });
    await session.send({ id: 0, ...accept({ confirm: 'BFSHRT' }) });
    expect(lastRule(session)).toBe('the client gave no answer in time');
    expect(deletes).toBe(0);
  });
});

it('only a decline holds for ten minutes', async () => {
  let next: Message = { result: { action: 'decline' } };
  const session = await connect(() => next);
  expect((await session.call('delete_user', args)).text).toContain('A person was asked and did not confirm this call.');
  expect(lastRule(session)).toBe('the client passed on a no');
  next = accept({ confirm: 'BFSHRT' });
  expect((await session.call('delete_user', args)).text).toContain('asked less than ten minutes ago');
  expect(session.asked).toHaveLength(1);
  expect(deletes).toBe(0);
});

describe('what a person types', () => {
  it.each(['BFSHRT', 'bfshrt', ' BfShRt\n', ID, ID.toLowerCase()])('confirms as %j', async (typed) => {
    const session = await connect(() => accept({ confirm: typed }));
    expect((await session.call('delete_user', args)).isError).toBeUndefined();
    expect(session.record().slice(-2)).toMatchObject([{ confirmation: 'client prompt' }, { outcome: 'ok' }]);
    expect(deletes).toBe(1);
  });

  it.each([
    'no',
    'yes',
    'ok',
    'cancel',
    'ada@acme.test',
    'FSHRT',
    '0BFSHRT',
    'BFSHRT.',
    'BFSHRU',
    'user_',
  ])('confirms nothing as %j, and is asked for again', async (typed) => {
    const session = await connect(() => accept({ confirm: typed }));
    const refused = await session.call('delete_user', args);
    expect(refused.text).toContain('The person typed something other than the last six characters of the ID.');
    expect(lastRule(session)).toBe('the client passed on another text');
    await session.call('delete_user', args);
    expect(session.asked).toHaveLength(2);
    expect(deletes).toBe(0);
  });
});

it.each([
  'delete_user',
  'update_user',
])('a question that %s has the model pass on is a result, not an error', async (name) => {
  client = await connectCalling({ workos, asks: false });
  const given = name === 'update_user' ? { ...args, email: 'eve@evil.test' } : args;
  const { isError, text, structured } = await client.call(name, given);
  expect(isError).toBeUndefined();
  const { confirmation } = Object(structured);
  expect(confirmation).toEqual({
    status: 'asked',
    question: expect.stringMatching(/^In staging: (delete|update) user `ada@acme\.test` \(user_01J/),
    confirm_token: expect.stringMatching(/^[\w-]{22}$/),
    expires_in_seconds: 300,
    next_step: expect.stringContaining(`call ${name} again within five minutes`),
  });
  // Some clients show the text alone, some the structured content alone.
  for (const part of [confirmation.question, confirmation.next_step]) expect(text).toContain(part);
  expect(confirmation.next_step).toContain(`confirm_token="${confirmation.confirm_token}"`);
  expect(client.record().at(-1)).toMatchObject({ outcome: 'asked' });

  const done = await client.call(name, { ...given, confirm_token: confirmation.confirm_token });
  expect(done.isError).toBeUndefined();
  expect(done.structured).not.toHaveProperty('confirmation');
});
