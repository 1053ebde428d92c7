import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createPendingStore, MAX_PENDING, type Pending } from '../src/call/confirm/pending.ts';
import { type Ability, type Asking, connectAsking, connectRaw, type RawClient, type Reply } from './support/asking.ts';
import { ASKED, catalog, FIXED } from './support/catalog.ts';
import type { Peer } from './support/session.ts';
import { listen, type Upstream } from './support/upstream.ts';

const LEGACY = 'v2 client, legacy';
const MODERN = 'v2 client, pinned to 2026-07-28';
const V1 = 'v1 client';
const FULL = ['--allow', '*:full,*:credentials', '--list', 'all'];

let upstream: Upstream;
/** What hangs on everything, by path; what objects are called, by ID; what goes wrong, by path. */
const lengths = new Map<string, number>();
const names = new Map<string, string>();
const faults = new Map<string, () => Response | Promise<Response>>();
const sessions: { readonly close: () => Promise<void> }[] = [];

/** A WorkOS that has whatever it is asked for. */
async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, list = '', nested = ''] = pathname.split('/');
  const fault = faults.get(pathname);
  if (fault !== undefined) return fault();
  if (request.method !== 'GET') return Response.json({ object: 'done' });
  const id = pathname.split('/').at(-1) ?? '';
  if (id.includes('_01J')) {
    const name = names.get(id) ?? 'Acme';
    return Response.json({ id, name, email: names.get(id) ?? 'ada@acme.test' });
  }
  const length = lengths.get(nested === '' ? list : nested) ?? 0;
  const data = Array.from({ length: Math.min(length, 100) }, (_, index) => ({ id: `x_${index}` }));
  return Response.json({ object: 'list', data, list_metadata: { before: null, after: length > 100 ? 'x_99' : null } });
}

const env = () => ({ WORKOS_API_KEY: 'sk_test_1', WORKOS_BASE_URL: upstream.url, WORKOS_CLIENT_ID: 'client_1' });

/** A client that is gone after the file, or the test that says so. */
async function start(
  args: readonly string[],
  peer: Peer = LEGACY,
  ability?: Ability,
  person?: () => Reply | Promise<Reply>,
  key?: string,
): Promise<Asking> {
  const own = key === undefined ? env() : { ...env(), WORKOS_API_KEY: key };
  const session = await connectAsking(args, own, peer, ability, person);
  sessions.push(session);
  return session;
}

const startRaw = (args: readonly string[]): RawClient => {
  const session = connectRaw(args, env());
  sessions.push(session);
  return session;
};

beforeAll(async () => {
  upstream = await listen(answer);
});
afterEach(() => {
  lengths.clear();
  names.clear();
  faults.clear();
});
afterAll(async () => {
  await Promise.all(sessions.map((session) => session.close()));
  await upstream.close();
});

let count = 0;
/** An ID that no test had before: a "no" holds for ten minutes. */
const newId = (prefix: string): string => {
  count += 1;
  return `${prefix}_01J${String(count).padStart(23, '0')}`;
};

/** What reached WorkOS while `work` went on, in the order of arrival, but what was asked for together sorted. */
async function sentDuring<T>(work: () => Promise<T>): Promise<{ result: T; sent: string[]; changes: string[] }> {
  const before = upstream.received.length;
  const result = await work();
  const sent = upstream.received.slice(before).map(({ method, path, query }) => {
    const text = new URLSearchParams(query).toString();
    return `${method} ${path}${text === '' ? '' : `?${text}`}`;
  });
  return { result, sent, changes: sent.filter((line) => !line.startsWith('GET ')) };
}

/** What a person is asked to type. */
const taskOf = (id: string) => `To confirm, type \`${id.slice(-6)}\`, the last six characters of its ID.`;

const accept = (confirm: string): Reply => ({ action: 'accept', content: { confirm } });

const tokenIn = (text: string): string => /confirm_token="([\w-]{22})"/.exec(text)?.[1] ?? expect.fail(text);

/** The record's decisions and outcomes of one tool. */
const recordOf = (session: Asking, tool: string): Record<string, unknown>[] =>
  session
    .log()
    .split('\n')
    .slice(0, -1) // the last line may still be on its way
    .filter((line) => line.includes(`"tool":"${tool}"`) && line.includes('"kind"'))
    .map((line) => JSON.parse(line));

/** Waits until these are the last entries about a tool: the record comes another way than the answers. */
const expectRecord = (session: Asking, tool: string, last: readonly object[]) =>
  expect.poll(() => recordOf(session, tool).slice(-last.length)).toMatchObject(last);

