import { describe, expect, it } from 'vitest';
import { type ApproverSetting, approverWarnings, checkApprovers } from '../src/agents/check-approvers.ts';
import { toAgents } from '../src/settings/agents-config.ts';
import { readSettingsFile } from '../src/settings/settings-file.ts';
import { catalog } from './support/catalog.ts';

const HASH = `aaaaaaaaaa:${'0'.repeat(64)}`;

const WHOLE = `
environments: { staff: { api-key-env: A }, customers: { api-key-env: B } }
issuers:
  authkit: { issuer: https://acme.authkit.app, environment: staff, sign-in: { client-id: client_1 } }
  unclear: { issuer: https://b.authkit.app, sign-in: { client-id: client_2 } }
agents:
  bot: { environment: customers, allow: ['users:full'], tokens: ['${HASH}'], confirm: person, owner: ada }
templates:
  people: { environment: customers, jwt: { issuer: authkit, org-id: org_1 }, grants-claim: g, ceiling: ['users:full'] }
approvers:
  ada: { issuer: authkit, sub: user_ada, agents: [bot], allow: ['users:full'] }
`;

const setting: ApproverSetting = {
  labelOf: () => 'staging',
  forbidden: { deny: [], readOnly: false },
  confirm: undefined,
  hasConsole: true,
};

const configOf = async (changes: readonly (readonly [what: string, wrong: string])[]) => {
  let text = WHOLE;
  for (const [what, wrong] of changes) {
    expect(text).toContain(what);
    text = text.replace(what, wrong);
  }
  return toAgents(await readSettingsFile(text, 'w.yaml'));
};

type Row = readonly [
  changes: readonly (readonly [what: string, wrong: string])[],
  setting: Partial<ApproverSetting>,
  said: RegExp | undefined,
];

const CREDENTIALS = [
  "environment: customers, allow: ['users:full']",
  "environment: staff, allow: ['users:full', 'users:credentials']",
] as const;
const ACCEPTED = ['owner: ada', 'owner: ada, affects-approvers: accepted'] as const;

describe('a start is refused', () => {
  it.each<Row>([
    [[], {}, undefined],
    [
      [["sub: user_ada, agents: [bot], allow: ['users:full']", "sub: user_ada, agents: [bot], allow: ['user:full']"]],
      {},
      /^approvers\.ada: allow user:full: there is no area "user"\. Did you mean "users"\?/,
    ],
    [
      [["agents: [bot], allow: ['users:full']", "agents: [bot], allow: ['roles:delete']"]],
      {},
      /^approvers\.ada: allow roles:delete opens nothing/,
    ],
    [
      [["agents: [bot], allow: ['users:full']", "agents: [bot], allow: ['preset:suport']"]],
      {},
      /^approvers\.ada: allow preset:suport: there is no preset/,
    ],
    [
      [
        [', confirm: person, owner: ada', ''],
        ["approvers:\n  ada: { issuer: authkit, sub: user_ada, agents: [bot], allow: ['users:full'] }\n", ''],
      ],
      {},
      /^--console-port needs approvers/,
    ],
    [
      [],
      { hasConsole: false },
      /^agents\.bot: confirm: person needs --console-port, where approvers answer\. Or set client-asks: trusted/,
    ],
    [[['confirm: person', 'confirm: person, client-asks: trusted']], { hasConsole: false }, undefined],
    [
      [['agents: [bot]', 'agents: [people]']],
      {},
      /^agents\.bot: confirm: person needs an approver: no entry of the approvers section names bot\.$/,
    ],
    [[['agents: [bot]', "agents: '*'"]], { confirm: 'person' }, undefined],
    [[], { confirm: 'person' }, /^templates\.people: confirm: person needs an approver: no entry .* names people\.$/],
    [
      [['confirm: person, owner: ada', 'client-asks: trusted']],
      {},
      /^agents\.bot: client-asks has no effect without confirm: person\.$/,
    ],
    [
      [["ceiling: ['users:full']", "ceiling: ['users:full'], same-person: refuse"]],
      {},
      /^templates\.people: same-person has no effect without confirm: person\.$/,
    ],
    [
      [['owner: ada', 'owner: ada, same-person: refuse']],
      {},
      /^agents\.bot: same-person: refuse needs an approver besides its owner ada\.$/,
    ],
    [
      [
        ['owner: ada', 'owner: ada, same-person: refuse'],
        ['sub: user_ada', 'sub: user_01E4ZCR3C56J083X43JQXF3JK5'],
        [
          'approvers:',
          "approvers:\n  ada2: { issuer: unclear, sub: user_01E4ZCR3C56J083X43JQXF3JK5, agents: [bot], allow: ['users:full'] }",
        ],
      ],
      {},
      /^agents\.bot: same-person: refuse needs an approver besides its owner ada\.$/,
    ],
    [
      [CREDENTIALS],
      {},
      /^agents\.bot: its credentials grants hold in staff, where authkit signs approvers in: the agent could act as one of them\. Take those grants away, or accept it with affects-approvers: accepted\.$/,
    ],
    [[CREDENTIALS, ACCEPTED], {}, undefined],
    [
      [CREDENTIALS, ['confirm: person, owner: ada', 'confirm: off']],
      {},
      /^agents\.bot: its credentials grants hold in staff/,
    ],
    [[CREDENTIALS, ['confirm: person, owner: ada', 'confirm: off']], { hasConsole: false }, undefined],
    [[CREDENTIALS], { labelOf: () => 'production' }, undefined],
    [[CREDENTIALS], { forbidden: { deny: ['users:credentials'], readOnly: false } }, undefined],
    [[CREDENTIALS, ['environment: staff, sign', 'environment: other, sign']], {}, undefined],
    [
      [
        ["environment: customers, allow: ['users:full']", "environment: customers, allow: ['*:full', '*:credentials']"],
        ['issuer: authkit, sub: user_ada', 'issuer: unclear, sub: user_ada'],
      ],
      {},
      /^agents\.bot: its credentials grants hold in customers, where unclear may sign approvers in: .* Take those grants away, set issuers\.unclear\.environment to the environment whose users it signs in \(or "other"\), or accept it/,
    ],
    [
      [
        [
          "environment: customers, jwt: { issuer: authkit, org-id: org_1 }, grants-claim: g, ceiling: ['users:full']",
          "environment: staff, jwt: { issuer: authkit, org-id: org_1 }, grants-claim: g, ceiling: ['*:credentials', '*:write']",
        ],
      ],
      {},
      /^templates\.people: its credentials grants hold in staff/,
    ],
  ])('%j %j: %s', async (changes, given, said) => {
    const config = await configOf(changes);
    const check = () => checkApprovers(catalog, config, { ...setting, ...given });
    if (said === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ name: 'StartError', message: expect.stringMatching(said) }));
  });
});

