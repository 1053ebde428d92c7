import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openSandbox } from '../sandbox/index.ts';
import { createBudgets } from '../src/agents/budgets.ts';
import { createAuditRecord, newRun } from '../src/audit/record.ts';
import type { Caller } from '../src/call/caller.ts';
import { createPendingStore } from '../src/call/confirm/pending.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { type Area, area, type Output, tool } from '../src/catalog/declaration.ts';
import { detail, secret } from '../src/catalog/output.ts';
import { marker } from '../src/secrets/withhold.ts';
import { compose } from '../src/start/compose.ts';
import { createInProcessTransport } from '../src/workos/in-process.ts';
import { declarations } from '../tools/index.ts';
import { answerDifferences } from './support/answers.ts';
import { differences } from './support/differences.ts';
import { specifications } from './support/openapi.ts';
import { sample } from './support/samples.ts';
import { ADA, CARA } from './support/seeded.ts';

const ROUTE = 'GET /user_management/users/{user_id}/identities';
const text = z.string();
const identity = z.looseObject({ idp_id: secret(text), type: detail(text), provider: text }).partial();

/** An endpoint of WorkOS's that answers with an array, as it would be declared. */
const identities = (output: Output): Area =>
  area({
    name: 'identities',
    title: 'Identities',
    meaning: 'how a user signs in',
    tools: [
      tool({
        name: 'list_user_identities',
        route: ROUTE,
        access: 'read',
        description: 'List the identities of a user.',
        input: { user_id: z.string().describe('user_…, from list_users') },
        output,
      }),
    ],
  });

/** Without the endpoint as it is declared. */
const others = declarations.areas.map((own) => ({ ...own, tools: own.tools.filter(({ route }) => route !== ROUTE) }));

const catalog = createCatalog({ ...declarations, areas: [...others, identities(z.array(identity))] });
const declared = catalog.tools.find(({ name }) => name === 'list_user_identities') ?? expect.fail();

/** Calls it over the layers of the program. */
async function call(fetch: (request: Request) => Promise<Response>, args: object, mark?: string) {
  const silent = () => {};
  const apiKey = 'sk_test_sandbox';
  const baseUrl = 'https://api.workos.com';
  const composed = compose({
    catalog,
    environment: { label: 'sandbox', baseUrl, apiKey, clientId: undefined },
    send: createInProcessTransport(baseUrl, fetch).send,
    settings: { timeout: 5_000, maxItems: 100, maxResultBytes: 10_000, limits: [] },
    record: createAuditRecord({
      sink: { append: silent, sync: async () => {}, close: async () => {} },
      run: newRun(),
      now: () => new Date(),
    }),
    pending: createPendingStore(() => performance.now()),
    budgets: createBudgets(() => performance.now()),
    log: { debug: silent, info: silent, warn: silent, error: silent },
    version: '0',
  });
  const caller: Caller = {
    agent: 'test',
    confirm: 'auto',
    verdictOn: () => ({ allowed: true, rule: '*:read' }),
    markerOf: () => mark,
    dryRun: false,
    waitOutside: (wait) => wait(),
    elicitation: { canAsk: false },
    signal: new AbortController().signal,
  };
  return await composed.call(declared, { user_id: ADA, ...args }, caller);
}

const ITEM = { idp_id: '4F42ABDE', type: 'OAuth', provider: 'MicrosoftOAuth', extra: null };
const array = async () => Response.json([ITEM, { ...ITEM, provider: 'GoogleOAuth' }]);

describe('an answer that is declared as an array', () => {
  it('is a list to the server', () => {
    expect(declared).toMatchObject({ isList: true, answersArray: true });
    expect(Object.keys(declared.output?.shape ?? {})).toEqual(['object', 'data']);
  });

  it('reaches agents as one, its items in short', async () => {
    const { structuredContent } = Object(await call(array, {}));
    expect(structuredContent).toEqual({
      object: 'list',
      data: [
        { idp_id: '4F42ABDE', provider: 'MicrosoftOAuth' },
        { idp_id: '4F42ABDE', provider: 'GoogleOAuth' },
      ],
    });
  });

  it('has fields, and keeps secrets', async () => {
    const { structuredContent } = Object(await call(array, { fields: ['idp_id', 'type'] }, marker('users')));
    const item = { idp_id: marker('users'), type: 'OAuth' };
    expect(structuredContent).toEqual({ object: 'list', data: [item, item] });
  });

  it.each([
    ['of other things than objects', [1], /but the list holds something other than objects/],
    ['that is a number', 1, /a body that is not a JSON object/],
  ])('is an error %s', async (_, body, told) => {
    const { isError, content } = Object(await call(async () => Response.json(body), {}));
    expect([isError, content[0].text]).toEqual([true, expect.stringMatching(told)]);
  });

  it('may become a list one day', async () => {
    const { structuredContent } = Object(await call(async () => Response.json({ object: 'list', data: [ITEM] }), {}));
    expect(structuredContent).toEqual({ object: 'list', data: [{ idp_id: '4F42ABDE', provider: 'MicrosoftOAuth' }] });
  });

  it('comes from the sandbox', async () => {
    const sandbox = openSandbox();
    const { structuredContent } = Object(await call((request) => sandbox.fetch(request), { user_id: CARA }));
    expect(structuredContent).toMatchObject({ object: 'list', data: [{ provider: 'GoogleOAuth' }] });
  });

  describe.each(specifications)('by the official OpenAPI file ($version)', ({ operation }) => {
    const found = operation(ROUTE) ?? expect.fail();
    const answer = found.answer ?? expect.fail();

    it('does not differ', () => {
      expect(differences(declared, found)).toEqual([]);
      expect(answerDifferences('x', z.array(identity), answer)).toEqual([]);
      expect(sample(answer)).toEqual([expect.objectContaining({ type: 'OAuth' })]);
    });

    it.each<[string, Output, readonly string[]]>([
      ['a member that is not there', z.array(identity.extend({ email: text })), ['x[].email: unknown']],
      ['a member left out', z.array(identity.omit({ type: true })), ['x[].type: absent']],
      ['an object in its place', identity, ['x=object: accepts', 'x=array: refuses']],
    ])('is seen to have %s', (_, output, expected) => {
      expect(answerDifferences('x', output, answer)).toEqual(expect.arrayContaining([...expected]));
    });
  });
});
