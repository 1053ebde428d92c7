import { describe, expect, it } from 'vitest';
import { createApproverRules, keepApproverRules } from '../src/agents/approvers.ts';
import type { Approval } from '../src/call/confirm/approvals.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { toAgents } from '../src/settings/agents-config.ts';
import { readSettingsFile } from '../src/settings/settings-file.ts';
import { declarations } from '../tools/index.ts';

const HASH = `aaaaaaaaaa:${'0'.repeat(64)}`;

/** As WorkOS knows them, by whichever of its issuers. */
const GIL = 'user_01JGH000000000000000000000';

const FILE = `
environments:
  staff: { api-key-env: STAFF, client-id: client_staff }
  customers: { api-key-env: CUSTOMERS }
  staff-cleanup: { api-key-env: OTHER_KEY, client-id: client_staff }
issuers:
  authkit: { issuer: https://acme.authkit.app, environment: staff, sign-in: { client-id: client_1 } }
  unclear: { issuer: https://b.authkit.app, sign-in: { client-id: client_2 } }
  okta: { issuer: https://acme.okta.com, jwks-url: https://acme.okta.com/keys, sign-in: { client-id: 0oa1 } }
agents:
  bot: { environment: staff, allow: ['*:full', '*:credentials'], tokens: ['${HASH}'] }
templates:
  people: { environment: staff, jwt: { issuer: authkit, org-id: org_1 }, grants-claim: g, ceiling: ['*:full'] }
approvers:
  ada: { issuer: authkit, sub: user_ada, agents: [bot], allow: ['*:full', '*:credentials'] }
  bob: { issuer: unclear, sub: user_bob, agents: '*', allow: ['*:full', '*:credentials'] }
  cleo: { issuer: okta, sub: 00u1, agents: '*', allow: ['*:full', '*:credentials'] }
  dan: { agents: '*', allow: ['*:full', '*:credentials'] }
  eve: { agents: [people], allow: [users:delete] }
  fay: { agents: '*', allow: [delete_user, 'users:write'] }
  gil: { issuer: authkit, sub: ${GIL}, agents: '*', allow: ['*:full'] }
  gil2: { issuer: unclear, sub: ${GIL}, agents: '*', allow: ['*:full'] }
`;

const catalog = createCatalog(declarations);
const config = toAgents(await readSettingsFile(FILE, 'w.yaml'));
const rules = createApproverRules(catalog, config);

const approver = (name: string) => {
  const found = config.approvers.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};

const delete_user: Approval = {
  handle: 'h',
  caller: 'bot',
  tool: 'delete_user',
  environment: 'staff',
  environmentLabel: 'production',
  takesCredentials: false,
  args: '',
  basis: '',
  about: ['user_other'],
  shown: { environment: 'production', summary: '', facts: [], lost: [], changes: [] } as unknown as Approval['shown'], // not looked at
  samePerson: 'allow',
  askedAt: 0,
  until: 1,
};

describe('an approver is found', () => {
  it.each<[who: string, by: Parameters<typeof rules.find>, name: string | undefined]>([
    ['by issuer and sub', [{ issuer: 'authkit', sub: 'user_ada' }], 'ada'],
    ['by issuer and sub, whatever name comes with them', [{ issuer: 'authkit', sub: 'user_ada' }, 'dan'], 'ada'],
    ['not by the sub of another issuer', [{ issuer: 'okta', sub: 'user_ada' }], undefined],
    ['by a link to a name', ['link', 'dan'], 'dan'],
    ['not by a link where an issuer signs them in', ['link', 'ada'], undefined],
    ['not by a link without a name', ['link'], undefined],
    ['not by a name that the file does not have', ['link', 'gus'], undefined],
  ])('%s', (_, by, name) => {
    expect(rules.find(...by)?.name).toBe(name);
  });
});

describe('an approver sees', () => {
  it.each<[who: string, agent: string, sees: boolean]>([
    ['ada', 'bot', true],
    ['ada', 'people.user_1', false],
    ['eve', 'people.user_1', true],
    ['eve', 'people', true],
    ['eve', 'people2.user_1', false],
    ['eve', 'bot', false],
    ['dan', 'people.user_1', true],
  ])('%s: %s %s', (who, agent, sees) => {
    expect(rules.sees(approver(who), agent)).toBe(sees);
  });
});

