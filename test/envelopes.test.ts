import { describe, expect, it } from 'vitest';
import { CALL_KINDS, type CallKind, callToolOf, kindOf } from '../src/access/call-kind.ts';
import { createPolicy } from '../src/access/policy.ts';
import type { Arguments } from '../src/catalog/declaration.ts';
import { createOffer } from '../src/mcp/offer.ts';
import { mayAsk } from '../src/mcp/server.ts';
import { createOwnTools } from '../src/start/own-tools.ts';
import type { ApiRequest } from '../src/workos/layer.ts';
import { type CallingOptions, connectCalling } from './support/calling.ts';
import { CALLS } from './support/calls.ts';
import { ASKED, catalog, FIXED, toGrants } from './support/catalog.ts';
import { answer } from './support/sandbox-calls.ts';

const USER = 'user_01E4ZCR3C56J083X43JQXF3JK5';
const ORGANIZATION = 'org_01EHZNVPK3SFK441A1RGBFSHRT';

/** Answers as WorkOS does, and keeps what it was asked. */
function upstream() {
  const sent: object[] = [];
  const workos = async ({ method, path, body }: ApiRequest) => {
    sent.push({ method, path, body });
    const text = await answer(new Request(`https://workos.test${path}`, { method })).text();
    const value = text === '' ? {} : JSON.parse(text);
    // The examples have IDs of their own, and a preview is about the object that was asked for.
    return value.id === undefined ? value : { ...value, id: path.split(/[?/]/).at(-1) };
  };
  return { sent, workos };
}

/** A client to which nothing is listed but the server's own tools. */
async function open(options: Partial<CallingOptions> = {}) {
  const { sent, workos } = upstream();
  const calling = await connectCalling({ asks: false, isListed: () => false, workos, ...options });
  /** What a call leaves behind: what was sent, what the client got, and what the record has but for places and times. */
  const trace = async (name: string, args: object) => {
    const [before, seen] = [calling.record().length, sent.length];
    const { text, isError = false } = await calling.call(name, args);
    const entries = calling
      .record()
      .slice(before)
      .map((entry) => {
        const { seq: _, time: __, prev: ___, of: ____, ms: _____, via, ...rest } = Object(entry);
        return { via, rest };
      });
    return {
      sent: sent.slice(seen),
      text: text.replace(/ms: \d+/, ''),
      isError,
      record: entries.map(({ rest }) => rest),
      via: entries.flatMap(({ via }) => via ?? []),
    };
  };
  const byName = (name: string, args: object) => trace(name, args);
  const byCallTool = (kind: CallKind, name: string, args: object) => trace(callToolOf(kind), { name, arguments: args });
  return { ...calling, trace, byName, byCallTool };
}

const kindFor = (name: string, args: Arguments, grants: string): CallKind => {
  const policy = createPolicy(catalog, toGrants(grants));
  const tool = catalog.tools.find((one) => one.name === name) ?? expect.fail();
  const isRestricted = policy.whyRestricted(tool) !== undefined;
  const cleared = Object.fromEntries([args.clear ?? []].flat().map((member) => [member, null]));
  return kindOf((isRestricted && tool.restricted) || tool, isRestricted, { ...args, ...cleared });
};

/** The generated key differs from call to call. */
const withoutKeys = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null).replace(/"idempotency_key":"[^"]*"/g, '"":""'));

