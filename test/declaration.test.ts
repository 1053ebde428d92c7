import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createPolicy } from '../src/access/policy.ts';
import { toToolAccess } from '../src/access/tool-access.ts';
import { createCatalog, type Declarations } from '../src/catalog/catalog.ts';
import { area, type Declaration, tool } from '../src/catalog/declaration.ts';
import { explainTool } from '../src/commands/explain.ts';
import type { ApiRequest } from '../src/workos/layer.ts';
import { type Calling, type CallingOptions, connectCalling, type Message } from './support/calling.ts';
import { toGrants } from './support/catalog.ts';
import { club } from './support/club.ts';

type Table = Readonly<Record<string, unknown>>;

const find = (name: string) => club.tools.find((one) => one.name === name) ?? expect.fail(`there is no ${name}`);

let client: Calling | undefined;
afterEach(() => client?.close());

const typed = (confirm: string) => (): Message => ({ result: { action: 'accept', content: { confirm } } });

/** A client of the club, whose WorkOS answers by the path without its query. */
async function connect(answers: Table, options: Partial<CallingOptions> = {}) {
  const sent: ApiRequest[] = [];
  client = await connectCalling({
    catalog: club,
    grants: 'members:full members:credentials',
    workos: (request) => {
      sent.push(request);
      const { pathname, searchParams } = new URL(request.path, 'https://workos.test');
      const answer = answers[pathname];
      return typeof answer === 'function' ? answer(searchParams) : (answer ?? { id: 'done' });
    },
    ...options,
  });
  const { call, asked, record } = client;
  return {
    call,
    asked,
    record,
    sent,
    requests: () => sent.map(({ method, path }) => `${method} ${path}`),
    writes: () => sent.flatMap(({ method, path, body }) => (method === 'GET' ? [] : [[`${method} ${path}`, body]])),
  };
}

const listOf = (...data: readonly object[]) => ({ object: 'list', data, list_metadata: { before: null, after: null } });

describe('where an argument goes', () => {
  it.each<[name: string, args: object, write: unknown]>([
    [
      'remove_member_role',
      { member_id: 'member_1', role_slug: 'admin' },
      ['DELETE /members/member_1/roles', '{"role_slug":"admin"}'],
    ],
    [
      'add_role_permission',
      { role_slug: 'admin', permission_slug: 'posts:read' },
      ['POST /roles/admin/permissions', '{"slug":"posts:read"}'],
    ],
  ])('%s', async (name, args, write) => {
    const { call, writes } = await connect({});
    await call(name, args);
    expect(writes()).toEqual([write]);
  });

  it('says a dry run, too', async () => {
    const { call, writes } = await connect({}, { dryRun: true });
    const { structured } = await call('remove_member_role', { member_id: 'member_1', role_slug: 'admin' });
    expect(structured).toMatchObject({ request: { method: 'DELETE', body: { role_slug: 'admin' } } });
    expect(writes()).toEqual([]);
  });

  it('is shown to a person, with secrets by name only', async () => {
    const { call, asked, writes } = await connect({}, { respond: typed('mber_1') });
    await call('import_account', {
      member_id: 'member_1',
      club_id: 'club_1',
      access_token: 'at_123456',
      email: 'a@b.c',
    });
    expect(asked[0]?.split('\n')).toEqual([
      'In staging: import account (member_1)?',
      'With club_id `"club_1"`',
      'It sets access_token to a value that is not shown.',
      'It sets email to `"a@b.c"`',
      'To confirm, type `mber_1`, the last six characters of its ID.',
    ]);
    expect(writes()).toEqual([
      ['POST /members/member_1/accounts?club_id=club_1', '{"access_token":"at_123456","email":"a@b.c"}'],
    ]);
  });
});

it.each<[name: string, hints: readonly [readOnly: boolean, destructive: boolean, idempotent: boolean], repeat: string]>(
  [
    ['check_access', [true, false, true], 'unknown'],
    ['revoke_session', [false, true, false], 'refused'],
    ['expire_key', [false, true, false], 'refused'],
    ['add_role_permission', [false, false, true], 'unknown'],
    ['create_member', [false, false, false], 'refused'],
    ['remove_member_role', [false, true, true], 'unknown'],
    ['enable_flag', [false, true, true], 'unknown'],
    ['get_club', [true, false, true], 'unknown'],
  ],
)('the hints of %s follow what it does', (name, [readOnlyHint, destructiveHint, idempotentHint], repeat) => {
  expect(find(name)).toMatchObject({ annotations: { readOnlyHint, destructiveHint, idempotentHint }, repeat });
});