/** Every kind of call that waits, with the words that a person is asked. */
const QUESTIONS: readonly (readonly [
  tool: string,
  prefix: string,
  changes: Record<string, unknown>,
  lines: readonly string[],
])[] = [
  [
    'delete_user',
    'user',
    {},
    [
      'In staging: delete user `ada@acme.test` (ID)?',
      'Linked to it: organization memberships (0).',
      'This cannot be undone.',
    ],
  ],
  [
    'delete_organization',
    'org',
    {},
    [
      'In staging: delete organization `Acme` (ID)?',
      'Linked to it: connections (2), directories (0), users (100 or more).',
      'This cannot be undone.',
    ],
  ],
  ['delete_connection', 'conn', {}, ['In staging: delete connection `Acme` (ID)?', 'This cannot be undone.']],
  [
    'delete_directory',
    'directory',
    {},
    [
      'In staging: delete directory `Acme` (ID)?',
      'Linked to it: directory users (7), directory groups (3).',
      'This cannot be undone.',
    ],
  ],
  [
    'update_user',
    'user',
    { email: 'eve@evil.test' },
    ['In staging: update user `ada@acme.test` (ID)?', 'It sets email to `"eve@evil.test"`'],
  ],
  [
    'update_user',
    'user',
    { password: 'correct horse', first_name: 'Ada' },
    [
      'In staging: update user `ada@acme.test` (ID)?',
      'It sets first_name to `"Ada"`',
      'It sets password to a value that is not shown.',
    ],
  ],
  [
    'update_user',
    'user',
    { password_hash: '$2b$10$abc', password_hash_type: 'bcrypt', clear: ['external_id'], email_verified: true },
    [
      'In staging: update user `ada@acme.test` (ID)?',
      'It sets email_verified to `true`',
      'It sets password_hash to a value that is not shown.',
      'It sets password_hash_type to `"bcrypt"`',
      'It removes external_id, which is not set now.',
    ],
  ],
  [
    'update_organization',
    'org',
    { domain_data: [{ domain: 'acme.test', state: 'verified' }] },
    [
      'In staging: update organization `Acme` (ID)?',
      'It sets domain_data to `[{"domain":"acme.test","state":"verified"}]`',
    ],
  ],
  [
    'update_organization',
    'org',
    { name: 'New\nname "x"', allow_profiles_outside_organization: true, stripe_customer_id: 'cus_1', external_id: 'e' },
    [
      'In staging: update organization `Acme` (ID)?',
      'It sets name to `"New\\nname \\"x\\""`',
      'It sets allow_profiles_outside_organization to `true`',
      'It sets stripe_customer_id to `"cus_1"`',
      'It sets external_id to `"e"`',
    ],
  ],
];

const ID_OF: Readonly<Record<string, string>> = {
  user: 'user_id',
  org: 'organization_id',
  conn: 'connection_id',
  directory: 'directory_id',
};

