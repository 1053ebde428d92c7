import { describe, expect, it } from 'vitest';
import { knownFields, secretsIn } from '../src/catalog/output.ts';
import { RefusedError } from '../src/errors.ts';
import { catalog } from './support/catalog.ts';
import { KEY, openInside } from './support/inside.ts';
import { toolOf } from './support/requests.ts';

type Item = Record<string, unknown>;

/** Users in pages, every third of them suspended. */
const users = (count: number): Item[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `user_${10_000 + n}`,
    email: `u${n}@a.example`,
    email_verified: n % 4 > 0,
    first_name: n % 5 ? `Name${n % 5}` : null,
    metadata: n % 10 ? { plan: n % 2 ? 'pro' : 'free', 'a.b': 'dotted', nested: { deep: n % 7 } } : {},
  }));

function serve(items: readonly Item[], options: Parameters<typeof openInside>[1] = {}) {
  return openInside(({ method, path }) => {
    const query = new URL(path, 'https://workos.test').searchParams;
    const limit = Number(query.get('limit') ?? 10);
    const start = items.findIndex(({ id }) => id === query.get('after')) + 1;
    const data = items.slice(start, start + limit);
    const after = start + limit < items.length ? data.at(-1)?.id : null;
    if (toolOf({ method, path })?.answersArray) return { body: data };
    return { body: { object: 'list', data, list_metadata: { before: null, after } } };
  }, options);
}

const idsOf = (structured: Item | undefined) => Object(structured).data.map(({ id }: Item) => id);
const all = users(162);

