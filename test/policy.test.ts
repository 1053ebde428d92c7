import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Grants } from '../src/access/grants.ts';
import { compileGrants, createPolicy, decide } from '../src/access/policy.ts';
import type { Tool } from '../src/catalog/tool.ts';
import { declarations } from '../tools/index.ts';
import { catalog, fixedCatalog, openedBy, toGrants } from './support/catalog.ts';
import { connect } from './support/session.ts';

const on = (text: string, among = catalog): string[] => {
  const policy = createPolicy(among, toGrants(text));
  return among.tools.filter((tool) => policy.whyOff(tool) === undefined).map((tool) => tool.name);
};

describe('what each grant switches on', () => {
  it.each([
    ['users:read', ['get_user', 'list_users']],
    ['users:write', ['create_user', 'update_user']],
    ['users:delete', ['delete_user']],
    ['users:full', ['create_user', 'get_user', 'list_users', 'update_user', 'delete_user']],
    ['users:write users:credentials', ['create_user', 'update_user', 'authenticate_user']],
    ['magic_auth:read', ['get_magic_auth']],
    ['magic_auth:write', ['create_magic_auth']],
    ['mfa:write', ['enroll_auth_factor', 'challenge_auth_factor']],
    ['mfa:write mfa:credentials', ['enroll_auth_factor', 'challenge_auth_factor', 'verify_auth_challenge']],
    ['organizations:read', ['get_organization', 'list_organizations']],
    ['organizations:write', ['create_organization', 'update_organization']],
    ['organizations:delete', ['delete_organization']],
    ['organization_domains:read', ['get_organization_domain']],
    ['organization_domains:write', ['create_organization_domain', 'verify_organization_domain']],
    ['sso:read', ['get_sso_authorization_url', 'list_connections', 'get_connection']],
    [
      'sso:read sso:credentials',
      ['get_sso_authorization_url', 'get_sso_profile_and_token', 'list_connections', 'get_connection'],
    ],
    ['sso:delete', ['delete_connection']],
    [
      'directory_sync:read',
      [
        'list_directories',
        'get_directory',
        'list_directory_users',
        'get_directory_user',
        'list_directory_groups',
        'get_directory_group',
      ],
    ],
    ['directory_sync:delete', ['delete_directory']],
    ['audit_logs:read', ['get_audit_log_export']],
    ['audit_logs:write', ['create_audit_log_event', 'create_audit_log_export']],
    ['roles:read', ['list_environment_roles', 'list_organization_roles']],
    ['*:delete', ['delete_user', 'delete_organization', 'delete_connection', 'delete_directory']],
    ['get_user', ['get_user']],
    ['preset:sso-debug !directory_sync:read !preset:support', ['get_sso_authorization_url']],
    ['delete_user', ['delete_user']],
    ['authenticate_user users:credentials', ['authenticate_user']],
    ['users:read users:write !list_users', ['create_user', 'get_user', 'update_user']],
    ['users:full !users:delete', ['create_user', 'get_user', 'list_users', 'update_user']],
    ['users:write users:credentials !users:credentials', ['create_user', 'update_user']],
    ['users:full ro', ['get_user', 'list_users']],
    ['sso:read sso:credentials ro', ['get_sso_authorization_url', 'list_connections', 'get_connection']],
    ['get_user users:full !*:write !*:delete', ['get_user', 'list_users']],
    [
      'users:full users:credentials sso:read !users:full',
      ['get_sso_authorization_url', 'list_connections', 'get_connection'],
    ],
  ])('%s', (grants, names) => {
    expect(on(grants, fixedCatalog)).toEqual(names);
  });

  it.each([
    ['*:read', 18],
    ['*:write', 11],
    ['*:full', 33],
    ['*:full *:credentials', 36],
    ['*:full *:credentials ro', 18],
    ['*:read *:credentials', 19],
    ['*:full *:credentials guard', 18],
  ])('%s is %i tools', (grants, count) => {
    expect(on(grants, fixedCatalog)).toHaveLength(count);
  });
});