describe.each<[Peer, Ability]>([
  [LEGACY, {}],
  [MODERN, { form: {} }],
  [V1, {}],
])('a client that can ask: %s', (peer, ability) => {
  let session: Asking;
  let reply: Reply | (() => Promise<Reply>);
  /** What had reached WorkOS when a person was asked. */
  let before = 0;
  beforeAll(async () => {
    session = await start(FULL, peer, ability, () => {
      before = upstream.received.length;
      return typeof reply === 'function' ? reply() : reply;
    });
  });

  it.each(QUESTIONS)('%s of a %s with %j is asked for in these words', async (tool, prefix, changes, lines) => {
    lengths.set('connections', 2).set('users', 101).set('directory_users', 7).set('directory_groups', 3);
    const id = newId(prefix);
    reply = accept(id);
    const args = { [ID_OF[prefix] ?? '']: id, ...changes };
    const { result, changes: sent } = await sentDuring(() => session.call(tool, args));
    expect(session.asked.at(-1)).toMatchObject({
      message: [...lines.map((line) => line.replace('ID', id)), taskOf(id)].join('\n'),
      requestedSchema: {
        type: 'object',
        properties: { confirm: { type: 'string', title: `Type ${id.slice(-6)}` } },
        required: ['confirm'],
      },
    });
    expect(result.isError, result.text).toBeUndefined();
    expect(sent).toHaveLength(1);
  });

  it('reads before it asks, again after it, and only then deletes', async () => {
    const id = newId('org');
    reply = accept(id);
    const start = upstream.received.length;
    const { sent } = await sentDuring(() => session.call('delete_organization', { organization_id: id }));
    const reads = [
      `GET /organizations/${id}`,
      `GET /connections?organization_id=${id}&limit=100`,
      `GET /directories?organization_id=${id}&limit=100`,
      `GET /user_management/users?organization_id=${id}&limit=100`,
    ];
    expect(before - start).toBe(4);
    expect(sent.slice(0, 4).sort()).toEqual([...reads].sort());
    expect(sent.slice(4, 8).sort()).toEqual([...reads].sort());
    expect(sent.slice(8)).toEqual([`DELETE /organizations/${id}`]);
  });

  it.each<[string, (id: string) => string]>([
    ['the ID', (id) => id],
    ['its last six characters', (id) => id.slice(-6)],
    ['either with white space around it', (id) => ` ${id}\t`],
  ])('deletes when the person types %s', async (_, type) => {
    const id = newId('conn');
    reply = accept(type(id));
    const { result, changes } = await sentDuring(() => session.call('delete_connection', { connection_id: id }));
    expect(result.structured).toMatchObject({ environment: 'staging' });
    expect(changes).toEqual([`DELETE /connections/${id}`]);
  });

  it.each<[string, (id: string) => Reply]>([
    ['something else', () => accept('Acne')],
    ['the name', () => accept('Acme')],
    ['yes', () => accept('yes')],
    ['a part of the ID', (id) => accept(id.slice(0, -1))],
    ['the ID and more', (id) => accept(`${id} please`)],
  ])('deletes nothing when the person types %s, and asks again next time', async (_, type) => {
    const id = newId('conn');
    reply = type(id);
    const { result, changes } = await sentDuring(() => session.call('delete_connection', { connection_id: id }));
    expect(result).toMatchObject({
      isError: true,
      text: 'delete_connection was not sent. The person typed something other than the last six characters of the ID. Call again, and they will be asked again.',
    });
    expect(changes).toEqual([]);
    reply = accept(id);
    const again = await sentDuring(() => session.call('delete_connection', { connection_id: id }));
    expect(again.changes).toEqual([`DELETE /connections/${id}`]);
  });

  it('takes a decline as a no, for the same call and no other', async () => {
    const [id, other] = [newId('user'), newId('user')];
    const args = { user_id: id, email: 'eve@evil.test', metadata: { a: '1', b: '2' } };
    reply = { action: 'decline' };
    const { result, changes } = await sentDuring(() => session.call('update_user', args));
    expect(result).toMatchObject({
      isError: true,
      text: 'update_user was not sent. A person was asked and did not confirm this call. Do not try again; ask them what to do instead.',
    });
    expect(changes).toEqual([]);

    reply = accept(id);
    const asked = session.asked.length;
    for (const same of [args, { metadata: { b: '2', a: '1' }, email: 'eve@evil.test', user_id: id }]) {
      const again = await sentDuring(() => session.call('update_user', same));
      expect(again.result).toMatchObject({
        isError: true,
        text: expect.stringContaining('asked less than ten minutes ago'),
      });
      expect(again.sent).toEqual([]);
    }
    expect(session.asked).toHaveLength(asked);

    reply = accept(other);
    const fresh = await sentDuring(() => session.call('update_user', { ...args, user_id: other }));
    expect(fresh.changes).toEqual([`PUT /user_management/users/${other}`]);
  });

  it.each<[what: string, reply: Reply]>([
    ['a closed question', { action: 'cancel' }],
    ['an accept without content', { action: 'accept' }],
    ['an accept with empty content', { action: 'accept', content: {} }],
  ])('takes %s as no answer at all, and asks again next time', async (_, none) => {
    const id = newId('user');
    reply = none;
    const { result, changes } = await sentDuring(() => session.call('delete_user', { user_id: id }));
    expect(result).toMatchObject({
      isError: true,
      text: expect.stringMatching(/^delete_user was not sent\. The client/),
    });
    expect(changes).toEqual([]);
    reply = accept(id);
    const again = await sentDuring(() => session.call('delete_user', { user_id: id }));
    expect(again.changes).toEqual([`DELETE /user_management/users/${id}`]);
  });

  it('deletes nothing when the client fails to ask', async () => {
    const id = newId('user');
    reply = () => Promise.reject(new Error('no window'));
    const { result, changes } = await sentDuring(() =>
      session.call('delete_user', { user_id: id }).catch((error: unknown) => ({ isError: true, text: String(error) })),
    );
    expect(result.isError, result.text).toBe(true);
    expect(changes).toEqual([]);
  });

  it('deletes nothing when the client took the call back before the person answered', async () => {
    const id = newId('conn');
    const back = new AbortController();
    reply = async () => {
      back.abort();
      return accept(id);
    };
    const { changes } = await sentDuring(async () => {
      const call = session.call('delete_connection', { connection_id: id }, { signal: back.signal });
      await expect(call).rejects.toThrow();
      await setTimeout(300);
    });
    expect(changes).toEqual([]);
  });

  it('deletes nothing when the object was renamed while the person thought', async () => {
    const id = newId('org');
    reply = async () => {
      names.set(id, 'Acme Works');
      return accept(id);
    };
    const { result, changes } = await sentDuring(() => session.call('delete_organization', { organization_id: id }));
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('has changed since the preview') });
    expect(changes).toEqual([]);
  });

  it('takes no confirm_token', async () => {
    const args = { user_id: newId('user'), confirm_token: 'x' };
    const { result, sent } = await sentDuring(() => session.call('delete_user', args));
    expect(result).toMatchObject({
      isError: true,
      text: 'delete_user was not sent. confirm_token: a person has to confirm this call. Leave confirm_token out, and the client asks them.',
    });
    expect(sent).toEqual([]);
  });

  it('asks nobody about writes that decide nothing, nor about calls that could not be sent', async () => {
    const asked = session.asked.length;
    const plain = await sentDuring(() => session.call('update_user', { user_id: newId('user'), first_name: 'Ada' }));
    expect(plain.sent).toEqual([expect.stringMatching(/^PUT /)]);
    const create = await sentDuring(() =>
      session.call('create_user', { email: 'zoe@acme.test', password: 'correct horse' }),
    );
    expect(create.sent).toEqual(['POST /user_management/users']);
    const broken = await sentDuring(() => session.call('delete_user', { user_id: 'a/b' }));
    expect(broken).toMatchObject({ result: { isError: true }, sent: [] });
    expect(session.asked).toHaveLength(asked);
  });

  it('has it on record', async () => {
    const id = newId('directory');
    reply = accept(id);
    await session.call('delete_directory', { directory_id: id });
    await expectRecord(session, 'delete_directory', [
      { kind: 'decision', decision: 'ask', rule: '*:full', ids: { directory_id: id } },
      { kind: 'outcome', outcome: 'asked' },
      {
        kind: 'decision',
        decision: 'allowed',
        rule: '*:full',
        confirmation: 'client prompt',
        ids: { directory_id: id },
      },
      { kind: 'outcome', outcome: 'ok', status: 200 },
    ]);
    reply = { action: 'decline' };
    await session.call('delete_directory', { directory_id: id });
    await session.call('delete_directory', { directory_id: id });
    await expectRecord(session, 'delete_directory', [
      { kind: 'decision', decision: 'ask' },
      { kind: 'outcome', outcome: 'asked' },
      { kind: 'decision', decision: 'refused', rule: 'the client passed on a no' },
      { kind: 'decision', decision: 'refused', rule: 'the client passed on a no to the same call' },
    ]);
    reply = { action: 'cancel' };
    await session.call('delete_directory', { directory_id: newId('directory') });
    await expectRecord(session, 'delete_directory', [
      { decision: 'refused', rule: 'the question was closed without an answer' },
    ]);
    reply = accept('Acne');
    await session.call('delete_directory', { directory_id: newId('directory') });
    await expectRecord(session, 'delete_directory', [
      { decision: 'refused', rule: 'the client passed on another text' },
    ]);
  });

  it('shows no secret to the person, the log or the record', () => {
    expect(JSON.stringify(session.asked)).toContain('password to a value that is not shown');
    for (const text of [JSON.stringify(session.asked), session.log()]) {
      expect(text).not.toContain('correct horse');
      expect(text).not.toContain('$2b$10$abc');
    }
  });
});

