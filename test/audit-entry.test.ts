import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, parseHead, toHeadText } from '../src/audit/chain.ts';
import { type Entry, idsIn, toLine } from '../src/audit/entry.ts';
import { decisionSentence, type Form, outcomeSentence, toSentence } from '../src/audit/sentence.ts';
import { tool } from '../src/catalog/declaration.ts';
import { isId } from '../src/ids.ts';
import { VERBS } from '../src/verbs.ts';
import { areas } from '../tools/index.ts';
import { DECISION, outcome, USER } from './support/audit.ts';

const ORG = 'org_01EHZNVPK3SFK441A1RGBFSHRT';
const DIRECTORY = 'directory_01ECAZ4NV9QMV47GW873HDCX74';
const GROUP = 'directory_group_01E64QTDNS0EGJ0FMCVY9BWGZT';

describe('what is shaped like an ID', () => {
  it.each<[unknown, boolean]>([
    [USER, true],
    [GROUP, true],
    ['audit_log_export_01GBZK5MP7TD1YCFQHFR22180V', true],
    ['directory_grp_01E64QTDNS0EGJ0FMCVY9BWGZT', true],
    ['acme_in_production_approved_by_ciso_and_then_nothing_was_deleted_00000000000000000000', false],
    ['nothing_was_deleted_01E4ZCR3C56J083X43JQXF3JK5', false],
    [`constructor_${'0'.repeat(26)}`, false],
    ['user_01ISALLOWEDTOREADALLOTHER', false],
    ['user_01J00000000000000000', false],
    [`user_${'0'.repeat(25)}`, false],
    [`user_${'0'.repeat(27)}`, false],
    ['user_01', false],
    ['user_01e4zcr3c56j083x43jqxf3jk5', false],
    [`user_${'0'.repeat(33)}`, false],
    ['01E4ZCR3C56J083X43JQXF3JK5', false],
    [`_${'0'.repeat(26)}`, false],
    [`User_${'0'.repeat(26)}`, false],
    [`user__${'0'.repeat(26)}`, false],
    [`${'a'.repeat(80)}_${'0'.repeat(26)}`, false],
    [`${USER}\n`, false],
    [`Call ${USER}`, false],
    [`sk_test_${'A'.repeat(26)}`, false],
    ['ada@example.com', false],
    [12, false],
    [undefined, false],
  ])('%j: %j', (value, is) => {
    expect(isId(value)).toBe(is);
  });

  it("is what WorkOS's specification has examples of", async () => {
    const text = await readFile(createRequire(import.meta.url).resolve('@workos/openapi-spec/spec'), 'utf8');
    const found = text.match(/\b[a-z]+(?:_[a-z]+)*_[0-7][0-9A-HJKMNP-TV-Z]{25}\b/g) ?? [];
    const unknown = new Set(found.filter((id) => !isId(id)).map((id) => id.replace(/_[^_]*$/, '')));
    // IDs of other systems.
    expect([...unknown].sort()).toEqual(['ajs_anon', 'ext']);
  });

  it("is what WorkOS's emulator makes", async () => {
    const { ID_PREFIXES } = await import('workos-emulator/core/index.js');
    const made = Object.values(ID_PREFIXES).map((prefix) => `${prefix}_01E4ZCR3C56J083X43JQXF3JK5`);
    expect(made.filter((id) => !isId(id))).toEqual([]);
    expect(made.length).toBeGreaterThan(40);
  });

  it('takes only the IDs from arguments, by names that WorkOS could have and that are no secret', () => {
    const args = {
      user_id: USER,
      organization: ORG,
      email: 'ada@example.com',
      organization_id: 'acme_approved_by_ciso_and_then_nothing_was_deleted_00000000000000000000',
      limit: 5,
      ids: [USER],
      metadata: { user_id: USER },
      password: USER,
      'my password is x': USER,
      __proto__x: USER,
    };
    expect(idsIn(args)).toEqual({ user_id: USER, organization: ORG });
  });

  it.each([
    ['session_id', 'session_01JADA100000000000002HA1PA', true],
    ['api_key_id', 'api_key_01JACME1000000000000AHQF47', true],
    ['password_reset_id', 'password_reset_01JDEV000000000000002NDXVD', true],
    ['session_id', 'key_01JADA10000000000000000000', false],
    ['session_id', '01JADA10000000000000000000', false],
    ['access_token_id', 'session_01JADA100000000000002HA1PA', false],
  ])('an ID that is called like a secret only where it is of the kind that it is called after: %s %s', (name, value, is) => {
    expect(idsIn({ [name]: value })).toEqual(is ? { [name]: value } : {});
  });
});

