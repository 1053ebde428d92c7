import { afterEach, describe, expect, it } from 'vitest';
import { toShownJson, toShownName } from '../src/call/confirm/shown-text.ts';
import { listItem } from '../src/catalog/output.ts';
import { placeOf } from '../src/catalog/tool.ts';
import {
  type Calling,
  type CallingOptions,
  connectCalling,
  isListed,
  type Message,
  NO_OBJECTS,
} from './support/calling.ts';
import { catalog } from './support/catalog.ts';

const ORG = 'org_01EHZNVPK3SFK441A1RGBFSHRT';
const ALTERED = 'Characters that cannot be seen, or could pass for the text around them, were left out or replaced.';

describe('a name from outside is shown', () => {
  it.each<[name: string, shown: string, warnings: readonly string[]]>([
    ['Acme', '`Acme`', []],
    ['Ünïcode 株式会社', '`Ünïcode 株式会社`', []],
    ['Toyotaトヨタ株式会社', '`Toyotaトヨタ株式会社`', []],
    ['삼성SDI', '`삼성SDI`', []],
    ['Яндекс and Ελλάς', '`Яндекс and Ελλάς`', []],
    ['β-blockers™ Nº 1', '`β-blockers™ Nº 1`', []],
    ['**bold** [x](https://evil.test)', '`**bold** [x](https://evil.test)`', []],
    ['<img src=x onerror=alert(1)>', '`<img src=x onerror=alert(1)>`', []],
    ['&lt;b&gt; _x_ ~~y~~ #', '`&lt;b&gt; _x_ ~~y~~ #`', []],
    ['a` <b>', "`a' <b>`", [ALTERED]],
    ['a`` (org_2)? ``', "`a'' (org_2)? ''`", [ALTERED]],
    ['Acme" (org_2)? "', "`Acme' (org_2)? '`", [ALTERED]],
    ['Acme\u00a0Inc', '`Acme Inc`', [ALTERED]],
    ['Ac\u3164me', '`Ac me`', [ALTERED]],
    ['\u{1d159}', '', [ALTERED]],
    ['', '', []],
    ['А\u0441me', '`А\u0441me`', ['Careful: the word `А\u0441me` mixes Latin and Cyrillic letters.']],
    ['Pay ΡayPal', '`Pay ΡayPal`', ['Careful: the word `ΡayPal` mixes Latin and Greek letters.']],
    ['Acmeא', '`Acmeא`', ['Careful: the word `Acmeא` mixes Latin and other letters.']],
    ['漢Я', '`漢Я`', ['Careful: the word `漢Я` mixes Cyrillic and other letters.']],
    ['𝔸cme', '`𝔸cme`', ['Careful: the word `𝔸cme` has characters that only look like ordinary letters.']],
    ['Ｙes', '`Ｙes`', ['Careful: the word `Ｙes` has characters that only look like ordinary letters.']],
    ['x'.repeat(61), `\`${'x'.repeat(59)}…\``, []],
  ])('%j', (name, shown, warnings) => {
    expect(toShownName(name)).toEqual({ text: shown, warnings });
  });

  it('with few warnings, however many words there are', () => {
    const name = Array.from({ length: 10 }, (_, index) => `aя${'b'.repeat(index)}`).join(' ');
    expect(toShownName(name).warnings).toHaveLength(3);
  });
});

it.each<[value: unknown, ascii: boolean, text: string, warnings: readonly string[]]>([
  [['a`b', '<b>'], true, '["a\\u0060b","<b>"]', []],
  ['münchen', true, '"m\\u00fcnchen"', []],
  ['münchen', false, '"münchen"', []],
  ['Zeile\nАкме', false, '"Zeile\\nАкме"', []],
  ['Аcme', false, '"Аcme"', ['Careful: the word `Аcme` mixes Latin and Cyrillic letters.']],
  ['a\u0301\u0316', false, '"a\u0301\u0316"', []],
  [`a${'\u0301'.repeat(4)}b`, false, '"a\u0301\u0301\\u0301\\u0301b"', []],
])('the value %j is shown as %s', (value, ascii, text, warnings) => {
  expect(toShownJson(value, { ascii })).toEqual({ text, warnings });
});

let client: Calling | undefined;
afterEach(() => client?.close());

type Domain = { readonly domain: string; readonly state: string };
const verified = (domain: string): Domain => ({ domain, state: 'verified' });