describe('a POST that changes nothing', () => {
  it('is sent in a dry run, and needs no record of a write', async () => {
    const { call, requests } = await connect({ '/members/member_1/check': { authorized: true } }, { dryRun: true });
    const args = { member_id: 'member_1', permission_slug: 'posts:read' };
    expect((await call('check_access', args)).structured).toEqual({ authorized: true });
    expect(requests()).toEqual(['POST /members/member_1/check']);
  });

  it('keeps an empty argument of its body, which WorkOS is to judge', async () => {
    const { call, sent } = await connect({ '/members/member_1/check': { authorized: true } });
    await call('check_access', { member_id: 'member_1', permission_slug: 'posts:read', resource_id: '' });
    expect(sent[0]?.body).toBe('{"permission_slug":"posts:read","resource_id":""}');
  });
});

it('an array is an answer as a list is', async () => {
  const { call } = await connect({ '/clubs/club_1/secrets': [{ id: 's_1', name: 'one' }] });
  expect((await call('list_client_secrets', { club_id: 'club_1' })).structured).toMatchObject({
    object: 'list',
    data: [{ id: 's_1', name: 'one' }],
  });
});

describe('a tool that takes the credentials grant as a whole', () => {
  const access = (grants: string) => {
    const policy = createPolicy(club, toGrants(grants));
    const agent = { name: 'agent', environment: 'staging', grants: toGrants(grants), confirm: 'auto' } as const;
    return { off: policy.whyOff(find('reactivate_member')), said: explainTool(club, agent, 'reactivate_member') };
  };

  it('is off without the grant, for the reason that is declared', () => {
    const { off, said } = access('members:write');
    expect(off).toBe('needs the grant members:credentials');
    expect(said).toContain(
      'members:credentials, without which the tool does not exist, because earlier roles come back, and it does not hold',
    );
    expect(find('reactivate_member').restricted).toBeUndefined();
  });

  it('is on with it', () => {
    expect(access('members:write members:credentials').off).toBeUndefined();
  });
});

describe('the object of a preview is found', () => {
  const ada = { id: 'member_0123456', user: { email: 'ada@example.com' } };
  const members = {
    '/clubs/club_1/members': listOf({ id: 'member_9' }, ada),
    '/clubs/club_1/groups': listOf({ id: 'g' }),
  };
  const remove = { club_id: 'club_1', member_id: 'member_0123456' };

  it('in a list, by the arguments that both tools have', async () => {
    const { call, asked, requests } = await connect(members, { respond: typed('123456') });
    await call('delete_member', remove);
    expect(asked[0]?.split('\n')).toEqual([
      'In staging: delete member `ada@example.com` (member_0123456)?',
      'With club_id `"club_1"`',
      'Linked to it: groups (1).',
      'This cannot be undone.',
      'To confirm, type `123456`, the last six characters of its ID.',
    ]);
    const reads = ['GET /clubs/club_1/members?limit=100', 'GET /clubs/club_1/groups?member_id=member_0123456'];
    expect(requests()).toEqual([...reads, ...reads, 'DELETE /clubs/club_1/members/member_0123456']);
  });

  it('on a later page', async () => {
    const pages = (query: URLSearchParams) =>
      query.get('after') === null
        ? { data: [{ id: 'member_9' }], list_metadata: { after: 'member_9' } }
        : { data: [ada], list_metadata: { after: 'more' } };
    const { call, requests } = await connect(
      { ...members, '/clubs/club_1/members': pages },
      { respond: typed('123456') },
    );
    await call('delete_member', remove);
    expect(requests().filter((path) => path.includes('/members?'))).toEqual([
      'GET /clubs/club_1/members?limit=100',
      'GET /clubs/club_1/members?limit=100&after=member_9',
      'GET /clubs/club_1/members?limit=100',
      'GET /clubs/club_1/members?limit=100&after=member_9',
    ]);
  });

  it.each<[what: string, answer: unknown, message: string]>([
    [
      'in none of its items',
      listOf({ id: 'member_9' }),
      'There is no object with the id "member_0123456" in list_members.',
    ],
    [
      'on no page within the bound',
      (query: URLSearchParams) => {
        const at = Number(query.get('after') ?? 0) + 1;
        return { data: [{ id: `member_${at}x` }], list_metadata: { after: String(at) } };
      },
      'There is no object with the id "member_0123456" in the first 10 items of list_members.',
    ],
    ['in something else than a list', { id: 'member_0123456' }, 'but the answer is not a list'],
    ['among texts', { data: ['member_0123456'] }, 'list_members returned something unexpected.'],
  ])('or the call is refused: %s', async (_, answer, message) => {
    const { call, writes, asked } = await connect({ ...members, '/clubs/club_1/members': answer });
    expect(await call('delete_member', remove)).toMatchObject({
      isError: true,
      text: expect.stringContaining(message),
    });
    expect([writes(), asked]).toEqual([[], []]);
  });

  it.each([
    [{ club_id: 'club_1' }, 'GET /clubs/club_1/keys?limit=100'],
    [{ user_id: 'user_1' }, 'GET /users/user_1/keys?limit=100'],
  ])('in the list for which there are arguments, which are not sent: %j', async (place, read) => {
    const keys = listOf({ id: 'key_0123456', name: 'ci' });
    const { call, asked, requests } = await connect(
      { '/clubs/club_1/keys': keys, '/users/user_1/keys': keys },
      { respond: typed('123456') },
    );
    await call('delete_key', { key_id: 'key_0123456', ...place });
    expect(asked[0]).toContain('delete key `ci` (key_0123456)?');
    expect(requests()).toEqual([read, read, 'DELETE /keys/key_0123456']);
  });

  it('by another member than its ID', async () => {
    const flag = { '/flags/new-ui': { id: 'flag_1', slug: 'new-ui', name: 'New UI' } };
    const { call, asked, writes } = await connect(flag, { respond: typed('new-ui') });
    await call('enable_flag', { flag_slug: 'new-ui' });
    expect(asked[0]).toContain('enable flag `New UI` (new-ui)?');
    expect(writes()).toEqual([['PUT /flags/new-ui/enable', '{}']]);
  });
});

