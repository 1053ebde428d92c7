import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Arguments } from '../src/catalog/declaration.ts';
import { cases } from './areas/index.ts';
import { CALLS } from './support/calls.ts';
import type { Case } from './support/case.ts';
import { FIXED } from './support/catalog.ts';
import { connectPlainly } from './support/raw-session.ts';
import { inForm, ofTool } from './support/requests.ts';
import type { ListedTool } from './support/session.ts';
import { listen, type Upstream } from './support/upstream.ts';

// What each grant must come to, by what test/areas has typed by hand, and decided by rules of this file's own: neither the
// catalogue nor the policy has a say here.

type Row = Case & { readonly area: string; readonly access: string };

const TABLE = new Map(
  [...cases].map(([name, one]): [string, Row] => {
    const [area = '', access = ''] = one.opens.split(':');
    return [name, { ...one, area, access }];
  }),
);

const rowOf = (name: string): Row => TABLE.get(name) ?? expect.fail(`no case of ${name}`);
const isLocal = ({ sandbox }: Case): boolean => sandbox !== 'absent' && sandbox?.sends === 'none';
const callsOf = (name: string): readonly Arguments[] => CALLS[name] ?? expect.fail(`no call of ${name}`);

const PRESETS: Readonly<Record<string, string>> = {
  'preset:support':
    'users:read memberships:read organizations:read organization_domains:read list_connections get_connection directory_sync:read roles:read list_invitations events:read list_user_sessions authorization_checks:read',
  'preset:onboarding':
    'list_organizations get_organization organizations:write organization_domains:read organization_domains:write list_users get_user create_user list_organization_memberships create_organization_membership invitations:read invitations:write list_it_contacts invite_it_contact list_connections get_connection get_directory roles:read events:read',
  'preset:sso-debug':
    'organizations:read organization_domains:read sso:read directory_sync:read users:read events:read list_user_sessions',
  'preset:security-review':
    'list_users get_user list_user_identities list_organization_memberships list_organizations get_organization organization_domains:read list_connections get_connection directory_sync:read roles:read list_invitations list_organization_api_keys list_user_api_keys audit_logs:read create_audit_log_export',
  'preset:incident':
    'list_users get_user list_organization_memberships list_organizations get_organization list_organization_roles list_connections get_connection list_directories list_directory_users list_invitations list_organization_api_keys list_user_api_keys events:read list_user_sessions revoke_session deactivate_organization_membership revoke_invitation',
};

type Grants = {
  readonly allow: string;
  readonly deny?: string;
  readonly flags?: readonly string[];
  /** A production key. */
  readonly live?: true;
  /** How many of the FIXED tools there are, and of them how many see secrets. */
  readonly tools: number;
  readonly seeing: number;
};

const SETS: readonly Grants[] = [
  { allow: '*:read', tools: 18, seeing: 0 },
  { allow: '*:write', tools: 11, seeing: 0 },
  { allow: '*:delete', tools: 4, seeing: 0 },
  { allow: '*:full', tools: 33, seeing: 0 },
  { allow: '*:full *:credentials', tools: 36, seeing: 36 },
  { allow: '*:read *:credentials', tools: 19, seeing: 19 },
  { allow: '*:full *:credentials', flags: ['--read-only'], tools: 18, seeing: 0 },
  { allow: '*:full *:credentials', live: true, tools: 18, seeing: 0 },
  {
    allow: '*:full *:credentials',
    live: true,
    flags: ['--production-writes', '--audit-log', 'stderr'],
    tools: 36,
    seeing: 36,
  },
  { allow: '*:full *:credentials', deny: 'users:full *:delete', tools: 27, seeing: 27 },
  { allow: '*:full *:credentials', deny: '*:credentials', tools: 33, seeing: 0 },
  { allow: '*:full *:credentials', deny: 'mfa:credentials update_user organizations:write', tools: 32, seeing: 30 },
  { allow: 'users:write users:credentials organizations:write mfa:write', tools: 7, seeing: 3 },
  { allow: 'authenticate_user users:credentials get_magic_auth delete_connection', tools: 3, seeing: 1 },
  {
    allow: 'sso:read sso:credentials magic_auth:full organizations:full organizations:credentials',
    tools: 11,
    seeing: 9,
  },
  { allow: 'preset:support', tools: 15, seeing: 0 },
  { allow: 'preset:onboarding update_user', deny: 'create_organization', tools: 15, seeing: 0 },
  { allow: 'preset:incident', tools: 9, seeing: 0 },
  { allow: 'preset:sso-debug preset:security-review sso:credentials', deny: 'list_users', tools: 18, seeing: 4 },
];

