import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import type { Grants } from '../src/access/grants.ts';
import { type Agent, STATUS_TOOL, toAccess } from '../src/access/overview.ts';
import { createPolicy, decide, type Policy } from '../src/access/policy.ts';
import { type TokenCounts, tokenCost, toTokenCounts } from '../src/access/token-cost.ts';
import { howToShowCredentials, howToSwitchOn, type Remedy } from '../src/access/tool-access.ts';
import type { Tool } from '../src/catalog/tool.ts';
import { checkReport } from '../src/commands/access-report.ts';
import { explainTool } from '../src/commands/explain.ts';
import { helpText } from '../src/commands/help.ts';
import { table } from '../src/commands/table.ts';
import { toolsReport } from '../src/commands/tools.ts';
import { RefusedError, StartError } from '../src/errors.ts';
import { createStatusTool } from '../src/mcp/status-tool.ts';
import { createWaitTool } from '../src/mcp/wait-tool.ts';
import { catalog, fixedCatalog, toGrants } from './support/catalog.ts';

const toolOf = (name: string): Tool => catalog.tools.find((tool) => tool.name === name) ?? expect.fail(name);
const agentOf = (grants: string, more: Partial<Agent> = {}): Agent => ({
  name: 'support',
  environment: 'staging',
  grants: toGrants(grants),
  ...more,
});

const ESC = '\u001b[';

describe('a table', () => {
  const rows = [
    [{ text: 'A', style: 'bold' }, 'B'],
    [
      { text: 'long', style: 'green' },
      { text: '', style: 'dim' },
    ],
    ['x', { text: 'last', style: 'red' }],
  ] as const;

  it('aligns its columns and leaves no space at the end of a line', () => {
    expect(table(rows)).toBe('A     B\nlong\nx     last\n');
    expect(table([])).toBe('');
  });

  it('wraps its last column to the terminal, if that leaves room for words', () => {
    const long = [['name', 'words of a column that go on and on']];
    expect(table(long, { columns: 34 })).toBe('name  words of a column that go on\n      and on\n');
    expect(table(long, { columns: 20 })).toBe('name  words of a column that go on and on\n');
  });

  it('looks the same in colour once the colour is taken away', () => {
    const coloured = table(rows, { colour: true });
    expect(coloured).toContain(`${ESC}32mlong${ESC}39m`);
    expect(stripVTControlCharacters(coloured)).toBe(table(rows));
  });
});