describe('what is read first decides', () => {
  const create = { club_id: 'club_1', user_id: 'user_1' };
  const open = { id: 'club_1', name: 'Chess', closed: false, default_role: 'guest' };
  const first = (members: readonly object[], other: object = open): Table => ({
    '/clubs/club_1/members': listOf(...members),
    '/clubs/club_1': other,
  });
  const POST = ['POST /members', JSON.stringify(create)];

  it('that the call is plain', async () => {
    const { call, asked, writes } = await connect(first([]));
    await call('create_member', create);
    expect([asked, writes()]).toEqual([[], [POST]]);
  });

  it('that a person confirms it, who is told why and what they should know', async () => {
    const { call, asked, writes, record } = await connect(first([], { ...open, closed: true }), {
      respond: typed('club_1'),
    });
    await call('create_member', create);
    expect(asked[0]?.split('\n')).toEqual([
      'In staging: create member `Chess` (club_1)?',
      'It sets user_id to `"user_1"`',
      'You are asked because the club is closed.',
      'Its default role: `"guest"`',
      'To confirm, type `club_1`, its ID.',
    ]);
    expect(writes()).toEqual([POST]);
    expect(record().find(({ decision }) => decision === 'ask')).toMatchObject({
      rule: 'members:full, because the club is closed',
    });
  });

  it('what an agent is not told that may not read it', async () => {
    const { call, asked } = await connect(first([], { ...open, closed: true }), {
      grants: 'create_member',
      respond: typed('club_1'),
    });
    await call('create_member', create);
    expect(asked[0]).toContain('Not shown, because the agent may not read it: its name, Its default role.');
    expect(asked[0]).not.toContain('guest');
  });

  it('that it takes the credentials grant and a person', async () => {
    const inactive = first([{ id: 'member_1', status: 'inactive' }]);
    const with_ = await connect(inactive, { respond: typed('club_1') });
    await with_.call('create_member', create);
    expect(with_.asked[0]).toContain('You are asked because the user was a member before, whose roles come back.');
    expect(with_.writes()).toEqual([POST]);
    expect(with_.record().find(({ decision }) => decision === 'allowed')).toMatchObject({
      rule: 'members:full + members:credentials',
    });
    await client?.close();
    const without = await connect(inactive, { grants: 'members:full', respond: typed('club_1') });
    expect(await without.call('create_member', create)).toMatchObject({
      isError: true,
      text: 'create_member was not sent. This call needs the grant members:credentials, which you do not have, because the user was a member before, whose roles come back.',
    });
    expect([without.writes(), without.asked]).toEqual([[], []]);
    expect(without.record().at(-1)).toMatchObject({ decision: 'refused', rule: 'needs the grant members:credentials' });
  });

  it.each<[what: string, answers: Table, message: string]>([
    ['that it is not possible', first([{ id: 'member_1', status: 'active' }]), 'because the user is a member already.'],
    ['nothing where it is no list', { '/clubs/club_1/members': { id: 'x' } }, 'which could not be read.'],
    [
      'nothing where the list does not end',
      { '/clubs/club_1/members': () => ({ data: [{ id: 'm' }], list_metadata: { after: 'm' } }) },
      'list_members has more than 10 items.',
    ],
  ])('%s', async (_, answers, message) => {
    const { call, writes } = await connect(answers);
    expect(await call('create_member', create)).toMatchObject({
      isError: true,
      text: expect.stringContaining(message),
    });
    expect(writes()).toEqual([]);
  });

  it('again when the confirmation comes back', async () => {
    const answers: Record<string, unknown> = first([], { ...open, closed: true });
    const { call, writes } = await connect(answers, { asks: false });
    const question = await call('create_member', create);
    const { confirm_token } = Object(question.structured?.confirmation);
    answers['/clubs/club_1/members'] = listOf({ id: 'member_1', status: 'inactive' });
    expect(await call('create_member', { ...create, confirm_token })).toMatchObject({
      isError: true,
      text: expect.stringContaining('has changed since the preview'),
    });
    expect(writes()).toEqual([]);
  });

  it('but not over a person who has declined meanwhile', async () => {
    const answers: Record<string, unknown> = first([], { ...open, closed: true });
    const { call, writes } = await connect(answers, {
      respond: () => {
        answers['/clubs/club_1'] = open;
        return { result: { action: 'decline' } };
      },
    });
    expect((await call('create_member', create)).text).toContain('A person was asked and did not confirm this call.');
    expect(writes()).toEqual([]);
  });

  it('and a no holds where the call would no longer wait', async () => {
    const answers: Record<string, unknown> = first([], { ...open, closed: true });
    const { call, writes, asked } = await connect(answers, { respond: () => ({ result: { action: 'decline' } }) });
    await call('create_member', create);
    answers['/clubs/club_1'] = open;
    expect(await call('create_member', create)).toMatchObject({
      isError: true,
      text: expect.stringContaining('asked less than ten minutes ago'),
    });
    expect([writes(), asked.length]).toEqual([[], 1]);
  });

  it('in a dry run, too', async () => {
    const { call, writes, asked } = await connect(first([], { ...open, closed: true }), { dryRun: true });
    expect((await call('create_member', create)).structured).toMatchObject({
      dry_run: true,
      notes: [
        'Only reads were sent: the server was started with --dry-run.',
        'A person would be asked, because the club is closed.',
      ],
    });
    expect([writes(), asked]).toEqual([[], []]);
  });

  it('nothing that --confirm off does not allow', async () => {
    const off = { confirm: 'off', grants: 'members:full' } as const;
    const closed = await connect(first([], { ...open, closed: true }), off);
    await closed.call('create_member', create);
    expect(closed.writes()).toEqual([POST]);
    await client?.close();
    const inactive = await connect(first([{ id: 'member_1', status: 'inactive' }]), off);
    expect(await inactive.call('create_member', create)).toMatchObject({ isError: true });
  });
});