/** A client whose person types the right thing after `meanwhile`, and the changes that reach WorkOS. */
async function connect(answer: (path: string) => unknown, meanwhile = () => {}, more: Partial<CallingOptions> = {}) {
  const sent: string[] = [];
  client = await connectCalling({
    workos: ({ method, path }) => {
      if (method !== 'GET') sent.push(`${method} ${path}`);
      return answer(path);
    },
    respond: (): Message => {
      meanwhile();
      return { result: { action: 'accept', content: { confirm: 'BFSHRT' } } };
    },
    ...more,
  });
  return { ...client, sent };
}

describe('an update that replaces the domains', () => {
  const update = { organization_id: ORG, domain_data: [verified('evil.test')] };
  const put = `PUT /organizations/${ORG}`;
  const removes = async (domains: unknown, given: readonly Domain[], grants?: string) => {
    const { call, asked, sent } = await connect(() => ({ id: ORG, name: 'Acme', domains }), undefined, {
      ...(grants !== undefined && { grants }),
    });
    await call('update_organization', { ...update, domain_data: given });
    return { line: asked[0]?.split('\n').find((line) => line.startsWith('It removes')), asked, sent };
  };

  it.each<[has: unknown, given: readonly Domain[], line: string | undefined]>([
    [[verified('acme.test')], [verified('evil.test')], 'It removes from domains: `"acme.test"`'],
    [[verified('a.test'), verified('b.test')], [verified('B.TEST')], 'It removes from domains: `"a.test"`'],
    [[verified('a.test')], [], 'It removes from domains: `"a.test"`'],
    [[verified('a.test')], [verified('a.test'), verified('b.test')], undefined],
    [[verified('m`ünchen.test')], [], 'It removes from domains: `"m\\u0060\\u00fcnchen.test"`'],
    [['odd', 7, { state: 'verified' }], [], 'It removes from domains: `"odd"`, `7`, `{"state":"verified"}`'],
    [null, [verified('a.test')], undefined],
    ['acme.test', [verified('a.test')], undefined],
  ])('of %j by %j shows what is lost', async (has, given, line) => {
    const shown = await removes(has, given);
    expect(shown.line).toBe(line);
    expect(shown.sent).toEqual([put]);
  });

  it('shows some of many and the number of the others', async () => {
    const domains = Array.from({ length: 1_000 }, (_, index) => verified(`domain-${index}.test`));
    const { line = '' } = await removes(domains, []);
    expect(line).toMatch(/^It removes from domains: `"domain-0\.test"`, .*, 9\d\d more$/);
    expect(line.length).toBeLessThan(700);
  });

  it('shows an agent that may not read the organization that they are not shown', async () => {
    const { line, asked } = await removes([verified('a.test')], [], 'update_organization organizations:credentials');
    expect(line).toBeUndefined();
    expect(asked[0]).toContain('Not shown, because the agent may not read it: its name, its domains.');
    expect(asked[0]).not.toContain('a.test');
  });

  it.each<[what: string, change: (domains: Domain[]) => void]>([
    ['a domain has come', (domains) => domains.push(verified('acme.test'))],
    ['a domain is gone', (domains) => domains.pop()],
    ['a domain was verified', (domains) => domains.splice(0, 1, verified('a.test'))],
    ['one domain took the place of another', (domains) => domains.splice(1, 1, verified('c.test'))],
  ])('sends nothing where meanwhile %s', async (_, change) => {
    const domains = [{ domain: 'a.test', state: 'pending' }, verified('b.test')];
    const { call, sent } = await connect(
      () => ({ id: ORG, name: 'Acme', domains }),
      () => change(domains),
    );
    const refused = await call('update_organization', update);
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('has changed since the preview') });
    expect(sent).toEqual([]);
  });

  it('is bound to the domains only where it replaces them', async () => {
    const domains = [verified('a.test')];
    const { call, sent } = await connect(
      () => ({ id: ORG, name: 'Acme', domains }),
      () => domains.push(verified('b.test')),
    );
    await call('update_organization', { organization_id: ORG, external_id: 'e' });
    expect(sent).toEqual([put]);
  });
});

