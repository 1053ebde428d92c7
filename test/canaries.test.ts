import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Arguments } from '../src/catalog/declaration.ts';
import type { Tool } from '../src/catalog/tool.ts';
import type { ApiRequest } from '../src/workos/layer.ts';
import { declarations } from '../tools/index.ts';
import { type CallingOptions, connectCalling } from './support/calling.ts';
import { CALLS } from './support/calls.ts';
import { isSecret, ONE, OTHER, withCanary } from './support/canaries.ts';
import { catalog } from './support/catalog.ts';
import { openInside } from './support/inside.ts';
import { operationOf } from './support/openapi.ts';
import { connect as connectPrompts, type PromptClient } from './support/prompts.ts';
import { toolOf } from './support/requests.ts';
import { sample } from './support/samples.ts';
import { listen, type Upstream } from './support/upstream.ts';

// An agent without an area's credentials grant, and with those of all others, learns nothing of the area's secrets, by
// any way there is: what it is told is the same whatever they are.

/** What WorkOS answers by the official file. Lists end, and what is read first finds no former member. */
function documented(tool: Tool): unknown {
  const answer = sample(operationOf(tool.route)?.answer ?? {});
  return tool.isList && !tool.answersArray
    ? { ...Object(answer), list_metadata: { before: null, after: null } }
    : answer;
}

/** WorkOS, in which the secrets of one area are the canary. */
const workosWith = (area: string, canary: string) => (request: { readonly method: string; readonly path: string }) => {
  const tool = toolOf(request);
  const answer = tool === undefined ? {} : documented(tool);
  return tool?.area === area ? withCanary(answer, area, canary) : answer;
};

const readsOf = ({ preview, before }: Tool): readonly string[] => [
  ...[preview?.object ?? []].flat(),
  ...Object.keys(preview?.dependents ?? {}),
  ...Object.values(before?.look ?? {}).map(({ tool }) => tool),
];

/** The tools that read something of an area for a call, and all of its own. */
const touching = (area: string): readonly Tool[] => {
  const own = new Set(catalog.tools.filter((tool) => tool.area === area).map(({ name }) => name));
  return catalog.tools.filter(
    (tool) => !tool.local && (own.has(tool.name) || readsOf(tool).some((name) => own.has(name))),
  );
};

/** Its calls as they are, and as far as they take no credentials. */
const callsOf = ({ name, restricted }: Tool): readonly Arguments[] => {
  const calls = CALLS[name] ?? expect.fail(`no call of ${name}`);
  const open = calls.map((args) =>
    Object.fromEntries(
      Object.entries(args)
        .filter(([argument]) => !restricted?.lacking.includes(argument))
        .map(([argument, value]) => [argument, argument === 'clear' ? restricted?.clearable : value]),
    ),
  );
  return restricted === undefined ? calls : [...calls, ...open];
};

/** Every question about the items of a list: where, count_only and fields, about each secret and its value. */
const questionsOf = (tool: Tool): readonly Arguments[] => {
  if (!tool.isList) return [];
  const { data } = Object(documented(tool));
  const [item = {}] = [data ?? documented(tool)].flat();
  const members = Object.keys(Object(item)).filter((member) => isSecret(tool.area, member));
  const [args = {}] = callsOf(tool);
  const { limit: _, before: __, after: ___, ...filters } = args;
  return members.flatMap((member) => [
    { ...filters, fields: [member] },
    ...['=', '!='].flatMap((sign) =>
      [false, true].map((count_only) => ({ ...filters, where: [`${member}${sign}${ONE}`], count_only })),
    ),
  ]);
};

type Said = { readonly text: string; readonly structured?: unknown };
type Asked = { readonly call: (name: string, args: object) => Promise<Said>; readonly all: () => Promise<unknown> };
type Way = (grants: string, workos: ReturnType<typeof workosWith>) => Promise<Asked>;

const calling =
  (options: Partial<CallingOptions>): Way =>
  async (grants, workos) => {
    const client = await connectCalling({ grants, ...options, workos });
    return {
      call: client.call,
      all: async () => {
        await client.close();
        return [client.asked, client.record()];
      },
    };
  };