it('of exclusive arguments, one may be given', async () => {
  const { call, requests } = await connect({});
  const args = { club_id: 'club_1', user_id: 'user_1', role_slug: 'a', role_slugs: ['b'] };
  expect((await call('create_member', args)).text).toBe(
    'create_member was not sent. Give either role_slug or role_slugs, not both.',
  );
  expect(requests()).toEqual([]);
});

describe('calls beyond a pace', () => {
  it('wait for a person, over all tools of the group, until the hour is over', async () => {
    let time = 0;
    const { call, asked, writes } = await connect({}, { now: () => time, respond: typed('tion_4') });
    await call('revoke_session', { session_id: 'session_1' });
    await call('revoke_invitation', { invitation_id: 'invitation_2' });
    expect(asked).toEqual([]);
    expect(await call('revoke_session', { session_id: 'session_3' })).toMatchObject({ isError: true });
    await call('revoke_invitation', { invitation_id: 'invitation_4' });
    expect(asked.map((question) => question.split('\n').slice(0, 2))).toEqual([
      ['In staging: revoke session (session_3)?', REASON],
      ['In staging: revoke invitation (invitation_4)?', REASON],
    ]);
    time = 3_600_001;
    await call('revoke_session', { session_id: 'session_5' });
    expect(asked).toHaveLength(2);
    expect(writes().map(([request, body]) => body ?? request)).toEqual([
      '{"session_id":"session_1"}',
      '{}',
      '{}',
      '{"session_id":"session_5"}',
    ]);
  });

  it('keep waiting for the person who was asked when the hour is over before they answer', async () => {
    let time = 0;
    const respond = () => {
      time = 3_600_001;
      return typed('sion_3')();
    };
    const { call, asked, writes } = await connect({}, { now: () => time, respond });
    for (const session_id of ['session_1', 'session_2', 'session_3']) await call('revoke_session', { session_id });
    expect([asked.length, writes().length]).toEqual([1, 3]);
  });

  it('wait for the model where the client cannot ask', async () => {
    const { call, writes } = await connect({}, { asks: false });
    for (const session_id of ['session_1', 'session_2']) await call('revoke_session', { session_id });
    const { structured } = await call('revoke_session', { session_id: 'session_3' });
    const { confirm_token } = Object(structured?.confirmation);
    expect(writes()).toHaveLength(2);
    await call('revoke_session', { session_id: 'session_3', confirm_token });
    expect(writes()).toHaveLength(3);
  });

  it('are not counted in a dry run', async () => {
    const { call, asked } = await connect({}, { dryRun: true });
    for (let index = 0; index < 4; index += 1) {
      expect((await call('revoke_session', { session_id: `session_${index}` })).structured).toMatchObject({
        dry_run: true,
      });
    }
    expect(asked).toEqual([]);
  });

  const REASON = 'You are asked because the agent has made 2 endings within an hour without being asked.';
});

