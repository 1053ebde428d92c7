import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { ConfirmMode } from '../src/access/confirmation.ts';
import type { IsListed } from '../src/access/listed.ts';
import { createPolicy } from '../src/access/policy.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { area, tool } from '../src/catalog/declaration.ts';
import { createOwnTools } from '../src/start/own-tools.ts';
import { catalog, FIXED, fixedCatalog, toGrants } from './support/catalog.ts';

const ENVIRONMENT = { label: 'staging', baseUrl: 'https://workos.test' } as const;

type Options = { readonly confirm?: ConfirmMode; readonly statusTool?: boolean; readonly isListed?: IsListed };

/** Asks the tool as an agent with these grants does. */
function finder(grants: string, { confirm = 'auto', statusTool = true, isListed = () => false }: Options = {}) {
  const given = toGrants(grants);
  const agent = { name: 'a', grants: given, policy: createPolicy(fixedCatalog, given), confirm };
  const tool = createOwnTools(fixedCatalog)(agent, { statusTool, isListed }).finding?.find ?? expect.fail();
  return async (args: object) => Object(await tool.local?.(tool.schema().parse(args), ENVIRONMENT));
}

/** The tools of which an answer has a line or a name. */
const namesIn = (answer: unknown): readonly string[] => {
  const text = JSON.stringify(answer);
  return [...FIXED].filter((name) => new RegExp(`"${name}[("]`).test(text));
};

/** What people ask, in their words, and the tool that does it. */
const QUESTIONS: readonly (readonly [question: string, tool: string])[] = [
  ['offboard somebody who left the company', 'delete_user'],
  ['remove a person under GDPR', 'delete_user'],
  ['which account belongs to ada@example.com', 'list_users'],
  ['how many people are in Acme', 'list_users'],
  ['sign up a new member', 'create_user'],
  ["change somebody's email address", 'update_user'],
  ['reset a password', 'update_user'],
  ['show the profile of this user', 'get_user'],
  ['log a user in with a code', 'authenticate_user'],
  ['send a passwordless login code', 'create_magic_auth'],
  ['has the magic link expired', 'get_magic_auth'],
  ['set up two-factor authentication with an authenticator app', 'enroll_auth_factor'],
  ['text a 2FA code to their phone', 'challenge_auth_factor'],
  ['is this 2FA code correct', 'verify_auth_challenge'],
  ['add a customer', 'create_organization'],
  ['rename a tenant', 'update_organization'],
  ['link a Stripe customer', 'update_organization'],
  ['find the company Acme', 'list_organizations'],
  ['details of one customer', 'get_organization'],
  ['a customer churned, erase them', 'delete_organization'],
  ['claim the email domain acme.com', 'create_organization_domain'],
  ['which DNS TXT record do they need', 'get_organization_domain'],
  ['check the DNS of a domain again', 'verify_organization_domain'],
  ['who has Okta configured', 'list_connections'],
  ['why is SAML broken for this customer', 'get_connection'],
  ['turn off single sign-on', 'delete_connection'],
  ['make a login link for SSO', 'get_sso_authorization_url'],
  ['exchange the callback code for a profile', 'get_sso_profile_and_token'],
  ['which SCIM directories are connected', 'list_directories'],
  ['is SCIM provisioning still linked', 'get_directory'],
  ['stop syncing from Entra', 'delete_directory'],
  ['list employees that Okta has provisioned', 'list_directory_users'],
  ["who is this employee's manager", 'get_directory_user'],
  ['departments from the identity provider', 'list_directory_groups'],
  ['show one synced team', 'get_directory_group'],
  ['record who did what', 'create_audit_log_event'],
  ['download the audit trail as CSV', 'create_audit_log_export'],
  ['is my audit export ready', 'get_audit_log_export'],
  ['which access levels are there', 'list_environment_roles'],
  ['custom permissions of a company', 'list_organization_roles'],
];

