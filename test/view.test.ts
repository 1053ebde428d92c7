import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createPendingStore } from '../src/call/confirm/pending.ts';
import { VIEW_META } from '../src/call/confirm/view.ts';
import { connectRaw } from './support/asking.ts';
import { connect, PEERS } from './support/session.ts';
import { openWorkosStandIn, type WorkosStandIn } from './support/view-workos.ts';
import { answerTo, connectViewing, type HostResult, SHOWS, type Viewing } from './support/viewing.ts';

const GRANTS = ['--allow', '*:full,*:credentials'];
const FULL = [...GRANTS, '--list', 'all'];
const opened: { readonly close: () => Promise<void> }[] = [];
const workos: WorkosStandIn = await openWorkosStandIn();
afterAll(async () => {
  for (const one of opened) await one.close();
  await workos.close();
});
beforeEach(() => workos.reset());
const folder = mkdtempSync(join(tmpdir(), 'wmcp-view-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = async (
  args: readonly string[] = FULL,
  peer: (typeof PEERS)[number] = 'v2 client, legacy',
  capabilities: object = SHOWS,
): Promise<Viewing> => {
  const session = await connectViewing(args, workos.env, peer, { capabilities });
  opened.push(session);
  return session;
};
const { newId } = workos;
const confirmationOf = ({ structured }: HostResult) => Object(structured.confirmation);
const recordOf = (session: Viewing) =>
  session
    .log()
    .split('\n')
    .filter((line) => line.includes('"kind":"decision"') || line.includes('"kind":"outcome"'))
    .map((line) => JSON.parse(line));

describe.each(PEERS)('a %s that shows views', (peer) => {
  it('gets the view with every tool that may wait, and the tool for answers', async () => {
    const session = await start(FULL, peer);
    const tools = await session.tools();
    const ui = (name: string) => Object(tools.find((tool) => tool.name === name)?._meta).ui;
    expect(ui('delete_user')).toEqual({ resourceUri: 'ui://workos-mcp/confirmation' });
    expect(ui('update_user')).toEqual({ resourceUri: 'ui://workos-mcp/confirmation' });
    expect(ui('get_user')).toBeUndefined();
    expect(ui('answer_confirmation')).toEqual({ visibility: ['app'] });
    // It carries out what is confirmed.
    const answering = tools.find((tool) => tool.name === 'answer_confirmation');
    expect(answering?.annotations).toMatchObject({ readOnlyHint: false, destructiveHint: true, openWorldHint: true });
    expect(session.client.getServerCapabilities()).toHaveProperty('resources');
    expect(await session.read('ui://workos-mcp/confirmation')).toMatchObject({
      contents: [
        {
          uri: 'ui://workos-mcp/confirmation',
          mimeType: 'text/html;profile=mcp-app',
          text: expect.stringMatching(/^<!doctype html>/),
        },
      ],
    });
    await expect(session.read('ui://workos-mcp/other')).rejects.toThrow(
      'There is no resource of that URI. The only one is ui://workos-mcp/confirmation.',
    );
  });

  it('waits at once, and sends that very call once the view says yes', async () => {
    const session = await start(FULL, peer);
    const args = { user_id: newId('user') };
    const waiting = await session.call('delete_user', args);
    expect(waiting.isError).toBe(false);
    expect(waiting.text).toContain('A person is asked in the conversation. Do not call delete_user again');
    expect(confirmationOf(waiting)).toMatchObject({
      status: 'waiting',
      tool: 'delete_user',
      expires_in_seconds: 600,
      preview: {
        environment: 'staging',
        action: 'delete user',
        names: ['`ada@acme.test`'],
        id: args.user_id,
        isFinal: true,
        typed: args.user_id.slice(-6),
      },
    });
    expect(workos.changes()).toEqual([]);

    const done = await session.call('answer_confirmation', answerTo(waiting, 'yes', args, args.user_id.slice(-6)));
    expect(done.isError, done.text).toBe(false);
    expect(workos.changes()).toEqual([`DELETE /user_management/users/${args.user_id}`]);
    await expect
      .poll(() => recordOf(session).slice(-4))
      .toMatchObject([
        { decision: 'ask', tool: 'delete_user' },
        { outcome: 'asked' },
        { decision: 'allowed', tool: 'delete_user', confirmation: 'client view' },
        { outcome: 'ok' },
      ]);

    const { confirmation_id } = confirmationOf(waiting);
    const again = await session.call('delete_user', { ...args, confirm_token: confirmation_id });
    expect([again.text, again.structured]).toEqual([done.text, done.structured]);
    const second = await session.call('answer_confirmation', answerTo(waiting, 'yes', args, args.user_id.slice(-6)));
    expect(second).toMatchObject({ isError: true, text: expect.stringContaining('This confirmation is not valid') });
    expect(workos.changes()).toHaveLength(1);
  });
});

it('tells a model that asks too early that the call still waits, without a secret', async () => {
  const session = await start();
  const args = { user_id: newId('user') };
  const waiting = await session.call('delete_user', args);
  const { confirmation_id } = confirmationOf(waiting);
  const again = await session.call('delete_user', { ...args, confirm_token: confirmation_id });
  expect(confirmationOf(again)).toMatchObject({ status: 'waiting', confirmation_id });
  expect(again.meta[VIEW_META]).toBeUndefined();
  expect(workos.changes()).toEqual([]);
});

it('keeps the secret out of all that a model, an operator or an auditor sees', async () => {
  const session = await start([...FULL, '--log-level', 'trace']);
  const args = { user_id: newId('user') };
  const waiting = await session.call('delete_user', args);
  const { secret } = Object(waiting.meta[VIEW_META]);
  expect(secret).toMatch(/^[\w-]{22}$/);
  const done = await session.call('answer_confirmation', answerTo(waiting, 'yes', args, args.user_id.slice(-6)));
  await expect.poll(() => session.log()).toContain('client view');
  for (const seen of [waiting.text, JSON.stringify(waiting.structured), JSON.stringify(done), session.log()])
    expect(seen).not.toContain(secret);
});

it.each<[what: string, change: (good: Record<string, unknown>) => Record<string, unknown>, why: RegExp]>([
  ['without the secret', ({ secret: _, ...rest }) => rest, /secret/],
  ['with the confirmation ID as the secret', (good) => ({ ...good, secret: good.confirmation_id }), /is not valid/],
  ['about another object', (good) => ({ ...good, arguments: { user_id: newId('user') } }), /arguments differ/],
  [
    'about another tool',
    (good) => ({ ...good, tool: 'update_user', arguments: { ...Object(good.arguments), email: 'a@b.test' } }),
    /is not valid/,
  ],
  ['about a tool that never waits', (good) => ({ ...good, tool: 'get_user' }), /does not wait/],
  ['about itself', (good) => ({ ...good, tool: 'answer_confirmation' }), /does not wait/],
  [
    'with something else typed',
    (good) => ({ ...good, typed: 'yes' }),
    /typed something other than the last six characters/,
  ],
  ['with nothing typed', ({ typed: _, ...rest }) => rest, /typed something other than the last six characters/],
])('takes no answer %s', async (_, change, why) => {
  const session = await start();
  const args = { user_id: newId('user') };
  const waiting = await session.call('delete_user', args);
  const good = answerTo(waiting, 'yes', args, args.user_id.slice(-6));
  const refused = await session.call('answer_confirmation', change(good));
  expect(refused).toMatchObject({ isError: true, text: expect.stringMatching(why) });
  expect(workos.changes()).toEqual([]);
});

it('does not tell the model that a call still waits, whose confirmation was used up for other arguments', async () => {
  const session = await start();
  const args = { user_id: newId('user') };
  const waiting = await session.call('delete_user', args);
  const good = answerTo(waiting, 'yes', args, args.user_id.slice(-6));
  await session.call('answer_confirmation', { ...good, arguments: { user_id: newId('user') } });
  const again = await session.call('delete_user', { ...args, confirm_token: good.confirmation_id });
  expect(again).toMatchObject({ isError: true, text: expect.stringContaining('The arguments differ') });
  expect(workos.changes()).toEqual([]);
});

it('does not use a confirmation up for an answer without its secret', async () => {
  const session = await start();
  const args = { user_id: newId('user') };
  const waiting = await session.call('delete_user', args);
  const good = answerTo(waiting, 'yes', args, args.user_id.slice(-6));
  await session.call('answer_confirmation', { ...good, secret: 'guessed' });
  expect((await session.call('answer_confirmation', good)).isError).toBe(false);
});

it('refuses a yes to what has changed since it was shown', async () => {
  const session = await start();
  const args = { user_id: newId('user') };
  const waiting = await session.call('delete_user', args);
  workos.names.set(args.user_id, 'eve@acme.test');
  const refused = await session.call('answer_confirmation', answerTo(waiting, 'yes', args, args.user_id.slice(-6)));
  expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('has changed since the preview') });
  const { confirmation_id } = confirmationOf(waiting);
  const again = await session.call('delete_user', { ...args, confirm_token: confirmation_id });
  expect(again).toMatchObject({ isError: true, text: refused.text });
  expect(workos.changes()).toEqual([]);
});

