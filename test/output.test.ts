import { createHash } from 'node:crypto';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  concise,
  deprecated,
  detail,
  knownFields,
  listItem,
  marked,
  omittedFromLists,
  toListed,
} from '../src/catalog/output.ts';
import { areas } from '../tools/index.ts';
import { answerDifferences } from './support/answers.ts';
import { specifications, type Version } from './support/openapi.ts';

type Entry = {
  /** Lines of answerDifferences. */
  readonly lines: readonly string[];
  readonly in: readonly Version[];
  readonly reason: string;
};

const BOTH: readonly Version[] = ['npm', '0.61.0'];
const newer = (...members: string[]): Entry => ({
  lines: members.map((member) => `${member}: unknown`),
  in: ['npm'],
  reason: 'new in 0.61.0',
});
const nullable = (members: string[], reason: string): Entry => ({
  lines: members.map((member) => `${member}=null: accepts`),
  in: BOTH,
  reason,
});

const SDK = 'The official SDK declares it nullable.';
const EMULATOR = 'The official emulator answers null.';

/** In what the declared outputs and the official OpenAPI file differ, and why that is right. */
const LEDGER: readonly Entry[] = [
  newer('user.name', 'user.radar_auth_attempt_id', 'magic_auth.radar_auth_attempt_id'),
  newer('api_key.expires_at', 'validate_api_key.agent_registration_id'),
  newer('organization_membership.roles'),
  { lines: ['connection.options: absent'], in: ['npm'], reason: 'gone in 0.61.0' },
  nullable(['directory_group.organization_id', 'directory_user.organization_id'], SDK),
  nullable(['organization.stripe_customer_id', 'authenticate_user.organization_id'], EMULATOR),
  nullable(['directory.organization_id', 'directory.domain', 'directory.external_key'], EMULATOR),
];

const tools = areas.flatMap((area) => area.tools);
const answering = tools.flatMap(({ name, route, local, output }) =>
  output === undefined ? [] : [{ name, route, local, output }],
);

function outputOf(name: string): z.ZodObject {
  const output = tools.find((tool) => tool.name === name)?.output;
  if (output === undefined) throw new Error(`there is no output of ${name}`);
  return toListed(output);
}

describe.each(specifications)('by the official OpenAPI file ($version)', ({ version, operation }) => {
  const ledger = LEDGER.filter((entry) => entry.in.includes(version)).flatMap(({ lines }) => lines);
  // What is within events is of as many forms as there are types, none of which is declared: test/events.test.ts.
  const found = ({ name, route, output }: (typeof answering)[number]) =>
    answerDifferences(name, output, operation(route)?.answer ?? {}).filter(
      (line) => !/^event\.(data|context)[.=]/.test(line),
    );
  // Routes that a file lacks stand on the ledger of test/contract.test.ts; of a URL that is built here, the file may know
  // a redirect alone.
  const there = answering.filter(({ route, local }) => operation(route)?.[local === undefined ? 'path' : 'answer']);

  it('exactly the tools whose answer has a body declare one', () => {
    const withBody = tools.filter(({ route }) => operation(route)?.answer !== undefined);
    expect(there.map(({ name }) => name)).toEqual(withBody.map(({ name }) => name));
  });

  it.each(there)('$name declares what WorkOS answers, but for what the ledger says', (tool) => {
    expect(found(tool).filter((line) => !ledger.includes(line))).toEqual([]);
  });

  it('has nothing on the ledger that is no longer so', () => {
    const all = there.flatMap(found);
    expect(ledger.filter((line) => !all.includes(line))).toEqual([]);
    expect(ledger).toEqual([...new Set(ledger)]);
  });
});

const thing = z.looseObject({
  object: detail(z.string()),
  id: z.string(),
  picture: detail(z.string().nullable()).optional(),
  parts: z.array(z.looseObject({ id: z.string(), weight: detail(z.number()) })).optional(),
  old: deprecated(z.array(z.looseObject({ weight: detail(z.number()) }))),
});
const things = z.looseObject({ object: z.string(), data: z.array(thing).optional() });

describe('what a declaration says of lists', () => {
  it.each([
    ['an object', thing, ['object', 'id', 'picture', 'parts', 'old']],
    ['a list', things, ['object', 'id', 'picture', 'parts', 'old']],
    ['the verdict on a code', outputOf('verify_auth_challenge'), ['challenge', 'valid']],
    [
      'a list without cursors',
      outputOf('list_environment_roles'),
      [
        ...['object', 'slug', 'id', 'name', 'description', 'type', 'resource_type_slug', 'permissions'],
        ...['created_at', 'updated_at'],
      ],
    ],
  ])('knows the fields of %s', (_, output, expected) => {
    expect(knownFields(output)).toEqual(expected);
  });

  it('tells lists from objects', () => {
    expect(listItem(things)).toBe(thing);
    expect(answering.filter(({ output }) => listItem(toListed(output))).map(({ name }) => name)).toEqual(
      tools.map(({ name }) => name).filter((name) => name.startsWith('list_')),
    );
  });

  it('names what items leave out, at any depth', () => {
    expect([...omittedFromLists(thing)]).toEqual(['object', 'picture', 'parts.weight', 'old']);
    expect([...marked(thing, ['deprecated'])]).toEqual(['old']);
  });

  it('marks a member, not the schema it shares with others', () => {
    const text = z.string();
    expect([...omittedFromLists(z.object({ a: text, b: detail(text), c: text }))]).toEqual(['b']);
  });
});