const envelope = { v: 1, run: 'r', seq: 7, time: '2026-11-22T10:57:13.000Z', prev: '0'.repeat(64) } as const;

describe('the line of an entry', () => {
  it('is the entry as JSON, its schema version first', () => {
    const entry: Entry = { ...envelope, ...DECISION, trace: undefined };
    expect(toLine(entry)).toMatch(/^\{"v":1,"run":"r","seq":7,"time":"2026/);
    expect(JSON.parse(toLine(entry))).toEqual({ ...envelope, ...DECISION });
  });

  it('cuts what is too long and drops IDs beyond a handful, visibly', () => {
    const ids = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`a${index}`, USER]));
    const line = toLine({ ...envelope, ...DECISION, ids, rule: 'x'.repeat(9_000) });
    expect(JSON.parse(line)).toEqual({
      ...envelope,
      ...DECISION,
      rule: `${'x'.repeat(999)}…`,
      ids: { a0: USER, a1: USER, a2: USER, a3: USER, a4: USER },
      more_ids: 85,
    });
  });

  it('keeps what entries are told apart by, however little room is left', () => {
    const long = '\u0001'.repeat(9_000);
    const entry = { ...DECISION, agent: long, tool: long, area: long, access: long, environment: long, text: long };
    expect(JSON.parse(toLine({ ...envelope, ...entry, rule: long, trace: long }))).toMatchObject({
      ...envelope,
      kind: 'decision',
      decision: 'allowed',
    });
  });

  it('is always under 4 KiB, and one line of whole characters', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 1_200 }),
      fc.string({ maxLength: 50 }),
      fc.constant('\ud83d'.repeat(2_000)),
      fc.constant('😀'.repeat(2_000)),
    );
    const ids = fc.dictionary(text, text, { maxKeys: 20 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 9, maxLength: 9 }), ids, ([a, b, c, d, e, f, g, h, i], named) => {
        const some = { agent: a ?? '', tool: b ?? '', environment: c ?? '', text: d ?? '' };
        const decision = {
          ...DECISION,
          ...some,
          area: e ?? '',
          access: f ?? '',
          rule: g ?? '',
          arguments: h,
          trace: i,
        };
        const lines = [
          toLine({ ...envelope, ...decision, ids: named }),
          toLine({ ...envelope, ...outcome(1), ...some, object: e, organization: f, request_id: g } as Entry),
          toLine({ ...envelope, kind: 'note', text: a ?? '', agent: b }),
          toLine({ ...envelope, kind: 'stop', reason: a ?? '' }),
        ];
        for (const line of lines) {
          expect(Buffer.byteLength(`${line}\n`)).toBeLessThan(4_096);
          expect(line).not.toContain('\n');
          expect(Buffer.from(line).toString()).toBe(line);
          expect(JSON.parse(line)).toMatchObject(envelope);
        }
      }),
    );
  });
});

describe('canonical JSON', () => {
  it.each<[unknown, unknown, boolean]>([
    [{ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }, true],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [undefined, null, true],
    [[1, 2], [2, 1], false],
    [{ a: 1 }, { a: '1' }, false],
    [{ a: { b: 1 } }, { a: 1, b: 1 }, false],
    [{ 'a":1,"b': 1 }, { a: 1, b: 1 }, false],
  ])('%j and %j: the same %j', (one, other, same) => {
    expect(canonicalJson(one) === canonicalJson(other)).toBe(same);
  });

  it('is JSON, and ends however deep a value nests', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(canonicalJson(deep).length).toBeLessThan(200);
  });
});

it.each([
  [`0d9c-1:12:${'a'.repeat(64)}`, { run: '0d9c-1', seq: 12, hash: 'a'.repeat(64) }],
  [` r:0:${'A'.repeat(64)} `, { run: 'r', seq: 0, hash: 'a'.repeat(64) }],
  [`r:-1:${'a'.repeat(64)}`, undefined],
  [`r:1:${'a'.repeat(63)}`, undefined],
  ['r', undefined],
])('the head %j', (text, head) => {
  expect(parseHead(text)).toEqual(head);
  if (head !== undefined) expect(parseHead(toHeadText(head))).toEqual(head);
});

const told = (name: string, ids: Record<string, string> = {}, environment = 'staging') => ({
  agent: 'bot',
  tool: { name },
  ids,
  environment,
});

