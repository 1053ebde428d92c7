import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseArguments } from '../src/call/arguments.ts';
import { tool as declare } from '../src/catalog/declaration.ts';
import { placeOf, type Tool, toTool } from '../src/catalog/tool.ts';
import { CALLS, SIGN_IN } from './support/calls.ts';
import { catalog } from './support/catalog.ts';

type Args = Readonly<Record<string, unknown>>;

const DEEP = `${'['.repeat(100)}${']'.repeat(100)}`;

const toolOf = (name: string): Tool =>
  catalog.tools.find((tool) => tool.name === name) ?? expect.fail(`there is no ${name}`);

const withoutCredentials = (name: string): Tool =>
  toolOf(name).restricted ?? expect.fail(`${name} has no restricted form`);

const understood = (tool: Tool, args: unknown) => parseArguments(tool, args, { maxItems: 1_000 });

/** The arguments as everything sees them, or the refusal. */
function outcome(tool: Tool, args: unknown): unknown {
  try {
    return understood(tool, args).args;
  } catch (error) {
    return String(error);
  }
}

const notesOf = (name: string, args: Args) => understood(toolOf(name), args).notes;

const SIGN_INS = [{ grant_type: 'password', email: SIGN_IN.email, password: SIGN_IN.password, ip_address: '::1' }];

/** Each tool in each of its forms, with its calls as far as the form takes them. */
const calls = catalog.tools.flatMap((tool) =>
  [tool, tool.restricted].flatMap((form) => {
    if (form === undefined) return [];
    const rows = tool.name === 'authenticate_user' ? SIGN_INS : (CALLS[tool.name] ?? expect.fail(tool.name));
    return rows.map((row) => {
      const taken = Object.entries(row).filter(([name]) => Object.hasOwn(form.input, name));
      const { clear, ...args } = Object.fromEntries(taken);
      const cleared = form.clearable.filter((name) => [clear].flat().includes(name));
      return { form, args: clear === undefined ? args : { ...args, clear: cleared } };
    });
  }),
);

const without = (args: Args, name: string): Args =>
  Object.fromEntries(Object.entries(args).filter(([other]) => other !== name));