const titleOf = ({ allow, deny, flags = [], live }: Grants): string =>
  [allow, ...(deny === undefined ? [] : [`but ${deny}`]), ...flags, ...(live ? ['with a production key'] : [])].join(
    ' ',
  );

/** What a grant is about, as `tool permission`. */
function meant(grant: string, deny: boolean): string[] {
  const preset = PRESETS[grant];
  if (preset !== undefined) return preset.split(' ').flatMap((inner) => meant(inner, deny));
  const row = TABLE.get(grant);
  if (row !== undefined) return [`${grant} ${row.access}`, ...(deny ? [`${grant} credentials`] : [])];
  const [area, access = ''] = grant.split(':');
  const everything = deny ? ['read', 'write', 'delete', 'credentials'] : ['read', 'write', 'delete'];
  return [...TABLE]
    .filter(([, row]) => area === '*' || row.area === area)
    .flatMap(([name]) => (access === 'full' ? everything : [access]).map((permission) => `${name} ${permission}`));
}

/** The tools that must be there, and whether each one may see and send credentials. */
function expected({ allow, deny, flags = [], live }: Grants): Map<string, boolean> {
  const guarded = flags.includes('--read-only') || (live === true && !flags.includes('--production-writes'));
  const taken = new Set([
    ...(deny ?? '').split(' ').flatMap((grant) => meant(grant, true)),
    ...(guarded ? ['*:write', '*:delete', '*:credentials'].flatMap((grant) => meant(grant, true)) : []),
  ]);
  const given = new Set(allow.split(' ').flatMap((grant) => meant(grant, false)));
  const has = (what: string) => given.has(what) && !taken.has(what);
  return new Map(
    [...TABLE]
      .filter(([name, row]) => has(`${name} ${row.access}`) && (!row.needsCredentials || has(`${name} credentials`)))
      .map(([name]) => [name, has(`${name} credentials`)]),
  );
}

const CANARY = 'canary-9b27c4';
/** A success of WorkOS's that has a secret in it. Nothing that is read first finds a former member in it. */
const object = {
  object: 'thing',
  id: 'x_1',
  status: 'active',
  success: true,
  valid: true,
  access_token: CANARY,
  deep: [{ client_secret: CANARY }],
};

type Running = {
  readonly upstream: Upstream;
  readonly session: Awaited<ReturnType<typeof connectPlainly>>;
  readonly listed: readonly ListedTool[];
};

async function start({ allow, deny, flags = [], live }: Grants): Promise<Running> {
  const upstream = await listen(inForm(object));
  const grants = [
    '--allow',
    allow.replaceAll(' ', ','),
    ...(deny === undefined ? [] : ['--deny', deny.replaceAll(' ', ',')]),
  ];
  const session = await connectPlainly([...grants, ...flags, '--list', 'all', '--confirm', 'off', '--no-status-tool'], {
    WORKOS_API_KEY: live ? 'sk_live_matrix' : 'sk_test_matrix',
    WORKOS_BASE_URL: upstream.url,
    WORKOS_CLIENT_ID: 'client_1',
  });
  // The server's own, of which no grant knows, is for test/events.test.ts.
  const listed = (await session.listTools()).filter(({ name }) => name !== 'wait_for_events');
  return { upstream, session, listed };
}

const runs = new Map<Grants, Running>();
beforeAll(async () => {
  const started = await Promise.all(SETS.map(async (grants) => [grants, await start(grants)] as const));
  for (const [grants, running] of started) runs.set(grants, running);
}, 60_000);
afterAll(async () => {
  await Promise.all(
    [...runs.values()].map(async ({ session, upstream }) => {
      await session.close();
      await upstream.close();
    }),
  );
}, 60_000);

it('there is a case of every tool, and none of what is no tool', () => {
  const all = SETS.find(({ allow, deny, flags, live }) => allow === '*:full *:credentials' && !deny && !flags && !live);
  const names = runs.get(all ?? expect.fail('no set gives everything'))?.listed.map(({ name }) => name);
  expect([...TABLE.keys()].sort()).toEqual(names?.sort());
});