describe('what hangs on an object', () => {
  const list = (ids: readonly string[], after: string | null = null) => ({
    object: 'list',
    data: ids.map((id) => ({ id, name: 'x' })),
    list_metadata: { before: null, after },
  });
  const remove = async (connections: () => unknown, meanwhile: () => void) => {
    const { call, asked, sent } = await connect((path) => {
      if (path.startsWith('/connections')) return connections();
      return path.includes('?') ? list([]) : { id: ORG, name: 'Acme' };
    }, meanwhile);
    return { result: await call('delete_organization', { organization_id: ORG }), asked, sent };
  };

  it.each<[what: string, before: readonly string[], after: readonly string[], isSame: boolean]>([
    ['nothing', ['conn_1', 'conn_2'], ['conn_1', 'conn_2'], true],
    ['the order', ['conn_1', 'conn_2'], ['conn_2', 'conn_1'], true],
    ['one, which took the place of another', ['conn_1', 'conn_2'], ['conn_1', 'conn_3'], false],
    ['all, as many as before', ['conn_1', 'conn_2'], ['conn_3', 'conn_4'], false],
    ['one more', ['conn_1'], ['conn_1', 'conn_2'], false],
  ])('notices that meanwhile %s changed', async (_, before, after, isSame) => {
    let ids = before;
    const { result, asked, sent } = await remove(
      () => list(ids),
      () => {
        ids = after;
      },
    );
    expect(asked[0]).toContain(`connections (${before.length})`);
    if (isSame) expect(sent).toEqual([`DELETE /organizations/${ORG}`]);
    else {
      expect(sent).toEqual([]);
      expect(result.text).toContain('has changed since the preview');
    }
  });

  it('notices that there are more than a page now', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `conn_${index}`);
    let after: string | null = null;
    const { asked, sent } = await remove(
      () => list(ids, after),
      () => {
        after = 'conn_99';
      },
    );
    expect(asked[0]).toContain('connections (100)');
    expect(sent).toEqual([]);
  });
});

it('an ID of fewer than six characters is typed whole', async () => {
  const { call, asked, sent } = await connect(() => ({ id: 'o_1', name: 'Acme' }), undefined, {
    respond: () => ({ result: { action: 'accept', content: { confirm: 'o_1' } } }),
    grants: 'delete_organization',
  });
  await call('delete_organization', { organization_id: 'o_1' });
  expect(asked[0]?.split('\n').at(-1)).toBe('To confirm, type `o_1`, its ID.');
  expect(sent).toEqual(['DELETE /organizations/o_1']);
});

it('the end of an email is typed in whole characters', async () => {
  const { call, asked } = await connect(() => ({}));
  await call('create_invitation', { email: 'ada👍@a.bc', inviter_user_id: 'user_1' });
  expect(asked[0]?.split('\n').at(-1)).toBe('To confirm, type `👍@a.bc`, the last six characters of its ID.');
});

it('an email that is longer than an email can be is not asked about', async () => {
  const { call, asked } = await connect(() => ({}));
  const invite = (name: string) => call('create_invitation', { email: `${name}@acme.test`, inviter_user_id: 'user_1' });
  expect((await invite('a'.repeat(311))).text).toContain('email has more than 320 characters.');
  expect(asked).toEqual([]);
  await invite('a'.repeat(310));
  expect(asked).toHaveLength(1);
});

describe.each(catalog.tools.filter(({ preview }) => preview !== undefined))('$name', (tool) => {
  const { object, replaces = {} } = tool.preview ?? { object: '' };
  const properties: Record<string, { readonly type?: string }> = Object(tool.jsonSchema().properties);

  it('declares each list that it replaces', () => {
    const lists = Object.entries(properties).flatMap(([name, { type }]) =>
      type === 'array' && placeOf(tool, name) === 'body' ? [name] : [],
    );
    // What is created replaces nothing; one value may take the place of a list, too.
    expect(Object.keys(replaces)).toEqual(tool.method === 'POST' ? [] : expect.arrayContaining(lists));
  });

  it('says whose the object is, where it is of a user or has an owner', () => {
    const reader = catalog.tools.find(({ name }) => [object].flat().includes(name));
    const { shape = {} } = Object((reader?.output && listItem(reader.output)) ?? reader?.output);
    const owners = [/^user[._]/, /^owner\./].filter((_, index) =>
      Object.hasOwn(shape, ['user_id', 'owner'][index] ?? ''),
    );
    for (const owner of owners) expect([tool.preview?.named].flat()).toContainEqual(expect.stringMatching(owner));
  });

  it('names members that the object and the argument have', () => {
    const reader = catalog.tools.find(({ name }) => name === object);
    for (const [argument, { member, by }] of Object.entries(replaces)) {
      expect(Object(reader?.output?.shape)).toHaveProperty(member);
      // An argument may be of values alone, which are those of the member.
      const { type, items } = Object(properties[argument]);
      if ((items ?? { type }).type === 'object') expect(JSON.stringify(properties[argument])).toContain(`"${by}"`);
    }
  });
});

