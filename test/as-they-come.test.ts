import { describe, expect, it } from 'vitest';
import type { Arguments } from '../src/catalog/declaration.ts';
import type { Tool } from '../src/catalog/tool.ts';
import type { Reply } from '../src/workos/layer.ts';
import { CALLS } from './support/calls.ts';
import { catalog } from './support/catalog.ts';
import { openInside } from './support/inside.ts';
import { specifications } from './support/openapi.ts';
import { toolOf } from './support/requests.ts';
import { sample } from './support/samples.ts';
import { PEERS } from './support/session.ts';

const { operation } = specifications.at(-1) ?? expect.fail('no specification');

const SIGN_IN = { grant_type: 'refresh_token', refresh_token: 'r' };
const requesting = catalog.tools.filter((tool) => tool.local === undefined);
const argsOf = ({ name, paginated }: Tool) => {
  const { fields: _, ...args }: Arguments = CALLS[name]?.[0] ?? SIGN_IN;
  return paginated ? { ...args, limit: 10 } : args;
};

/** What no schema would expect of a member. */
const STRANGE: readonly unknown[] = [null, undefined, 7, 'a value of tomorrow', true, ['x'], { x: [null] }];

/** The value once for each of its members at any depth, with that member replaced. */
function* variants(value: unknown, strange: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries())
      for (const other of variants(element, strange)) yield value.with(index, other);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      yield { ...value, [name]: strange };
      for (const other of variants(member, strange)) yield { ...value, [name]: other };
    }
  }
}

/** WorkOS's answers in which one member is not as documented, without those that are no longer of the documented kind. */
function answersOf(tool: Tool): readonly unknown[] {
  const documented = sample(operation(tool.route)?.answer ?? {});
  const all = STRANGE.flatMap((strange) => [...variants(documented, strange)]);
  return all.filter(
    tool.isList
      ? isListOfObjects
      : (answer) => Object.keys(Object(answer)).some((name) => Object(answer)[name] !== undefined),
  );
}

function isListOfObjects(answer: unknown): boolean {
  const { data } = Object(answer);
  return Array.isArray(data) && data.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item));
}

describe.each(PEERS)('a %s', (peer) => {
  it('takes every answer, with any one member null, missing, new or of another type', async () => {
    let body: unknown;
    let called = '';
    // What is read first is answered as documented.
    const inside = openInside((request) => {
      const of = toolOf(request);
      if (of === undefined || of.name === called) return { body };
      const documented = Object(sample(operation(of.route)?.answer ?? {}));
      return { body: of.isList ? { ...documented, list_metadata: { before: null, after: null } } : documented };
    });
    const client = await inside.connect(peer);
    const refused: string[] = [];
    let count = 0;
    for (const tool of requesting.filter(({ output }) => output !== undefined)) {
      called = tool.name;
      for (body of answersOf(tool)) {
        const { isError, text } = await client.call(tool.name, argsOf(tool)).catch((error) => ({
          isError: true,
          text: String(error),
        }));
        count += 1;
        if (isError) refused.push(`${tool.name}: ${text}`);
      }
    }
    expect(refused).toEqual([]);
    expect(count).toBeGreaterThan(2_000);
    await client.close();
  });

  it('is told no schema of an answer', async () => {
    const client = await openInside(() => ({ body: {} })).connect(peer);
    expect(client.tools).toHaveLength(catalog.tools.length);
    expect(client.tools.filter((tool) => 'outputSchema' in tool)).toEqual([]);
    await client.close();
  });
});

/** One call of each kind of tool, with an ID that it is about. */
const READ = ['get_user', { user_id: 'user_1' }] as const;
const LIST = ['list_users', {}] as const;
const WHOLE_LIST = ['list_environment_roles', {}] as const;
const EXCHANGE = ['get_sso_profile_and_token', { code: 'c' }] as const;
const CREATE = ['create_user', { email: 'a@b.test' }] as const;
const DELETE = ['delete_user', { user_id: 'user_1' }] as const;

const reply = (status: number, body: string, type = 'application/json'): Reply => ({
  status,
  body,
  headers: { 'content-type': type },
});

async function answered([name, args]: readonly [string, Record<string, unknown>], given: Reply) {
  const inside = openInside(() => given);
  const result = await inside.call(name, args);
  return { ...result, outcomes: inside.outcomes };
}

describe('an answer of another kind', () => {
  it.each([
    [
      'an object without what a user has',
      READ,
      '{"message":"moved"}',
      'has none of the members of get_user (object, id',
    ],
    ['an empty object', READ, '{}', 'has none of the members of get_user'],
    ['a list without data', LIST, '{"object":"list"}', 'but the answer is not a list'],
    ['a list whose data is null', LIST, '{"object":"list","data":null}', 'but the answer is not a list'],
    ['a list whose data is an object', WHOLE_LIST, '{"data":{}}', 'but the answer is not a list'],
    ['a list of texts', LIST, '{"data":["a"]}', 'but the list holds something other than objects'],
  ] as const)('%s is an error of a read', async (_, call, body, fault) => {
    expect(await answered(call, reply(200, body))).toMatchObject({
      isError: true,
      text: expect.stringContaining(fault),
      outcomes: ['error'],
    });
  });

  it.each([
    ['a walk over a list without data', { max_items: 9 }],
    ['one page of it', {}],
  ])('%s is an error', async (_, args) => {
    expect(await answered(['list_users', args], reply(200, '{"object":"list"}'))).toMatchObject({ isError: true });
  });

  it.each([
    '{}',
    '{"message":"Queued"}',
    '{"user":{"id":"user_1"}}',
  ])('%s leaves open what a write did', async (body) => {
    expect(await answered(CREATE, reply(200, body))).toMatchObject({
      isError: true,
      text: expect.stringContaining('The call may have taken effect anyway: check with list_users.'),
      outcomes: ['unknown'],
    });
  });

  it('without the kind, a list is a list', async () => {
    expect(await answered(LIST, reply(200, '{"data":[{"id":"user_1"}]}'))).toMatchObject({
      structured: { data: [{ id: 'user_1' }] },
      outcomes: ['ok'],
    });
  });
});