describe('the way to switch a tool on', () => {
  it.each<[grants: string, tool: string, way: Omit<Remedy, 'settings'>]>([
    ['*:read', 'delete_user', { grants: ['users:delete'], flags: [], remove: [] }],
    ['*:read', 'authenticate_user', { grants: ['users:write', 'users:credentials'], flags: [], remove: [] }],
    ['users:write', 'authenticate_user', { grants: ['users:credentials'], flags: [], remove: [] }],
    ['*:credentials users:read', 'authenticate_user', { grants: ['users:write'], flags: [], remove: [] }],
    ['users:full !users:delete', 'delete_user', { grants: [], flags: [], remove: ['--deny users:delete'] }],
    ['users:full ro', 'delete_user', { grants: [], flags: [], remove: ['--read-only'] }],
    ['users:full guard', 'delete_user', { grants: [], flags: ['--production-writes'], remove: [] }],
    [
      '*:read !delete_user !*:full ro guard',
      'delete_user',
      {
        grants: ['users:delete'],
        flags: ['--production-writes'],
        remove: ['--deny delete_user', '--deny *:full', '--read-only'],
      },
    ],
    ['users:write !users:credentials', 'create_user', { grants: [], flags: [], remove: [] }],
    ['*:full !preset:support', 'get_user', { grants: [], flags: [], remove: ['--deny preset:support'] }],
    ['users:read guard ro', 'get_user', { grants: [], flags: [], remove: [] }],
  ])('%s, %s', (grants, name, way) => {
    expect(howToSwitchOn(catalog, toGrants(grants), toolOf(name))).toEqual({ settings: [], ...way });
  });

  const TABLE = [
    '',
    'guard',
    '*:read',
    '*:full',
    '*:full *:credentials',
    '*:full *:credentials ro',
    '*:full *:credentials guard',
    '*:read ro guard',
    '*:full !users:full !delete_organization',
    '*:full *:credentials !*:credentials !*:delete',
    '*:full *:credentials !*:full ro guard',
    'users:read users:write !list_users !*:read !*:read',
    'users:write !users:credentials',
    'get_user delete_user !delete_user',
    'sso:read sso:credentials !get_sso_profile_and_token',
    'preset:support',
    'preset:onboarding guard',
    '*:full !preset:support !preset:sso-debug ro',
  ];

  const switched = (grants: Grants, { grants: add, flags, remove }: Remedy): Grants => ({
    allow: [...grants.allow, ...add],
    deny: grants.deny.filter((text) => !remove.includes(`--deny ${text}`)),
    readOnly: grants.readOnly && !remove.includes('--read-only'),
    productionGuard: grants.productionGuard && !flags.includes('--production-writes'),
  });

  /** The way with one of its steps left out, for each step. */
  const shorter = (way: Remedy): Remedy[] =>
    (['grants', 'flags', 'remove'] as const).flatMap((part) =>
      way[part].map((step) => ({ ...way, [part]: way[part].filter((other) => other !== step) })),
    );

  const starts = (grants: Grants): boolean => {
    try {
      createPolicy(catalog, grants);
      return true;
    } catch {
      return false;
    }
  };

  const WAYS: readonly (readonly [string, typeof howToSwitchOn, (policy: Policy, tool: Tool) => boolean])[] = [
    ['switches it on', howToSwitchOn, (policy, tool) => policy.whyOff(tool) === undefined],
    [
      'shows its credentials',
      howToShowCredentials,
      (policy, tool) => policy.whyOff(tool) === undefined && policy.whyRestricted(tool) === undefined,
    ],
  ];

  describe.each(WAYS)('%s', (_, toWay, holds) => {
    it.each(TABLE)('in full and with no step in vain: %s', (text) => {
      const grants = toGrants(text);
      for (const tool of catalog.tools) {
        if (toWay === howToShowCredentials && !tool.handlesCredentials) continue;
        const way = toWay(catalog, grants, tool);
        const given = switched(grants, way);
        expect(holds(decide(catalog, given), tool), `${tool.name}: ${JSON.stringify(way)}`).toBe(true);
        for (const less of shorter(way)) {
          expect(holds(decide(catalog, switched(grants, less)), tool), `${tool.name} without a step`).toBe(false);
        }
        if (starts(grants)) expect(() => createPolicy(catalog, given), tool.name).not.toThrow();
      }
    });
  });
});

describe('access by area', () => {
  it.each<[grants: string, area: string, counts: readonly [string, string, string], credentials: unknown]>([
    ['*:read', 'users', ['2/2', '0/3', '0/1'], { state: 'withheld', reason: 'needs the grant users:credentials' }],
    ['*:full', 'users', ['2/2', '2/3', '1/1'], { state: 'withheld', reason: 'needs the grant users:credentials' }],
    ['*:full users:credentials', 'users', ['2/2', '3/3', '1/1'], { state: 'shown' }],
    ['*:full *:credentials', 'roles', ['2/2', '0/0', '0/0'], { state: 'none' }],
    [
      '*:full *:credentials ro',
      'sso',
      ['3/4', '0/0', '0/1'],
      { state: 'withheld', reason: '--read-only keeps it off' },
    ],
    [
      'users:read magic_auth:read *:credentials',
      'users',
      ['2/2', '0/3', '0/1'],
      { state: 'withheld', reason: 'no tool that handles them is on' },
    ],
    ['*:full users:credentials !create_user', 'users', ['2/2', '2/3', '1/1'], { state: 'shown' }],
  ])('%s: %s', (grants, name, counts, credentials) => {
    const area = toAccess(fixedCatalog, decide(fixedCatalog, toGrants(grants))).areas.find((one) => one.name === name);
    const { read, write, delete: remove } = area ?? expect.fail(name);
    expect([read, write, remove].map(({ on, total }) => `${on}/${total}`)).toEqual(counts);
    expect(area?.credentials).toEqual(credentials);
  });
});

