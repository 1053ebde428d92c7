import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { changesReport, parseReview, toChangesSince } from '../src/commands/access-changes.ts';
import { type Review, toReview } from '../src/commands/access-review.ts';
import type { ReviewedApprover } from '../src/commands/approvers-report.ts';
import { fixedCatalog, toGrants } from './support/catalog.ts';
import { runHere } from './support/run-here.ts';

type Setting = {
  readonly confirm?: string;
  readonly clientAsks?: 'trusted';
  readonly samePerson?: 'allow' | 'refuse';
  readonly dryRun?: boolean;
  readonly environment?: 'staging' | 'production';
};

const agent = (name: string, grants: string, setting: Setting = {}) => ({
  agent: { name, environment: 'staging', grants: toGrants(grants), confirm: 'auto', ...setting } as const,
  cost: 1,
});
const review = (...agents: readonly ReturnType<typeof agent>[]): Review => toReview(fixedCatalog, agents);
const bot = (grants: string, setting?: Setting) => review(agent('bot', grants, setting));

describe('what an agent has gained and lost', () => {
  it.each<[what: string, before: Review, after: Review, gained: readonly string[], lost: readonly string[]]>([
    ['a tool', bot('users:read'), bot('users:read create_user'), ['create_user, by create_user'], []],
    [
      'a tool with its credentials',
      bot('users:read'),
      bot('users:read authenticate_user users:credentials'),
      ['authenticate_user, by authenticate_user, with credentials'],
      [],
    ],
    [
      'the credentials of a tool',
      bot('create_user'),
      bot('create_user users:credentials'),
      ['credentials of create_user'],
      [],
    ],
    ['a deny', bot('users:read'), bot('users:read !list_users'), [], ['list_users, by users:read']],
    [
      'a weaker confirmation',
      bot('delete_user', { confirm: 'strict' }),
      bot('delete_user', { confirm: 'off' }),
      ['--confirm off instead of strict', 'delete_user without a confirmation'],
      [],
    ],
    [
      'a stronger one',
      bot('delete_user', { confirm: 'auto' }),
      bot('delete_user', { confirm: 'strict' }),
      [],
      ['--confirm auto instead of strict'],
    ],
    [
      'an approver in the place of a person at the client',
      bot('delete_user', { confirm: 'strict' }),
      bot('delete_user', { confirm: 'person' }),
      [],
      ['--confirm strict instead of person'],
    ],
    [
      'a trusted client',
      bot('delete_user', { confirm: 'person' }),
      bot('delete_user', { confirm: 'person', clientAsks: 'trusted' }),
      ['answers that its client brings'],
      [],
    ],
    [
      'a client that was trusted before',
      bot('delete_user', { confirm: 'person', clientAsks: 'trusted' }),
      bot('delete_user', { confirm: 'person', clientAsks: 'trusted' }),
      [],
      [],
    ],
    [
      'answers of the requester',
      bot('delete_user', { confirm: 'person', samePerson: 'refuse' }),
      bot('delete_user', { confirm: 'person', samePerson: 'allow' }),
      ['answers of the person for whom it calls'],
      [],
    ],
    [
      'calls that are sent',
      bot('users:read', { dryRun: true }),
      bot('users:read'),
      ['calls that are sent instead of a dry run'],
      [],
    ],
    [
      'another environment',
      bot('users:read'),
      bot('users:read', { environment: 'production' }),
      ['the environment production'],
      ['the environment staging'],
    ],
    ['grants written otherwise', bot('users:read'), bot('get_user list_users'), [], []],
  ])('%s', (_, before, after, gained, lost) => {
    const changes = toChangesSince(before, after);
    expect(changes).toEqual(gained.length + lost.length === 0 ? [] : [{ name: 'bot', gained, lost }]);
    expect(changesReport(changes, false).code).toBe(gained.length > 0 ? 1 : 0);
  });

  it('is told of each agent, new and gone ones too', () => {
    const changes = toChangesSince(
      review(agent('ann', 'get_user'), agent('bob', 'get_user')),
      review(agent('bob', 'get_user'), agent('cy', 'get_user')),
    );
    expect(changesReport(changes, false)).toEqual({
      code: 1,
      text: 'ann\n  lost    the agent itself\n  lost    get_user, by get_user\ncy\n  gained  the agent itself\n  gained  get_user, by get_user\n',
    });
    expect(JSON.parse(changesReport(changes, true).text)).toEqual({ agents: changes });
    expect(changesReport([], false)).toEqual({ code: 0, text: 'No agent has gained or lost anything.\n' });
  });

  it('is told of approvers', () => {
    const ada = { name: 'ada', person: null, agents: ['bot'], allow: ['users:delete'] };
    const person = { issuer: 'okta', sub: '00u1' };
    const of = (...approvers: readonly ReviewedApprover[]): Review => ({ ...bot('get_user'), approvers });
    expect(toChangesSince(bot('get_user'), of(ada))).toEqual([
      {
        name: 'approver ada',
        gained: ['the approver itself', 'the calls of bot', 'calls that take users:delete'],
        lost: [],
      },
    ]);
    expect(toChangesSince(of(ada), of({ ...ada, person, agents: ['*'] }))).toEqual([
      {
        name: 'approver ada',
        gained: ['a sign-in as 00u1 of okta', 'the calls of *'],
        lost: ['a sign-in by a link', 'the calls of bot'],
      },
    ]);
    expect(toChangesSince(of(ada), of(ada))).toEqual([]);
    expect(parseReview(JSON.stringify(of({ ...ada, person })), 'old.json').approvers).toEqual([{ ...ada, person }]);
  });

  it('is not told of an environment or a mode that one of the two does not know', () => {
    const unknown = review({
      ...agent('bot', 'get_user'),
      agent: { ...agent('bot', 'get_user').agent, environment: undefined, confirm: undefined } as never,
    });
    expect(toChangesSince(unknown, bot('get_user'))).toEqual([]);
  });
});

