import { describe, expect, it } from 'vitest';
import { toAgents } from '../src/settings/agents-config.ts';
import { readSettingsFile } from '../src/settings/settings-file.ts';

const HASH = `aaaaaaaaaa:${'0'.repeat(64)}`;

const WHOLE = `
issuers:
  staff: { issuer: https://acme.authkit.app, environment: other, sign-in: { client-id: client_1, client-secret-env: SECRET } }
  machines: { issuer: https://m2m.authkit.app, m2m: { audience: client_2 } }
agents:
  support-bot:
    allow: [users:read]
    tokens: ['${HASH}']
    confirm: person
    requests-per-minute: 30
    same-person: refuse
    owner: ada
    affects-approvers: accepted
  job: { allow: [users:read], jwt: { issuer: machines, client-id: client_3 }, same-person: refuse, owner: bob }
templates:
  engineers: { jwt: { issuer: staff, org-id: org_1 }, grants-claim: grants, ceiling: [users:read], same-person: refuse }
  guests: { jwt: { issuer: staff, org-id: org_2 }, grants-claim: grants, ceiling: [users:read], client-asks: trusted }
approvers:
  ada: { issuer: staff, sub: user_1, agents: [support-bot, engineers], allow: 'users:delete, users:credentials' }
  bob: { agents: '*', allow: ['*:full'] }
`;

const parse = async (text: string) => toAgents(await readSettingsFile(text, 'w.yaml'));

it('reads approvers, and what agents say about them', async () => {
  const { approvers, issuers, agents, templates } = await parse(WHOLE);
  expect(approvers).toEqual([
    {
      name: 'ada',
      person: { issuer: 'staff', sub: 'user_1' },
      agents: ['support-bot', 'engineers'],
      allow: ['users:delete', 'users:credentials'],
    },
    { name: 'bob', person: undefined, agents: ['*'], allow: ['*:full'] },
  ]);
  expect(issuers[0]?.signIn).toEqual({
    clientId: 'client_1',
    clientSecretEnv: 'SECRET',
    clientSecretFile: undefined,
  });
  expect(agents).toMatchObject([
    { confirm: 'person', samePerson: 'refuse', owner: 'ada', affectsApprovers: 'accepted' },
    { confirm: undefined, samePerson: 'refuse', owner: 'bob' },
  ]);
  expect(templates).toMatchObject([
    { samePerson: 'refuse', clientAsks: undefined },
    { samePerson: 'allow', clientAsks: 'trusted' },
  ]);
});

describe('what stops the start, by line', () => {
  it.each<[what: string, wrong: string, message: RegExp]>([
    ['issuer: staff, sub: user_1', 'issuer: staff', /^w\.yaml:19: approvers\.ada has issuer without sub: an approver/],
    ['issuer: staff, sub: user_1', 'sub: user_1', /^w\.yaml:19: approvers\.ada has sub without issuer: an approver/],
    [
      'issuer: staff, sub',
      'issuer: staf, sub',
      /^w\.yaml:19: approvers\.ada\.issuer is "staf"\. Did you mean "staff"\? There are staff, machines\.$/,
    ],
    [
      'issuer: staff, sub',
      'issuer: machines, sub',
      /^w\.yaml:19: approvers\.ada\.issuer is "machines", which needs a sign-in section with a client-id/,
    ],
    [
      "bob: { agents: '*'",
      "bob: { issuer: staff, sub: user_1, agents: '*'",
      /^w\.yaml:20: approvers\.bob has the same issuer and sub as ada: keep one of the two\.$/,
    ],
    [
      '[support-bot, engineers]',
      '[support-bto, engineers]',
      /^w\.yaml:19: approvers\.ada\.agents\.0 is "support-bto"\. Did you mean "support-bot"\? There are support-bot, job, engineers, guests\.$/,
    ],
    ['[support-bot, engineers]', '[]', /^w\.yaml:19: approvers\.ada\.agents is empty/],
    [
      '  engineers: { jwt',
      '  support-bot: { jwt',
      /^w\.yaml:19: approvers\.ada\.agents\.0 is "support-bot", the name of an agent and of a template: rename one/,
    ],
    [", allow: ['*:full'] }", ' }', /^w\.yaml:20: approvers\.bob needs allow, which takes a list of strings/],
    [
      "bob: { agents: '*'",
      "bob: { email: a@b.example, agents: '*'",
      /^w\.yaml:20: approvers\.bob has no setting "email"/,
    ],
    [
      'client-secret-env: SECRET',
      'client-secret-env: SECRET, client-secret-file: secret.txt',
      /^w\.yaml:3: issuers\.staff\.sign-in has two sources for its client secret/,
    ],
    [
      'client-secret-env: SECRET',
      'client-secret: x',
      /^w\.yaml:3: issuers\.staff\.sign-in has no setting "client-secret"/,
    ],
    ['client-secret-env: SECRET', 'client-secret-env: WORKOS_MCP_X', /^w\.yaml:3: .* takes a variable of your own/],
    ['client-id: client_1, ', '', /^w\.yaml:3: issuers\.staff\.sign-in needs client-id/],
    ['owner: ada', 'owner: adda', /^w\.yaml:12: agents\.support-bot\.owner is "adda"\. Did you mean "ada"\?/],
    ['    owner: ada\n', '', /^w\.yaml:11: agents\.support-bot\.same-person needs an owner: its tokens do not say/],
    [', owner: bob', '', /^w\.yaml:14: agents\.job\.same-person needs an owner: machine-to-machine tokens do not say/],
    [
      'client-id: client_3',
      'sub: user_3',
      /^w\.yaml:14: agents\.job\.owner has no effect: the access tokens of this agent say for whom it calls/,
    ],
    [
      'confirm: person\n    requests-per-minute: 30',
      'confirm: auto',
      /^w\.yaml:10: agents\.support-bot\.same-person has no effect with confirm: auto/,
    ],
    [
      'requests-per-minute: 30',
      'client-asks: trusted',
      /^w\.yaml:11: agents\.support-bot\.same-person contradicts client-asks: trusted, where the person at the client/,
    ],
    [
      'client-asks: trusted }',
      'client-asks: trusted, confirm: strict }',
      /^w\.yaml:17: templates\.guests\.client-asks has no effect with confirm: strict/,
    ],
    [
      'same-person: refuse }',
      'same-person: refuse, confirm: off }',
      /^w\.yaml:16: templates\.engineers\.same-person has no effect with confirm: off/,
    ],
    ['same-person: refuse }', 'owner: ada }', /^w\.yaml:16: templates\.engineers has no setting "owner"/],
    [
      'client-asks: trusted',
      'client-asks: true',
      /^w\.yaml:17: templates\.guests\.client-asks is "true"\. Did you mean "trusted"\? It can only be trusted\.$/,
    ],
    ['accepted', 'yes', /^w\.yaml:13: agents\.support-bot\.affects-approvers is "yes"\. It can only be accepted\.$/],
  ])('%s → %s', async (what, wrong, message) => {
    expect(WHOLE).toContain(what);
    await expect(parse(WHOLE.replace(what, () => wrong))).rejects.toThrow(
      expect.objectContaining({ name: 'StartError', message: expect.stringMatching(message) }),
    );
  });
});