const tokens = toTokenCounts(
  [
    ...catalog.tools,
    createStatusTool(catalog, { name: 'support', grants: toGrants('*:read') }),
    createWaitTool(catalog) ?? expect.fail('no tool waits'),
  ],
  countTokens,
);

describe('the token cost', () => {
  const readSurface = (name: string): readonly Record<string, unknown>[] =>
    JSON.parse(readFileSync(`${import.meta.dirname}/snapshots/surface/${name}.json`, 'utf8'));
  const published = [
    ...catalog.areas.flatMap(({ name }) => readSurface(name)),
    ...readSurface('server').filter(({ name }) => name === 'wait_for_events'),
  ];
  const whole = (tools: readonly Record<string, unknown>[]) =>
    countTokens(
      JSON.stringify(tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }))),
    );

  it.each([
    '*:full *:credentials',
    '*:full',
    '*:read',
    'users:write',
    'delete_user',
  ])('adds up to that of the whole list, give or take a percent: %s', (grants) => {
    const policy = decide(catalog, toGrants(grants));
    const listed = catalog.tools
      .filter((tool) => policy.whyOff(tool) === undefined)
      .map((tool) => (policy.whyRestricted(tool) !== undefined && tool.restricted) || tool)
      .flatMap((tool) => (tool.name === 'list_events' ? [tool, createWaitTool(catalog) ?? tool] : [tool]))
      .map((tool) => ({ ...tool, inputSchema: tool.jsonSchema() }));
    const expected = whole(listed);
    // One token for a bracket or two weighs in a list of one.
    const slack = Math.max(2, expected / 100);
    expect(Math.abs(tokenCost(catalog, policy, tokens) - expected)).toBeLessThanOrEqual(slack);
  });

  it('is that of what clients were sent', () => {
    const expected = whole(published);
    const confirmToken = JSON.stringify(published).includes('confirm_token');
    const cost = tokenCost(catalog, decide(catalog, toGrants('*:full *:credentials')), tokens, { confirmToken });
    expect(Math.abs(cost - expected)).toBeLessThan(expected / 100);
  });

  it('counts get_access_status and the token of confirmations where they are', () => {
    const policy = decide(catalog, toGrants('delete_user'));
    const [full = 0, , confirming = 0] = tokens.delete_user ?? [];
    const [status = 0] = tokens[STATUS_TOOL] ?? [];
    expect(status).toBeLessThan(60);
    expect(confirming).toBeGreaterThan(0);
    expect(tokenCost(catalog, policy, tokens)).toBe(full);
    expect(tokenCost(catalog, policy, tokens, { statusTool: true, confirmToken: true })).toBe(
      full + status + confirming,
    );
  });
});

const COUNTS: TokenCounts = Object.fromEntries(
  [...fixedCatalog.tools.map((tool) => tool.name), STATUS_TOOL].map((name) => [name, [100, 60, 10]]),
);