describe('a call through a call tool is the call itself:', () => {
  const rows = catalog.tools.flatMap(({ name }) => (CALLS[name] ?? []).map((args) => ({ name, args })));

  it.each(rows)('$name $args', async ({ name, args }) => {
    const client = await open({ confirm: 'off' });
    const kind = kindFor(name, args, '*:full *:credentials');
    const [plain, inner] = [await client.byName(name, args), await client.byCallTool(kind, name, args)];
    expect(withoutKeys(inner.sent)).toEqual(withoutKeys(plain.sent));
    expect({ ...inner, sent: [], via: [] }).toEqual({ ...plain, sent: [], via: [] });
    expect(inner.via).toEqual([callToolOf(kind)]);
    for (const other of CALL_KINDS.filter((one) => one !== kind)) {
      const wrong = await client.byCallTool(other, name, args);
      expect(wrong).toMatchObject({ sent: [], isError: true, via: [callToolOf(other)] });
      expect(wrong.text).toContain(`${name} was not sent. ${callToolOf(other)} does not take this call`);
      expect(wrong.text).toContain(`Use ${callToolOf(kind)}.`);
      expect(wrong.record).toMatchObject([{ tool: name, decision: 'refused' }]);
    }
    await client.close();
  });

  it.each(ASKED)('%s with its question and its token', async (name) => {
    const args = CALLS[name]?.[0] ?? {};
    const kind = kindFor(name, args, '*:full *:credentials');
    const client = await open();
    const asked = await client.byCallTool(kind, name, args);
    expect(asked.text).toContain(`call ${name} (by call_`);
    const [, token = ''] = /confirm_token="([^"]+)"/.exec(asked.text) ?? [];
    const outside = await client.trace(callToolOf(kind), { name, arguments: args, confirm_token: token });
    expect(outside.text).toContain(
      'confirm_token: there is no such argument. The arguments of the tool go into "arguments".',
    );
    expect(outside.sent).toEqual([]);
    const done = await client.byCallTool(kind, name, { ...args, confirm_token: token });
    expect(done.isError).toBe(false);
    expect(done.record).toMatchObject([{ confirmation: 'repeated by the model' }, { outcome: 'ok' }]);
    await client.close();
  });

  it.each<[what: string, name: string, args: object]>([
    ['a withheld argument', 'update_user', { user_id: USER, password: 'x' }],
    ['a withheld argument that is cleared', 'update_user', { user_id: USER, clear: ['external_id'] }],
    ['a malformed argument', 'get_user', { user_id: 7 }],
    ['an unknown argument', 'get_user', { user_id: USER, other: 1 }],
    ['a missing argument', 'get_user', {}],
    ['an unknown tool', 'no_such_tool', {}],
    ['a tool that is off', 'authenticate_user', { grant_type: 'password' }],
  ])('refuses %s alike', async (_, name, args) => {
    const client = await open({ grants: '*:full', confirm: 'off' });
    const kind = name.startsWith('get') ? 'read' : 'write';
    const [plain, inner] = [await client.byName(name, args), await client.byCallTool(kind, name, args)];
    expect(plain).toMatchObject({ isError: true, sent: [] });
    expect({ ...inner, via: [] }).toEqual({ ...plain, via: [] });
    await client.close();
  });

  it('asks a person about the inner call', async () => {
    const args = { user_id: USER };
    const client = await open({
      asks: true,
      confirm: 'strict',
      respond: () => ({ result: { action: 'accept', content: { confirm: USER.slice(-6) } } }),
    });
    const { isError, via, record } = await client.byCallTool('delete', 'delete_user', args);
    expect(client.asked).toEqual([expect.stringContaining(`delete user`)]);
    expect(isError).toBe(false);
    expect(new Set(via)).toEqual(new Set(['call_delete_tool']));
    expect(record).toMatchObject([{ decision: 'ask' }, { outcome: 'asked' }, { confirmation: 'client prompt' }, {}]);
    await client.close();
  });

  it.each<[args: object, asks: boolean]>([
    [{ name: 'delete_user', arguments: { user_id: USER } }, true],
    [{ name: 'get_organization_domain' }, false],
    [{ name: 'no_such_tool' }, false],
    [{}, false],
  ])('may ask a person where the inner tool may: %j', (args, asks) => {
    const grants = toGrants('*:full');
    const policy = createPolicy(catalog, grants);
    const own = createOwnTools(catalog)({ name: 'a', grants, policy }, { statusTool: true, isListed: () => false });
    const offer = createOffer({ agent: 'a', catalog, policy, environment: 'staging', confirm: 'auto', ...own });
    expect(mayAsk(offer, { name: 'call_delete_tool', arguments: args })).toBe(asks);
  });

  it('dry runs the inner call', async () => {
    const client = await open({ confirm: 'off', dryRun: true });
    const args = { organization_id: ORGANIZATION };
    const [plain, inner] = [
      await client.byName('delete_organization', args),
      await client.byCallTool('delete', 'delete_organization', args),
    ];
    expect({ ...inner, via: [] }).toEqual({ ...plain, via: [] });
    expect(inner.sent).toEqual([]);
    await client.close();
  });
});

describe('a call tool', () => {
  it.each<[what: string, args: object, text: string]>([
    ['no name', {}, 'name is required.'],
    ['a name that is not a text', { name: 7 }, 'name: Invalid input: expected string'],
    ['arguments that are not an object', { name: 'get_user', arguments: [1] }, 'arguments: Invalid input'],
    [
      'arguments beside the name',
      { name: 'get_user', user_id: USER },
      'The arguments of the tool go into "arguments".',
    ],
    ['itself', { name: 'call_read_tool', arguments: { name: 'get_user' } }, 'Call it by its own name.'],
    ['another call tool', { name: 'call_delete_tool', arguments: { name: 'delete_user' } }, 'Call it by its own name.'],
    ['the status tool', { name: 'get_access_status' }, 'Call it by its own name.'],
    ['find_tools', { name: 'find_tools' }, 'Call it by its own name.'],
    ['too many values', { name: 'get_user', arguments: { user_id: Array(20_000).fill(0) } }, 'too many values'],
  ])('refuses %s, sends nothing and records its own name', async (_, args, text) => {
    const client = await open();
    const refused = await client.trace('call_read_tool', args);
    expect(refused).toMatchObject({ isError: true, sent: [], via: [] });
    expect(refused.text).toContain('call_read_tool was not sent. ');
    expect(refused.text).toContain(text);
    expect(refused.record).toMatchObject([{ tool: 'call_read_tool', decision: 'refused' }]);
    await client.close();
  });

  it.each([
    ' get_user',
    'GET_USER',
    'get_user ',
    'get-user',
    'toString',
    '__proto__',
  ])('takes no tool by the name %j', async (name) => {
    const client = await open();
    expect(await client.trace('call_read_tool', { name, arguments: { user_id: USER } })).toMatchObject({
      isError: true,
      sent: [],
    });
    await client.close();
  });

  it('takes arguments as JSON text, and says what it dropped', async () => {
    const client = await open();
    const { text, sent } = await client.trace('call_read_tool', {
      name: 'get_user',
      arguments: JSON.stringify({ user_id: USER }),
      toolCallId: 'c1',
    });
    expect(sent).toMatchObject([{ path: `/user_management/users/${USER}` }]);
    expect(text).toContain('Ignored, because the tool has no such arguments: toolCallId.');
    await client.close();
  });
});