describe('warnings', () => {
  it.each<readonly [Row[0], Row[1], readonly RegExp[]]>([
    [[], {}, []],
    [[], { hasConsole: false }, [/^The file has approvers, who cannot answer without --console-port\.$/]],
    [
      [
        CREDENTIALS,
        ACCEPTED,
        ["agents: [bot], allow: ['users:full']", "agents: [bot], allow: ['*:full', '*:credentials']"],
      ],
      {},
      [
        /^agents\.bot: its credentials grants hold in staff, where authkit signs approvers in: the agent could act as one of them\.$/,
      ],
    ],
    [
      [
        [
          "environment: customers, allow: ['users:full']",
          "environment: staff, allow: ['users:full', 'sso:full', 'organizations:write', 'directory_sync:read']",
        ],
        ["agents: [bot], allow: ['users:full']", "agents: [bot], allow: ['*:full', '*:credentials']"],
      ],
      {},
      [
        /^agents\.bot may change how people sign in to staff \(organizations, sso\), where authkit signs approvers in\.$/,
        /^agents\.bot: none of its approvers may answer calls of delete_connection\.$/,
      ],
    ],
    [
      [
        ["environment: customers, allow: ['users:full']", "environment: customers, allow: ['users:full', 'sso:read']"],
        ['issuer: authkit, sub: user_ada', 'issuer: unclear, sub: user_ada'],
      ],
      {},
      [
        /^issuers\.unclear signs approvers in, perhaps with users of customers, so they may not answer calls there that change how people sign in\. Set issuers\.unclear\.environment to the environment whose users it signs in \(or "other"\)\.$/,
      ],
    ],
    [
      [["allow: ['users:full']", "allow: ['users:full', 'mfa:delete', 'users:credentials']"]],
      {},
      [/^agents\.bot: none of its approvers may answer calls of update_user, delete_auth_factor\.$/],
    ],
    [
      [
        ['owner: ada', 'owner: ada, same-person: refuse'],
        ['approvers:', "approvers:\n  bea: { issuer: authkit, sub: user_bea, agents: [bot], allow: ['mfa:full'] }"],
      ],
      {},
      [/^agents\.bot: none of its approvers may answer calls of delete_user\.$/],
    ],
    [
      [["allow: ['users:full']", "allow: ['*:full']"]],
      {},
      [/^agents\.bot: none of its approvers may answer calls of \w+ and \d+ more\.$/],
    ],
  ])('%j %j: %s', async (changes, given, said) => {
    const warnings = approverWarnings(catalog, await configOf(changes), { ...setting, ...given });
    expect(warnings).toEqual(said.map((one) => expect.stringMatching(one)));
  });
});