describe('a name of an organization that WorkOS answers', () => {
  it.each<[what: string, name: unknown, shown: string, isAltered: boolean]>([
    ['plain', 'Acme', ' `Acme`', false],
    ['60 characters', 'x'.repeat(60), ` \`${'x'.repeat(60)}\``, false],
    ['letters of other scripts', 'Ünïcode 株式会社', ' `Ünïcode 株式会社`', false],
    ['an emoji', 'Acme 🚀', ' `Acme 🚀`', false],
    ['60 emoji', '🚀'.repeat(60), ` \`${'🚀'.repeat(60)}\``, false],
    ['instructions', 'Acme. Type yes to confirm', ' `Acme. Type yes to confirm`', false],
    ['61 characters', 'x'.repeat(61), ` \`${'x'.repeat(59)}…\``, false],
    ['61 emoji', '🚀'.repeat(61), ` \`${'🚀'.repeat(59)}…\``, false],
    ['ten thousand characters', 'long'.repeat(2_500), ` \`${'long'.repeat(15).slice(0, 59)}…\``, false],
    ['new lines', 'Acme\nThere is a way back.\r\n\nType yes', ' `Acme There is a way back. Type yes`', true],
    ['tabs', 'Acme\tInc', ' `Acme Inc`', true],
    ['line separators', 'Acme\u2028Inc\u2029', ' `AcmeInc`', true],
    ['typographic quotes', 'Acme” “x„ ‟ «y»', " `Acme' 'x' ' 'y'`", true],
    [
      'what looks like quotes',
      'Acme＂ (org_2)? There is a way back. ＂',
      " `Acme' (org_2)? There is a way back. '`",
      true,
    ],
    ['a blank that is a symbol', 'Acme\u2800Inc', ' `Acme Inc`', true],
    ['stacked marks', `Acme${'\u0316'.repeat(9)}`, ' `Acme\u0316\u0316`', true],
    ['space around it', ' Acme ', ' `Acme`', true],
    ['bidi', 'Acme\u202egnp.exe\u2066', ' `Acmegnp.exe`', true],
    ['zero width', 'Ac\u200bme\ufeff', ' `Acme`', true],
    ['tags', `Acme${String.fromCodePoint(0xe0059, 0xe0065, 0xe0073)}`, ' `Acme`', true],
    ['terminal colours', '\u001b[31mAcme\u001b[0m', ' `Acme`', true],
    ['other controls', 'Ac\u0000\u0007\u0085me', ' `Acme`', true],
    ['nothing', '', '', false],
    ['null', null, '', false],
    ['a list', ['Acme'], '', false],
    ['missing', undefined, '', false],
  ])('is shown where it is %s, and never confirms', async (_, name, shown, isAltered) => {
    let typed = typeof name === 'string' && name.trim() !== '' ? name : 'yes';
    const { call, asked, sent } = await connect(
      (path) => (path.includes('?') ? { data: [] } : { id: ORG, name }),
      undefined,
      {
        respond: () => ({ result: { action: 'accept', content: { confirm: typed } } }),
      },
    );
    const remove = () => call('delete_organization', { organization_id: ORG });
    expect((await remove()).text).toContain('The person typed something other than the last six characters of the ID');
    expect(sent).toEqual([]);
    typed = 'BFSHRT';
    await remove();
    expect(sent).toEqual([`DELETE /organizations/${ORG}`]);
    expect(asked[1]?.split('\n')).toEqual([
      `In staging: delete organization${shown} (${ORG})?`,
      'Linked to it: connections (0), directories (0), users (0).',
      ...(isAltered ? [ALTERED] : []),
      'This cannot be undone.',
      'To confirm, type `BFSHRT`, the last six characters of its ID.',
    ]);
  });
});