describe('in every tool', () => {
  it('null for an optional argument means that it was not given', () => {
    let tried = 0;
    for (const { form, args } of calls) {
      const optional = Object.entries(form.input).filter(([, schema]) => schema instanceof z.ZodOptional);
      for (const name of [...optional.map(([name]) => name), ...form.lacking.filter((name) => !name.includes('.'))]) {
        tried += 1;
        expect(outcome(form, { ...args, [name]: null }), `${form.form} ${name}`).toEqual(
          outcome(form, without(args, name)),
        );
      }
    }
    expect(tried).toBeGreaterThan(300);
  });

  it('JSON text of an argument that is no text means its value', () => {
    let tried = 0;
    for (const { form, args } of calls) {
      for (const [name, value] of Object.entries(args)) {
        if (typeof value === 'string') continue;
        tried += 1;
        const text = ` ${JSON.stringify(value)}\n`;
        expect(outcome(form, { ...args, [name]: text }), `${form.form} ${name}`).toEqual(outcome(form, args));
      }
    }
    expect(tried).toBeGreaterThan(30);
  });

  it('text stays text', () => {
    for (const { form, args } of calls) {
      for (const [name, value] of Object.entries(args)) {
        if (typeof value !== 'string') continue;
        const texts = ['5', 'true', 'null', '["x"]', '{"a":1}', ' "x"'];
        for (const text of texts) {
          const parsed = outcome(form, { ...args, [name]: text });
          if (typeof parsed === 'object') expect(Object(parsed)[name], `${form.form} ${name}`).toBe(text);
        }
      }
    }
  });

  it.each<[Args]>([
    [{ toolCallId: 'call_1' }],
    [{ toolCallId: 'call_1', sessionId: 's', action: 'sendMessage', chatInput: 'hi' }],
    [{ task_progress: '- [ ] x' }],
    [{ _sessionID: 's', _meta: { a: null } }],
  ])('what a framework adds is ignored, with a note: %j', (added) => {
    for (const { form, args } of calls) {
      expect(outcome(form, { ...args, ...added }), form.form).toEqual(outcome(form, args));
      if (typeof outcome(form, args) === 'string') continue;
      expect(understood(form, { ...args, ...added }).notes, form.form).toEqual([
        `Ignored, because the tool has no such arguments: ${Object.keys(added).join(', ')}.`,
      ]);
    }
  });

  it('but an argument of that name is one, in a form without it too', () => {
    const thing = toTool(
      { name: 'things', title: 'Things' },
      declare({
        name: 'create_thing',
        route: 'POST /things',
        access: 'write',
        description: 'Create a thing.',
        input: { toolCallId: z.string().optional(), _secret: z.string().optional() },
        credentials: { secrets: ['_secret'] },
      }),
    );
    const args = { toolCallId: 'a', _secret: 'b' };
    expect(understood(thing, args)).toEqual({ args, notes: [] });
    expect(outcome(thing.restricted ?? expect.fail(), args)).toContain('_secret needs the grant things:credentials');
  });

  it.each([
    'organisation',
    'sessionId',
    'action',
    'toolcallid',
    '_',
    'a_b',
    '_\u200bx',
  ])('an unknown argument stays an error: %j', (name) => {
    for (const { form, args } of calls) {
      expect(outcome(form, { ...args, [name]: 'x' }), form.form).toContain(`${name}: there is no such argument.`);
    }
  });

  it('and text that is understood is checked as the value is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...calls), fc.jsonValue(), ({ form, args }, value) => {
        for (const [name, own] of Object.entries(args)) {
          if (typeof own === 'string' || typeof value === 'string' || value === null) continue;
          const asText = outcome(form, { ...args, [name]: JSON.stringify(value) });
          if (typeof asText !== 'string') expect(asText).toEqual(outcome(form, { ...args, [name]: value }));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('JSON text', () => {
  it.each<[string, Args, string]>([
    ['create_user', { email: 'a@a.test', metadata: '{"__proto__":"x"}' }, '__proto__ is not a valid name'],
    ['list_users', { fields: DEEP }, 'nested too deeply'],
    ['list_users', { limit: '101' }, 'limit: Too big'],
    ['list_users', { limit: '1.5' }, 'limit: '],
    ['list_users', { limit: 'five' }, 'limit: Invalid input: expected number, received string'],
    ['list_users', { limit: '"5"' }, 'expected number, received string'],
    ['list_users', { limit: 'true' }, 'expected number, received string'],
    ['list_users', { fields: '{"0":"id"}' }, 'expected array, received string'],
    ['create_user', { email: 'a@a.test', metadata: '{"team":1}' }, 'metadata.team: Invalid input'],
    ['update_user', { user_id: 'u', email_verified: '"true"' }, 'expected boolean, received string'],
  ])('%s %j is refused: %s', (name, args, message) => {
    expect(outcome(toolOf(name), args)).toContain(message);
  });

  it('is read at any depth, and once', () => {
    const event = {
      action: 'a',
      occurred_at: '2026-01-01T00:00:00Z',
      actor: '{"id":"1","type":"user","name":null}',
      targets: '[{"id":"2","type":"team"}]',
      context: { location: '192.0.2.1', user_agent: null },
      version: '2',
    };
    const create = toolOf('create_audit_log_event');
    expect(
      understood(create, {
        organization_id: 'org_1',
        event: JSON.stringify({
          ...event,
          actor: { id: '1', type: 'user' },
          targets: [{ id: '2', type: 'team' }],
          version: 2,
        }),
      }).args,
    ).toEqual(understood(create, { organization_id: 'org_1', event }).args);
    expect(outcome(create, { organization_id: 'org_1', event: JSON.stringify(event) })).toContain(
      'event.actor: Invalid input: expected object, received string.',
    );
  });

  it('is narrowed as the value is', () => {
    const domains = [{ domain: 'a.test', state: 'verified' }];
    const create = withoutCredentials('create_organization');
    expect(outcome(create, { name: 'A', domain_data: JSON.stringify(domains) })).toBe(
      outcome(create, { name: 'A', domain_data: domains }),
    );
  });
});

describe('empty arguments', () => {
  it.each<[string, Args, readonly string[]]>([
    ['list_users', { email: '' }, ['email was empty: these are all users.']],
    [
      'list_directories',
      { organization_id: '', search: '' },
      ['organization_id was empty: these are all directories.', 'search was empty: these are all directories.'],
    ],
    ['list_users', { email: '', organization_id: 'org_1' }, ['email was empty and filters nothing.']],
    ['list_organizations', { domains: '[]' }, ['domains was empty: these are all organizations.']],
    [
      'list_users',
      { after: '', fields: [], email: '' },
      [
        'email was empty: these are all users.',
        'after was empty and was left out.',
        'fields was empty and was left out.',
      ],
    ],
    ['list_users', { email: null, limit: null }, []],
    [
      'list_connections',
      { connection_type: {}, toolCallId: 'c' },
      [
        'connection_type was empty: these are all connections.',
        'Ignored, because the tool has no such arguments: toolCallId.',
      ],
    ],
  ])('of the read %s are left out: %j', (name, args, notes) => {
    expect(notesOf(name, args)).toEqual(notes);
  });

  it.each<[string, Args, string]>([
    ['list_directory_users', { directory: '' }, 'directory: Too small'],
    ['list_directory_users', { directory: null }, 'Give directory or group'],
    ['list_directory_groups', { user: '' }, 'user: Too small'],
    ['list_directory_groups', {}, 'Give directory or user'],
    ['get_sso_authorization_url', { redirect_uri: 'https://a.test', connection: '' }, 'connection: Too small'],
    ['get_user', { user_id: '' }, 'user_id: Too small'],
    ['create_user', { email: '' }, 'email: Invalid email address'],
    [
      'create_audit_log_export',
      { organization_id: 'o', range_start: '2026-01-01T00:00:00Z', range_end: '2026-01-02T00:00:00Z', actions: [] },
      'actions: Too small',
    ],
  ])('are an error where %s needs them: %j', (name, args, message) => {
    expect(outcome(toolOf(name), args)).toContain(message);
  });

  it('stay a value in a write', () => {
    expect(outcome(toolOf('update_user'), { user_id: 'u', first_name: '' })).toEqual({ user_id: 'u', first_name: '' });
  });
});

describe('clear', () => {
  const user = { user_id: 'user_1' };

  it('is the members that it names', () => {
    expect(outcome(toolOf('update_user'), { ...user, clear: ['metadata', 'locale'], first_name: 'A' })).toEqual({
      ...user,
      first_name: 'A',
      locale: null,
      metadata: null,
    });
    expect(outcome(toolOf('update_user'), { ...user, clear: '["metadata"]' })).toEqual({ ...user, metadata: null });
    expect(outcome(toolOf('update_user'), { ...user, clear: [], locale: 'nl' })).toEqual({ ...user, locale: 'nl' });
  });

  it.each<[Args, string, Tool]>([
    [{ clear: ['metadata'], metadata: { a: 'b' } }, 'metadata is both given and in clear', toolOf('update_user')],
    [{ clear: ['metadata'], metadata: { a: null } }, 'metadata is both given and in clear', toolOf('update_user')],
    [{ clear: ['first_name'] }, 'clear.0: Invalid option', toolOf('update_user')],
    [{ clear: ['user_id'] }, 'clear.0: Invalid option', toolOf('update_user')],
    [{ clear: ['__proto__'] }, 'clear.0: Invalid option', toolOf('update_user')],
    [{ clear: 'metadata' }, 'clear: Invalid input: expected array', toolOf('update_user')],
    [{ metadata: {} }, 'give clear: ["metadata"] instead', toolOf('update_user')],
    [
      { clear: ['external_id'] },
      'clear: external_id needs the grant users:credentials',
      withoutCredentials('update_user'),
    ],
    [{ clear: ['password'] }, 'clear.0: Invalid option', withoutCredentials('update_user')],
    [{ email: 'a@a.test', clear: ['metadata'] }, 'clear: there is no such argument', toolOf('create_user')],
  ])('refuses %j: %s', (args, message, tool) => {
    expect(outcome(tool, { ...(tool.method === 'PUT' && user), ...args })).toContain(message);
  });

  it('names what each form of an update may clear, and no schema shows null beside it', () => {
    const forms = catalog.tools.flatMap((tool) => [tool, ...(tool.restricted ? [tool.restricted] : [])]);
    const shown = forms
      .filter(({ clearable }) => clearable.length > 0)
      .map(({ form, clearable, jsonSchema }) => {
        const { properties } = Object(jsonSchema());
        expect(properties.clear.items.enum, form).toEqual(clearable);
        for (const name of clearable) expect(properties[name].type, `${form} ${name}`).toMatch(/^(string|object)$/);
        return [form, clearable];
      });
    expect(Object.fromEntries(shown)).toMatchObject({
      update_user: ['external_id', 'locale', 'metadata'],
      'update_user, restricted': ['locale', 'metadata'],
      update_organization: ['external_id', 'metadata'],
      'update_organization, restricted': ['metadata'],
    });
  });

  it('belongs to a PATCH as to a PUT, and to no other method', () => {
    const patch = (route: 'PATCH /things/{thing_id}' | 'POST /things/{thing_id}') =>
      toTool(
        { name: 'things', title: 'Things' },
        declare({
          name: 'update_thing',
          route,
          access: 'write',
          description: 'Change a thing.',
          input: { thing_id: z.string(), note: z.string().nullable().optional(), until: z.string().nullable() },
        }),
      );
    const [changing, posting] = [patch('PATCH /things/{thing_id}'), patch('POST /things/{thing_id}')];
    expect(changing.clearable).toEqual(['note']);
    expect(placeOf(changing, 'clear')).toBe('server');
    expect(outcome(changing, { thing_id: 't', note: null, until: null })).toEqual({ thing_id: 't', until: null });
    expect(posting.clearable).toEqual([]);
  });
});

describe('pairs of metadata', () => {
  it('are removed by null in an update, and refused in a create', () => {
    const metadata = { team: null, tier: 'gold' };
    expect(outcome(toolOf('update_user'), { user_id: 'u', metadata })).toEqual({ user_id: 'u', metadata });
    expect(outcome(toolOf('create_user'), { email: 'a@a.test', metadata })).toContain('metadata.team: Invalid input');
  });
});

describe('email addresses', () => {
  const takes = (email: string) => typeof outcome(toolOf('create_user'), { email }) !== 'string';
  it.each([
    'ada@example.com',
    "o'neil+x@sub.example.co.uk",
    'ada@xn--bcher-kva.example',
    'ada@example.xn--p1ai',
    'ada@bücher.example',
    '用户@例子.公司',
    'jörg@example.com',
    'ada@पुस्तकालय.भारत',
  ])('%s is taken', (email) => expect(takes(email)).toBe(true));
  it.each([
    'nobody',
    '@example.com',
    'ada@',
    'ada@example',
    'ada@@example.com',
    'a b@example.com',
    '.ada@example.com',
    'ada.@example.com',
    'a..b@example.com',
    'ada@example..com',
    'ada@-example.com',
    '<ada@example.com>',
    'ada@example.com, ben@example.com',
    'ada\u200b@example.com',
    'ada@exam\u00adple.com',
    'ada@example.com\n',
  ])('%j is refused', (email) => expect(takes(email)).toBe(false));
});

describe('redirect_uri', () => {
  const takes = (redirect_uri: string) =>
    typeof outcome(toolOf('get_sso_authorization_url'), { redirect_uri, connection: 'conn_1' }) !== 'string';
  it.each([
    'https://app.test/cb?x=1',
    'http://localhost:3000/cb',
    'http://127.0.0.1/cb',
    'myapp://callback',
    'com.example.app:/callback',
  ])('%s is taken', (uri) => expect(takes(uri)).toBe(true));
  it.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    ' javascript:alert(1)',
    '\u0001javascript:alert(1)',
    'java\tscript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'DATA:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://a.test/1',
    'about:blank',
    'view-source:https://a.test',
    '/callback',
    'app.test/cb',
    'https://',
    '',
  ])('%j is refused', (uri) => expect(takes(uri)).toBe(false));
});

it('a limit that is too large names max_items', () => {
  expect(outcome(toolOf('list_users'), { limit: 1_000 })).toContain('give max_items instead of limit');
  expect(outcome(toolOf('list_users'), { limit: 0 })).not.toContain('max_items');
});