const OTHERWISE = 'so an approver who signs in by other means has to answer';

describe('who may say yes', () => {
  it.each<[who: string, what: string, call: Partial<Approval>, why: string | undefined]>([
    ['ada', 'a delete of another user', {}, undefined],
    ['eve', 'of an agent that is not theirs', {}, 'the agent bot is not among yours'],
    ['eve', 'of an agent of their template', { caller: 'people.user_1' }, undefined],
    ['dan', 'of an agent that has left the file', { caller: 'bat' }, 'the agent bat is not in the settings any more'],
    ['dan', 'of no template', { caller: 'bots.x' }, 'the agent bots.x is not in the settings any more'],
    [
      'dan',
      'in an environment that has left the file',
      { environment: 'old' },
      'the environment old is not in the settings any more',
    ],
    ['dan', 'of a tool that is gone', { tool: 'delete_users' }, 'this server has no tool delete_users any more'],
    ['fay', 'by the name of the tool', {}, undefined],
    [
      'fay',
      'without the grant',
      { tool: 'delete_organization', about: ['org_1'] },
      'it needs the grant organizations:delete, which your entry does not have',
    ],
    ['fay', 'with the grant, as long as it takes no credentials', { tool: 'update_user' }, undefined],
    [
      'fay',
      'that takes credentials',
      { tool: 'update_user', takesCredentials: true },
      'it needs the grant users:credentials, which your entry does not have',
    ],
    [
      'fay',
      'of a tool that cannot do without credentials',
      { tool: 'update_organization_membership' },
      'it needs the grant memberships:write, which your entry does not have',
    ],
    [
      'ada',
      'about their own user',
      { about: ['user_other', 'user_ada'] },
      'it is about your own user, so another approver has to answer',
    ],
    [
      'ada',
      'about their own user, in an environment that does not sign them in',
      { environment: 'customers', about: ['user_ada'] },
      'it is about your own user, so another approver has to answer',
    ],
    [
      'ada',
      'about the application that signs them in',
      { environment: 'customers', about: ['client_1'] },
      `it is about the application that signs you in, ${OTHERWISE}`,
    ],
    ['ada', 'about the application that signs others in', { about: ['client_2', 'user_x'] }, undefined],
    ...(
      [
        ['delete_organization', 'org_1'],
        ['delete_connection', 'conn_1'],
        ['delete_directory', 'directory_1'],
        ['delete_organization_domain', 'org_domain_1'],
        ['delete_it_contact', 'it_contact_1'],
      ] as const
    ).map(
      ([tool, id]) =>
        [
          'ada',
          `${tool} where they sign in`,
          { tool, about: [id] },
          `it may change how people sign in, and the environment staff signs you in, ${OTHERWISE}`,
        ] as [string, string, Partial<Approval>, string],
    ),
    [
      'ada',
      'delete_connection elsewhere',
      { tool: 'delete_connection', environment: 'customers', about: [] },
      undefined,
    ],
    [
      'bob',
      'delete_connection where they may sign in',
      { tool: 'delete_connection', environment: 'customers', about: ['conn_1'] },
      `it may change how people sign in, and the environment customers may sign you in, ${OTHERWISE}`,
    ],
    [
      'ada',
      'delete_connection where they sign in, by another key of that environment',
      { tool: 'delete_connection', environment: 'staff-cleanup', about: ['conn_1'] },
      `it may change how people sign in, and the environment staff-cleanup signs you in, ${OTHERWISE}`,
    ],
    ['cleo', 'delete_connection, signed in by another issuer', { tool: 'delete_connection' }, undefined],
    ['dan', 'delete_connection, signed in by a link', { tool: 'delete_connection' }, undefined],
    [
      'ada',
      'that gives a role to an email',
      { tool: 'create_invitation', takesCredentials: true, about: ['org_1'] },
      `it takes credentials without naming a user, and the environment staff signs you in, ${OTHERWISE}`,
    ],
    [
      'ada',
      'that gives a role to eve@acme.test, in the name of another user',
      { tool: 'create_invitation', takesCredentials: true, about: ['eve@acme.test', 'user_other', 'org_1'] },
      `it takes credentials without naming a user, and the environment staff signs you in, ${OTHERWISE}`,
    ],
    [
      'ada',
      'that gives a role to invitation_1, in the name of another user',
      { tool: 'accept_invitation', takesCredentials: true, about: ['invitation_1', 'user_other', 'org_1'] },
      `it takes credentials without naming a user, and the environment staff signs you in, ${OTHERWISE}`,
    ],
    ['ada', 'that invites an email', { tool: 'create_invitation', about: ['org_1'] }, undefined],
    [
      'ada',
      'that gives a role elsewhere',
      { tool: 'create_invitation', takesCredentials: true, environment: 'customers', about: [] },
      undefined,
    ],
    [
      'dan',
      'that gives a role to an email',
      { tool: 'create_invitation', takesCredentials: true, about: [] },
      undefined,
    ],
    [
      'ada',
      'made for them, where that is refused',
      { samePerson: 'refuse', requester: { issuer: 'authkit', sub: 'user_ada' } },
      'the agent makes it for you, so another approver has to answer',
    ],
    [
      'dan',
      'of an agent that they own, where that is refused',
      { samePerson: 'refuse', requester: { owner: 'dan' } },
      'the agent makes it for you, so another approver has to answer',
    ],
    ['dan', 'of an agent that they own, where that is allowed', { requester: { owner: 'dan' } }, undefined],
    ['ada', 'made for another person', { samePerson: 'refuse', requester: { owner: 'dan' } }, undefined],
    [
      'ada',
      'made for the same sub of another issuer',
      { samePerson: 'refuse', requester: { issuer: 'okta', sub: 'user_ada' } },
      undefined,
    ],
    [
      'gil',
      'made for their user in WorkOS, whom a token of another issuer names',
      { samePerson: 'refuse', requester: { issuer: 'unclear', sub: GIL } },
      'the agent makes it for you, so another approver has to answer',
    ],
    [
      'gil',
      'of an agent that they own under the name of another entry of theirs',
      { samePerson: 'refuse', requester: { owner: 'gil2' } },
      'the agent makes it for you, so another approver has to answer',
    ],
    ['gil', 'of an agent whose owner is gone', { samePerson: 'refuse', requester: { owner: 'gil3' } }, undefined],
    [
      'ada',
      'of which it is not known for whom it is',
      { samePerson: 'refuse' },
      'it is not known for whom the agent makes it',
    ],
  ])('%s, to a call %s', (who, _, call, why) => {
    expect(rules.whyNot(approver(who), { ...delete_user, ...call })).toBe(why);
  });

  it('tells whether there is an approver', () => {
    expect(rules.hasApprover(delete_user)).toBe(true);
    const alone = createApproverRules(catalog, { ...config, approvers: [approver('ada')] });
    expect(alone.hasApprover(delete_user)).toBe(true);
    expect(alone.hasApprover({ ...delete_user, about: ['user_ada'] })).toBe(false);
  });

  it('tells who the requester is', () => {
    const call = { ...delete_user, requester: { issuer: 'authkit', sub: 'user_ada' } };
    expect([rules.isRequester(approver('ada'), call), rules.isRequester(approver('dan'), call)]).toEqual([true, false]);
    expect(rules.isRequester(approver('dan'), { ...delete_user, requester: { owner: 'dan' } })).toBe(true);
    expect(rules.isRequester(approver('dan'), delete_user)).toBe(false);
  });

  it('refuses an approver whose issuer is gone', () => {
    const without = createApproverRules(catalog, { ...config, issuers: [] });
    expect(without.whyNot(approver('ada'), delete_user)).toBe('your issuer authkit is not in the settings any more');
  });
});

it('makes the rules once for each configuration', () => {
  let current = config;
  const rulesNow = keepApproverRules(catalog, () => current);
  const first = rulesNow();
  expect(rulesNow()).toBe(first);
  current = { ...config, approvers: [] };
  expect(rulesNow()).not.toBe(first);
  expect(rulesNow().find('link', 'dan')).toBeUndefined();
});