describe.each(SETS.map((grants) => [titleOf(grants), grants] as const))('%s', (_, grants) => {
  const run = (): Running => runs.get(grants) ?? expect.fail('it did not start');
  const tools = expected(grants);

  it(`gives ${grants.tools} of the fixed tools, of which ${grants.seeing} see secrets, and of all what the table says`, () => {
    const fixed = [...tools].filter(([name]) => FIXED.has(name));
    expect(fixed).toHaveLength(grants.tools);
    expect(fixed.filter(([, sees]) => sees)).toHaveLength(grants.seeing);
    expect(
      run()
        .listed.map(({ name }) => name)
        .sort(),
    ).toEqual([...tools.keys()].sort());
  });

  it('has arguments that decide who somebody is only where they are granted', () => {
    for (const { name, inputSchema } of run().listed) {
      const { guarded = [], narrowed } = rowOf(name);
      const properties = Object(inputSchema.properties);
      const sees = tools.get(name) === true;
      expect(
        guarded.filter((argument) => argument in properties),
        name,
      ).toEqual(sees ? guarded : []);
      for (const args of callsOf(name)) {
        const missing = Object.keys(args).filter((argument) => !(argument in properties));
        expect(
          missing.filter((argument) => !guarded.includes(argument)),
          name,
        ).toEqual([]);
      }
      if (narrowed !== undefined) {
        const values = narrowed.path.reduce((inner, step) => Object(inner)[step], properties).enum;
        expect([...values].sort(), name).toEqual(sees ? narrowed.with : narrowed.without);
      }
    }
  });

  it('sends one request for a call of what is there, and none where it takes credentials that are not granted', async () => {
    const { session, upstream, listed } = run();
    // Of events, what is shown depends on their types: test/events.test.ts.
    for (const { name } of listed.filter((tool) => tool.name !== 'list_events')) {
      const { guarded = [], ...row } = rowOf(name);
      const local = isLocal(row);
      const sees = tools.get(name) === true;
      for (const args of callsOf(name)) {
        const before = upstream.received.length;
        const result = await session.call(name, args);
        const call = `${name} ${JSON.stringify(args)}: ${result.text}`;
        const forbidden = sees
          ? []
          : guarded.filter((argument) => [...Object.keys(args), args.clear].flat().includes(argument));
        if (forbidden.length > 0) {
          expect(result.isError, call).toBe(true);
          for (const argument of forbidden) expect(result.text).toContain(`${argument} needs the grant `);
          expect(upstream.received.length - before, call).toBe(0);
          continue;
        }
        expect(result.isError, call).toBeUndefined();
        expect(ofTool(name, upstream.received.slice(before)), call).toHaveLength(local ? 0 : 1);
        if (local) continue;
        expect(result.text, call).toContain('x_1');
        expect(result.text.split(CANARY).length - 1, call).toBe(sees ? 2 : 0);
        expect(result.text.split('[withheld').length - 1, call).toBe(sees ? 0 : 2);
      }
      if (guarded.length > 0 && !sees) {
        // What is left of such a call goes through, with no more than that.
        const [args = {}] = callsOf(name);
        const rest = Object.entries(args).filter(([argument]) => ![...guarded, 'clear'].includes(argument));
        const before = upstream.received.length;
        const result = await session.call(name, Object.fromEntries(rest));
        expect(result.isError, `${name}: ${result.text}`).toBeUndefined();
        expect(ofTool(name, upstream.received.slice(before)), name).toHaveLength(local ? 0 : 1);
        if (local) continue;
        for (const argument of guarded) expect(Object(upstream.received.at(-1)?.body)).not.toHaveProperty(argument);
      }
    }
  });

  it('refuses values that take credentials which are not granted', async () => {
    const { session, upstream } = run();
    const wide: readonly (readonly [string, Record<string, unknown>])[] = [
      ['create_organization', { name: 'A', domain_data: [{ domain: 'a.test', state: 'verified' }] }],
      ['enroll_auth_factor', { type: 'sms' }],
    ];
    for (const [name, args] of wide) {
      if (tools.get(name) !== false) continue;
      const before = upstream.received.length;
      expect(await session.call(name, args)).toMatchObject({
        isError: true,
        text: expect.stringContaining(`Other values need the grant ${rowOf(name).area}:credentials`),
      });
      expect(upstream.received).toHaveLength(before);
    }
  });

  it('knows no other tool', async () => {
    const { session, upstream } = run();
    const before = upstream.received.length;
    for (const name of [...TABLE.keys()].filter((name) => !tools.has(name))) {
      const [args = {}] = callsOf(name);
      const failure = await session.call(name, args).then(
        ({ text }) => ({ text }),
        ({ code, message }) => ({ code, message }),
      );
      expect(failure, name).toMatchObject({ code: -32602, message: expect.stringContaining(`${name} not found`) });
    }
    expect(upstream.received).toHaveLength(before);
  });

  it('lets no withheld secret into its log', () => {
    expect(run().session.log()).not.toContain(CANARY);
  });
});