describe('what stops the start', () => {
  it.each([
    ['', /Nothing is allowed until you say so.*--allow '\*:read'/s],
    ['user:read', /no area "user"\. Did you mean "users"\?/],
    ['users:raed', /no access "raed"\. Did you mean "read"\?/],
    ['users:constructor', /no access "constructor"/],
    ['users', /add the access, e\.g\. users:read/],
    ['*', /add the access, e\.g\. \*:read/],
    ['users:', /no access ""/],
    ['list_usres', /no tool "list_usres"\. Did you mean "list_users"\?/],
    ['list_users:read', /A tool's name stands alone: "list_users"/],
    ['users:read:write', /a grant is AREA:ACCESS/],
    ['preset:suport', /no preset "suport"\. Did you mean "support"\?/],
    ['users:read@org_1', /"@" is reserved/],
    ['mfa:read', /opens nothing: mfa has no read tools\. It has mfa:write\./],
    ['roles:credentials', /opens nothing: no tool of roles handles credentials/],
    ['users:credentials', /opens nothing by itself: create_user also needs users:write, /],
    ['users:read users:credentials', /users:credentials opens nothing by itself/],
    ['authenticate_user', /--allow authenticate_user: needs the grant users:credentials/],
    ['users:write !user:full', /--deny user:full: there is no area "user"\. Did you mean "users"\?/],
    ['*:full !sso:write', /--deny sso:write closes nothing: sso has no write tools\. It has sso:read, sso:delete\./],
    ['*:full !roles:credentials', /--deny roles:credentials closes nothing: no tool of roles handles credentials/],
    ['users:write guard', /removed by the production key without --production-writes/],
    ['users:write ro', /No tool is left on: everything that --allow grants is removed by --read-only/],
    ['get_user !*:read', /removed by --deny \*:read/],
  ])('%s', (grants, message) => {
    expect(() => createPolicy(fixedCatalog, toGrants(grants))).toThrow(message);
  });
});

describe('presets', () => {
  it.each(
    Object.keys(declarations.presets),
  )('%s deletes nothing, takes no credentials and holds no grant in vain', (name) => {
    const policy = createPolicy(catalog, toGrants(`preset:${name}`));
    const onTools = catalog.tools.filter((tool) => policy.whyOff(tool) === undefined);
    expect(onTools.filter((tool) => tool.access === 'delete')).toEqual([]);
    expect(onTools.filter((tool) => policy.whyRestricted(tool) === undefined)).toEqual([]);
  });

  it.each([
    ['preset:support', 15],
    ['preset:onboarding', 15],
    ['preset:sso-debug', 14],
    ['preset:security-review', 17],
    ['preset:incident', 9],
  ])('%s is %i tools', (grants, count) => {
    expect(on(grants, fixedCatalog)).toHaveLength(count);
  });

  // Of all tools, later ones too: whoever starts with a preset did not choose them one by one.
  it.each([
    ['preset:support', []],
    [
      'preset:onboarding',
      [
        'create_user',
        'create_organization_membership',
        'create_invitation',
        'resend_invitation',
        'revoke_invitation',
        'create_organization',
        'update_organization',
        'create_organization_domain',
        'verify_organization_domain',
        'invite_it_contact',
      ],
    ],
    ['preset:sso-debug', []],
    ['preset:security-review', ['create_audit_log_export']],
    ['preset:incident', ['deactivate_organization_membership', 'revoke_invitation', 'revoke_session']],
  ])('%s writes with nothing but %j', (grants, writes) => {
    const reads = catalog.tools.filter(({ access }) => access === 'read').map(({ name }) => name);
    expect(on(grants).filter((name) => !reads.includes(name))).toEqual(writes);
  });
});

it('says of each tool that is off which rule keeps it off', () => {
  const policy = decide(catalog, toGrants('users:full !update_user ro'));
  const reasons = Object.fromEntries(catalog.tools.map((tool) => [tool.name, policy.whyOff(tool)]));
  expect(reasons).toMatchObject({
    get_user: undefined,
    update_user: '--read-only keeps it off',
    delete_user: '--read-only keeps it off',
    get_organization: 'needs the grant organizations:read',
  });
  const denied = catalog.tools.find(({ name }) => name === 'update_user') ?? expect.fail();
  expect(decide(catalog, toGrants('users:full !update_user')).whyOff(denied)).toBe('--deny update_user keeps it off');
});

describe('compiled grants', () => {
  const areas = ['*', ...catalog.areas.map(({ name }) => name)];
  const accesses = ['read', 'write', 'delete', 'full', 'credentials'];
  const text = fc.oneof(
    fc.constantFrom(...catalog.tools.map(({ name }) => name)),
    fc.tuple(fc.constantFrom(...areas), fc.constantFrom(...accesses)).map((parts) => parts.join(':')),
  );
  const texts = fc.array(text, { maxLength: 8 });
  const anyGrants = fc.record({ allow: texts, deny: texts, readOnly: fc.boolean(), productionGuard: fc.boolean() });

  const covers = (grant: string, tool: Tool, permission: string, denies: boolean): boolean => {
    const [area, access] = grant.split(':');
    if (access === undefined) return grant === tool.name && (denies || permission !== 'credentials');
    if (area !== '*' && area !== tool.area) return false;
    return access === permission || (access === 'full' && (denies || permission !== 'credentials'));
  };
  /** The rules one after the other, for one permission of one tool. */
  const whyNot = ({ allow, deny, readOnly, productionGuard }: Grants, tool: Tool, permission: string) => {
    if (readOnly && permission !== 'read') return '--read-only keeps it off';
    if (productionGuard && permission !== 'read') return 'the production key without --production-writes keeps it off';
    const denied = deny.find((grant) => covers(grant, tool, permission, true));
    if (denied !== undefined) return `--deny ${denied} keeps it off`;
    const isAllowed = allow.some((grant) => covers(grant, tool, permission, false));
    return isAllowed ? undefined : `needs the grant ${tool.area}:${permission}`;
  };
  const toExpected = (grants: Grants, tool: Tool) => {
    const allowing = (permission: string) => grants.allow.find((grant) => covers(grant, tool, permission, false));
    const [own, credentials] = [whyNot(grants, tool, tool.access), whyNot(grants, tool, 'credentials')];
    const isShown = ({ name }: Tool) => tool.needsOneOf?.includes(name);
    const others = catalog.tools.filter(isShown);
    const isAlone = tool.name === 'list_events' && others.every((other) => whyNot(grants, other, 'read') !== undefined);
    const alone = 'shows nothing without a grant that reads what it is about, such as users:read';
    const off = own ?? (tool.needsCredentials ? credentials : undefined) ?? (isAlone ? alone : undefined);
    return [
      off,
      off === undefined ? allowing(tool.access) : undefined,
      credentials,
      credentials === undefined ? allowing('credentials') : undefined,
    ];
  };

  it('decide on each tool as the rules do one after the other', () => {
    let on = 0;
    fc.assert(
      fc.property(anyGrants, (grants) => {
        const { whyOff, grantOf, whyRestricted, credentialsGrantOf } = decide(catalog, grants);
        const decided = catalog.tools.map((tool) =>
          [whyOff, grantOf, whyRestricted, credentialsGrantOf].map((find) => find(tool)),
        );
        on += decided.filter(([off]) => off === undefined).length;
        expect(decided).toEqual(catalog.tools.map((tool) => toExpected(grants, tool)));
      }),
      { numRuns: 500 },
    );
    expect(on).toBeGreaterThan(500);
  });

  it('come to the policy of a guarded key and of another, whichever was checked', () => {
    const grants = toGrants('users:full *:read !get_user');
    for (const checked of [false, true]) {
      const policyOf = compileGrants(catalog, { ...grants, productionGuard: checked });
      for (const productionGuard of [false, true]) {
        const [policy, expected] = [policyOf(productionGuard), decide(catalog, { ...grants, productionGuard })];
        expect(catalog.tools.map(policy.whyOff)).toEqual(catalog.tools.map(expected.whyOff));
      }
    }
  });

  it('refuse a guarded key that they leave no tool, once it is known to be one', () => {
    const policyOf = compileGrants(catalog, toGrants('users:write'));
    expect(() => policyOf(true)).toThrow(/removed by the production key without --production-writes/);
  });
});

it('treats a tool that is off as one that never existed', async () => {
  const session = await connect(['--sandbox', '--allow', 'users:read']);
  const names = (await session.listTools()).map((tool) => tool.name);
  expect(names).toEqual([...openedBy('users', 'read'), 'get_access_status']);
  const refusal = (name: string) =>
    session.call(name, {}).then(
      () => expect.fail('it answered'),
      ({ code, message }) => ({ code, message }),
    );
  expect(await refusal('delete_user')).toMatchObject({ code: -32602, message: expect.stringContaining('delete_user') });
  expect(JSON.stringify(await refusal('delete_user')).replaceAll('delete_user', 'no_such_tool')).toBe(
    JSON.stringify(await refusal('no_such_tool')),
  );
  await session.close();
});