describe('where', () => {
  it.each<[where: string[], matches: (item: Item) => boolean]>([
    [['email=u7@a.example'], ({ email }) => email === 'u7@a.example'],
    [['email = u7@a.example'], ({ email }) => email === 'u7@a.example'],
    [['email==u7@a.example'], ({ email }) => email === 'u7@a.example'],
    [['email_verified=false'], ({ email_verified }) => email_verified === false],
    [['first_name=Name1,Name3'], ({ first_name }) => first_name === 'Name1' || first_name === 'Name3'],
    [['first_name!=Name1,Name3'], ({ first_name }) => first_name !== 'Name1' && first_name !== 'Name3'],
    [['first_name="Name1", "Name3"'], ({ first_name }) => first_name === 'Name1' || first_name === 'Name3'],
    [['first_name=null'], ({ first_name }) => first_name === null],
    [['first_name='], ({ first_name }) => first_name === null],
    [['first_name!=null'], ({ first_name }) => first_name !== null],
    [['metadata.plan!=free'], ({ metadata }) => Object(metadata).plan !== 'free'],
    [['metadata.plan=null'], ({ metadata }) => Object(metadata).plan === undefined],
    [['metadata.a.b=dotted'], ({ metadata }) => Object(metadata)['a.b'] === 'dotted'],
    [['metadata.nested.deep=3'], ({ metadata }) => Object(metadata).nested?.deep === 3],
    [
      ['metadata.plan=pro', 'email_verified=true'],
      ({ metadata, email_verified: v }) => Object(metadata).plan === 'pro' && v === true,
    ],
    [['email=nobody'], () => false],
  ])('%j shows what matches, and how many were looked at', async (where, matches) => {
    const expected = all.filter(matches);
    const inside = serve(all);
    const { structured } = await inside.call('list_users', { where });
    expect(idsOf(structured)).toEqual(expected.map(({ id }) => id));
    expect(structured).toMatchObject({
      list_metadata: { before: null, after: null },
      notes: [`${expected.length} of 162 scanned match.`, 'Reached the end of the list (162 items).'],
    });
    expect(inside.sent.map(({ path }) => new URL(path, 'https://workos.test').search)).toEqual([
      '?limit=100',
      '?limit=100&after=user_10099',
    ]);
  });

  it('compares any element of an array, and a text with a comma in quotes', async () => {
    const organizations = [
      { id: 'org_1', name: 'Acme, Inc.', domains: [{ domain: 'a.example' }, { domain: 'b.example' }] },
      { id: 'org_2', name: 'Beta', domains: [] },
    ];
    const find = async (where: string[]) =>
      idsOf((await serve(organizations).call('list_organizations', { where })).structured);
    expect(await find(['domains.domain=b.example'])).toEqual(['org_1']);
    expect(await find(['domains.domain!=b.example'])).toEqual(['org_2']);
    expect(await find(['domains.domain=null'])).toEqual(['org_2']);
    expect(await find(['name="Acme, Inc."'])).toEqual(['org_1']);
  });

  it('counts with max_items what matched, and says where to go on', async () => {
    const inside = serve(all);
    const { structured } = await inside.call('list_users', { where: ['email_verified=false'], max_items: 26 });
    expect(idsOf(structured)).toHaveLength(26);
    expect(structured).toMatchObject({
      list_metadata: { after: 'user_10100' },
      notes: ['26 of 101 scanned match.', 'Stopped at max_items (26 items). Continue with after="user_10100".'],
    });
    const rest = await inside.call('list_users', { where: ['email_verified=false'], after: 'user_10100' });
    expect(idsOf(rest.structured)).toHaveLength(41 - 26);
  });

  it('looks at no more than 5,000 items', async () => {
    const inside = serve(users(5_200));
    const { structured } = await inside.call('list_users', { where: ['email=u5100@a.example'] });
    expect(structured).toMatchObject({
      data: [],
      list_metadata: { after: 'user_14999' },
      notes: [
        '0 of 5000 scanned match.',
        'Stopped after 5000 items were looked at, the most for one call. Continue with after="user_14999".',
      ],
    });
    expect(inside.sent).toHaveLength(50);
  });

  it('stops before the call runs out of time', async () => {
    let time = 0;
    const slow = { now: () => (time += 500) };
    expect((await serve(users(5_000), slow).call('list_users', { where: ['email=x'] })).structured?.notes).toEqual([
      expect.stringMatching(/^0 of \d+ scanned match\.$/),
      expect.stringMatching(
        /^Stopped after \d+ items, before the call ran out of time\. Continue with after="user_\d+"\.$/,
      ),
    ]);
  });

  it('takes a request of the budget for each page behind the first, and keeps what it has where none is left', async () => {
    let left = 2;
    const spendPage = async () => {
      if (left === 0) throw new RefusedError('bot may make 3 requests a minute: wait 9 seconds.');
      left -= 1;
    };
    for (const args of [{ where: ['email_verified=true'] }, { max_items: 900 }, { count_only: true }]) {
      left = 2;
      const inside = serve(users(1_000), { spendPage });
      const { structured } = await inside.call('list_users', args);
      expect(inside.sent).toHaveLength(3);
      expect(structured?.list_metadata).toMatchObject({ after: 'user_10299' });
      expect(JSON.stringify(structured?.notes)).toContain('bot may make 3 requests a minute: wait 9 seconds.');
    }
    left = 0;
    expect((await serve(users(100), { spendPage }).call('list_users', { count_only: true })).structured).toMatchObject({
      count: 100,
    });
  });

  it('tells with each page how many were looked at, not of how many', async () => {
    const seen: unknown[] = [];
    const inside = serve(users(250), { onProgress: (...progress) => seen.push(progress) });
    await inside.call('list_users', { where: ['email=x'] });
    await inside.call('list_users', { max_items: 200 });
    expect(seen).toEqual([
      [100, undefined],
      [200, undefined],
      [250, undefined],
      [100, 200],
      [200, 200],
    ]);
  });

  it('works where the list comes as a whole', async () => {
    const roles = [
      { slug: 'admin', type: 'EnvironmentRole' },
      { slug: 'own', type: 'OrganizationRole' },
    ];
    const inside = serve(roles);
    const { structured } = await inside.call('list_environment_roles', { where: ['type=OrganizationRole'] });
    expect(structured).toMatchObject({ data: [{ slug: 'own' }], notes: ['1 of 2 scanned match.', expect.anything()] });
    expect(inside.sent.map(({ path }) => path)).toEqual(['/authorization/roles']);
  });

  it('goes with fields, of which it needs none', async () => {
    const { structured } = await serve(all).call('list_users', {
      where: ['metadata.plan=pro'],
      fields: ['id'],
      max_items: 1,
    });
    expect(structured?.data).toEqual([{ id: 'user_10001' }]);
  });

  it.each<[args: Record<string, unknown>, message: string]>([
    [{ where: ['emial=x'] }, 'where: there is no field "emial". Did you mean "email"? The fields are object, id,'],
    [{ where: ['email.x=y'] }, 'where: there is no field "email.x"'],
    [{ where: ['metadata=x'] }, 'where: metadata has members of its own: name one of them, as metadata.NAME.'],
    [{ where: ['email'] }, 'where: "email" is not a condition. Write "member=value"'],
    [{ where: ['created_at>2026'] }, 'where: "created_at>2026" is not a condition.'],
    [{ where: ['=x'] }, 'where: "=x" is not a condition.'],
    [{ where: ['email="x'] }, 'is not a condition'],
    [{ where: ['email="x"y'] }, 'is not a condition'],
    [{ where: ['email=x'], limit: 5 }, 'Give max_items with where, not limit'],
    [{ count_only: true, limit: 5 }, 'count_only counts all: leave out limit, max_items and fields.'],
    [{ count_only: true, fields: ['id'] }, 'count_only counts all'],
  ])('refuses %j', async (args, message) => {
    const inside = serve(all);
    expect(await inside.call('list_users', args)).toMatchObject({
      isError: true,
      text: expect.stringContaining(message),
    });
    expect(inside.sent).toEqual([]);
  });

  it('says first that no conditions were given', async () => {
    const { structured } = await serve(all).call('list_users', { where: [] });
    expect(Object(structured).notes[0]).toBe('where was empty and was left out.');
  });
});

