import { afterEach, describe, expect, it } from 'vitest';
import type { ApiRequest } from '../src/workos/layer.ts';
import { type Calling, type CallingOptions, connectCalling } from './support/calling.ts';
import { toolOf } from './support/requests.ts';

// Who is let into an organization by a plain write, and who only after a person has said yes.

const ORGANIZATION = 'org_01EHZNVPK3SFK441A1RGBFSHRT';
const USER = 'user_01E4ZCR3C56J083X43JQXF3JK5';
const DOMAIN = 'org_domain_01EHZNVPK3SFK441A1RGBFSHRT';
const MEMBERSHIP = 'om_01E4ZCR3C5A4QZ2Z2JQXGKZJ9E';
const INVITATION = 'invitation_01E4ZCR3C56J083X43JQXF3JK5';

const page = (...data: readonly object[]) => ({ object: 'list', data, list_metadata: { before: null, after: null } });

/** What the reads answer, by their tools. */
type World = Readonly<Record<string, unknown>>;

const WORLD: World = {
  get_user: { object: 'user', id: USER, email: 'ada@acme.test', first_name: 'Ada' },
  list_users: page(),
  list_connections: page(),
  list_organization_memberships: page(),
  get_organization: {
    object: 'organization',
    id: ORGANIZATION,
    name: 'Acme',
    domains: [
      { domain: 'Acme.test', state: 'verified' },
      { domain: 'old.test', state: 'legacy_verified' },
      { domain: 'new.test', state: 'pending' },
      { domain: 'lost.test', state: 'failed' },
    ],
  },
  list_organization_roles: {
    object: 'list',
    data: [
      { slug: 'admin', permissions: ['members:manage', 'invoices:write'] },
      { slug: 'member', permissions: ['reports:read'] },
    ],
  },
  get_organization_domain: {
    object: 'organization_domain',
    id: DOMAIN,
    organization_id: ORGANIZATION,
    domain: 'acme.test',
  },
  get_organization_membership: {
    object: 'organization_membership',
    id: MEMBERSHIP,
    user_id: USER,
    organization_id: ORGANIZATION,
    organization_name: 'Acme',
    status: 'inactive',
    roles: [{ slug: 'admin' }],
    user: { email: 'ada@acme.test' },
  },
  get_invitation: {
    object: 'invitation',
    id: INVITATION,
    email: 'eve@elsewhere.test',
    organization_id: ORGANIZATION,
    role_slug: 'admin',
  },
};

let open: Calling[] = [];
afterEach(async () => {
  await Promise.all(open.map((calling) => calling.close()));
  open = [];
});

/** An agent that cannot ask a person, in a world that differs from WORLD. */
async function agent(world: World = {}, options: Partial<CallingOptions> = {}) {
  const writes: ApiRequest[] = [];
  const reads: string[] = [];
  const calling = await connectCalling({
    grants: '*:full',
    asks: false,
    ...options,
    workos: (request) => {
      const name = toolOf(request)?.name ?? '';
      if (request.method !== 'GET') {
        writes.push(request);
        return { object: 'thing', id: 'x_1', state: 'pending', domain: 'acme.test' };
      }
      reads.push(`${name} ${request.path.split('?')[1] ?? ''}`.trim());
      return { ...WORLD, ...world }[name];
    },
  });
  open.push(calling);
  return { ...calling, writes, reads };
}

const member = { user_id: USER, organization_id: ORGANIZATION };
const invited = (email: string) => ({ email, organization_id: ORGANIZATION });
const userWith = (email: unknown) => ({ get_user: { ...Object(WORLD.get_user), email } });
const OUTSIDE = 'You are asked because the email is not on a verified domain of the organization.';
const FORMER = 'because the person was a member before, and may get the earlier or the chosen roles';

describe('an email on a verified domain is let in by a plain write', () => {
  it.each(['ada@acme.test', 'ADA@ACME.TEST', 'ada@old.test'])('%s', async (email) => {
    for (const [name, args] of [
      ['create_organization_membership', member],
      ['create_invitation', invited(email)],
    ] as const) {
      const { call, writes } = await agent(userWith(email));
      const result = await call(name, args);
      expect(result.isError, result.text).toBeUndefined();
      expect(writes.map(({ body }) => JSON.parse(body ?? '{}'))).toEqual([args]);
    }
  });
});

