import { describe, expect, it } from 'vitest';
import { openInside } from './support/inside.ts';

type Item = { readonly id?: string };

const users = (count: number): Item[] => Array.from({ length: count }, (_, n) => ({ id: `user_${1_000 + n}` }));

/** A list of so many users, whose pages say of their cursors what `say` makes of them. */
function serve(count: number, say: (cursors: { before: string | null; after: string | null }) => object, deaf = false) {
  const list = users(count);
  return openInside(({ path }) => {
    const query = new URL(path, 'https://workos.test').searchParams;
    const limit = Number(query.get('limit') ?? 10);
    const [after, before] = [query.get('after'), query.get('before')];
    const at = deaf ? -1 : list.findIndex(({ id }) => id === (after ?? before));
    const start = before === null ? at + 1 : Math.max(0, at - limit);
    const data = list.slice(start, before === null ? start + limit : at);
    const cursors = {
      before: start > 0 ? (data[0]?.id ?? null) : null,
      after: start + data.length < count ? (data.at(-1)?.id ?? null) : null,
    };
    return { body: { object: 'list', data, ...say(cursors) } };
  });
}

const SAYINGS: readonly (readonly [string, (cursors: { after: string | null }) => object])[] = [
  ['nothing', () => ({})],
  ['list_metadata: null', () => ({ list_metadata: null })],
  ['list_metadata without cursors', () => ({ list_metadata: {} })],
];

describe.each(SAYINGS)('where a page says %s of the next one', (_, say) => {
  it.each([
    [250, 1_000, 250, 3],
    [200, 1_000, 200, 3],
    [99, 1_000, 99, 1],
    [0, 1_000, 0, 1],
  ])('a walk over %i users goes on behind each full page', async (count, max_items, items, requests) => {
    const inside = serve(count, say);
    const { structured } = await inside.call('list_users', { max_items });
    expect(structured).toMatchObject({ notes: [`Reached the end of the list (${items} items).`] });
    expect(structured?.data).toHaveLength(items);
    expect(inside.sent).toHaveLength(requests);
  });

  it('a walk goes on backwards too', async () => {
    const { structured } = await serve(250, say).call('list_users', { max_items: 1_000, before: 'user_1240' });
    expect(structured).toMatchObject({ notes: ['Reached the end of the list (240 items).'] });
  });

  it('a walk that stops says where it goes on', async () => {
    const { structured } = await serve(250, say).call('list_users', { max_items: 100 });
    expect(structured).toMatchObject({
      list_metadata: { after: 'user_1099' },
      notes: ['Stopped at max_items (100 items). Continue with after="user_1099".'],
    });
  });

  it('a walk ends without a claim where WorkOS answers the same page again', async () => {
    const { structured } = await serve(250, say, true).call('list_users', { max_items: 1_000 });
    expect(structured?.data).toHaveLength(100);
    expect(structured?.list_metadata).not.toHaveProperty('after');
    expect(structured?.notes).toContain('Stopped after 100 items: WorkOS did not say whether there is more.');
  });

  it.each([
    [{}, 'after="user_1009"'],
    [{ limit: 100 }, 'after="user_1099"'],
    [{ limit: 5, before: 'user_1020' }, 'before="user_1015"'],
  ])('one full page (%j) says that it does not know', async (args, cursor) => {
    const { structured } = await serve(250, say).call('list_users', args);
    expect(structured?.notes).toEqual([`WorkOS did not say whether there is more. To see, pass ${cursor}.`]);
  });

  it('one page that is not full says nothing of it', async () => {
    expect((await serve(7, say).call('list_users')).structured).not.toHaveProperty('notes');
  });
});

it('takes the older name of the cursors', async () => {
  const inside = serve(250, (listMetadata) => ({ listMetadata }));
  expect((await inside.call('list_users', { max_items: 500 })).structured).toMatchObject({
    list_metadata: { before: null, after: null },
    notes: ['Reached the end of the list (250 items).'],
  });
  expect((await inside.call('list_users', {})).structured).toMatchObject({ list_metadata: { after: 'user_1009' } });
});

it('makes no claim where the items of a full page have no ID', async () => {
  const inside = openInside(() => ({ body: { data: Array.from({ length: 100 }, (_, n) => ({ email: `${n}` })) } }));
  const { structured } = await inside.call('list_users', { max_items: 500 });
  expect(structured?.notes).toEqual(['Stopped after 100 items: WorkOS did not say whether there is more.']);
  const page = await inside.call('list_users', { limit: 100 });
  expect(page.structured?.notes).toEqual(['WorkOS did not say whether there is more.']);
});

it('says nothing of the end of a list that comes as a whole', async () => {
  const inside = openInside(() => ({
    body: { object: 'list', data: Array.from({ length: 10 }, () => ({ slug: 'a' })) },
  }));
  expect((await inside.call('list_environment_roles')).structured).not.toHaveProperty('notes');
});