describe('the sentence of a call', () => {
  const own: Readonly<Record<string, Record<string, string>>> = {
    create_audit_log_event: { organization_id: 'org_1' },
    create_audit_log_export: { organization_id: 'org_1' },
    enroll_auth_factor: { user_id: 'user_1' },
    create_organization_domain: { organization_id: 'org_1' },
    authenticate_user: { organization_id: 'org_1' },
    challenge_auth_factor: { authentication_factor_id: 'auth_factor_1' },
    verify_auth_challenge: { authentication_challenge_id: 'auth_challenge_1' },
    get_sso_authorization_url: { connection: 'conn_1' },
    list_connections: { organization_id: 'org_1' },
    list_users: { organization_id: 'org_1', after: 'user_1' },
    list_organization_roles: { organization_id: 'org_1' },
    list_directory_users: { directory: 'directory_1', group: 'directory_group_1' },
    list_directory_groups: { user: 'directory_user_1' },
    update_user: { user_id: 'user_1', external_id: 'user_2' },
    // A secret is never among the IDs.
    get_invitation_by_token: {},
  };
  const tools = areas.flatMap((area) => area.tools);
  const sentences = tools.map(({ name, route }) => {
    const [, placeholder = ''] = /\{(\w+)\}/.exec(route) ?? [];
    const ids = own[name] ?? (placeholder === '' ? {} : { [placeholder]: `${placeholder.replace(/_id$/, '')}_1` });
    return `${toSentence(told(name), 'asked')} | ${toSentence(told(name, ids), 'done')}`;
  });

  it('reads as English for every tool, without IDs and with them', () => {
    expect(sentences.join('\n')).toMatchInlineSnapshot(`
      "bot asked to create a user in staging | bot created a user in staging
      bot asked to read a user in staging | bot read user user_1 in staging
      bot asked to read a user by external id in staging | bot read a user by external id in staging
      bot asked to list users in staging | bot listed users of organization org_1 in staging
      bot asked to update a user in staging | bot updated user user_1 in staging
      bot asked to delete a user in staging | bot deleted user user_1 in staging
      bot asked to list user identities in staging | bot listed user identities of user user_1 in staging
      bot asked to sign in a user in staging | bot signed in a user for organization org_1 in staging
      bot asked to list organization memberships in staging | bot listed organization memberships in staging
      bot asked to read an organization membership in staging | bot read organization membership organization_membership_1 in staging
      bot asked to create an organization membership in staging | bot created an organization membership in staging
      bot asked to update an organization membership in staging | bot updated organization membership organization_membership_1 in staging
      bot asked to delete an organization membership in staging | bot deleted organization membership organization_membership_1 in staging
      bot asked to deactivate an organization membership in staging | bot deactivated organization membership organization_membership_1 in staging
      bot asked to reactivate an organization membership in staging | bot reactivated organization membership organization_membership_1 in staging
      bot asked to list invitations in staging | bot listed invitations in staging
      bot asked to read an invitation in staging | bot read invitation invitation_1 in staging
      bot asked to read an invitation by token in staging | bot read an invitation by token in staging
      bot asked to create an invitation in staging | bot created an invitation in staging
      bot asked to resend an invitation in staging | bot resent invitation invitation_1 in staging
      bot asked to accept an invitation in staging | bot accepted invitation invitation_1 in staging
      bot asked to revoke an invitation in staging | bot revoked invitation invitation_1 in staging
      bot asked to list user sessions in staging | bot listed user sessions of user user_1 in staging
      bot asked to revoke a session in staging | bot revoked a session in staging
      bot asked to read an authkit authorization URL in staging | bot read an authkit authorization URL in staging
      bot asked to send a verification email in staging | bot sent a verification email for user user_1 in staging
      bot asked to read an email verification in staging | bot read email verification email_verification_1 in staging
      bot asked to confirm an email verification in staging | bot confirmed an email verification for user user_1 in staging
      bot asked to send an email change in staging | bot sent an email change for user user_1 in staging
      bot asked to confirm an email change in staging | bot confirmed an email change for user user_1 in staging
      bot asked to create a password reset in staging | bot created a password reset in staging
      bot asked to read a password reset in staging | bot read password reset password_reset_1 in staging
      bot asked to confirm a password reset in staging | bot confirmed a password reset in staging
      bot asked to create a Magic Auth code in staging | bot created a Magic Auth code in staging
      bot asked to read a Magic Auth code in staging | bot read Magic Auth code magic_auth_1 in staging
      bot asked to enroll an authentication factor in staging | bot enrolled an authentication factor for user user_1 in staging
      bot asked to challenge an authentication factor in staging | bot challenged authentication factor auth_factor_1 in staging
      bot asked to check an authentication challenge in staging | bot checked authentication challenge auth_challenge_1 in staging
      bot asked to list user authentication factors in staging | bot listed user authentication factors of user user_1 in staging
      bot asked to read an authentication factor in staging | bot read authentication factor authentication_factor_1 in staging
      bot asked to enroll a user authentication factor in staging | bot enrolled a user authentication factor for user user_1 in staging
      bot asked to delete an authentication factor in staging | bot deleted authentication factor authentication_factor_1 in staging
      bot asked to create an organization in staging | bot created an organization in staging
      bot asked to read an organization in staging | bot read organization organization_1 in staging
      bot asked to read an organization by external id in staging | bot read an organization by external id in staging
      bot asked to list organizations in staging | bot listed organizations in staging
      bot asked to update an organization in staging | bot updated organization organization_1 in staging
      bot asked to delete an organization in staging | bot deleted organization organization_1 in staging
      bot asked to create an organization domain in staging | bot created an organization domain for organization org_1 in staging
      bot asked to read an organization domain in staging | bot read organization domain organization_domain_1 in staging
      bot asked to delete an organization domain in staging | bot deleted organization domain organization_domain_1 in staging
      bot asked to check an organization domain in staging | bot checked organization domain organization_domain_1 in staging
      bot asked to create a portal link in staging | bot created a portal link in staging
      bot asked to list IT contacts in staging | bot listed IT contacts of organization organization_1 in staging
      bot asked to create an IT contact in staging | bot created an IT contact for organization organization_1 in staging
      bot asked to invite an IT contact in staging | bot invited an IT contact for organization organization_1 in staging
      bot asked to revoke an IT contact invitation in staging | bot revoked an IT contact invitation for organization organization_1 in staging
      bot asked to delete an IT contact in staging | bot deleted an IT contact for organization organization_1 in staging
      bot asked to read an SSO authorization URL in staging | bot read an SSO authorization URL for connection conn_1 in staging
      bot asked to read an SSO profile and token in staging | bot read an SSO profile and token in staging
      bot asked to list connections in staging | bot listed connections of organization org_1 in staging
      bot asked to read a connection in staging | bot read connection connection_1 in staging
      bot asked to delete a connection in staging | bot deleted connection connection_1 in staging
      bot asked to list directories in staging | bot listed directories in staging
      bot asked to read a directory in staging | bot read directory directory_1 in staging
      bot asked to delete a directory in staging | bot deleted directory directory_1 in staging
      bot asked to list directory users in staging | bot listed directory users of directory directory_1 and group directory_group_1 in staging
      bot asked to read a directory user in staging | bot read directory user directory_user_1 in staging
      bot asked to list directory groups in staging | bot listed directory groups of user directory_user_1 in staging
      bot asked to read a directory group in staging | bot read directory group directory_group_1 in staging
      bot asked to create an audit log event in staging | bot created an audit log event for organization org_1 in staging
      bot asked to create an audit log export in staging | bot created an audit log export for organization org_1 in staging
      bot asked to read an audit log export in staging | bot read audit log export audit_log_export_1 in staging
      bot asked to list environment roles in staging | bot listed environment roles in staging
      bot asked to list organization roles in staging | bot listed organization roles of organization org_1 in staging
      bot asked to check an authorization in staging | bot checked an authorization for organization membership organization_membership_1 in staging
      bot asked to list accessible resources in staging | bot listed accessible resources of organization membership organization_membership_1 in staging
      bot asked to list effective permissions in staging | bot listed effective permissions of organization membership organization_membership_1 in staging
      bot asked to list permissions on external resource in staging | bot listed permissions on external resource of organization membership organization_membership_1 in staging
      bot asked to list resource members in staging | bot listed resource members of resource resource_1 in staging
      bot asked to list resource members by external id in staging | bot listed resource members by external id of organization organization_1 in staging
      bot asked to list organization API keys in staging | bot listed organization API keys of organization organization_1 in staging
      bot asked to list user API keys in staging | bot listed user API keys of user user_1 in staging
      bot asked to create an organization API key in staging | bot created an organization API key for organization organization_1 in staging
      bot asked to create a user API key in staging | bot created a user API key for user user_1 in staging
      bot asked to check an API key in staging | bot checked an API key in staging
      bot asked to expire an API key in staging | bot expired API key api_key_1 in staging
      bot asked to delete an API key in staging | bot deleted API key api_key_1 in staging
      bot asked to list events in staging | bot listed events in staging"
    `);
  });

  it('knows the verb of every tool', () => {
    expect(sentences.filter((sentence) => / call(ed)? /.test(sentence))).toEqual([]);
  });

  it.each<[name: string, done: string]>([
    ['accept_invitation', `accepted invitation ${USER}`],
    ['add_group_member', `added a group member for group ${USER}`],
    ['expire_api_key', `expired API key ${USER}`],
    ['invite_it_contact', `invited IT contact ${USER}`],
    ['list_it_contacts', `listed IT contacts`],
    ['mint_agent_token', `minted an agent token`],
    ['create_redirect_uri', `created a redirect URI`],
    ['upsert_resource', `created or updated resource ${USER}`],
    ['validate_api_key', `checked API key ${USER}`],
  ])('%s', (name, done) => {
    const [, ...noun] = name.split('_');
    const argument = name === 'add_group_member' ? 'group_id' : `${noun.join('_')}_id`;
    const ids = done.includes(USER) ? { [argument]: USER } : {};
    expect(toSentence(told(name, ids), 'done')).toBe(`bot ${done} in staging`);
  });

  it('has words for every verb with which a tool may be named', () => {
    const unknown = Object.keys(VERBS).filter((verb) =>
      toSentence(told(`${verb}_thing`, {}), 'done').includes(' called '),
    );
    expect(unknown).toEqual([]);
    const declared = { route: 'GET /things', access: 'read', description: '', input: {} } as const;
    // @ts-expect-error the record has no words for it
    tool({ ...declared, name: 'merge_things' });
    expect(tool({ ...declared, name: 'list_things' }).name).toBe('list_things');
  });

  it.each<[string, Form, string]>([
    ['delete_user', 'asked', `bot asked to delete user ${USER} in staging`],
    ['delete_user', 'tried', `bot tried to delete user ${USER} in staging`],
    ['delete_user', 'done', `bot deleted user ${USER} in staging`],
    ['wait_for_events', 'done', `bot waited for events of user ${USER} in staging`],
    ['wait_for_events', 'asked', `bot asked to wait for events of user ${USER} in staging`],
    ['merge_users', 'done', 'bot called merge_users in staging'],
    ['merge_users', 'asked', 'bot asked to call merge_users in staging'],
    ['get', 'tried', 'bot tried to call get in staging'],
    ['constructor_user', 'done', 'bot called constructor_user in staging'],
    ['(unknown)', 'asked', 'bot asked to call a tool that does not exist in staging'],
  ])('%s, %s', (name, form, sentence) => {
    expect(toSentence(told(name, { user_id: USER }), form)).toBe(sentence);
  });

  it.each([
    ['staging', 'in staging'],
    ['production', 'in production'],
    ['sandbox', 'in the sandbox'],
  ])('says where: %s', (environment, where) => {
    expect(toSentence(told('list_users', {}, environment), 'done')).toBe(`bot listed users ${where}`);
  });

  it('names two objects beside its own at most', () => {
    const ids = { directory: DIRECTORY, group: GROUP, organization: ORG };
    expect(toSentence(told('list_directory_users', ids), 'done')).toBe(
      `bot listed directory users of directory ${DIRECTORY} and group ${GROUP} in staging`,
    );
  });
});