const WAYS: Readonly<Record<string, Way>> = {
  'an answer': calling({ confirm: 'off' }),
  'a preview that the model passes on': calling({ confirm: 'auto', asks: false }),
  'a question to a person': calling({ confirm: 'strict', respond: () => ({ result: { action: 'decline' } }) }),
  'a dry run': calling({ dryRun: true }),
  'an error': async (grants, workos) => {
    // An error that has all that a success has; its own code is not a secret.
    const refuse = (request: ApiRequest) => {
      const answer = Object(workos(request));
      return {
        status: 422,
        headers: {},
        body: JSON.stringify({ ...answer, message: 'No.', code: 'no' }),
      };
    };
    const inside = openInside(refuse, { grants });
    return { call: (tool, args) => inside.call(tool, { ...args }), all: async () => inside.outcomes };
  },
};

const areas = catalog.areas.map(({ name }) => name);

/** All grants but the one of the area. Where nothing takes it, it cannot be denied. */
const grantsWithout = (area: string): string =>
  catalog.tools.some((tool) => tool.area === area && tool.handlesCredentials)
    ? `*:full *:credentials !${area}:credentials`
    : '*:full *:credentials';

/** What is made up for each call: tokens of confirmations, IDs of the record's lines, times and hashes. */
const MADE_UP = /"(?:confirm_token|call|time|hash|prev|ms|run|at)\\?":\\?"?[^,}"\\]*|confirm_token=\\?"[^"\\]+/g;

describe.each(Object.keys(WAYS))('%s', (name) => {
  it.each(areas)('tells nothing of the secrets of %s', async (area) => {
    const way = WAYS[name] ?? expect.fail();
    const worlds = await Promise.all([ONE, OTHER].map((canary) => way(grantsWithout(area), workosWith(area, canary))));
    for (const tool of touching(area)) {
      for (const args of [...callsOf(tool), ...questionsOf(tool)]) {
        const said: string[] = [];
        for (const { call } of worlds) {
          const result = await call(tool.name, args).catch((error: unknown) => ({ text: String(error) }));
          said.push(JSON.stringify(result));
        }
        const [first = '', second = ''] = said.map((text) => text.replaceAll(MADE_UP, ''));
        const label = `${tool.name} ${JSON.stringify(args)}`;
        // A question that names a canary may be quoted, the other world's cannot be known.
        expect(second, label).not.toContain(OTHER);
        expect(first, label).toBe(second);
      }
    }
    for (const { all } of worlds) expect(JSON.stringify(await all())).not.toMatch(/canary-(?:one|two)/);
  });
});

it('walks over secrets: with the grant each area that has some shows them', async () => {
  const shown: string[] = [];
  for (const area of areas) {
    const { call, all } = await calling({ confirm: 'off' })('*:full *:credentials', workosWith(area, ONE));
    for (const tool of touching(area)) {
      for (const args of callsOf(tool)) if ((await call(tool.name, args)).text.includes(ONE)) shown.push(area);
    }
    await all();
  }
  expect([...new Set(shown)]).toEqual(expect.arrayContaining(['users', 'invitations', 'magic_auth', 'mfa', 'sso']));
});

describe('a completion', () => {
  let upstream: Upstream;
  let client: PromptClient;
  beforeAll(async () => {
    upstream = await listen((request) => {
      const sent = { method: request.method, path: new URL(request.url).pathname };
      const area = toolOf(sent)?.area ?? '';
      return Response.json(workosWith(area, ONE)(sent));
    });
    // Prompts that take credentials are not there without them: the others are tried.
    client = await connectPrompts(['--allow', '*:full', '--list', 'all'], {
      WORKOS_API_KEY: 'sk_test_canaries',
      WORKOS_BASE_URL: upstream.url,
    });
  });
  afterAll(async () => {
    await client.close();
    await upstream.close();
  });

  it('tells nothing of any secret', async () => {
    const offered = new Set(await client.names());
    for (const { name: prompt, arguments: declared = {} } of declarations.prompts) {
      if (!offered.has(prompt)) continue;
      for (const name of Object.keys(declared)) {
        for (const typed of ['', 'a', 'canary', ONE]) {
          const { values } = await client.complete(prompt, name, typed);
          expect(values.join(), `${prompt} ${name}`).not.toContain(ONE);
        }
      }
    }
    expect(upstream.received.length).toBeGreaterThan(0);
  });
});