it.concurrent.each([
  LEGACY,
  MODERN,
] as const)('does not count the wait for a person as time of the call: %s', async (peer) => {
  const id = newId('user');
  const session = await start([...FULL, '--timeout', '2'], peer, {}, async () => {
    await setTimeout(2_500);
    return accept(id);
  });
  const path = `/user_management/users/${id}`;
  const result = await session.call('delete_user', { user_id: id });
  expect(result.isError, result.text).toBeUndefined();
  const sent = upstream.received.filter((request) => request.path === path).map(({ method }) => method);
  expect(sent.filter((method) => method !== 'GET')).toEqual(['DELETE']);
});

describe('who counts as able to ask', () => {
  const PEERS = [LEGACY, MODERN, V1] as const;
  const ABILITIES: readonly (readonly [Ability, boolean])[] = [
    [undefined, false],
    [{ url: {} }, false],
    [{ form: {}, url: {} }, true],
  ];
  it.each(
    PEERS.flatMap((peer) => ABILITIES.map(([ability, can]) => [peer, ability, can] as const)),
  )('%s that declares %j: %s', async (peer, ability, can) => {
    const session = await start(['--allow', 'users:full', '--confirm', 'auto'], peer, ability);
    const { result, changes } = await sentDuring(() => session.call('delete_user', { user_id: newId('user') }));
    expect(session.asked).toHaveLength(can ? 1 : 0);
    expect(result.isError).toBe(can ? true : undefined);
    expect(result.text.includes('confirm_token="')).toBe(!can);
    expect(changes).toEqual([]);
  });
});

describe.each([LEGACY, MODERN] as const)('auto, where nobody can be asked: %s', (peer) => {
  let session: Asking;
  beforeAll(async () => {
    session = await start(FULL, peer);
  });
  const preview = async (tool: string, args: Record<string, unknown>) => {
    const { result, changes } = await sentDuring(() => session.call(tool, args));
    expect(changes).toEqual([]);
    return tokenIn(result.text);
  };
  const refusedWith = async (tool: string, args: Record<string, unknown>, text: string) => {
    const { result, changes } = await sentDuring(() => session.call(tool, args));
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining(text) });
    expect(changes).toEqual([]);
  };
  const UNKNOWN =
    'This confirmation is not valid: it was already used, is more than five minutes old, or belongs to another call.';
  const OTHER = 'The arguments differ from those that the confirmation is for.';

  it('answers with the preview and a token', async () => {
    const id = newId('user');
    const { result, sent } = await sentDuring(() => session.call('delete_user', { user_id: id }));
    expect(result.isError).toBeUndefined();
    expect(result.structured).toMatchObject({ confirmation: { status: 'asked', confirm_token: tokenIn(result.text) } });
    expect(result.text.replace(/="[\w-]{22}"/, '="TOKEN"')).toBe(
      `delete_user was not sent yet: it has to be confirmed.

In staging: delete user \`ada@acme.test\` (${id})?
Linked to it: organization memberships (0).
This cannot be undone.

Show this to the person you work for. If they agree, and only then, call delete_user again within five minutes with the same arguments and confirm_token="TOKEN".`,
    );
    expect(sent).toEqual([
      `GET /user_management/users/${id}`,
      `GET /user_management/organization_memberships?user_id=${id}&statuses=active%2Cinactive%2Cpending&limit=100`,
    ]);
  });

  it('sends once for a token, and says that the model repeated it', async () => {
    const user_id = newId('user');
    const confirm_token = await preview('update_user', {
      user_id,
      email: 'new@acme.test',
      metadata: { a: '1', b: '2' },
    });
    const args = { confirm_token, metadata: { b: '2', a: '1' }, email: 'new@acme.test', user_id };
    const { result, sent } = await sentDuring(() => session.call('update_user', args));
    expect(result.isError, result.text).toBeUndefined();
    expect(sent).toEqual([`GET /user_management/users/${user_id}`, `PUT /user_management/users/${user_id}`]);
    expect(upstream.received.at(-1)?.body).toEqual({ email: 'new@acme.test', metadata: { a: '1', b: '2' } });
    await expectRecord(session, 'update_user', [
      { kind: 'decision', decision: 'allowed', confirmation: 'repeated by the model' },
      { kind: 'outcome', outcome: 'ok' },
    ]);
    await refusedWith('update_user', args, UNKNOWN);
  });

  it('leaves the token out of the query of a delete', async () => {
    const user_id = newId('user');
    const confirm_token = await preview('delete_user', { user_id });
    const { changes } = await sentDuring(() => session.call('delete_user', { user_id, confirm_token }));
    expect(changes).toEqual([`DELETE /user_management/users/${user_id}`]);
  });

  it('refuses a token that was given for other arguments', async () => {
    const user_id = newId('user');
    const confirm_token = await preview('update_user', { user_id, email: 'new@acme.test' });
    await refusedWith('update_user', { user_id, email: 'eve@evil.test', confirm_token }, OTHER);
    await refusedWith('update_user', { user_id, email: 'new@acme.test', confirm_token }, UNKNOWN);
    const more = await preview('update_user', { user_id, email: 'new@acme.test' });
    await refusedWith('update_user', { user_id, email: 'new@acme.test', password: 'x', confirm_token: more }, OTHER);
  });

  it('refuses a token of another object, of another tool, and one that was made up', async () => {
    const user_id = newId('user');
    const another = await preview('delete_user', { user_id: newId('user') });
    await refusedWith('delete_user', { user_id, confirm_token: another }, OTHER);
    const update = await preview('update_user', { user_id, email: 'new@acme.test' });
    await refusedWith('delete_user', { user_id, confirm_token: update }, UNKNOWN);
    for (const forged of ['x', 'A'.repeat(22), 'confirmed', '__proto__']) {
      await refusedWith('delete_user', { user_id, confirm_token: forged }, UNKNOWN);
    }
    await refusedWith('delete_user', { user_id, confirm_token: '' }, 'confirm_token: ');
    await refusedWith('delete_user', { user_id, confirm_token: 7 }, 'confirm_token: ');
  });

  it('sends one of many calls with the same token at once', async () => {
    const user_id = newId('user');
    const confirm_token = await preview('delete_user', { user_id });
    const { result, changes } = await sentDuring(() =>
      Promise.all(Array.from({ length: 5 }, () => session.call('delete_user', { user_id, confirm_token }))),
    );
    expect(result.filter(({ isError }) => isError === undefined)).toHaveLength(1);
    expect(changes).toEqual([`DELETE /user_management/users/${user_id}`]);
  });

  it.each<[string, (id: string) => void]>([
    ['its name', (id) => names.set(id, 'Acme Works')],
    ['the number of its users', () => lengths.set('users', 4)],
    ['the number of its connections', () => lengths.set('connections', 1)],
  ])('refuses when %s has changed since', async (_, change) => {
    lengths.set('users', 3);
    const organization_id = newId('org');
    const confirm_token = await preview('delete_organization', { organization_id });
    change(organization_id);
    await refusedWith('delete_organization', { organization_id, confirm_token }, 'has changed since the preview');
    await refusedWith('delete_organization', { organization_id, confirm_token }, UNKNOWN);
  });

  it('says that a call takes none where it needs none', async () => {
    await refusedWith(
      'update_user',
      { user_id: newId('user'), first_name: 'Ada', confirm_token: 'x' },
      'confirm_token: this call needs no confirmation. Leave confirm_token out.',
    );
    await refusedWith('create_user', { email: 'a@b.test', confirm_token: 'x' }, 'there is no such argument');
  });

  it('declares confirm_token on the tools that may wait, and on no other', async () => {
    const having = (await session.listTools()).filter(({ inputSchema }) =>
      JSON.stringify(inputSchema).includes('confirm_token'),
    );
    const names = having.map(({ name }) => name);
    expect(names.filter((name) => FIXED.has(name))).toEqual(ASKED);
    expect(names).toEqual(catalog.tools.filter(({ confirmable }) => confirmable).map(({ name }) => name));
  });
});

