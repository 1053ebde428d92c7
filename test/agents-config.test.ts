import { describe, expect, it } from 'vitest';
import { checkAgents } from '../src/agents/agent-policy.ts';
import { createToken } from '../src/agents/token.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { toAgents } from '../src/settings/agents-config.ts';
import { readSettingsFile } from '../src/settings/settings-file.ts';
import { warnings } from '../src/settings/warnings.ts';
import { declarations } from '../tools/index.ts';

const HASH = `aaaaaaaaaa:${'0'.repeat(64)}`;
const OTHER_HASH = `bbbbbbbbbb:${'1'.repeat(64)}`;

const WHOLE = `
timeout: 10
environments:
  staging: { api-key-env: STAGING_KEY, client-id: client_1 }
  production: { api-key-file: /run/secrets/workos, base-url: 'https://api.workos.com', expect: production }
issuers:
  authkit: { issuer: https://acme.authkit.app, environment: production }
  okta: { issuer: https://acme.okta.com, jwks-url: https://acme.okta.com/keys, algorithms: [RS256, ES256] }
agents:
  support-bot:
    environment: production
    allow: [preset:support]
    tokens: ['${HASH}', '${OTHER_HASH}']
    expires: 2027-01-31
    confirm: strict
    requests-per-minute: 30
  ops-job:
    environment: staging
    allow: '*:full, *:credentials'
    deny: [users:delete]
    read-only: true
    production-writes: true
    status-tool: true
    deletes-per-hour: 5
    jwt: { issuer: authkit, client-id: client_123 }
templates:
  engineers:
    environment: staging
    jwt: { issuer: okta, org-id: org_1, permission: 'workos-mcp:use' }
    grants-claim: workos_mcp_grants
    ceiling: ['*:read', users:write]
`;

const parseAgents = async (text: string, file: string) => toAgents(await readSettingsFile(text, file));

const unset = {
  deny: [],
  readOnly: false,
  productionWrites: false,
  confirm: undefined,
  clientAsks: undefined,
  samePerson: 'allow',
  affectsApprovers: undefined,
  owner: undefined,
  statusTool: false,
  requestsPerMinute: 600,
  deletesPerHour: 20,
  expires: undefined,
};

const { owner: _, ...ofTemplate } = unset;

it('reads who may call, and leaves the settings alone', async () => {
  expect(await parseAgents(WHOLE, 'w.yaml')).toEqual({
    environments: [
      {
        name: 'staging',
        apiKeyEnv: 'STAGING_KEY',
        apiKeyFile: undefined,
        clientId: 'client_1',
        baseUrl: undefined,
        expect: undefined,
      },
      {
        name: 'production',
        apiKeyEnv: undefined,
        apiKeyFile: '/run/secrets/workos',
        clientId: undefined,
        baseUrl: 'https://api.workos.com',
        expect: 'production',
      },
    ],
    issuers: [
      {
        name: 'authkit',
        issuer: 'https://acme.authkit.app',
        jwksUrl: 'https://acme.authkit.app/oauth2/jwks',
        algorithms: ['RS256'],
        environment: 'production',
      },
      {
        name: 'okta',
        issuer: 'https://acme.okta.com',
        jwksUrl: 'https://acme.okta.com/keys',
        algorithms: ['RS256', 'ES256'],
        environment: undefined,
      },
    ],
    agents: [
      {
        ...unset,
        name: 'support-bot',
        environment: 'production',
        allow: ['preset:support'],
        tokens: [
          { id: 'aaaaaaaaaa', sha256: '0'.repeat(64) },
          { id: 'bbbbbbbbbb', sha256: '1'.repeat(64) },
        ],
        jwt: undefined,
        expires: Date.UTC(2027, 0, 31),
        confirm: 'strict',
        requestsPerMinute: 30,
      },
      {
        ...unset,
        name: 'ops-job',
        environment: 'staging',
        allow: ['*:full', '*:credentials'],
        deny: ['users:delete'],
        readOnly: true,
        productionWrites: true,
        statusTool: true,
        deletesPerHour: 5,
        tokens: [],
        jwt: { issuer: 'authkit', conditions: [{ claim: 'client_id', value: 'client_123' }] },
      },
    ],
    templates: [
      {
        ...ofTemplate,
        name: 'engineers',
        environment: 'staging',
        jwt: {
          issuer: 'okta',
          conditions: [
            { claim: 'org_id', value: 'org_1' },
            { claim: 'permission', value: 'workos-mcp:use' },
          ],
        },
        grantsClaim: 'workos_mcp_grants',
        ceiling: ['*:read', 'users:write'],
      },
    ],
    approvers: [],
  });
});