it('binds agent, tool and object by a no, with any arguments and spelling', async () => {
  const session = await start();
  const user_id = newId('user');
  const args = { user_id, email: 'eve@evil.test' };
  const waiting = await session.call('update_user', args);
  const no = await session.call('answer_confirmation', answerTo(waiting, 'no', args));
  expect(no).toMatchObject({ isError: true, text: expect.stringContaining('did not confirm this call') });
  for (const other of [
    args,
    { user_id, email: 'mallory@evil.test' },
    { user_id: ` ${user_id} `, password: 'correct horse' },
    { ...args, confirm_token: confirmationOf(waiting).confirmation_id },
    { user_id, first_name: 'Eve' }, // by itself, it needs no confirmation
  ]) {
    const again = await session.call('update_user', other);
    expect(again).toMatchObject({ isError: true, text: expect.stringMatching(/did not confirm|user_id/) });
  }
  const fresh = await session.call('update_user', { ...args, user_id: newId('user') });
  expect(confirmationOf(fresh)).toMatchObject({ status: 'waiting' });
  expect(workos.changes()).toEqual([]);
});

it('binds by a no also while WorkOS cannot be read', async () => {
  const session = await start();
  const args = { user_id: newId('user'), organization_id: newId('org') };
  const waiting = await session.call('create_organization_membership', args);
  expect(confirmationOf(waiting), waiting.text).toMatchObject({ status: 'waiting' });
  workos.setDown(true);
  const no = await session.call('answer_confirmation', answerTo(waiting, 'no', args));
  expect(no).toMatchObject({ isError: true, text: expect.stringContaining('did not confirm this call') });
  workos.setDown(false);
  const again = await session.call('create_organization_membership', args);
  expect(again).toMatchObject({ isError: true, text: expect.stringContaining('asked less than ten minutes ago') });
});