it('lets 20 calls of an agent wait, and no more', async () => {
  const session = await start(FULL);
  for (let index = 0; index < 20; index += 1) {
    tokenIn((await session.call('delete_user', { user_id: newId('user') })).text);
  }
  const { result, changes } = await sentDuring(() => session.call('delete_user', { user_id: newId('user') }));
  expect(result).toMatchObject({ isError: true, text: expect.stringContaining('Too many confirmations are pending.') });
  expect(changes).toEqual([]);
});

describe('raw messages of the era without handshakes', () => {
  let raw: RawClient;
  beforeAll(() => {
    raw = startRaw(FULL);
  });
  const question = async (id: string): Promise<string> => {
    const { result } = await raw.call('delete_user', { user_id: id });
    return result?.requestState ?? expect.fail(JSON.stringify(result));
  };
  const answered = (id: string, requestState: string, response: unknown) =>
    raw.call('delete_user', { user_id: id }, { requestState, inputResponses: { confirm: response } });
  const textOf = ({ result, error }: Awaited<ReturnType<RawClient['call']>>) =>
    result?.content?.[0]?.text ?? error?.message ?? 'asked';

  it('hand out 128 random bits and nothing of the call', async () => {
    const states = [await question(newId('user')), await question(newId('user'))];
    for (const state of states) expect(Buffer.from(state, 'base64url')).toHaveLength(16);
    expect(states[0]).not.toBe(states[1]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'accept'],
    ['no action', { content: { confirm: 'ada@acme.test' } }],
    ['an action that does not exist', { action: 'yes', content: { confirm: 'ada@acme.test' } }],
    ['no content', { action: 'accept' }],
    ['empty content', { action: 'accept', content: {} }],
    ['content that is a text', { action: 'accept', content: 'ada@acme.test' }],
    ['content that is a list', { action: 'accept', content: ['ada@acme.test'] }],
    ['a number', { action: 'accept', content: { confirm: 1 } }],
    ['true', { action: 'accept', content: { confirm: true } }],
    ['a list of the name', { action: 'accept', content: { confirm: ['ada@acme.test'] } }],
    ['another field', { action: 'accept', content: { name: 'ada@acme.test' } }],
  ])('confirm nothing with %s', async (_, response) => {
    const id = newId('user');
    const state = await question(id);
    const { result, changes } = await sentDuring(() => answered(id, state, response));
    expect(result.result?.isError === true || result.error !== undefined, JSON.stringify(result)).toBe(true);
    expect(textOf(result)).not.toMatch(/person (typed|was asked)/);
    expect(changes).toEqual([]);
  });

  it('confirm nothing with an answer to a question that was never asked', async () => {
    const id = newId('user');
    const yes = { action: 'accept', content: { confirm: id } };
    for (const state of ['x', 'A'.repeat(22), '']) {
      const { result, changes } = await sentDuring(() => answered(id, state, yes));
      expect(changes, JSON.stringify(result)).toEqual([]);
    }
    const { changes } = await sentDuring(() =>
      raw.call('delete_user', { user_id: id }, { inputResponses: { confirm: yes } }),
    );
    expect(changes).toEqual([]);
  });

  it('confirm once', async () => {
    const id = newId('user');
    const state = await question(id);
    const yes = { action: 'accept', content: { confirm: id } };
    const { result, changes } = await sentDuring(() =>
      Promise.all([answered(id, state, yes), answered(id, state, yes), answered(id, state, yes)]),
    );
    expect(result.filter(({ result }) => result?.isError !== true)).toHaveLength(1);
    expect(changes).toEqual([`DELETE /user_management/users/${id}`]);
    expect(textOf(await answered(id, state, yes))).toContain('This confirmation is not valid');
  });

  it('confirm no other call than the one that was asked about', async () => {
    const [id, other] = [newId('user'), newId('user')];
    const yes = { action: 'accept', content: { confirm: other } };
    const state = await question(id);
    const object = await sentDuring(() => answered(other, state, yes));
    expect(textOf(object.result)).toContain('The arguments differ from those that the confirmation is for');
    expect(object.changes).toEqual([]);
    const again = await question(id);
    const more = { requestState: again, inputResponses: { confirm: { action: 'accept', content: { confirm: id } } } };
    const tool = await sentDuring(() => raw.call('update_user', { user_id: id, email: 'eve@evil.test' }, more));
    expect(textOf(tool.result)).toContain('This confirmation is not valid');
    expect(tool.changes).toEqual([]);
  });

  it('count a no for all questions about the same call', async () => {
    const id = newId('user');
    const [first, second] = [await question(id), await question(id)];
    await answered(id, first, { action: 'decline' });
    const { result, sent } = await sentDuring(() =>
      answered(id, second, { action: 'accept', content: { confirm: id } }),
    );
    expect(textOf(result)).toContain('asked less than ten minutes ago');
    expect(sent).toEqual([]);
  });

  it('do not let the ID of a question pass for a token, nor a token for a question', async () => {
    const id = newId('user');
    const state = await question(id);
    const asToken = await sentDuring(() => raw.call('delete_user', { user_id: id, confirm_token: state }));
    expect(textOf(asToken.result)).toContain('a person has to confirm this call');
    const nobody = await sentDuring(() =>
      raw.call('delete_user', { user_id: id, confirm_token: state }, {}, { url: {} }),
    );
    expect(textOf(nobody.result)).toContain('This confirmation is not valid');
    const token = tokenIn(textOf(await raw.call('delete_user', { user_id: id }, {}, { url: {} })));
    const asState = await sentDuring(() => answered(id, token, { action: 'accept', content: { confirm: id } }));
    expect(textOf(asState.result)).toContain('This confirmation is not valid');
    expect([...asToken.changes, ...nobody.changes, ...asState.changes]).toEqual([]);
  });

  it('take a token from nobody who can ask', async () => {
    const id = newId('user');
    const token = tokenIn(textOf(await raw.call('delete_user', { user_id: id }, {}, { url: {} })));
    const { result, sent } = await sentDuring(() => raw.call('delete_user', { user_id: id, confirm_token: token }));
    expect(textOf(result)).toContain('Leave confirm_token out, and the client asks them.');
    expect(sent).toEqual([]);
  });
});