describe('any other email waits for a confirmation', () => {
  it.each([
    ['on a domain that is not proven', 'ada@new.test'],
    ['on a domain whose proof failed', 'ada@lost.test'],
    ['on a part of a domain', 'ada@mail.acme.test'],
    ['on a domain that ends alike', 'ada@notacme.test'],
    ['with the domain before the last @', '"ada@acme.test"@elsewhere.test'],
    ['with look-alike letters', 'ada@аcme.test'],
    ['that is missing', undefined],
  ])('%s', async (_, email) => {
    const { call, writes } = await agent(userWith(email));
    const asked = await call('create_organization_membership', member);
    expect(asked.text).toContain(OUTSIDE);
    expect(asked.text).toContain('The organization: `"Acme"`');
    expect(asked.text).toContain('Its verified domains: `["acme.test","old.test"]`');
    expect(asked.text).toContain(
      'Permissions of the default role, which is member unless another was chosen: `["reports:read"]`',
    );
    expect(writes).toEqual([]);
    const confirm_token = Object(asked.structured?.confirmation).confirm_token;
    const done = await call('create_organization_membership', { ...member, confirm_token });
    expect(done.isError, done.text).toBeUndefined();
    expect(writes).toHaveLength(1);
  });

  it('spells look-alike letters out', async () => {
    const { call, writes } = await agent();
    const { text } = await call('create_invitation', invited('ada@аcme.test'));
    expect(text).toContain('The email, letter by letter: `"ada@\\u0430cme.test"`');
    expect(text).toContain('Careful: the word `аcme` mixes Latin and Cyrillic letters.');
    expect(writes).toEqual([]);
  });

  it('is not asked about an email that would cover what stands around it', async () => {
    const { call, writes } = await agent();
    const { isError, text } = await call('create_invitation', invited(`a${'\u0301'.repeat(9)}@elsewhere.test`));
    expect([isError, text]).toEqual([true, expect.stringContaining('email has more marks on a character than can')]);
    expect(writes).toEqual([]);
  });

  it('in invitations too, but not in those to the app alone', async () => {
    const { call, writes, reads } = await agent();
    expect((await call('create_invitation', invited('eve@elsewhere.test'))).text).toContain(OUTSIDE);
    expect(writes).toEqual([]);
    const before = reads.length;
    expect((await call('create_invitation', { email: 'eve@elsewhere.test' })).isError).toBeUndefined();
    expect(writes).toHaveLength(1);
    expect(reads).toHaveLength(before);
  });

  it('shows only what the agent may read', async () => {
    const grants = 'memberships:write get_user';
    const { call } = await agent(userWith('eve@elsewhere.test'), { grants });
    const { text } = await call('create_organization_membership', member);
    expect(text).toContain(OUTSIDE);
    expect(text).not.toContain('Acme');
    expect(text).not.toContain('reports:read');
    expect(text).toContain('Not shown, because the agent may not read it: The organization, Its verified domains, ');
  });
});

describe('a former member', () => {
  const former = (status: unknown) => ({
    list_organization_memberships: page({ id: MEMBERSHIP, status, roles: [{ slug: 'admin' }] }),
    list_users: page({ id: USER, email: 'ada@acme.test' }),
  });
  const calls = [
    ['create_organization_membership', member],
    ['create_invitation', invited('ada@acme.test')],
  ] as const;

  it.each(calls)('is not let in by %s without the credentials grant', async (name, args) => {
    for (const status of ['inactive', 'suspended', undefined]) {
      const { call, writes, reads } = await agent(former(status));
      const { isError, text } = await call(name, args);
      expect(isError).toBe(true);
      expect(text).toMatch(new RegExp(`needs the grant \\w+:credentials, which you do not have, ${FORMER}\\.`));
      expect(writes).toEqual([]);
      expect(reads.join()).toContain('statuses=active%2Cinactive%2Cpending');
    }
  });

  it.each(calls)('is let in by %s with it, after a yes, with the earlier roles shown', async (name, args) => {
    const { call, writes, record } = await agent(former('inactive'), { grants: '*:full *:credentials' });
    const { text, structured } = await call(name, args);
    expect(text).toContain(`You are asked ${FORMER}.`);
    expect(text).toContain('Permissions of the roles: `{"admin":["members:manage","invoices:write"]}`');
    expect(writes).toEqual([]);
    const { confirm_token } = Object(structured?.confirmation);
    expect((await call(name, { ...args, confirm_token })).isError).toBeUndefined();
    expect(writes).toHaveLength(1);
    expect(record().at(-2)).toMatchObject({ decision: 'allowed', rule: expect.stringContaining(':credentials') });
  });

  it.each(calls)('is looked for before %s, which is refused where that cannot be read', async (name, args) => {
    for (const unreadable of [{ message: 'no' }, { object: 'list', data: [1] }]) {
      const { call, writes } = await agent({ ...former('inactive'), list_organization_memberships: unreadable });
      expect(await call(name, args)).toMatchObject({ isError: true });
      expect(writes).toEqual([]);
    }
  });

  it('is found by the email in small letters', async () => {
    const { call, reads } = await agent();
    await call('create_invitation', invited('Ada@acme.test'));
    expect(reads.filter((read) => read.startsWith('list_users'))).toEqual([
      expect.stringContaining('email=Ada%40acme.test'),
      expect.stringContaining('email=ada%40acme.test'),
    ]);
  });
});