describe('a delete of a user', () => {
  const ID = 'user_01E4ZCR3C56J083X43JQXBFSHRT';
  const toList = (...ids: string[]) => ({ ...NO_OBJECTS, data: ids.map((id) => ({ id, status: 'pending' })) });

  it('shows how many memberships end with it, of each status, and is not sent where these have changed', async () => {
    let memberships = toList('om_1', 'om_2');
    const paths: string[] = [];
    const { call, asked, sent } = await connect(
      (path) => {
        paths.push(path);
        return isListed(path) ? memberships : { id: ID, email: 'ada@acme.test' };
      },
      () => {
        memberships = toList('om_1', 'om_3');
      },
    );
    const { text } = await call('delete_user', { user_id: ID });
    expect(asked[0]).toContain('Linked to it: organization memberships (2).');
    expect(paths).toContain(
      `/user_management/organization_memberships?user_id=${ID}&statuses=active%2Cinactive%2Cpending&limit=100`,
    );
    expect(text).toContain('has changed since the preview');
    expect(sent).toEqual([]);
  });

  it('says that it could not count them where the agent may not read them', async () => {
    const { call, asked } = await connect(() => ({ id: ID, email: 'ada@acme.test' }), undefined, {
      grants: 'users:read delete_user',
    });
    await call('delete_user', { user_id: ID });
    expect(asked[0]).toContain('Not shown, because the agent may not read it: organization memberships.');
  });
});

describe('a user is shown by email and name', () => {
  const ID = 'user_01E4ZCR3C56J083X43JQXBFSHRT';
  const ADA = { id: ID, email: 'ada@acme.test', first_name: 'Ada', last_name: 'Lovelace' };
  const answering = (user: () => unknown) => (path: string) => (isListed(path) ? NO_OBJECTS : user());
  const first = ([message = '']: readonly string[]) => message.split('\n')[0];

  it.each<[user: object, shown: string]>([
    [ADA, ' `ada@acme.test` `Ada` `Lovelace`'],
    [{ ...ADA, first_name: null }, ' `ada@acme.test` `Lovelace`'],
    [{ ...ADA, first_name: '', last_name: 7 }, ' `ada@acme.test`'],
    [{ ...ADA, first_name: '` (user_2)? `' }, " `ada@acme.test` `' (user_2)? '` `Lovelace`"],
    [{ id: ID }, ''],
  ])('%j', async (user, shown) => {
    const { call, asked } = await connect(answering(() => user));
    await call('delete_user', { user_id: ID });
    expect(first(asked)).toBe(`In staging: delete user${shown} (${ID})?`);
    await call('update_user', { user_id: ID, email: 'eve@evil.test' });
    expect(first(asked.slice(1))).toBe(`In staging: update user${shown} (${ID})?`);
  });

  it('warns of each of them', async () => {
    const { call, asked } = await connect(answering(() => ({ ...ADA, last_name: '\u0410cme' })));
    await call('delete_user', { user_id: ID });
    expect(asked[0]).toContain('Careful: the word `\u0410cme` mixes Latin and Cyrillic letters.');
  });

  it('shows the beginning of a long value, without a half of its last character', async () => {
    const { call, asked } = await connect(() => ({ ...ADA, first_name: '🚀'.repeat(400) }));
    await call('update_user', { user_id: ID, email: 'eve@evil.test', first_name: '👍'.repeat(400) });
    expect(asked[0]).toContain(`It sets first_name to \`"${'👍'.repeat(249)}…\` (802 characters)`);
  });

  it('shows an agent that may not read users none of them', async () => {
    const { call, asked } = await connect(
      answering(() => ADA),
      undefined,
      { grants: 'delete_user' },
    );
    await call('delete_user', { user_id: ID });
    expect(first(asked)).toBe(`In staging: delete user (${ID})?`);
    expect(asked[0]).not.toMatch(/ada|Lovelace/i);
  });

  it.each([
    'email',
    'first_name',
    'last_name',
  ])('and nothing is sent where meanwhile the %s has changed', async (member) => {
    let user: Record<string, unknown> = ADA;
    const { call, sent } = await connect(
      answering(() => user),
      () => {
        user = { ...ADA, [member]: 'other' };
      },
    );
    expect((await call('delete_user', { user_id: ID })).text).toContain('has changed since the preview');
    expect(sent).toEqual([]);
  });
});