describe('strict, where nobody can be asked', () => {
  let session: Asking;
  beforeAll(async () => {
    session = await start([...FULL, '--confirm', 'strict'], LEGACY, { url: {} });
  });

  it.each(QUESTIONS)('%s of a %s with %j is refused before anything is read', async (tool, prefix, changes) => {
    const args = { [ID_OF[prefix] ?? '']: newId(prefix), ...changes };
    const { result, sent } = await sentDuring(() => session.call(tool, args));
    expect(result).toMatchObject({
      isError: true,
      text: `${tool} was not sent. A person has to confirm this call, and this client cannot ask one. The operator of this server can use a client that supports elicitation or MCP Apps, or start the server with --confirm auto; you cannot.`,
    });
    expect(sent).toEqual([]);
    const rule = '--confirm strict, and the client cannot ask';
    await expectRecord(session, tool, [{ decision: 'refused', rule }]);
  });

  it('sends what decides nothing', async () => {
    const { sent } = await sentDuring(() => session.call('update_user', { user_id: newId('user'), first_name: 'Ada' }));
    expect(sent).toEqual([expect.stringMatching(/^PUT /)]);
  });
});

it('strict asks a person where that is possible', async () => {
  const id = newId('conn');
  const session = await start([...FULL, '--confirm', 'strict'], LEGACY, {}, () => accept(id));
  const { changes } = await sentDuring(() => session.call('delete_connection', { connection_id: id }));
  expect(changes).toEqual([`DELETE /connections/${id}`]);
  expect(session.asked).toHaveLength(1);
});