it.each([
  ['nothing', ''],
  ['settings alone', 'allow: [users:read]'],
])('%s is nobody', async (_, text) => {
  expect(await parseAgents(text, 'w.yaml')).toEqual({
    environments: [],
    issuers: [],
    agents: [],
    templates: [],
    approvers: [],
  });
});

it('takes the only environment and issuer there are', async () => {
  const json = {
    environments: { main: { 'api-key-env': 'KEY' } },
    issuers: { authkit: { issuer: 'https://acme.authkit.app' } },
    agents: { bot: { allow: ['users:read'], jwt: { sub: 'user_1' } } },
  };
  const { agents } = await parseAgents(JSON.stringify(json), 'w.json');
  expect(agents).toMatchObject([{ environment: 'main', jwt: { issuer: 'authkit' } }]);
  const { agents: flat } = await parseAgents(`agents: { bot: { allow: users:read, tokens: ['${HASH}'] } }`, 'w.yaml');
  expect(flat).toMatchObject([{ environment: 'default' }]);
});

const token = createToken().token;

describe('what stops the start, by line', () => {
  it.each<[what: string, wrong: string, message: RegExp]>([
    ['timeout: 10', 'timout: 10', /^w\.yaml:2: there is no setting "timout"\. Did you mean "timeout"\?/],
    ['agents:', 'agnets:', /^w\.yaml:9: there is no setting "agnets"\. Did you mean "agents"\?/],
    [
      '    confirm: strict',
      '    confrim: strict',
      /^w\.yaml:15: agents\.support-bot has no setting "confrim"\. Did you mean "confirm"\?/,
    ],
    [
      '    allow: [preset:support]',
      '    alow: [preset:support]',
      /^w\.yaml:12: agents\.support-bot has no setting "alow"\. Did you mean "allow"\?/,
    ],
    [
      '    allow: [preset:support]\n',
      '',
      /^w\.yaml:10: agents\.support-bot needs allow, which takes a list of strings/,
    ],
    ['    allow: [preset:support]', '    allow: []', /^w\.yaml:12: agents\.support-bot\.allow is empty/],
    ['    allow: [preset:support]', '    allow: [1]', /^w\.yaml:12: agents\.support-bot\.allow\.0 takes a string/],
    ['    allow: [preset:support]', '    allow: a,,b', /^w\.yaml:12: agents\.support-bot\.allow\.1 is blank/],
    [
      'confirm: strict',
      'confirm: stict',
      /^w\.yaml:15: agents\.support-bot\.confirm is "stict"\. Did you mean "strict"\? It is one of auto, strict, off/,
    ],
    ['confirm: strict', 'confirm: strict\n    confirm: off', /^w\.yaml:16: .*unique/],
    ['read-only: true', 'read-only: yes', /^w\.yaml:21: agents\.ops-job\.read-only takes true or false/],
    [
      'production-writes: true',
      'production_writes: true',
      /^w\.yaml:22: .* no setting "production_writes"\. Did you mean "production-writes"\?/,
    ],
    [
      'requests-per-minute: 30',
      'requests-per-minute: 0',
      /^w\.yaml:16: .*requests-per-minute takes a whole number from 1 to 10000/,
    ],
    ['requests-per-minute: 30', 'requests-per-minute: 1.5', /^w\.yaml:16: .* takes a whole number/],
    ['expires: 2027-01-31', 'expires: 2027-02-31', /^w\.yaml:14: agents\.support-bot\.expires takes a date/],
    ['expires: 2027-01-31', 'expires: 2027-01-31T10:00:00', /^w\.yaml:14: .* takes a date .* or a time with its zone/],
    [
      OTHER_HASH,
      `${OTHER_HASH}:2027-02-31`,
      /^w\.yaml:13: agents\.support-bot\.tokens\.1 has an expiry after its hash that is not valid: it takes a date/,
    ],
    [OTHER_HASH, `${OTHER_HASH}:`, /^w\.yaml:13: agents\.support-bot\.tokens\.1 is not ID:SHA256/],
    [
      'environment: production\n    allow',
      'environment: prodution\n    allow',
      /^w\.yaml:11: agents\.support-bot\.environment is "prodution"\. Did you mean "production"\?/,
    ],
    [
      '    environment: production\n    allow',
      '    allow',
      /^w\.yaml:10: agents\.support-bot must name an environment\. There are staging, production/,
    ],
    ['environment: production }', 'environment: prod }', /^w\.yaml:7: issuers\.authkit\.environment is "prod"/],
    [
      'jwt: { issuer: authkit,',
      'jwt: { issuer: authkti,',
      /^w\.yaml:25: agents\.ops-job\.jwt\.issuer is "authkti"\. Did you mean "authkit"\?/,
    ],
    [
      'issuer: authkit, client-id: client_123',
      'issuer: authkit',
      /^w\.yaml:25: agents\.ops-job\.jwt needs a condition/,
    ],
    [
      'issuer: authkit, client-id',
      'issuer: authkit, client_id',
      /^w\.yaml:25: agents\.ops-job\.jwt has no setting "client_id"\. Did you mean "client-id"\?/,
    ],
    [
      '    jwt: { issuer: authkit, client-id: client_123 }',
      '',
      /^w\.yaml:17: agents\.ops-job has no way to authenticate/,
    ],
    ["    ceiling: ['*:read', users:write]\n", '', /^w\.yaml:27: templates\.engineers needs ceiling/],
    ['grants-claim: workos_mcp_grants', 'grants-claim: sub', /^w\.yaml:30: .*grants-claim takes a claim of its own/],
    ['  support-bot:', '  Support Bot:', /^w\.yaml:10: agents\.Support Bot: a name is a lower-case letter/],
    ['  support-bot:', '  __proto__:', /^w\.yaml:10: __proto__ is not a valid name for a setting/],
    [
      'agents:\n',
      'log-level: &p __proto__\nagents:\n  *p : {}\n',
      /^w\.yaml:11: \*p is not a valid name for a setting\./,
    ],
    [
      `'${OTHER_HASH}']`,
      `'${OTHER_HASH}', 'cccccccccc:${'2'.repeat(64)}']`,
      /^w\.yaml:13: agents\.support-bot\.tokens takes at most two/,
    ],
    [OTHER_HASH, HASH, /^w\.yaml:13: agents\.support-bot\.tokens\.1 is a token of support-bot already: aaaaaaaaaa/],
    [OTHER_HASH, 'x', /^w\.yaml:13: agents\.support-bot\.tokens\.1 is not ID:SHA256/],
    ['api-key-env: STAGING_KEY, ', '', /^w\.yaml:4: environments\.staging needs exactly one source for its key/],
    [
      'api-key-env: STAGING_KEY',
      'api-key-env: A, api-key-file: b',
      /^w\.yaml:4: environments\.staging needs exactly one source for its key/,
    ],
    ['api-key-env: STAGING_KEY', 'api-key-env: WORKOS_MCP_KEY', /^w\.yaml:4: .* takes a variable of your own/],
    ['api-key-env: STAGING_KEY', 'api-key: x', /^w\.yaml:4: .* no setting "api-key"/],
    ['staging: { api', 'other: { api', /^w\.yaml:4: environments\.other cannot be named "other"/],
    [
      "base-url: 'https://api.workos.com'",
      "base-url: 'http://api.workos.com'",
      /^w\.yaml:5: .*base-url takes an https URL/,
    ],
    [
      'https://acme.authkit.app',
      'https://acme.authkit.app/',
      /^w\.yaml:7: issuers\.authkit\.issuer must not end in "\/"/,
    ],
    ['https://acme.authkit.app', 'https://acme.okta.com', /^w\.yaml:7: issuers\.authkit needs jwks-url/],
    [
      'issuer: https://acme.okta.com',
      'issuer: https://acme.authkit.app',
      /^w\.yaml:8: issuers\.okta\.issuer is that of authkit already/,
    ],
    ['[RS256, ES256]', '[RS256, HS256]', /^w\.yaml:8: issuers\.okta\.algorithms\.1 is "HS256"/],
    ['[RS256, ES256]', '[none]', /^w\.yaml:8: issuers\.okta\.algorithms\.0 is "none"/],
    ['jwks-url: https:', 'jwks-url: file:', /^w\.yaml:8: issuers\.okta\.jwks-url takes an https URL/],
    [
      'issuer: okta, org-id: org_1, permission',
      'issuer: authkit, client-id: client_123, permission',
      /^w\.yaml:29: templates\.engineers\.jwt can never match: agents\.ops-job\.jwt comes first/,
    ],
    ['STAGING_KEY', 'sk_test_1234567890', /^w\.yaml:4: a WorkOS API key does not belong in a file/],
    ['timeout: 10', `timeout: 10 # ${token}`, /^w\.yaml:2: an agent's token does not belong in a file/],
    [HASH, token, /^w\.yaml:13: an agent's token does not belong in a file/],
    ['timeout: 10', '- a', /^w\.yaml:/],
  ])('%s → %s', async (what, wrong, message) => {
    expect(WHOLE).toContain(what);
    const text = WHOLE.replace(what, () => wrong);
    await expect(parseAgents(text, 'w.yaml')).rejects.toThrow(message);
    await expect(parseAgents(text, 'w.yaml')).rejects.toThrow(
      expect.objectContaining({ name: 'StartError', message: expect.not.stringMatching(/sk_test_1|wmcp_[a-z2-7]/) }),
    );
  });
});

describe('grants of agents', () => {
  const catalog = createCatalog(declarations);
  const labelOf = (name: string) => (name === 'production' ? 'production' : 'staging');

  it('that fit are taken', async () => {
    const config = await parseAgents(WHOLE, 'w.yaml');
    checkAgents(catalog, config, labelOf);
  });

  it.each([
    [
      '[preset:support]',
      '[user:read]',
      /^agents\.support-bot: allow user:read: there is no area "user"\. Did you mean "users"\?/,
    ],
    [
      '[preset:support]',
      "['*:delete']",
      /^agents\.support-bot: No tool is left on: .* the production key without production-writes/,
    ],
    ['[users:delete]', '[users:raed]', /^agents\.ops-job: deny users:raed/],
    ["['*:read', users:write]", '[users:nothing]', /^templates\.engineers: allow users:nothing/],
  ])('%s as %s stop the start', async (what, wrong, message) => {
    const config = await parseAgents(WHOLE.replace(what, wrong), 'w.yaml');
    expect(() => checkAgents(catalog, config, labelOf)).toThrow(message);
  });
});

describe('warnings', () => {
  const of = async (text: string, now = 0) => warnings(await parseAgents(text, 'w.yaml'), now);
  const file = (issuer: string, allow = '*:full', environment = 'staging') => `
environments: { staging: { api-key-env: A, client-id: client_1 }, production: { api-key-env: B } }
issuers: { i: { ${issuer} } }
agents: { bot: { environment: ${environment}, allow: '${allow}', jwt: { sub: user_1 } } }
`;

  it.each<[issuer: string, allow: string, environment: string, said: RegExp | undefined]>([
    [
      'issuer: https://a.authkit.app, environment: staging',
      '*:full',
      'staging',
      /may change the environment that issues its tokens/,
    ],
    ['issuer: https://a.authkit.app, environment: staging', '*:read,get_user', 'staging', undefined],
    ['issuer: https://a.authkit.app, environment: staging', '*:full', 'production', undefined],
    ['issuer: https://a.authkit.app, environment: other', '*:full', 'staging', undefined],
    ['issuer: https://a.authkit.app', '*:full', 'staging', /which may be the environment .* issuers\.i\.environment/],
    ['issuer: https://a.test, jwks-url: https://a.test/oauth2/jwks', '*:full', 'staging', /may be the environment/],
    [
      'issuer: https://api.workos.com/user_management/client_1, jwks-url: https://api.workos.com/sso/jwks/client_1',
      '*:full',
      'staging',
      /may change the environment that issues/,
    ],
    ['issuer: https://acme.okta.com, jwks-url: https://acme.okta.com/keys', '*:full', 'staging', undefined],
  ])('%s %s in %s', async (issuer, allow, environment, said) => {
    const all = await of(file(issuer, allow, environment));
    expect(all).toEqual(said === undefined ? [] : [expect.stringMatching(said)]);
  });

  const end = Date.UTC(2027, 0, 31);
  const week = 7 * 24 * 3_600_000;

  it('name agents that have expired, and those that will within a week', async () => {
    expect(await of(WHOLE, end)).toEqual(['agents.support-bot has expired.']);
    for (const now of [end - 1, end - week]) {
      expect(await of(WHOLE, now)).toEqual(['agents.support-bot expires at 2027-01-31T00:00:00Z.']);
    }
    expect(await of(WHOLE, end - week - 1)).toEqual([]);
  });

  const rotate = 'Replace it: workos-mcp agent rotate bot --config FILE';
  const remove = 'workos-mcp agent remove-token bot aaaaaaaaaa --config FILE';
  it.each([
    ['long before', end - week - 1, '', []],
    ['within a week', end - week, '', [`agents.bot: token aaaaaaaaaa expires at 2027-01-31T00:00:00Z. ${rotate}`]],
    ['within a week, with one that lasts', end - 1, `, '${OTHER_HASH}'`, []],
    [
      'within a week, with one that does not last either',
      end - 1,
      `, '${OTHER_HASH}:2027-02-01'`,
      [
        `agents.bot: token aaaaaaaaaa expires at 2027-01-31T00:00:00Z. ${rotate}`,
        `agents.bot: token bbbbbbbbbb expires at 2027-02-01T00:00:00Z. ${rotate}`,
      ],
    ],
    [
      'when it is over',
      end,
      '',
      ['agents.bot: token aaaaaaaaaa expired at 2027-01-31T00:00:00Z: workos-mcp agent rotate bot --config FILE'],
    ],
    [
      'when it is over, with one that lasts',
      end,
      `, '${OTHER_HASH}'`,
      [`agents.bot: token aaaaaaaaaa expired at 2027-01-31T00:00:00Z: ${remove}`],
    ],
  ])('name a token %s', async (_, now, other, said) => {
    const text = `agents:\n  bot: { allow: '*:read', tokens: ['${HASH}:2027-01-31'${other}] }\n`;
    expect(await of(text, now)).toEqual(said);
  });
});