describe('a concise item', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['keeps what says something', { id: 'a', ok: false, n: 0, text: '' }, { id: 'a', ok: false, n: 0, text: '' }],
    ['has no nulls', { id: 'a', b: null, c: { d: null, e: 1 } }, { id: 'a', c: { e: 1 } }],
    ['has nothing empty', { a: {}, b: [], c: { d: {} }, e: { f: null } }, {}],
    ['leaves out what is omitted', { object: 'thing', id: 'a', old: { x: 1 } }, { id: 'a' }],
    [
      'leaves out inner members',
      { parts: [{ id: 'a', weight: 1 }, { id: 'b' }] },
      { parts: [{ id: 'a' }, { id: 'b' }] },
    ],
    ['omits by path, not by name', { weight: 1, inner: { object: 'o' } }, { weight: 1, inner: { object: 'o' } }],
    ['keeps the number of elements', { list: [null, {}, { a: null }, 1] }, { list: [null, {}, {}, 1] }],
    ['keeps unknown members', { new_member: { a: [1] } }, { new_member: { a: [1] } }],
  ])('%s', (_, item, expected) => {
    const before = structuredClone(item);
    expect(concise(omittedFromLists(thing))(item)).toEqual(expected);
    expect(item).toEqual(before);
  });
});

const NAMES = ['Marcelina Davis', 'Todd Rundgren', 'Ada Lovelace', 'Björn Ulvaeus', 'Priya Raman', "Jack O'Neil"];
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const time = (text: string) => new Date(1.7e12 + Number.parseInt(hash(text).slice(0, 9), 16)).toISOString();
const pictures = 'https://workoscdn.com/images/v1/';

/** A user as WorkOS lists it; `n` decides what it has. */
function toUser(n: number) {
  const [first = '', last = ''] = NAMES[n % NAMES.length]?.split(' ') ?? [];
  const digits = hash(`external ${n}`);
  return {
    object: 'user',
    id: `user_01${hash(`id ${n}`).slice(0, 24).toUpperCase()}`,
    first_name: first,
    last_name: last,
    name: `${first} ${last}`,
    profile_picture_url: n % 2 ? pictures + hash(`picture ${n}`).slice(0, 12) : null,
    email: `${first}.${last}${n}@${n % 3 ? 'example.com' : 'foo-corp.com'}`.toLowerCase(),
    email_verified: n % 5 > 0,
    external_id: n % 4 < 2 ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5') : null,
    metadata: n % 3 ? {} : { timezone: 'America/New_York', plan: 'pro' },
    last_sign_in_at: n % 5 ? time(`sign-in ${n}`) : null,
    locale: n % 10 === 1 ? 'en-US' : null,
    created_at: time(`created ${n}`),
    updated_at: time(`updated ${n}`),
  };
}

const EVERYTHING = {
  profile_picture_url: `${pictures}123abc`,
  external_id: 'f1ffa2b2-c20b-4d39-be5c-212726e11222',
  metadata: { timezone: 'America/New_York' },
  last_sign_in_at: '2025-06-25T19:07:33.155Z',
  locale: 'en-US',
};
const NOTHING = { profile_picture_url: null, external_id: null, metadata: {}, last_sign_in_at: null, locale: null };

describe('100 users', () => {
  const users = Array.from({ length: 100 }, (_, n) => toUser(n));
  const user = listItem(outputOf('list_users')) ?? z.object();

  it.each([
    ['of the usual kind', users],
    ['with nothing but the necessary', users.map((each) => ({ ...each, ...NOTHING }))],
    ['with everything', users.map((each) => ({ ...each, ...EVERYTHING }))],
    ['without the new full name', users.map(({ name: _, ...each }) => each)],
  ])('%s cost the model at most three fifths of what WorkOS answers', (_, raw) => {
    const thin = raw.map(concise(omittedFromLists(user)));
    expect(countTokens(JSON.stringify(thin)) / countTokens(JSON.stringify(raw))).toBeLessThanOrEqual(0.6);
  });

  it('can still be told apart', () => {
    const [full] = users.filter((each) => !Object.values(each).includes(null));
    expect(Object.keys(concise(omittedFromLists(user))({ ...full }))).toEqual([
      ...['id', 'first_name', 'last_name', 'email', 'email_verified', 'external_id', 'created_at'],
    ]);
  });
});