it.each(['strict', 'off'])('%s knows no confirm_token', async (mode) => {
  const session = await start([...FULL, '--confirm', mode]);
  expect(JSON.stringify(await session.listTools())).not.toContain('confirm_token');
  const args = { user_id: newId('user'), confirm_token: 'x' };
  const { result, sent } = await sentDuring(() => session.call('delete_user', args));
  expect(result).toMatchObject({
    isError: true,
    text: 'delete_user was not sent. confirm_token: there is no such argument.',
  });
  expect(sent).toEqual([]);
});

it('off sends at once, reads nothing before, and has it on record', async () => {
  const session = await start([...FULL, '--confirm', 'off'], LEGACY, {});
  const id = newId('org');
  const { sent } = await sentDuring(() => session.call('delete_organization', { organization_id: id }));
  expect(sent).toEqual([`DELETE /organizations/${id}`]);
  expect(session.asked).toEqual([]);
  await expectRecord(session, 'delete_organization', [{ decision: 'allowed', confirmation: 'off' }, { outcome: 'ok' }]);
  await session.call('update_user', { user_id: newId('user'), first_name: 'Ada' });
  await expectRecord(session, 'update_user', [{ decision: 'allowed' }, { outcome: 'ok' }]);
  expect(recordOf(session, 'update_user')[0]).not.toHaveProperty('confirmation');
});

describe('the mode that holds where none is given', () => {
  it.each([
    ['auto', 'sk_test_1', [], 'confirm_token="'],
    ['strict', 'sk_live_1', ['--production-writes', '--audit-log', 'stderr'], 'this client cannot ask one'],
    [
      'auto',
      'sk_live_1',
      ['--production-writes', '--audit-log', 'stderr', '--confirm', 'auto'],
      'In production: delete',
    ],
  ])('is %s with the key %s and %j', async (_, key, args, text) => {
    const session = await start([...FULL, ...args], LEGACY, undefined, undefined, key);
    const { result, changes } = await sentDuring(() => session.call('delete_user', { user_id: newId('user') }));
    expect(result.text).toContain(text);
    expect(changes).toEqual([]);
  });
});

describe('what an agent may not read is not shown', () => {
  it('neither the name nor what hangs on it', async () => {
    let typed = 'Acme';
    const session = await start(['--allow', 'organizations:delete'], LEGACY, {}, () => accept(typed));
    const id = newId('org');
    const remove = () => session.call('delete_organization', { organization_id: id });
    const { result, sent } = await sentDuring(remove);
    expect(session.asked.at(-1)?.message).toBe(
      `In staging: delete organization (${id})?
Not shown, because the agent may not read it: its name, connections, directories, users.
This cannot be undone.
${taskOf(id)}`,
    );
    expect(result.isError).toBe(true);
    // It is read all the same, so that a confirmation holds only as long as it stays what it was.
    expect(sent).toEqual([`GET /organizations/${id}`]);
    typed = id;
    expect((await sentDuring(remove)).changes).toEqual([`DELETE /organizations/${id}`]);
  });

  it('nor counts of areas that it has no grant for', async () => {
    lengths.set('users', 3).set('connections', 2).set('directories', 1);
    const grants = 'organizations:full,users:read,list_directories';
    const session = await start(['--allow', grants, '--deny', 'list_directories'], LEGACY, {});
    const id = newId('org');
    const { sent } = await sentDuring(() => session.call('delete_organization', { organization_id: id }));
    expect(session.asked.at(-1)?.message).toBe(
      `In staging: delete organization \`Acme\` (${id})?
Linked to it: users (3).
Not shown, because the agent may not read it: connections, directories.
This cannot be undone.
${taskOf(id)}`,
    );
    expect(sent).toEqual([`GET /organizations/${id}`, `GET /user_management/users?organization_id=${id}&limit=100`]);
  });

  it('and notices all the same that the object was renamed', async () => {
    const session = await start(['--allow', 'delete_organization']);
    const organization_id = newId('org');
    const preview = await session.call('delete_organization', { organization_id });
    expect(preview.text).not.toContain('Acme');
    names.set(organization_id, 'Other');
    const args = { organization_id, confirm_token: tokenIn(preview.text) };
    const { result, changes } = await sentDuring(() => session.call('delete_organization', args));
    expect(result.text).toContain('has changed since the preview');
    expect(changes).toEqual([]);
  });
});

it.each<[what: string, tool: string, kind: string, args: Record<string, unknown>, shown: string | undefined]>([
  [
    'a domain behind others',
    'update_organization',
    'org',
    { domain_data: ['a', 'b', 'c', 'd', 'evil'].map((name) => ({ domain: `${name}.test`, state: 'verified' })) },
    '{"domain":"evil.test","state":"verified"}]`',
  ],
  [
    'an address of 239 characters',
    'update_user',
    'user',
    { email: `${'ada.'.repeat(56)}a@evil.test` },
    'a@evil.test"`',
  ],
  [
    'a text that plays the words around it',
    'update_user',
    'user',
    { locale: 'x"\nIt sets email to "a@b.test', email_verified: true },
    'It sets locale to `"x\\"\\nIt sets email to \\"a@b.test"`',
  ],
  [
    'what cannot be seen',
    'update_user',
    'user',
    { locale: 'a\u200b\u{e0041}b', email_verified: true },
    '"a\\u200b\\udb40\\udc41b"',
  ],
  [
    'more than can be shown',
    'update_organization',
    'org',
    { domain_data: Array.from({ length: 20 }, (_, n) => ({ domain: `domain-${n}.test`, state: 'verified' })) },
    undefined,
  ],
])('shows %s whole, or refuses it', async (_, tool, kind, args, shown) => {
  const session = await start(FULL, LEGACY, {}, () => ({ action: 'decline' }));
  const { result, changes } = await sentDuring(() => session.call(tool, { [ID_OF[kind] ?? '']: newId(kind), ...args }));
  expect(changes).toEqual([]);
  if (shown === undefined) {
    expect(session.asked).toEqual([]);
    expect(result.text).toContain('too long to be shown for confirmation');
  } else expect(session.asked.at(-1)?.message).toContain(shown);
});