describe('count_only', () => {
  it('tells the number, and how often each value occurs', async () => {
    const { structured } = await serve(all).call('list_users', {
      count_only: true,
      where: ['first_name=Name1,Name2', 'metadata.plan!=none'],
    });
    const matching = all.filter(({ first_name }) => ['Name1', 'Name2'].includes(String(first_name)));
    expect(structured).toEqual({
      object: 'count',
      count: matching.length,
      scanned: 162,
      list_metadata: { after: null },
      by: {
        first_name: {
          Name1: matching.filter(({ first_name }) => first_name === 'Name1').length,
          Name2: matching.filter(({ first_name }) => first_name === 'Name2').length,
        },
        'metadata.plan': {
          free: matching.filter(({ metadata }) => Object(metadata).plan === 'free').length,
          pro: matching.filter(({ metadata }) => Object(metadata).plan === 'pro').length,
        },
      },
      notes: [`${matching.length} of 162 scanned match.`, 'Reached the end of the list (162 items).'],
    });
  });

  it('counts all without conditions', async () => {
    expect((await serve(all).call('list_users', { count_only: true })).structured).toMatchObject({
      count: 162,
      scanned: 162,
    });
    expect((await serve(all).call('list_users', { count_only: false, limit: 1 })).structured?.data).toHaveLength(1);
  });

  it('says of a longer list that it was not counted to its end', async () => {
    const { structured } = await serve(users(5_200)).call('list_users', { count_only: true });
    expect(structured).toMatchObject({
      count: 5_000,
      list_metadata: { after: 'user_14999' },
      notes: [expect.stringContaining('Stopped after 5000 items were looked at')],
    });
  });

  it('tells few values apart, and fits in the result', async () => {
    const many = users(500).map((user) => ({ ...user, first_name: `${user.id}`.repeat(30) }));
    const ask = { count_only: true, where: ['first_name!=x'] };
    const { structured } = await serve(many).call('list_users', ask);
    expect(Object.keys(Object(structured).by.first_name)).toHaveLength(31);
    expect(Object(structured).by.first_name['(other values)']).toBe(470);
    const small = await serve(many, { maxResultBytes: 2_000 }).call('list_users', ask);
    expect(small.structured).toMatchObject({
      count: 500,
      notes: expect.arrayContaining([expect.stringContaining('left out')]),
    });
    expect(Buffer.byteLength(small.text)).toBeLessThan(2_000);
  });
});

describe('dotted fields', () => {
  const organization = {
    id: 'org_1',
    metadata: { plan: 'pro', 'a.b': 1, c: 2 },
    domains: [
      { id: 'd1', domain: 'a.example', state: 'verified' },
      { id: 'd2', domain: 'b.example' },
    ],
  };
  it.each<[fields: string[], shown: Item]>([
    [['metadata.plan'], { metadata: { plan: 'pro' } }],
    [['metadata.a.b', 'id'], { metadata: { 'a.b': 1 }, id: 'org_1' }],
    [['domains.domain'], { domains: [{ domain: 'a.example' }, { domain: 'b.example' }] }],
    [
      ['domains.domain', 'domains.state'],
      { domains: [{ domain: 'a.example', state: 'verified' }, { domain: 'b.example' }] },
    ],
    [['metadata.plan', 'metadata'], { metadata: { plan: 'pro', 'a.b': 1, c: 2 } }],
    [['metadata.none'], { metadata: {} }],
  ])('%j', async (fields, shown) => {
    const one = openInside(() => ({ body: organization }));
    expect((await one.call('get_organization', { organization_id: 'org_1', fields })).structured).toEqual(shown);
    expect((await serve([organization]).call('list_organizations', { fields })).structured?.data).toEqual([shown]);
  });

  it('refuses one that is not known, with a suggestion', async () => {
    expect((await serve([]).call('list_organizations', { fields: ['domains.domian'] })).text).toContain(
      'fields: there is no field "domains.domian". Did you mean "domains.domain"?',
    );
  });
});

