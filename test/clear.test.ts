import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseArguments } from '../src/call/arguments.ts';
import { toPreview } from '../src/call/confirm/preview.ts';
import type { Arguments } from '../src/catalog/declaration.ts';
import { catalog } from './support/catalog.ts';
import { connect, type Session } from './support/session.ts';
import { listen, type Upstream } from './support/upstream.ts';

const toolOf = (name: string) => catalog.tools.find((tool) => tool.name === name) ?? expect.fail(name);

const USER = 'user_01E4ZCR3C56J083X43JQXF3JK5';

const NOW = {
  object: 'user',
  id: USER,
  email: 'ada@acme.test',
  external_id: 'crm-1',
  locale: null,
  metadata: { team: 'x', plan: 'y\u202e' },
};

/** The lines that a person is shown of an update of the user. */
async function preview(args: Arguments, { mayRead = true, now = NOW }: { mayRead?: boolean; now?: object } = {}) {
  const tool = toolOf('update_user');
  const parsed = parseArguments(tool, { user_id: USER, ...args }, { maxItems: 10 }).args;
  const value = Object(now);
  const { text, basis } = await toPreview(tool, parsed, {
    toolOf,
    environment: 'staging',
    mayRead: () => mayRead,
    read: async () => ({
      value,
      notes: [],
      removed: 0,
      plain: true,
      marked: false,
      reply: { status: 200, headers: {}, body: '' },
    }),
  });
  return { lines: text.split('\n').filter((line) => line.startsWith('It ')), basis: JSON.stringify(basis) };
}