it('asks an agent without credentials about deletes only', async () => {
  const session = await start(['--allow', 'users:full']);
  const tools = await session.listTools();
  expect(tools.filter(({ inputSchema }) => JSON.stringify(inputSchema).includes('confirm_token'))).toMatchObject([
    { name: 'delete_user' },
  ]);
  const id = newId('user');
  const { result, sent } = await sentDuring(() => session.call('update_user', { user_id: id, first_name: 'Ada' }));
  expect(result.isError, result.text).toBeUndefined();
  expect(sent).toEqual([`PUT /user_management/users/${id}`]);
});

describe('where no preview can be made', () => {
  let session: Asking;
  beforeAll(async () => {
    session = await start([...FULL, '--timeout', '2', '--attempt-timeout', '0.5'], LEGACY, {}, () => accept('Acme'));
  });
  const hang = () => new Promise<Response>(() => {});

  it.each<[string, string, () => Response | Promise<Response>, RegExp]>([
    ['there is no such object', 'ID', () => Response.json({ message: 'No.' }, { status: 404 }), /404 Not Found/],
    ['WorkOS fails', 'ID', () => new Response('', { status: 500 }), /500 Internal Server Error/],
    ['WorkOS does not answer', 'ID', hang, /gave no usable answer to get_organization/],
    ['WorkOS answers with no JSON', 'ID', () => new Response('<html>'), /get_organization/],
    [
      'WorkOS answers with another object',
      'ID',
      () => Response.json({ id: 'org_2', name: 'Acme' }),
      /something unexpected/,
    ],
    [
      'what hangs on it is no list',
      '/connections',
      () => Response.json({}),
      /WorkOS answered list_connections with 200 OK, but the answer is not a list/,
    ],
    ['what hangs on it cannot be listed', '/connections', () => new Response('', { status: 403 }), /list_connections/],
  ])('since %s, nobody is asked and nothing is deleted', async (_, path, fault, reason) => {
    const id = newId('org');
    faults.set(path === 'ID' ? `/organizations/${id}` : path, fault);
    const asked = session.asked.length;
    const { result, changes } = await sentDuring(() => session.call('delete_organization', { organization_id: id }));
    expect(result.isError).toBe(true);
    expect(result.text).toMatch(/^delete_organization was not sent\. The preview of this call could not be made[.:] /);
    expect(result.text).toMatch(reason);
    expect(changes).toEqual([]);
    expect(session.asked).toHaveLength(asked);
  });

  it('nor is anything deleted where it cannot be made again', async () => {
    const id = newId('org');
    const late = await start(FULL, LEGACY, {}, () => {
      faults.set(`/organizations/${id}`, () => Response.json({}, { status: 404 }));
      return accept(id);
    });
    const { result, changes } = await sentDuring(() => late.call('delete_organization', { organization_id: id }));
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('could not be made') });
    expect(changes).toEqual([]);
    await expectRecord(late, 'delete_organization', [{ kind: 'outcome', outcome: 'not sent' }]);
  });
});

describe('the store of what waits', () => {
  const MINUTE = 60_000;
  const pending = (caller = 'a'): Pending => ({
    caller,
    tool: 'delete_user',
    args: 'x',
    shown: 'y',
    expected: ['z'],
    by: 'token',
  });

  it('keeps a confirmation for five minutes, to the millisecond', async () => {
    let time = 0;
    const store = createPendingStore(() => time);
    await store.put('1', pending());
    await store.put('2', pending());
    time = 5 * MINUTE - 1;
    expect(await store.take('1')).toEqual(pending());
    time = 5 * MINUTE;
    expect(await store.take('2')).toBeUndefined();
  });

  it('gives it out once', async () => {
    const store = createPendingStore(() => 0);
    await store.put('1', pending());
    const taken = await Promise.all([store.take('1'), store.take('1'), store.take('1')]);
    expect(taken.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await store.take('1')).toBeUndefined();
    expect(await store.take('2')).toBeUndefined();
  });

  it('keeps 20 for a caller, and takes more once some are used or too old', async () => {
    let time = 0;
    const store = createPendingStore(() => time);
    expect(MAX_PENDING).toBe(20);
    for (let index = 0; index < 20; index += 1) expect(await store.put(`a${index}`, pending())).toBe(true);
    expect(await store.put('a20', pending())).toBe(false);
    expect(await store.take('a20')).toBeUndefined();
    expect(await store.put('b0', pending('b'))).toBe(true);
    await store.take('a0');
    expect(await store.put('a21', pending())).toBe(true);
    expect(await store.put('a22', pending())).toBe(false);
    time = 5 * MINUTE;
    expect(await store.put('a23', pending())).toBe(true);
  });

  it('remembers a no for ten minutes, of that caller and call', async () => {
    let time = 0;
    const store = createPendingStore(() => time);
    await store.decline('a', 'delete_user x');
    time = 10 * MINUTE - 1;
    expect(await store.isDeclined('a', 'delete_user x')).toBe(true);
    expect(await store.isDeclined('b', 'delete_user x')).toBe(false);
    expect(await store.isDeclined('a', 'delete_user y')).toBe(false);
    time = 10 * MINUTE;
    expect(await store.isDeclined('a', 'delete_user x')).toBe(false);
  });
});