describe('check', () => {
  const agents = [
    agentOf('*:read', { confirm: 'auto', record: 'stderr' }),
    agentOf('users:full users:credentials !delete_user', { name: 'ops', environment: undefined }),
  ];
  const given = { catalog: fixedCatalog, agents, tokens: COUNTS };
  const report = (json: boolean, colour = false) => checkReport({ ...given, json, look: { colour } });

  it.each([
    ['*:read', 'auto', undefined],
    ['users:full', 'off', undefined],
    ['users:full', undefined, undefined],
    [
      'users:full',
      'auto',
      'Clients that declare elicitation ask a person to confirm. With others the model repeats a token.',
    ],
    [
      'users:full',
      'strict',
      'Clients that declare elicitation ask a person to confirm. With others such calls are refused.',
    ],
  ] as const)('says which clients are asked: %s, %s', (grants, confirm, said) => {
    const text = checkReport({ ...given, agents: [agentOf(grants, { confirm })], json: false });
    expect(text.split('\n').find((line) => line.includes('elicitation'))).toBe(said);
  });

  it('shows one agent area by area', () => {
    expect(checkReport({ ...given, agents: agents.slice(0, 1), json: false })).toBe(
      [
        'support (staging), confirmation auto, recorded in stderr',
        'AREA                  READ   WRITE  DELETE  CREDENTIALS',
        'users                 2/2    0/3    0/1     withheld',
        'magic_auth            1/1    0/1    -       withheld',
        'mfa                   -      0/3    -       withheld',
        'organizations         2/2    0/2    0/1     withheld',
        'organization_domains  1/1    0/2    -       -',
        'sso                   3/4    -      0/1     withheld',
        'directory_sync        6/6    -      0/1     withheld',
        'audit_logs            1/1    0/2    -       withheld',
        'roles                 2/2    -      -       -',
        'all                   18/19  0/13   0/4',
        // 18 restricted ones, and get_access_status.
        '18 of 36 tools on; tools/list costs a model about 1,180 tokens (o200k), get_access_status included',
        '',
      ].join('\n'),
    );
  });

  it('shows an agent whose environment is unknown', () => {
    expect(checkReport({ ...given, agents: agents.slice(1), json: false })).toBe(
      [
        'ops (environment unknown: no key is set)',
        'AREA                  READ  WRITE  DELETE  CREDENTIALS',
        'users                 2/2   3/3    0/1     shown',
        'magic_auth            0/1   0/1    -       withheld',
        'mfa                   -     0/3    -       withheld',
        'organizations         0/2   0/2    0/1     withheld',
        'organization_domains  0/1   0/2    -       -',
        'sso                   0/4   -      0/1     withheld',
        'directory_sync        0/6   -      0/1     withheld',
        'audit_logs            0/1   0/2    -       withheld',
        'roles                 0/2   -      -       -',
        'all                   2/19  3/13   0/4',
        '5 of 36 tools on; tools/list costs a model about 600 tokens (o200k), get_access_status included',
        '',
      ].join('\n'),
    );
  });

  it('looks the same in colour once the colour is taken away', () => {
    expect(report(false, true)).toContain(ESC);
    expect(stripVTControlCharacters(report(false, true))).toBe(report(false));
    expect(report(true, true)).not.toContain(ESC);
  });

  it('shows several agents as a matrix of their areas', () => {
    expect(report(false)).toBe(
      [
        'AGENT    ENVIRONMENT  CONFIRM  TOOLS  TOKENS  users  magic_auth  mfa  organizations  organization_domains  sso  directory_sync  audit_logs  roles',
        'support  staging      auto     18/36  1,180   R--    R-.         .-.  R--            R-.                   r.-  R.-             R-.         R..',
        'ops      unknown      -        5/36   600     RW-+   --.         .-.  ---            --.                   -.-  -.-             --.         -..',
        '',
        'R, W and D: all tools of the area that read, write and delete. r, w and d: some of them. -: none. .: the area has none.',
        "+: the agent sees the area's credentials. TOKENS: what tools/list costs a model (o200k). --agent NAME shows one agent in full.",
        'Recorded in stderr.',
        '',
      ].join('\n'),
    );
  });

  it('breaks the matrix into blocks where the terminal is narrow, each with the names', () => {
    const text = checkReport({ ...given, json: false, look: { columns: 60 } });
    expect(text.split('\n').every((line) => line.length <= 60)).toBe(true);
    expect(text.match(/^AGENT /gm)?.length).toBe(4);
    expect(text.match(/^ops /gm)?.length).toBe(4);
  });

  it('leaves get_access_status out of the cost where it is left out', () => {
    const text = checkReport({ ...given, agents: agents.slice(0, 1), json: false, statusTool: false });
    expect(text).toContain('18 of 36 tools on; tools/list costs a model about 1,080 tokens (o200k)\n');
  });

  it('has all of it in JSON, for access reviews', () => {
    const [ops, support] = JSON.parse(report(true)).agents;
    expect(support).toMatchObject({ environment: 'staging', confirm: 'auto', record: 'stderr', tokens: 1_180 });
    const { areas, ...rest } = ops;
    expect(rest).toEqual({
      name: 'ops',
      environment: null,
      confirm: null,
      dryRun: false,
      record: null,
      grants: {
        allow: ['users:full', 'users:credentials'],
        deny: ['delete_user'],
        readOnly: false,
        productionGuard: false,
      },
      tools: { on: 5, total: 36 },
      read: { on: 2, total: 19 },
      write: { on: 3, total: 13 },
      delete: { on: 0, total: 4 },
      tokens: 600,
    });
    expect(areas.map(({ name }: { name: string }) => name)).toEqual(
      fixedCatalog.areas.map(({ name }) => name).toSorted(),
    );
    expect(areas.at(-1)).toEqual({
      name: 'users',
      read: { on: 2, total: 2 },
      write: { on: 3, total: 3 },
      delete: { on: 0, total: 1 },
      credentials: { state: 'shown' },
      on: [
        { name: 'authenticate_user', grant: 'users:full', credentials: 'shown', confirmed: 'never' },
        { name: 'create_user', grant: 'users:full', credentials: 'shown', confirmed: 'never' },
        { name: 'get_user', grant: 'users:full', confirmed: 'never' },
        { name: 'list_users', grant: 'users:full', confirmed: 'never' },
        { name: 'update_user', grant: 'users:full', credentials: 'shown', confirmed: 'sometimes' },
      ],
      off: [{ name: 'delete_user', reason: '--deny delete_user keeps it off' }],
    });
  });
});