const CANARY = 'canary-5d1f0c';
const lists = catalog.tools.filter((tool) => tool.isList);
/** What a list cannot be called without. */
/** What a list demands of its filters, with values that no item has. */
const argsOf = (name: string) => {
  const { input, exactlyOne = [], atLeastOne = [] } = lists.find((tool) => tool.name === name) ?? expect.fail(name);
  const required = Object.keys(input).filter((argument) => !input[argument]?.safeParse(undefined).success);
  const all = [...required, ...exactlyOne.slice(0, 1), ...atLeastOne.slice(0, 1)];
  return Object.fromEntries(all.map((argument) => [argument, `${argument}_1`]));
};

/** An item with a secret wherever there may be one: declared, by its name at any depth, and by its value. */
const secretItem = (secret: string): Item => ({
  id: 'x_1',
  slug: 's',
  name: `Bearer ${secret}`,
  external_key: secret,
  api_key: secret,
  description: KEY,
  email: `Bearer ${secret}`,
  organization_name: `Bearer ${secret}`,
  provider: `Bearer ${secret}`,
  token: secret,
  accept_invitation_url: secret,
  idp_id: 'i',
  metadata: { plan: 'pro', token: secret, inner: { password: secret }, link: `https://a.example/?token=${secret}` },
  custom_attributes: { plan: 'pro', client_secret: secret },
  raw_attributes: { access_token: secret },
  groups: [{ id: 'g', raw_attributes: { refresh_token: secret } }],
});

/** Every way to ask for the secret, and to ask for something else in its place. */
const questions = (value: string): readonly Item[] =>
  [
    ...['external_key', 'name', 'description', 'api_key', 'metadata.token', 'metadata.inner.password', 'metadata.link'],
    ...['custom_attributes.client_secret', 'raw_attributes.access_token', 'groups.raw_attributes.refresh_token'],
  ].flatMap((member) =>
    ['=', '!='].flatMap((sign) =>
      [value, `Bearer ${value}`, `https://a.example/?token=${value}`].flatMap((text) =>
        [false, true].map((count_only) => ({ where: [`${member}${sign}${text}`], count_only })),
      ),
    ),
  );

describe('no secret is found out by asking,', () => {
  it.each(lists)('$name', async ({ name }) => {
    for (const asked of questions(CANARY)) {
      const answers = await Promise.all(
        // The same question about a list with the secret, and about one with another secret.
        [CANARY, 'another-9e8d7c'].map(async (secret) => {
          const inside = serve([secretItem(secret)], { grants: '*:full' });
          const { text } = await inside.call(name, { ...argsOf(name), ...asked });
          return text;
        }),
      );
      expect(answers[0], JSON.stringify(asked)).toBe(answers[1]);
      expect(answers[0]).not.toContain(KEY);
    }
  });

  // What is shown of events is for test/events.test.ts.
  it.each(lists.filter(({ events }) => !events))('and $name finds it with credentials, but never the API key', async ({
    name,
    output,
  }) => {
    const declared = [...(output === undefined ? [] : secretsIn(output))].map((path) => path.replace(/^data\./, ''));
    for (const member of declared) {
      const inside = serve([secretItem(CANARY)]);
      const { structured } = await inside.call(name, { ...argsOf(name), where: [`${member}=${CANARY}`] });
      expect(structured?.notes).toContain('1 of 1 scanned match.');
    }
    const known = output === undefined ? [] : knownFields(output);
    const text = ['name', 'organization_name', 'email', 'provider', 'id'].find((member) => known.includes(member));
    const inside = serve([secretItem(CANARY)]);
    const answer = await inside.call(name, { ...argsOf(name), where: [`${text}=${KEY}`], count_only: true });
    expect(answer.text).toContain('0 of 1 scanned match.');
  });

  it('and what is withheld is refused by its name', async () => {
    const inside = serve([secretItem(CANARY)], { grants: '*:full' });
    expect((await inside.call('list_directories', { where: ['external_key=x'] })).text).toBe(
      'list_directories was not sent. where: "external_key" is withheld from you, so it cannot be compared.',
    );
    for (const member of ['metadata.token', 'metadata.inner.password', 'metadata.api_key'])
      expect((await inside.call('list_users', { where: [`${member}=x`] })).text).toContain('is withheld from you');
    expect(inside.sent).toEqual([]);
  });
});