const ACCEPTED = 'WorkOS has accepted the call (202) and is still carrying it out.';

describe('a success without an object', () => {
  it.each([
    ['no body', '', undefined],
    ['Accepted', 'Accepted', 'text/plain; charset=utf-8'],
    ['OK', 'OK', 'text/plain'],
    ['OK, called JSON', 'OK', 'application/json'],
    ['null', 'null', 'application/json'],
    ['true', 'true', 'application/json'],
    ['a number', '1', 'application/json'],
    ['a text', '"ok"', 'application/json'],
    ['an array', '[]', 'application/json'],
    ['a byte order mark alone', '\ufeff', 'application/json'],
  ])('%s is one for every write', async (_, body, type = '') => {
    for (const call of [DELETE, CREATE]) {
      expect(await answered(call, reply(202, body, type))).toMatchObject({
        structured: { ok: true, status: 202, environment: 'staging', notes: [ACCEPTED] },
        outcomes: ['ok'],
      });
      const { structured } = await answered(call, reply(200, body, type));
      expect(structured).toEqual({ ok: true, status: 200, environment: 'staging' });
    }
  });

  it('never shows what was said in its place, which could be a code', async () => {
    for (const body of ['"493021"', '493021', '["493021"]', '493021 is your code'])
      expect((await answered(['create_magic_auth', { email: 'a@b.test' }], reply(201, body))).text).not.toContain(
        '493021',
      );
  });

  it('says of an object under 202 that it is still carried out', async () => {
    expect(await answered(CREATE, reply(202, '{"id":"user_1"}'))).toMatchObject({
      structured: { id: 'user_1', notes: [ACCEPTED] },
    });
  });

  it.each([
    ['a page of HTML', '<html>Sign in</html>', 'text/html'],
    ['a page that says nothing of its kind', ' <!doctype html><p>Hello', ''],
    ['words called HTML', 'Hello', 'text/html; charset=utf-8'],
    ['JSON that breaks off', '{"id":', 'application/json'],
    ['an array that breaks off', '[{"id":1}', 'application/json'],
  ])('%s leaves open what a write did', async (_, body, type) => {
    expect(await answered(DELETE, reply(200, body, type))).toMatchObject({ isError: true, outcomes: ['unknown'] });
  });

  it.each(['', 'OK', 'null', 'true', '[]', '7', '"x"'])('%j is an error of every read', async (body) => {
    expect(await answered(READ, reply(200, body))).toMatchObject({ isError: true, outcomes: ['error'] });
    // Its code is used up, and there is no way to the tokens.
    expect(await answered(EXCHANGE, reply(200, body))).toMatchObject({ isError: true, outcomes: ['unknown'] });
  });
});

it.each([READ, CREATE])('skips a byte order mark before JSON (%s)', async (...call) => {
  expect(await answered(call, reply(200, '\ufeff{"id":"user_1"}'))).toMatchObject({
    structured: { id: 'user_1' },
    outcomes: ['ok'],
  });
  expect((await answered(call, reply(400, '\ufeff{"message":"No."}'))).text).toContain('400 Bad Request: "No".');
});

describe('what was removed is told with its member,', () => {
  it.each<[string, string, Record<string, unknown>, unknown, string]>([
    [
      'of an object',
      'get_user',
      { user_id: 'u' },
      { id: 'u', last_name: 'a\u200b' },
      '1 invisible or control character was removed from last_name.',
    ],
    [
      'of several members',
      'get_user',
      { user_id: 'u' },
      { name: 'a\u200b', email: '\u200bb\u200b' },
      '3 invisible or control characters were removed from name, email.',
    ],
    [
      'of an inner object',
      'get_organization',
      { organization_id: 'o' },
      { domains: [{ domain: 'a\u200b' }] },
      '1 invisible or control character was removed from domains.domain.',
    ],
    [
      'of items',
      'list_users',
      {},
      { data: [{ id: 'u', first_name: 'a\u200b' }] },
      '1 invisible or control character was removed from first_name.',
    ],
    [
      'of items of a walk',
      'list_users',
      { max_items: 5 },
      { data: [{ id: 'u', first_name: 'a\u200b' }] },
      '1 invisible or control character was removed from first_name.',
    ],
    [
      'but not by a name from outside',
      'get_user',
      { user_id: 'u' },
      { id: 'u', metadata: { 'sk_live\u200b': 'b\u200b' } },
      '2 invisible or control characters were removed from metadata.',
    ],
    [
      'if it has one',
      'get_user',
      { user_id: 'u' },
      { id: 'u', tomorrow: 'b\u200b' },
      '1 invisible or control character was removed from the text.',
    ],
  ])('%s', async (_, name, args, body, note) => {
    const { structured } = await openInside(() => ({ body })).call(name, args);
    expect(Object(structured).notes).toContain(note);
  });
});