const call = told('delete_user', { user_id: 'user_1' });

describe('the sentence of a decision', () => {
  it.each<[Parameters<typeof decisionSentence>[1], string]>([
    [{ decision: 'allowed', rule: 'users:delete' }, ''],
    [{ decision: 'refused', rule: 'needs the grant users:delete' }, ': refused, needs the grant users:delete'],
    [{ decision: 'refused', rule: '' }, ': refused'],
    [{ decision: 'ask', rule: 'a person is asked' }, ': needs confirmation, a person is asked'],
  ])('%j', (decision, end) => {
    expect(decisionSentence(call, decision)).toBe(`bot asked to delete user user_1 in staging${end}`);
  });
});

describe('the sentence of an outcome claims no more than is known', () => {
  it.each<[Parameters<typeof outcomeSentence>[1], string]>([
    [{ outcome: 'ok', status: 204 }, 'bot deleted user user_1 in staging'],
    [{ outcome: 'error', status: 404 }, 'bot tried to delete user user_1 in staging: WorkOS answered 404'],
    [{ outcome: 'error' }, 'bot tried to delete user user_1 in staging: failed'],
    [{ outcome: 'unknown' }, 'bot tried to delete user user_1 in staging: outcome unknown'],
    [{ outcome: 'cancelled' }, 'bot asked to delete user user_1 in staging: cancelled'],
    [{ outcome: 'asked' }, 'bot asked to delete user user_1 in staging: confirmation requested'],
    [{ outcome: 'not sent' }, 'bot asked to delete user user_1 in staging: not sent'],
    [{ outcome: 'dry run' }, 'bot asked to delete user user_1 in staging: dry run, nothing sent'],
  ])('%j', (ended, sentence) => {
    expect(outcomeSentence(call, ended)).toBe(sentence);
  });
});
