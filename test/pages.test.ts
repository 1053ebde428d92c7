import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACME_DIRECTORY, BLUEFERN_DIRECTORY } from './support/seeded.ts';
import { connect, type Session } from './support/session.ts';
import { listen, type Upstream } from './support/upstream.ts';

type Item = Record<string, unknown>;

const users = (count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({
    object: 'user',
    id: `user_${String(index).padStart(5, '0')}`,
    email: `user${index}@example.com`,
    first_name: index % 2 === 0 ? 'Ada' : null,
    metadata: {},
  }));

/** Serves a list as WorkOS does, newest first. */
function serve(list: readonly Item[]) {
  return (request: Request): Response => {
    const { searchParams } = new URL(request.url);
    const limit = Number(searchParams.get('limit') ?? 10);
    const [after, before] = [searchParams.get('after'), searchParams.get('before')];
    const at = list.findIndex(({ id }) => id === (after ?? before));
    const start = after !== null ? at + 1 : before !== null ? Math.max(0, at - limit) : 0;
    const data = list.slice(start, before !== null ? at : start + limit);
    const metadata = {
      before: start > 0 ? (data[0]?.id ?? null) : null,
      after: start + data.length < list.length ? (data.at(-1)?.id ?? null) : null,
    };
    return Response.json({ object: 'list', data, list_metadata: metadata });
  };
}

let upstream: Upstream;
let session: Session;

beforeAll(async () => {
  upstream = await listen(serve(users(350)));
  const env = { WORKOS_API_KEY: 'sk_test_1', WORKOS_BASE_URL: upstream.url };
  session = await connect(['--allow', '*:read', '--max-items', '5000'], env);
});
afterAll(async () => {
  await session.close();
  await upstream.close();
});

const list = async (args: Record<string, unknown>, name = 'list_users') => {
  const before = upstream.received.length;
  const result = await session.call(name, args);
  const { data = [], list_metadata: metadata, notes } = Object(result.structured);
  return {
    ...result,
    ids: data.map(({ id }: Item) => id),
    data,
    metadata,
    notes,
    sent: upstream.received.slice(before),
  };
};

describe('max_items', () => {
  it('follows the cursors to the end of the list', async () => {
    upstream.answer = serve(users(350));
    const { ids, metadata, notes, sent } = await list({ max_items: 1_000, email: 'x' });
    expect(ids).toHaveLength(350);
    expect(metadata).toEqual({ before: null, after: null });
    expect(notes).toEqual(['Reached the end of the list (350 items).']);
    expect(sent.map(({ query }) => query)).toEqual([
      { limit: '100', email: 'x' },
      { limit: '100', email: 'x', after: 'user_00099' },
      { limit: '100', email: 'x', after: 'user_00199' },
      { limit: '100', email: 'x', after: 'user_00299' },
    ]);
  });

  it('stops at so many and says where to go on', async () => {
    const { ids, metadata, notes, sent } = await list({ max_items: 120, after: 'user_00009' });
    expect([ids[0], ids.at(-1), ids.length]).toEqual(['user_00010', 'user_00129', 120]);
    expect(metadata).toEqual({ before: 'user_00010', after: 'user_00129' });
    expect(notes).toEqual(['Stopped at max_items (120 items). Continue with after="user_00129".']);
    expect(sent.map(({ query }) => query.limit)).toEqual(['100', '20']);
  });

  it('goes backwards from before, in the order of the list', async () => {
    const { ids, metadata } = await list({ max_items: 130, before: 'user_00200' });
    expect([ids[0], ids.at(-1), ids.length]).toEqual(['user_00070', 'user_00199', 130]);
    expect(metadata).toMatchObject({ before: 'user_00070' });
  });

  it('stops before the result is too large', async () => {
    upstream.answer = serve(users(4_000));
    const { ids, metadata, text, notes, sent } = await list({ max_items: 4_000 });
    expect(sent).toHaveLength(Math.floor(ids.length / 100) + 1); // none that nobody wants
    expect(Buffer.byteLength(text)).toBeGreaterThan(50_000);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(60_000);
    expect(metadata.after).toBe(ids.at(-1));
    expect(notes[0]).toMatch(/^Stopped after \d+ items, to stay under 60000 bytes\. Continue with after="user_\d+"\.$/);
  });

  it('asks for no page that nobody may want, behind one in which something is withheld', async () => {
    // The markers are longer than what stood there, so that the page has no room although it had when it came.
    const secrets = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`note${index}`, 'Bearer 12345678']));
    upstream.answer = serve(users(350).map((user) => ({ ...user, metadata: secrets })));
    const { ids, sent } = await list({ max_items: 300, fields: ['id', 'metadata'] });
    expect(ids.length).toBeGreaterThan(50);
    expect(ids.length).toBeLessThan(100);
    expect(sent).toHaveLength(1);
  });

  it('keeps what it has where a later page fails', async () => {
    const pages = serve(users(350));
    upstream.answer = (request) =>
      request.url.includes('after=') ? Response.json({ message: 'No.' }, { status: 400 }) : pages(request);
    const { ids, metadata, notes } = await list({ max_items: 300 });
    expect(ids).toHaveLength(100);
    expect(metadata.after).toBe('user_00099');
    expect(notes[0]).toBe(
      'Stopped after 100 items because of an error: WorkOS answered list_users with 400 Bad Request: "No". Correct the arguments and call again. Continue with after="user_00099".',
    );
  });

  it('says that a list would never end', async () => {
    upstream.answer = () =>
      Response.json({ object: 'list', data: users(10), list_metadata: { before: null, after: 'user_00009' } });
    const { isError, text, sent } = await list({ max_items: 300 });
    expect({ isError, text }).toEqual({
      isError: true,
      text: 'WorkOS answered list_users with 200 OK, but its cursor "user_00009" leads to nothing new after 10 items, so the list would never end. Read the list page by page with limit instead.',
    });
    expect(sent).toHaveLength(2);
  });

  it.each([
    [{ max_items: 5, limit: 5 }, 'Give either limit or max_items, not both.'],
    [{ max_items: 5, before: 'a', after: 'b' }, 'Give max_items with before or after, not both.'],
    [{ max_items: 5_001 }, 'max_items is too large: at most 5000.'],
    [{ max_items: 0 }, 'max_items: Too small'],
  ])('refuses %j', async (args, message) => {
    expect(await list(args)).toMatchObject({ isError: true, text: expect.stringContaining(message), sent: [] });
  });

  it('reports progress to a client that asked for it', async () => {
    const pages = serve(users(350));
    // Clients drop what comes together with the result.
    upstream.answer = async (request) => {
      await setTimeout(50);
      return pages(request);
    };
    const seen: unknown[] = [];
    await session.call('list_users', { max_items: 250 }, { onprogress: (progress) => seen.push(progress) });
    expect(seen.slice(0, 2)).toEqual([
      { progress: 100, total: 250 },
      { progress: 200, total: 250 },
    ]);
  });
});