describe('explain', () => {
  it.each<[grants: string, name: string, lines: readonly string[], confirm?: string]>([
    [
      '*:read',
      'delete_user',
      [
        'delete_user: Delete a user for good, with sessions and memberships.',
        '  for              support (staging)',
        '  state            off: needs the grant users:delete',
        '  to switch on     add the grant users:delete (delete_user instead of users:delete for this tool alone)',
        '  credentials      none in its arguments or answers',
        '  confirmation     every call waits for one: a person gives it, or nothing is sent',
        '  rate limits      general 6000 in 60 s; user_management_writes 500 in 10 s',
        '  unclear outcome  repeated by the server, since that is safe',
      ],
      'strict',
    ],
    [
      '*:read !users:credentials ro guard',
      'authenticate_user',
      [
        '  to switch on     add the grants users:write and users:credentials, take --deny users:credentials and --read-only away, start with --production-writes (authenticate_user instead of users:write for this tool alone)',
        '  besides          needs WORKOS_CLIENT_ID',
      ],
    ],
    [
      'users:write',
      'create_user',
      [
        '  state            on by the grant users:write',
        '  credentials      users:credentials adds the arguments password, password_hash, password_hash_type, password_salt_position, email_verified; it does not hold: needs the grant users:credentials',
        '  to have them     add the grant users:credentials',
        '  confirmation     off for all tools',
        '  unclear outcome  not repeated, since it may have taken effect; list_users tells',
      ],
      'off',
    ],
    ['users:write', 'update_user', ['  confirmation     none']],
    [
      'users:write users:credentials',
      'update_user',
      [
        '  confirmation     calls with one of password, password_hash, password_hash_type, password_salt_position, email, email_verified, external_id wait for one',
      ],
    ],
    [
      'magic_auth:read',
      'get_magic_auth',
      [
        '  credentials      magic_auth:credentials shows code in answers; it does not hold: needs the grant magic_auth:credentials',
      ],
    ],
    ['magic_auth:write', 'create_magic_auth', ['  unclear outcome  not repeated, since it may have taken effect']],
    [
      'sso:read',
      'get_sso_authorization_url',
      ['  rate limits      none: it sends no request', '  unclear outcome  cannot be: it sends no request'],
    ],
    [
      'sso:read !get_connection',
      'sso',
      [
        'sso: 2 of 5 tools on for support (staging); credentials withheld: needs the grant sso:credentials',
        'list_connections           read                on     by the grant sso:read',
        'get_connection             read                off    --deny get_connection keeps it off  take --deny get_connection away',
        'delete_connection          delete              off    needs the grant sso:delete          add the grant sso:delete',
      ],
    ],
  ])('%s: %s', (grants, name, lines, confirm) => {
    expect(explainTool(fixedCatalog, agentOf(grants, { confirm }), name).split('\n')).toEqual(
      expect.arrayContaining([...lines]),
    );
  });

  it.each(catalog.tools.map((tool) => tool.name))('has something to say of %s, in colour too', (name) => {
    for (const grants of ['*:read', '*:full *:credentials', '*:full ro guard']) {
      const text = explainTool(catalog, agentOf(grants), name);
      expect(text).not.toMatch(/undefined|\[object| {2}$|: $/m);
      expect(stripVTControlCharacters(explainTool(catalog, agentOf(grants), name, { colour: true }))).toBe(text);
    }
  });

  it('knows the tool of its own', () => {
    expect(explainTool(catalog, agentOf('*:read'), STATUS_TOOL)).toContain('--no-status-tool');
  });

  it.each([
    ['delete_usr', 'There is no tool or area "delete_usr". Did you mean "delete_user"?'],
    ['user', 'There is no tool or area "user". Did you mean "users"?'],
    ['nonsense_of_mine', 'There is no tool or area "nonsense_of_mine". The nearest areas are '],
  ])('refuses %s', (name, message) => {
    const explain = () => explainTool(catalog, agentOf('*:read'), name);
    expect(explain).toThrow(StartError);
    expect(explain).toThrow(message);
  });
});

describe('get_access_status', () => {
  const environment = { label: 'staging', baseUrl: '', apiKey: 'sk_test_hunter2', clientId: undefined } as const;
  const ask = (grants: string, name?: string, confirm?: string) => {
    const tool = createStatusTool(fixedCatalog, { name: 'support', grants: toGrants(grants), confirm });
    return Object(tool.local?.(tool.schema().parse(name === undefined ? {} : { name }), environment));
  };

  it('is a local read outside the catalogue', () => {
    const tool = createStatusTool(catalog, { name: 'support', grants: toGrants('*:read') });
    expect(tool).toMatchObject({ name: STATUS_TOOL, access: 'read', confirmable: false, handlesCredentials: false });
    expect(tool.annotations).toMatchObject({ readOnlyHint: true, openWorldHint: false });
    expect(Object.keys(tool.input)).toEqual(['name']);
    expect(catalog.tools.map((one) => one.name)).not.toContain(STATUS_TOOL);
  });

  it('tells what the agent may do, and what there is besides', () => {
    const status = ask('users:read roles:read', undefined, 'auto');
    expect(status).toMatchObject({
      environment: 'staging',
      agent: 'support',
      confirm: 'auto',
      areas: {
        users: {
          on: ['get_user', 'list_users'],
          off: ['create_user', 'update_user', 'delete_user', 'authenticate_user'],
          credentials: 'withheld',
        },
        roles: { on: ['list_environment_roles', 'list_organization_roles'] },
      },
    });
    expect(Object.keys(Object(status.areas))).toEqual(fixedCatalog.areas.map((area) => area.name));
    expect(ask('users:read roles:read', STATUS_TOOL, 'auto')).toEqual(status);
  });

  it.each<[grants: string, name: string, summary: string | undefined]>([
    ['users:full', 'update_user', 'update_user is on, but part of it is withheld.'],
    ['magic_auth:read', 'get_magic_auth', 'get_magic_auth is on, but part of it is withheld.'],
    ['users:full users:credentials', 'update_user', undefined],
    ['users:full', 'get_user', undefined],
    ['users:read', 'update_user', undefined],
    ['users:full', 'authenticate_user', undefined],
  ])('says first whether part of a tool that is on is withheld: %s, %s', (grants, name, summary) => {
    const status = ask(grants, name);
    expect(status.summary).toBe(summary);
    expect(Object.keys(status)[0]).toBe(summary === undefined ? 'environment' : 'summary');
  });

  it('describes the tool in the form that the agent has', () => {
    expect(ask('users:full', 'create_user').description).toBe('Create a user.');
    expect(ask('users:full users:credentials', 'create_user').description).toBe(
      'Create a user. The password is optional.',
    );
  });

  const person = { notes: ['Only the operator of this server can change this.'] };

  it.each<[grants: string, name: string, expected: Record<string, unknown>]>([
    [
      'users:read',
      'delete_user',
      { on: false, rule: 'needs the grant users:delete', to_switch_on: { add_grants: ['users:delete'] }, ...person },
    ],
    [
      'users:full !delete_user ro guard',
      'delete_user',
      {
        on: false,
        rule: '--read-only keeps it off',
        to_switch_on: { add_flags: ['--production-writes'], remove: ['--deny delete_user', '--read-only'] },
        ...person,
      },
    ],
    [
      'magic_auth:read',
      'get_magic_auth',
      {
        on: true,
        grant: 'magic_auth:read',
        withheld: {
          rule: 'needs the grant magic_auth:credentials',
          answers: ['code'],
          to_show: { add_grants: ['magic_auth:credentials'] },
        },
        ...person,
      },
    ],
    ['users:delete', 'delete_user', { on: true, grant: 'users:delete', confirmed: 'every call' }],
    [
      'mfa:write !challenge_auth_factor',
      'mfa',
      {
        on: ['enroll_auth_factor'],
        off: [
          {
            tool: 'challenge_auth_factor',
            rule: '--deny challenge_auth_factor keeps it off',
            to_switch_on: { remove: ['--deny challenge_auth_factor'] },
          },
          {
            tool: 'verify_auth_challenge',
            rule: 'needs the grant mfa:credentials',
            to_switch_on: { add_grants: ['mfa:credentials'] },
          },
        ],
        credentials: { state: 'withheld', reason: 'needs the grant mfa:credentials' },
        ...person,
      },
    ],
    ['roles:read', 'roles', { off: [], credentials: { state: 'none' } }],
  ])('%s: %s', (grants, name, expected) => {
    const status = ask(grants, name);
    expect(status).toMatchObject(expected);
    expect(Object.keys(status).includes('notes')).toBe('notes' in expected);
  });

  it.each([undefined, 'users', 'authenticate_user'])('says nothing of the key: %s', (name) => {
    const text = JSON.stringify(ask('*:full *:credentials', name));
    expect(text).not.toMatch(/sk_|hunter2|undefined/);
  });

  it('names the tool that was meant', () => {
    expect(() => ask('*:read', 'delete_usr')).toThrow(RefusedError);
    expect(() => ask('*:read', 'delete_usr')).toThrow('Did you mean "delete_user"?');
  });
});

describe('tools', () => {
  it('looks the same in colour once the colour is taken away', () => {
    const grants = '*:read !get_user';
    const plain = toolsReport(catalog, agentOf(grants), false);
    expect(plain).not.toContain(ESC);
    expect(plain).toMatch(/^get_user {2,}users {2,}read {2,}off {2,}--deny get_user/m);
    expect(toolsReport(catalog, agentOf(grants), false, { colour: true })).toContain(ESC);
    expect(stripVTControlCharacters(toolsReport(catalog, agentOf(grants), false, { colour: true }))).toBe(plain);
    expect(toolsReport(catalog, agentOf(grants), true, { colour: true })).toBe(
      toolsReport(catalog, agentOf(grants), true),
    );
  });

  it('leaves the help as it is', () => {
    expect(helpText()).toContain("\n  --allow '*:read'");
    expect(helpText()).not.toContain(ESC);
  });
});