it.each<[name: string, grants: string, confirmed: unknown, occasions: readonly string[]]>([
  ['enable_flag', 'members:full', true, []],
  ['revoke_session', 'members:full', [], ['the agent has made 2 endings within an hour without being asked']],
  ['create_member', 'members:full', [], ['the user was a member before, or the club is closed']],
  [
    'create_member',
    'members:full members:credentials',
    ['role_slug', 'role_slugs'],
    ['the user was a member before, or the club is closed'],
  ],
  ['remove_member_role', 'members:full', false, []],
])('what waits for a confirmation is told of %s with %s', (name, grants, confirmed, occasions) => {
  const agent = { name: 'agent', environment: 'staging', grants: toGrants(grants), confirm: 'auto' } as const;
  expect(toToolAccess(club, agent, find(name))).toMatchObject({ confirmed, occasions });
  const said = explainTool(club, agent, name);
  for (const occasion of occasions) expect(said).toContain(`calls wait for one where ${occasion}`);
});

describe('a declaration is refused', () => {
  const thing = {
    name: 'delete_thing',
    route: 'DELETE /things',
    access: 'delete',
    description: 'Delete things.',
    input: {},
  } as const;
  const get = tool({ ...thing, name: 'get_thing', route: 'GET /things', access: 'read' });
  const declare = (...changes: readonly Partial<Declaration>[]): Declarations => ({
    ...club,
    areas: [
      area({
        name: 'things',
        title: 'Things',
        meaning: 'things',
        tools: [get, ...changes.map((change): Declaration => ({ ...thing, ...change }))],
      }),
    ],
    probe: { tool: 'get_thing', args: {} },
  });
  const pace = (calls: number) =>
    ({ preview: { of: 'id' }, confirm: { beyond: { calls, per: 'hour', group: 'x' } } }) as const;
  const id = z.string();

  it.each<[fault: string, changes: readonly Partial<Declaration>[]]>([
    ['has a person asked, but has no preview', [{}]],
    ['has a person asked, but has no preview', [{ access: 'write', confirm: 'always' }]],
    ['does not say which argument its preview is of', [{ preview: {} }]],
    ['has a preview of id, which is optional', [{ preview: { of: 'id' }, input: { id: id.optional() } }]],
    ['reads with get_nothing, which is not a tool that only reads', [{ preview: { object: 'get_nothing' } }]],
    ['reads with delete_thing, which is not a tool that only reads', [{ preview: { object: 'delete_thing' } }]],
    ['has the effect "none" as a delete', [{ effect: 'none', input: { id }, preview: { of: 'id' } }]],
    [
      'counts x otherwise than another tool',
      [
        { ...pace(1), input: { id } },
        { ...pace(2), input: { id }, name: 'delete_other', route: 'DELETE /others' },
      ],
    ],
  ])('that %s', (fault, changes) => {
    expect(() => createCatalog(declare(...changes))).toThrow(`delete_thing ${fault}`);
  });
});