it('a review is the same in whatever order the agents are', () => {
  const [ann, bob] = [agent('ann', 'users:read'), agent('bob', '*:read')];
  expect(JSON.stringify(review(bob, ann))).toBe(JSON.stringify(review(ann, bob)));
});

it('a review says which calls wait for a confirmation, and whose credentials are shown', () => {
  const [users] =
    bot('users:full sso:read users:credentials').agents[0]?.areas.filter(({ name }) => name === 'users') ?? [];
  expect(users?.on.map(({ name, credentials, confirmed }) => [name, credentials, confirmed])).toEqual([
    ['authenticate_user', 'shown', 'never'],
    ['create_user', 'shown', 'never'],
    ['delete_user', undefined, 'always'],
    ['get_user', undefined, 'never'],
    ['list_users', undefined, 'never'],
    ['update_user', 'shown', 'sometimes'],
  ]);
});

describe('a file that is not a review', () => {
  const good = bot('get_user');
  const [only] = good.agents;
  it.each([
    ['text', 'hello'],
    ['another JSON', '{}'],
    ['an older form', JSON.stringify({ agents: good.agents })],
    ['an agent without a name', JSON.stringify({ ...good, agents: [{ ...only, name: undefined }] })],
    ['a name that moves the cursor', JSON.stringify({ ...good, agents: [{ ...only, name: 'a\u001b[2J' }] })],
    ['an unknown mode', JSON.stringify({ ...good, agents: [{ ...only, confirm: 'never' }] })],
    [
      'a tool without its confirmation',
      JSON.stringify({ ...good, agents: [{ ...only, areas: [{ on: [{ name: 'x', grant: 'x' }] }] }] }),
    ],
    ['an approver without agents', JSON.stringify({ ...good, approvers: [{ name: 'ada', person: null, allow: [] }] })],
    ['too deep', '['.repeat(10_000)],
  ])('is refused: %s', (_, text) => {
    expect(() => parseReview(text, 'old.json')).toThrow(
      /^--against: old\.json is not a review that this version can read\./,
    );
  });
});

describe('check --against', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wmcp-against-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const check = (...args: readonly string[]) => runHere(['check', '--sandbox', ...args]);

  it('ends with 0 where nothing was gained, with 1 where something was, with 2 where it cannot tell', async () => {
    const file = join(folder, 'review.json');
    writeFileSync(file, (await check('--allow', 'users:read', '--json')).stdout);
    expect(await check('--allow', 'users:read', '--against', file)).toMatchObject({
      code: 0,
      stdout: 'No agent has gained or lost anything.\n',
    });
    expect(await check('--allow', 'get_user', '--against', file)).toMatchObject({
      code: 0,
      stdout: ['get_user_by_external_id', 'list_user_identities', 'list_users']
        .map((name) => `  lost    ${name}, by users:read\n`)
        .reduce((text, line) => text + line, 'local\n'),
    });
    expect(await check('--allow', 'users:read,delete_user', '--against', file)).toMatchObject({
      code: 1,
      stdout: 'local\n  gained  delete_user, by delete_user\n',
    });
    expect(await check('--allow', 'users:read', '--against', join(folder, 'none.json'))).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('--against: '),
    });
  });
});