describe('a role', () => {
  it.each([
    ['create_organization_membership', { ...member, role_slug: 'admin' }],
    ['create_invitation', { ...invited('ada@acme.test'), role_slug: 'admin' }],
    ['update_organization_membership', { organization_membership_id: MEMBERSHIP, role_slugs: ['admin'] }],
    ['reactivate_organization_membership', { organization_membership_id: MEMBERSHIP }],
    ['accept_invitation', { invitation_id: INVITATION }],
  ])('waits in %s, with its permissions shown', async (name, args) => {
    const { call, writes } = await agent({}, { grants: '*:full *:credentials' });
    const { text } = await call(name, args);
    expect(text).toContain('Permissions of the roles: `{"admin":["members:manage","invoices:write"]}`');
    expect(text).toContain('The organization: `"Acme"`');
    expect(writes).toEqual([]);
  });

  it.each([{ role_slug: 'member' }, { role_slugs: ['member'] }])('that is lost by %j is named', async (roles) => {
    const { call } = await agent({}, { grants: '*:full *:credentials' });
    const args = { organization_membership_id: MEMBERSHIP, ...roles };
    const { text } = await call('update_organization_membership', args);
    expect(text).toContain('It removes from roles: `"admin"`');
    const same = { organization_membership_id: MEMBERSHIP, role_slug: 'admin' };
    expect((await call('update_organization_membership', same)).text).not.toContain('It removes');
  });
});

describe('a domain', () => {
  const people = { list_users: page({ id: USER, email: 'ada@acme.test' }) };
  const connection = { list_connections: page({ id: 'conn_1' }) };
  const calls = [
    ['create_organization_domain', { organization_id: ORGANIZATION, domain: 'gmail.test' }],
    ['verify_organization_domain', { organization_domain_id: DOMAIN }],
  ] as const;

  it.each(calls)('waits in %s where the organization has members or a connection', async (name, args) => {
    for (const world of [people, connection, { ...people, ...connection }]) {
      const { call, writes } = await agent(world);
      const { text } = await call(name, args);
      expect(text).toContain('You are asked because the organization has members or a connection.');
      expect(text).toContain('The organization: `"Acme"`');
      expect(text).toContain('`["reports:read"]`');
      expect(writes).toEqual([]);
    }
  });

  it.each(calls)('does not wait in %s of an empty organization', async (name, args) => {
    const { call, writes, reads } = await agent();
    expect((await call(name, args)).isError).toBeUndefined();
    expect(writes).toHaveLength(1);
    expect(reads).toContain(`list_users organization_id=${ORGANIZATION}&limit=1`);
    expect(reads).toContain(`list_connections organization_id=${ORGANIZATION}&limit=1`);
  });
});

it('ends ten things an hour, and asks about each further one', async () => {
  const { call, writes } = await agent();
  const end = (count: number) =>
    count % 2 === 0
      ? call('revoke_invitation', { invitation_id: INVITATION })
      : call('deactivate_organization_membership', { organization_membership_id: MEMBERSHIP });
  for (let count = 0; count < 10; count += 1) expect((await end(count)).isError).toBeUndefined();
  expect(writes).toHaveLength(10);
  for (const count of [10, 11]) {
    expect((await end(count)).text).toContain('the agent has made 10 endings within an hour without being asked');
  }
  expect(writes).toHaveLength(10);
});