describe('a question in the words of people', () => {
  it('finds its tool within the first answer, 38 of 40 times or more', async () => {
    const ask = finder('*:full *:credentials');
    const missed: string[] = [];
    for (const [question, tool] of QUESTIONS) {
      if (!namesIn(await ask({ query: question })).includes(tool)) missed.push(`${question}: ${tool}`);
    }
    expect(QUESTIONS).toHaveLength(40);
    expect(missed.length, missed.join('\n')).toBeLessThanOrEqual(2);
  });

  it('has the same answer each time', async () => {
    const [first, second] = [finder('*:full'), finder('*:full')];
    for (const [query] of QUESTIONS) expect(await first({ query })).toEqual(await second({ query }));
  });
});

const areaNames = fixedCatalog.areas.map(({ name }) => name);

describe('find_tools', () => {
  it('has the areas with their meanings and counts, where nothing is asked', async () => {
    const { areas } = await finder('users:read roles:read')({});
    expect(areas).toEqual({
      users: '2 tools: people who sign in to your app (user_…); one may belong to several organizations',
      roles: '2 tools: roles with their permissions, of the environment or of one organization',
    });
  });

  it('has the tools of an area, grouped by the call tool that takes them', async () => {
    expect(await finder('*:full')({ area: 'organization_domains' })).toEqual({
      area: 'organization_domains',
      meaning: 'email domains of an organization (org_domain_…) and the proof of owning them',
      tools: {
        call_read_tool: [expect.stringMatching(/^get_organization_domain\(organization_domain_id, …\): /)],
        call_write_tool: [
          expect.stringMatching(/^create_organization_domain\(organization_id, domain\): /),
          expect.stringMatching(/^verify_organization_domain\(organization_domain_id\): /),
        ],
      },
    });
  });

  it('marks calls that wait for a yes and arguments that take the credentials grant', async () => {
    const users = async (grants: string, options?: Options) => (await finder(grants, options)({ area: 'users' })).tools;
    const full = await users('users:full users:credentials');
    expect(full.call_delete_tool).toEqual([expect.stringMatching(/^delete_user\(user_id\): .* \(waits for a yes\)$/)]);
    expect(full.call_write_tool[1]).toMatch(
      /^update_user\(user_id, email!\?, .*password!\?.* \(waits for a yes with !\)$/,
    );
    expect(full.call_credential_tool).toEqual([expect.stringMatching(/^authenticate_user\(grant_type, email\?/)]);
    expect(JSON.stringify(await users('users:full'))).not.toContain('!');
    expect(JSON.stringify(await users('users:full'))).not.toContain('password');
    expect(JSON.stringify(await users('users:full', { confirm: 'off' }))).not.toContain('waits');
    expect(Object.keys(await users('*:full', { isListed: ({ listed }) => listed === true }))).toEqual([
      'call by name',
      'call_delete_tool',
    ]);
  });

  it('has the schema of a tool that is named, in the form that the agent has', async () => {
    const schema = await finder('*:full')({ query: ' delete_user ' });
    expect(schema).toMatchObject({
      tool: 'delete_user',
      call: 'call_delete_tool',
      input_schema: { type: 'object', required: ['user_id'] },
    });
    const { input_schema } = await finder('*:full')({ query: 'create_user' });
    expect(Object.keys(input_schema.properties)).not.toContain('password');
  });

  it.each(['delete_user', 'remove a person'])('says of what is off why, and what it takes: %s', async (query) => {
    const answer = await finder('*:read')({ query });
    expect(answer.off).toEqual({
      tool: 'delete_user',
      rule: 'needs the grant users:delete',
      to_switch_on: { add_grants: ['users:delete'] },
    });
    expect(answer.notes).toContain('Only the operator of this server can change this.');
  });

  it.each([
    'delete_user',
    'remove a person',
    'users',
  ])('knows only what is on without the status tool: %s', async (query) => {
    const answer = await finder('*:read', { statusTool: false })({ query });
    expect(JSON.stringify(answer)).not.toMatch(/delete_user|update_user|create_user|grant/);
  });

  it.each<[args: object, text: string]>([
    [{ area: 'user' }, 'There is no tool or area "user". Did you mean'],
  ])('refuses %j', async (args, text) => {
    await expect(finder('*:full')(args)).rejects.toThrow(text);
  });

  it.each(['*:full *:credentials', '*:full', '*:read'])('answers for %s with at most 700 tokens', async (grants) => {
    const ask = finder(grants);
    const isOn = createPolicy(fixedCatalog, toGrants(grants)).whyOff;
    const on = fixedCatalog.tools.filter((tool) => isOn(tool) === undefined).map(({ name }) => name);
    const asked = [
      {},
      ...areaNames.map((area) => ({ area })),
      ...QUESTIONS.map(([query]) => ({ query })),
      { query: 'zzz' },
    ];
    for (const args of [...asked, ...on.map((query) => ({ query }))]) {
      expect(countTokens(JSON.stringify(await ask(args))), JSON.stringify(args)).toBeLessThanOrEqual(700);
    }
  });

  it('leaves out meanings where there are many areas, never a name', async () => {
    const meaning =
      'things of an organization (thing_…); each has further things, and belongs to one of several others';
    const of = async (count: number) => {
      const many = createCatalog({
        general: catalog.general,
        presets: {},
        prompts: [],
        probe: { tool: 'list_thing_0', args: {} },
        areas: Array.from({ length: count }, (_, index) => {
          const declared = { route: `GET /things/${index}`, access: 'read', description: 'List.', input: {} } as const;
          const tools = [tool({ name: `list_thing_${index}`, ...declared })];
          return area({ name: `area_of_things_${index}`, title: 'Things', meaning, tools });
        }),
      });
      const given = toGrants('*:read');
      const agent = { name: 'a', grants: given, policy: createPolicy(many, given) };
      const own = createOwnTools(many)(agent, { statusTool: true, isListed: () => false });
      const answer = Object(await own.finding?.find.local?.({}, ENVIRONMENT));
      expect(Object.keys(answer.areas)).toHaveLength(count);
      expect(countTokens(JSON.stringify(answer))).toBeLessThanOrEqual(700);
      const status = Object(await own.statusTool?.local?.({}, ENVIRONMENT));
      expect(status.areas.area_of_things_0).toEqual({ on: count > 60 ? 1 : ['list_thing_0'] });
      return answer.areas.area_of_things_0;
    };
    expect(await of(10)).toBe(`1 tools: ${meaning}`);
    expect(await of(34)).toBe('1 tools: things of an organization');
    expect(await of(61)).toBe('1 tools');
  });

  it('leaves out details where an area has many tools, never a name', async () => {
    const many = createCatalog({
      general: catalog.general,
      presets: {},
      prompts: [],
      probe: { tool: 'list_thing_0', args: {} },
      areas: [
        area({
          name: 'things',
          title: 'Things',
          meaning: 'things of many kinds',
          tools: Array.from({ length: 40 }, (_, index) =>
            tool({
              name: `list_thing_${index}`,
              route: `GET /things/${index}`,
              access: 'read',
              description: 'List things of one kind, of which there are many in the environment.',
              input: { first_name: z.string().optional(), last_name: z.string().optional() },
            }),
          ),
        }),
      ],
    });
    const given = toGrants('*:read');
    const agent = { name: 'a', grants: given, policy: createPolicy(many, given) };
    const own = createOwnTools(many)(agent, { statusTool: true, isListed: () => false });
    const answer = await own.finding?.find.local?.({ area: 'things' }, ENVIRONMENT);
    expect(Object(answer).tools.call_read_tool).toHaveLength(40);
    expect(countTokens(JSON.stringify(answer))).toBeLessThanOrEqual(700);
  });
});