describe('one page', () => {
  it('is in short', async () => {
    upstream.answer = serve(users(350));
    const { data } = await list({ limit: 2 });
    expect(data).toEqual([
      { id: 'user_00000', email: 'user0@example.com', first_name: 'Ada' },
      { id: 'user_00001', email: 'user1@example.com' },
    ]);
  });

  it('shows the fields asked for, empty ones included', async () => {
    const { data } = await list({ limit: 2, fields: ['first_name', 'metadata'] });
    expect(data).toEqual([
      { first_name: 'Ada', metadata: {} },
      { first_name: null, metadata: {} },
    ]);
  });

  it('refuses a field that is not known', async () => {
    expect(await list({ fields: ['email', 'emial'] })).toMatchObject({
      isError: true,
      text: expect.stringMatching(
        /^list_users was not sent\. fields: there is no field "emial"\. Did you mean "email"\? The fields are .*id, .*email/,
      ),
      sent: [],
    });
  });

  it.each([
    ['after an item, from its end', {}, 'after', 'user_00000'],
    ['before an item, from its start', { before: 'user_00100' }, 'before', 'user_00000'],
  ])('is cut %s', async (_, args, direction, first) => {
    upstream.answer = serve([
      ...users(100).map((user) => ({ ...user, email: 'e'.repeat(1_000) })),
      { id: 'user_00100' },
    ]);
    const { ids, metadata, text, notes } = await list({ limit: 100, ...args });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(60_000);
    expect(ids.length).toBeGreaterThan(50);
    expect(ids[0] === first).toBe(direction === 'after');
    const cursor = direction === 'after' ? ids.at(-1) : ids[0];
    expect(metadata[direction]).toBe(cursor);
    expect(notes).toEqual([
      `Cut to ${ids.length} of 100 items to stay under 60000 bytes. Continue with ${direction}="${cursor}".`,
    ]);
  });
});

describe('what cannot be cut', () => {
  it.each([
    ['one object', 'get_user', { user_id: 'user_1' }, { object: 'user', id: 'user_1', email: 'e'.repeat(70_000) }],
    ['the roles', 'list_environment_roles', {}, { object: 'list', data: [{ slug: 's'.repeat(70_000) }] }],
    [
      'a first item',
      'list_users',
      {},
      { object: 'list', data: [{ id: 'u', email: 'e'.repeat(70_000) }], list_metadata: {} },
    ],
    [
      'a first item of a walk',
      'list_users',
      { max_items: 9 },
      { object: 'list', data: [{ id: 'u', email: 'e'.repeat(70_000) }], list_metadata: {} },
    ],
  ])('%s', async (_, name, args, body) => {
    upstream.answer = () => Response.json(body);
    const { isError, text } = await list(args, name);
    expect(isError).toBe(true);
    expect(text).toMatch(
      /with 200 OK, but the result is too large \(70\d\d\d bytes; the limit is 60000\) and cannot be cut\. Request less with the argument fields \(/,
    );
  });

  it('fits when only some fields are asked for', async () => {
    upstream.answer = () => Response.json({ object: 'user', id: 'user_1', email: 'e'.repeat(70_000) });
    expect((await session.call('get_user', { user_id: 'user_1', fields: ['id'] })).structured).toEqual({
      id: 'user_1',
    });
  });
});

it('walks the sandbox with every list', async () => {
  const inside = await connect(['--sandbox', '--allow', '*:read']);
  for (const [name, count, filter] of [
    ['list_users', 12, {}],
    ['list_organizations', 4, {}],
    ['list_connections', 3, {}],
    ['list_directories', 2, {}],
    ['list_directory_users', 9, { directory: ACME_DIRECTORY }],
    ['list_directory_users', 5, { directory: BLUEFERN_DIRECTORY }],
    ['list_directory_groups', 3, { directory: ACME_DIRECTORY }],
    ['list_directory_groups', 2, { directory: BLUEFERN_DIRECTORY }],
  ] as const) {
    const { structured } = await inside.call(name, { ...filter, max_items: 100 });
    expect(structured, name).toMatchObject({ notes: [`Reached the end of the list (${count} items).`] });
  }
  await inside.close();
});