/** The calls without optional arguments, by kind. */
const KINDS: readonly (readonly [grants: string, kinds: Readonly<Record<CallKind, string>>])[] = [
  [
    '*:full *:credentials',
    {
      read: 'get_user list_users get_organization list_organizations get_organization_domain get_sso_authorization_url list_connections get_connection list_directory_users get_directory_user list_directory_groups get_directory_group list_environment_roles list_organization_roles',
      write:
        'create_user update_user create_organization update_organization create_organization_domain verify_organization_domain create_audit_log_event',
      delete: 'delete_user delete_organization delete_connection delete_directory',
      // Reads whose answers have secrets are here: a person who allows all reads has not allowed those.
      credential:
        'authenticate_user create_magic_auth get_magic_auth enroll_auth_factor challenge_auth_factor verify_auth_challenge get_sso_profile_and_token list_directories get_directory create_audit_log_export get_audit_log_export',
    },
  ],
  [
    '*:full',
    {
      read: 'get_user list_users get_magic_auth get_organization list_organizations get_organization_domain get_sso_authorization_url list_connections get_connection list_directories get_directory list_directory_users get_directory_user list_directory_groups get_directory_group get_audit_log_export list_environment_roles list_organization_roles',
      write:
        'create_user update_user create_magic_auth enroll_auth_factor challenge_auth_factor create_organization update_organization create_organization_domain verify_organization_domain create_audit_log_event create_audit_log_export',
      delete: 'delete_user delete_organization delete_connection delete_directory',
      credential: '',
    },
  ],
];

describe('the kind of a call', () => {
  it.each<[args: Arguments, kind: CallKind]>([
    [{ user_id: USER, first_name: 'Ada' }, 'write'],
    [{ user_id: USER, email: 'a@example.com' }, 'credential'],
    [{ user_id: USER, password: 'x' }, 'credential'],
    [{ user_id: USER, external_id: null }, 'credential'],
  ])('update_user %j is a %s', (args, kind) => {
    expect(kindFor('update_user', args, '*:full *:credentials')).toBe(kind);
  });

  const namesOf = (grants: string, kind: CallKind) => {
    const policy = createPolicy(catalog, toGrants(grants));
    const on = catalog.tools.filter((tool) => FIXED.has(tool.name) && policy.whyOff(tool) === undefined);
    return on.map(({ name }) => name).filter((name) => kindFor(name, {}, grants) === kind);
  };
  it.each(KINDS)('for %s', (grants, kinds) => {
    for (const kind of CALL_KINDS) expect(namesOf(grants, kind), kind).toEqual(kinds[kind].split(' ').filter(Boolean));
  });
});

describe('what is offered where not all tools are listed', () => {
  const namesListed = (
    grants: string,
    isListed: (tool: { readonly listed?: true }) => boolean = ({ listed }) => listed === true,
  ) => {
    const given = toGrants(grants);
    const policy = createPolicy(catalog, given);
    const own = createOwnTools(catalog)({ name: 'a', grants: given, policy }, { statusTool: true, isListed });
    const offer = createOffer({ agent: 'a', catalog, policy, environment: 'staging', confirm: 'auto', ...own });
    return { listed: offer.list.tools.map(({ name }) => name), callable: [...offer.tools.keys()] };
  };

  it.each<[grants: string, own: readonly string[]]>([
    [
      '*:full *:credentials',
      ['find_tools', 'call_read_tool', 'call_write_tool', 'call_delete_tool', 'call_credential_tool'],
    ],
    ['*:full', ['find_tools', 'call_read_tool', 'call_write_tool', 'call_delete_tool']],
    ['*:read', ['find_tools', 'call_read_tool']],
    ['users:full', ['find_tools', 'call_read_tool', 'call_delete_tool']],
    ['list_users get_user', []],
  ])('has for %s the call tools that have something behind them: %j', (grants, own) => {
    const { listed, callable } = namesListed(grants);
    const from = (names: readonly string[]) => names.filter((name) => /^(find|call)_/.test(name));
    expect(from(listed)).toEqual(own);
    expect(from(callable)).toEqual(own);
  });

  it('lists no delete, and has every tool that is on callable by its name', () => {
    const { listed, callable } = namesListed('*:full *:credentials');
    const deletes = catalog.tools.filter(({ access }) => access === 'delete').map(({ name }) => name);
    expect(listed.filter((name) => deletes.includes(name))).toEqual([]);
    expect(callable.filter((name) => FIXED.has(name))).toHaveLength(36);
  });
});