it('tells the view apart what a no did, and that another answer came first', async () => {
  const session = await start();
  const args = { user_id: newId('user') };
  const waiting = await session.call('delete_user', args);
  const yes = answerTo(waiting, 'yes', args, args.user_id.slice(-6));
  await session.call('answer_confirmation', yes);
  const late = await session.call('answer_confirmation', answerTo(waiting, 'no', args));
  expect(late).toMatchObject({ isError: true, structured: { confirmation: { status: 'over' } } });
  const other = { user_id: newId('user') };
  const asked = await session.call('delete_user', other);
  const declined = { isError: true, structured: { confirmation: { status: 'declined' } } };
  expect(await session.call('answer_confirmation', answerTo(asked, 'no', other))).toMatchObject(declined);
  const look = { ...answerTo(asked, 'no', other), answer: 'look' };
  expect(await session.call('answer_confirmation', look)).toMatchObject(declined);
});

describe('a store', () => {
  const PENDING = { caller: 'a', tool: 'delete_user', args: 'a1', shown: 's1', expected: [], by: 'view' } as const;
  const CALL = { caller: 'a', tool: 'delete_user', args: 'a1' };

  it('gives a person ten minutes in a view', async () => {
    let time = 0;
    const store = createPendingStore(() => time);
    await store.put('one', PENDING);
    await store.put('two', PENDING);
    time = 599_999;
    expect(await store.take('one')).toEqual(PENDING);
    time = 600_000;
    expect(await store.take('two')).toBeUndefined();
  });

  it('keeps what became of calls for ten minutes, and of large results the newest', async () => {
    let time = 0;
    const store = createPendingStore(() => time);
    const result = 'x'.repeat(1_500_000);
    for (const id of ['one', 'two', 'three']) await store.keep(id, { ...CALL, result });
    expect(await store.find('one')).toBeUndefined();
    expect(await store.find('three')).toEqual({ ...CALL, result });
    time = 600_000;
    expect(await store.find('three')).toBeUndefined();
  });
});

it('keeps a no beyond a restart, where the record is a file', async () => {
  const args = [...FULL, '--audit-log', join(folder, 'declines.jsonl')];
  const first = await start(args);
  const call = { user_id: newId('user') };
  const waiting = await first.call('delete_user', call);
  await first.call('answer_confirmation', answerTo(waiting, 'no', call));
  await first.close();
  const second = await start(args);
  expect(await second.call('delete_user', call)).toMatchObject({
    isError: true,
    text: expect.stringContaining('asked less than ten minutes ago'),
  });
  const other = await second.call('delete_user', { user_id: newId('user') });
  expect(confirmationOf(other)).toMatchObject({ status: 'waiting' });
});