describe('what a person is shown of what an update removes', () => {
  it.each<[Arguments, readonly string[]]>([
    [{ clear: ['external_id'] }, ['It removes external_id, which is now `"crm-1"`']],
    [{ clear: ['locale'] }, ['It removes locale, which is not set now.']],
    [{ clear: ['metadata'] }, ['It removes metadata, which is now `{"team":"x","plan":"y\\u202e"}`']],
    [
      { metadata: { team: null, tier: 'gold' } },
      ['It sets metadata to `{"tier":"gold"}`', 'It removes from metadata `["team"]`, which is now `{"team":"x"}`'],
    ],
    [{ metadata: { none: null } }, ['It removes from metadata `["none"]`, which is not set now.']],
  ])('%j', async (args, lines) => {
    expect((await preview(args)).lines).toEqual(lines);
  });

  it('is bounded', async () => {
    const now = { ...NOW, metadata: { long: 'x'.repeat(5_000) } };
    const { lines } = await preview({ clear: ['metadata'] }, { now });
    expect(lines.join('')).toMatch(/…` \(5011 characters\)$/);
    expect(lines.join('').length).toBeLessThan(600);
  });

  it('is shown whole where it decides an identity, or refused', async () => {
    const now = { ...NOW, external_id: 'x'.repeat(5_000) };
    await expect(preview({ clear: ['external_id'] }, { now })).rejects.toThrow('external_id is too long to be shown');
    const lookAlike = await preview({ clear: ['external_id'] }, { now: { ...NOW, external_id: 'crm-\u0406' } });
    expect(lookAlike.lines).toEqual(['It removes external_id, which is now `"crm-\\u0406"`']);
  });

  it('is not shown to an agent that may not read it', async () => {
    const { lines } = await preview({ clear: ['metadata', 'external_id'] }, { mayRead: false });
    expect(lines).toEqual(['It removes external_id.', 'It removes metadata.']);
  });

  it('is what the confirmation is for', async () => {
    const clear = { clear: ['metadata'] };
    const changed = { ...NOW, metadata: { team: 'z' } };
    expect((await preview(clear)).basis).not.toBe((await preview(clear, { now: changed })).basis);
    const pair = { metadata: { team: null } };
    expect((await preview(pair)).basis).not.toBe((await preview(pair, { now: changed })).basis);
  });
});

describe('an update that clears', () => {
  let upstream: Upstream;
  let session: Session;
  let dry: Session;
  let small: Session;
  const decisions = () =>
    session
      .log()
      .split('\n')
      .filter((line) => line.includes('"kind":"decision"'))
      .map((line) => JSON.parse(line));

  beforeAll(async () => {
    upstream = await listen(({ url }) =>
      Response.json(new URL(url).pathname.endsWith('/users') ? { object: 'list', data: [], list_metadata: {} } : NOW),
    );
    const env = { WORKOS_API_KEY: 'sk_test_key', WORKOS_BASE_URL: upstream.url };
    [session, dry, small] = await Promise.all([
      connect(['--allow', '*:full,users:credentials', '--confirm', 'auto'], env),
      connect(['--allow', '*:full,users:credentials', '--dry-run'], env),
      connect(['--allow', '*:full', '--confirm', 'auto'], env),
    ]);
  });
  afterAll(async () => {
    await Promise.all([session, dry, small].map((one) => one.close()));
    await upstream.close();
  });

  const user = { user_id: USER };
  const sentBy = async (call: () => Promise<unknown>) => {
    const before = upstream.received.length;
    await call();
    return upstream.received.slice(before).filter(({ method }) => method !== 'GET');
  };

  it('sends null, and nothing for what a client filled in with null', async () => {
    const sent = await sentBy(() =>
      session.call('update_user', { ...user, clear: ['metadata'], locale: null, external_id: null, first_name: 'A' }),
    );
    expect(sent.map(({ body }) => body)).toEqual([{ first_name: 'A', metadata: null }]);
  });

  it('of what decides an identity needs the grant and a confirmation, as setting it does', async () => {
    const sent = await sentBy(async () => {
      const asked = await session.call('update_user', { ...user, clear: ['external_id'] });
      expect(asked.text).toContain('has to be confirmed');
    });
    expect(sent).toEqual([]);
    expect((await small.call('update_user', { ...user, clear: ['external_id'] })).text).toContain(
      'clear: external_id needs the grant users:credentials',
    );
  });

  it('has one digest on record, however it was written', async () => {
    await session.call('update_user', { ...user, first_name: 'A', email_verified: null, metadata: '{"a":"b"}', _x: 1 });
    await session.call('update_user', { metadata: { a: 'b' }, first_name: 'A', ...user });
    await session.call('update_user', { ...user, clear: ['locale'] });
    await session.call('update_user', { ...user, clear: '["locale"]', first_name: null });
    await expect.poll(() => decisions().length).toBeGreaterThanOrEqual(4);
    const [first, second, third, fourth] = decisions().slice(-4);
    expect(first.arguments).toBe(second.arguments);
    expect(third.arguments).toBe(fourth.arguments);
    expect(first.arguments).not.toBe(third.arguments);
    expect(first.ids).toEqual(user);
  });

  it('is on record too where its arguments were refused', async () => {
    const before = decisions().length;
    await session.call('update_user', { ...user, nonsense: 'x' });
    await expect.poll(() => decisions().length).toBe(before + 1);
    expect(decisions().at(-1)).toMatchObject({ decision: 'refused', ids: user });
  });

  it('shows in a dry run what it would send', async () => {
    const { structured } = await dry.call('update_user', { ...user, clear: ['metadata'], toolCallId: 'c' });
    expect(structured).toMatchObject({
      request: { body: { metadata: null } },
      notes: [
        'Ignored, because the tool has no such arguments: toolCallId.',
        'Nothing was sent: the server was started with --dry-run.',
      ],
    });
  });

  it.each([
    { limit: 5 },
    { max_items: 5 },
    {},
  ])('and a list says first what was empty or has capitals: %j', async (more) => {
    const empty = await session.call('list_users', { ...more, email: '' });
    expect(Object(empty.structured).notes[0]).toBe('email was empty: these are all users.');
    const capitals = await session.call('list_users', { ...more, email: 'Ada@acme.test' });
    expect(Object(capitals.structured).notes[0]).toBe(
      'email has capitals, and WorkOS compares it exactly: try it in lower case.',
    );
    const small = await session.call('list_users', { ...more, email: 'ada@acme.test' });
    expect(JSON.stringify(small.structured)).not.toContain('capitals');
  });
});
