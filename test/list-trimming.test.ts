import { describe, expect, it } from 'vitest';
import { openInside } from './support/inside.ts';

const DIRECTORY = 'directory_01';
const USER = {
  id: 'directory_user_01',
  directory_id: DIRECTORY,
  organization_id: 'org_01',
  idp_id: '7',
  email: 'a@b.test',
  role: { slug: 'admin' },
  roles: [{ slug: 'admin' }],
};

const firstOf = async (name: string, args: Record<string, unknown>, item: object) => {
  const inside = openInside(() => ({ body: { data: [item] } }));
  return Object((await inside.call(name, args)).structured).data[0];
};

describe('an item of a list', () => {
  it('leaves out what the call has said, and what it says twice', async () => {
    const { id, idp_id, email, role } = USER;
    const shown = { id, idp_id, email, role };
    expect(await firstOf('list_directory_users', { directory: DIRECTORY }, USER)).toEqual(shown);
    expect(await firstOf('list_directory_users', { directory: DIRECTORY, max_items: 5 }, USER)).toEqual(shown);
  });

  it('keeps what differs from a filter, and what is told of a group', async () => {
    expect(await firstOf('list_directory_users', { group: 'directory_group_01' }, USER)).toHaveProperty('directory_id');
    expect(await firstOf('list_directory_users', { directory: 'directory_02' }, USER)).toHaveProperty('directory_id');
  });

  it('keeps several roles, and one that is not the role', async () => {
    const two = [{ slug: 'admin' }, { slug: 'member' }];
    expect(await firstOf('list_directory_users', { directory: DIRECTORY }, { ...USER, roles: two })).toHaveProperty(
      'roles',
      two,
    );
    const other = [{ slug: 'member' }];
    expect(await firstOf('list_directory_users', { directory: DIRECTORY }, { ...USER, roles: other })).toHaveProperty(
      'roles',
      other,
    );
    const { role: _, ...bare } = USER;
    expect(await firstOf('list_directory_users', { directory: DIRECTORY }, bare)).toHaveProperty('roles');
  });

  it('is the same for every list that takes an ID', async () => {
    const item = { id: 'conn_01', organization_id: 'org_01' };
    expect(await firstOf('list_connections', { organization_id: 'org_01' }, item)).toEqual({ id: 'conn_01' });
    expect(await firstOf('list_connections', {}, item)).toEqual(item);
  });

  it('shows with fields what it is asked for', async () => {
    const fields = ['directory_id', 'organization_id', 'role', 'roles'];
    const { directory_id, organization_id, role, roles } = USER;
    expect(await firstOf('list_directory_users', { directory: DIRECTORY, fields }, USER)).toEqual({
      directory_id,
      organization_id,
      role,
      roles,
    });
  });
});

const refusal = async (status: number, body: string, name: string, args: Record<string, unknown>, headers = {}) =>
  (await openInside(() => ({ status, headers, body })).call(name, args)).text;

const READ = ['get_user', { user_id: 'user_1' }] as const;
const GENERIC = 'The API key or the plan of this environment does not allow this call.';

describe('the next step after an error', () => {
  it.each([
    ['create_organization_domain', { organization_id: 'org_1', domain: 'a.test' }],
    ['create_organization', { name: 'A', domain_data: [{ domain: 'a.test', state: 'pending' }] }],
    ['update_organization', { organization_id: 'org_1', domain_data: [] }],
  ])('409 of %s names the list that finds a domain', async (name, args) => {
    const taken = { status: 409, headers: {}, body: '{"message":"Domain taken."}' };
    const read = { body: { object: 'list', data: [] } };
    const { text } = await openInside(({ method }) => (method === 'GET' ? read : taken)).call(name, args);
    expect(text).toContain('list_organizations with domains finds the organization that has it.');
  });

  it('403 gives the general reason only where WorkOS gives none', async () => {
    for (const body of ['', '{}', '<html>']) expect(await refusal(403, body, ...READ)).toContain(GENERIC);
    const explained = await refusal(403, '{"message":"SSO is not enabled."}', ...READ);
    expect(explained).toBe(
      'WorkOS answered get_user with 403 Forbidden: "SSO is not enabled". Ask the operator of this server to change that in WorkOS; calling again will not help.',
    );
  });

  it.each([
    ['1', '1 second'],
    ['60', '60 seconds'],
    ['119', '119 seconds'],
    ['120', '2 minutes'],
    ['1800', '30 minutes'],
    ['3600', 'an hour'],
    ['3601', '2 hours'],
    ['86400', '24 hours'],
    ['0', 'a few seconds'],
    ['soon', 'a few seconds'],
  ])('429 with Retry-After: %s says %s', async (seconds, said) => {
    expect(await refusal(429, '{"message":"Slow down."}', ...READ, { 'retry-after': seconds })).toContain(
      `Wait ${said}, then call again.`,
    );
  });
});