it('wants only a button for an update outside of production, with before and after', async () => {
  const session = await start();
  const args = { user_id: newId('user'), email: 'eve@evil.test' };
  const waiting = await session.call('update_user', args);
  const { preview } = confirmationOf(waiting);
  expect(preview.changes).toEqual([{ name: 'email', before: '"ada@acme.test"', after: '"eve@evil.test"' }]);
  expect(preview.typed).toBeUndefined();
  const done = await session.call('answer_confirmation', answerTo(waiting, 'yes', args));
  expect(done.isError, done.text).toBe(false);
});

it('has identity changes typed in production', async () => {
  const session = await connectViewing(
    [...FULL, '--production-writes', '--audit-log', join(folder, 'audit.jsonl')],
    { ...workos.env, WORKOS_API_KEY: 'sk_live_1' },
    'v2 client, legacy',
  );
  opened.push(session);
  const args = { user_id: newId('user'), email: 'eve@evil.test' };
  const waiting = await session.call('update_user', args);
  expect(confirmationOf(waiting).preview).toMatchObject({ environment: 'production', typed: args.user_id.slice(-6) });
  const refused = await session.call('answer_confirmation', answerTo(waiting, 'yes', args));
  expect(refused).toMatchObject({
    isError: true,
    text: expect.stringContaining('typed something other than the last six characters'),
  });
});

it('answers by the call tool through which a call came', async () => {
  const session = await start([...GRANTS, '--list', 'core']);
  const tools = await session.tools();
  expect(Object(tools.find(({ name }) => name === 'call_delete_tool')?._meta).ui.resourceUri).toBeDefined();
  const args = { name: 'delete_connection', arguments: { connection_id: newId('conn') } };
  const waiting = await session.call('call_delete_tool', args);
  expect(confirmationOf(waiting), waiting.text).toMatchObject({ status: 'waiting', tool: 'delete_connection' });
  const typed = args.arguments.connection_id.slice(-6);
  const done = await session.call('answer_confirmation', answerTo(waiting, 'yes', args, typed));
  expect(done.isError, done.text).toBe(false);
  expect(workos.changes()).toEqual([`DELETE /connections/${args.arguments.connection_id}`]);
});

describe('a client that does not show views', () => {
  it.each(PEERS)('lists what it listed before, and has no resources (%s)', async (peer) => {
    const plain = await connect(FULL, workos.env, peer);
    opened.push(plain);
    const tools = await plain.listTools();
    expect(JSON.stringify(tools)).not.toMatch(/ui:\/\/|answer_confirmation|"_meta"/);
    await expect(plain.call('answer_confirmation', { tool: 'delete_user' })).rejects.toThrow('not found');
    const { client } = await start(FULL, peer, {});
    expect(client.getServerCapabilities()).not.toHaveProperty('resources');
  });

  it.each([
    ['declares elicitation too', { ...SHOWS, elicitation: {} }],
    ['shows other views', { extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html'] } } }],
    ['declares no type of views', { extensions: { 'io.modelcontextprotocol/ui': {} } }],
    ['declares another extension', { extensions: { 'io.example/ui': SHOWS.extensions['io.modelcontextprotocol/ui'] } }],
  ])('is one that %s', async (_, capabilities) => {
    const session = await start(FULL, 'v2 client, legacy', capabilities);
    const tools = JSON.stringify(await session.tools());
    expect(tools).toContain('delete_user');
    expect(tools).not.toMatch(/ui:\/\/|answer_confirmation/);
  });

  it.each([
    ['off'],
    ['auto', '--dry-run'],
    ['auto', '--read-only'],
  ])('is any, where no call waits (%s %s)', async (mode, ...more) => {
    const session = await start([...FULL, '--confirm', mode, ...more]);
    expect(JSON.stringify(await session.tools())).not.toMatch(/ui:\/\/|answer_confirmation/);
  });
});

it('confirms where --confirm is strict, too', async () => {
  const session = await start([...FULL, '--confirm', 'strict']);
  const args = { user_id: newId('user') };
  const waiting = await session.call('delete_user', args);
  const done = await session.call('answer_confirmation', answerTo(waiting, 'yes', args, args.user_id.slice(-6)));
  expect(done.isError, done.text).toBe(false);
});

it('is not answered by a client of the same agent that repeats the ID as a token', async () => {
  const raw = connectRaw(FULL, workos.env);
  opened.push(raw);
  const args = { user_id: newId('user') };
  const { result } = await raw.call('delete_user', { ...args, confirm_token: 'x' }, {}, undefined);
  expect(result?.isError).toBe(true);
});
