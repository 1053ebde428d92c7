import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { understand } from '../src/call/understand.ts';
import { type Arguments, tool } from '../src/catalog/declaration.ts';
import { placeOf, type Tool, toTool, wireName } from '../src/catalog/tool.ts';
import type { KeyedEnvironment } from '../src/workos/environment.ts';
import { resolveConstants, toRequest } from '../src/workos/request.ts';
import { cases } from './areas/index.ts';
import { CALLS, requiredOf, SIGN_IN } from './support/calls.ts';
import { catalog } from './support/catalog.ts';
import { alternativesOf, type Difference, differences, type Kind } from './support/differences.ts';
import { faults, type Operation, type Schema, specifications, type Version } from './support/openapi.ts';

const BOTH: readonly Version[] = ['npm', '0.61.0'];

/** In what the arguments of all tools that have them differ from the official OpenAPI file, and why that is right. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  'order=normal: refuses': 'Its cursors run backwards: before fetches older objects and after newer ones.',
};

const ENVIRONMENT: KeyedEnvironment = {
  label: 'sandbox',
  baseUrl: 'https://api.workos.com',
  apiKey: 'sk_example',
  clientId: 'client_01',
};

const { tools } = catalog;

/** How an argument, a listed value or the route itself differs that only the newest file has. */
const toNewer = (what: string): string => {
  const kind: Kind = what.includes(' ') ? 'route' : what.includes('=') ? 'accepts' : 'unknown';
  return `${what}: ${kind}`;
};

/** In what the tools differ from an official file, by their cases. */
function known(version: Version): readonly string[] {
  return tools.flatMap(({ name, input }) => {
    const { differs = {}, newer = [], gone = [] } = cases.get(name) ?? {};
    const everywhere = Object.keys(EVERYWHERE).filter((line) => Object.hasOwn(input, line.replace(/\W.*/, '')));
    const older = version === 'npm' ? [...newer.map(toNewer), ...gone.map((argument) => `${argument}: absent`)] : [];
    const lines = [...everywhere, ...Object.keys(differs), ...older];
    return lines.map((line) => `${name} ${line}`);
  });
}

const toLine = (tool: Tool, { argument, kind }: Difference) => `${tool.name} ${argument}: ${kind}`;

/** Why a call is refused before anything is sent; empty when it is not. */
function refusals(tool: Tool, args: Arguments): readonly string[] {
  const parsed = tool.schema().safeParse(understand(tool, args).args);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return (tool.check?.(parsed.data) ?? []).filter((fault) => fault !== false);
}

/** The query and body that leave for WorkOS, the query decoded as the tool encodes it. */
function sent(tool: Tool, args: Arguments, operation: Operation) {
  const parsed = tool.schema().parse(understand(tool, args).args);
  const request = tool.local === undefined ? toRequest(tool, parsed, ENVIRONMENT) : undefined;
  const url = String(
    request?.path ?? Object(tool.local?.({ ...parsed, ...resolveConstants(tool, ENVIRONMENT) }, ENVIRONMENT)).url,
  );
  const { searchParams } = new URL(url, ENVIRONMENT.baseUrl);
  const query = operation.parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema }) => [name, schema, decode(searchParams, name, schema, tool.local !== undefined)] as const)
    .filter(([, , value]) => value !== undefined);
  return { query, body: request?.body === undefined ? undefined : JSON.parse(request.body) };
}

function decode(query: URLSearchParams, name: string, { type }: Schema, isLocal: boolean): unknown {
  const text = query.get(name) ?? undefined;
  // The authorization URL repeats keys and writes key[member], as the official SDK does; elsewhere arrays have commas.
  if (type === 'array') return isLocal && text !== undefined ? query.getAll(name) : text?.split(',');
  if (type === 'object') {
    const members = [...query].filter(([key]) => key.startsWith(`${name}[`));
    return Object.fromEntries(members.map(([key, value]) => [key.slice(name.length + 1, -1), value]));
  }
  return type === 'integer' && text !== undefined ? Number(text) : text;
}

describe.each(specifications)('by the official OpenAPI file ($version)', ({ version, operation }) => {
  const ledger = known(version);
  // Values that only the newer file knows are refused by the older one.
  const isNewer = (tool: Tool, args: Arguments) =>
    Object.entries(args).some(([name, value]) => ledger.includes(`${tool.name} ${name}=${value}: accepts`));

  it.each(tools)('$name differs from its operation only as the ledger says', (tool) => {
    const found = differences(tool, operation(tool.route)).filter((each) => !ledger.includes(toLine(tool, each)));
    const unexplained = found.map((each) => `${toLine(tool, each)} ${JSON.stringify(each.value)?.slice(0, 80) ?? ''}`);
    expect(unexplained).toEqual([]);
  });

  it('has nothing on the ledger that is no longer so', () => {
    const found = tools.flatMap((tool) => differences(tool, operation(tool.route)).map((each) => toLine(tool, each)));
    expect(ledger.filter((line) => !found.includes(line))).toEqual([]);
  });

  it.each(tools)('$name sends what its operation takes', (tool) => {
    const found = operation(tool.route);
    const calls = CALLS[tool.name] ?? [];
    // A PUT with nothing to change is refused, and each alternative of a body needs more than the schema requires.
    const isOneOf = tool.exactlyOne !== undefined || (found !== undefined && alternativesOf(found).length > 0);
    const isMore = tool.method === 'PUT' || isOneOf;
    const smallest = isMore ? [] : calls.map((args) => requiredOf(tool, args));
    expect(calls.flatMap((args) => refusals(tool, args))).toEqual([]);
    // What a route that this file lacks takes is typed by hand, in its case.
    if (ledger.includes(toLine(tool, { argument: tool.route, kind: 'route' }))) return;
    for (const args of [...calls, ...smallest].filter((args) => !isNewer(tool, args))) {
      if (found === undefined) throw new Error(`there is no ${tool.route}`);
      const { query, body } = sent(tool, args, found);
      expect(query.flatMap(([name, schema, value]) => faults(schema, value).map((fault) => name + fault))).toEqual([]);
      expect(found.body === undefined ? [] : faults(found.body, body)).toEqual([]);
      const inQuery = query.map(([name, , value]) => [name, value] as const);
      const decoded = Object.entries(args).flatMap(([name, value]) => {
        const wire = wireName(tool, name);
        const isSent = placeOf(tool, name) === 'body' || inQuery.some(([other]) => other === wire);
        return isSent ? [[wire, value] as const] : [];
      });
      expect({ ...Object.fromEntries(inQuery), ...body }).toMatchObject(Object.fromEntries(decoded));
      // Where the file knows no body, an empty object at most is sent.
      if (found.body === undefined) expect(body ?? {}).toEqual({});
    }
  });

  const [authenticate] = tools.filter(({ name }) => name === 'authenticate_user');
  if (authenticate === undefined) throw new Error('there is no authenticate_user');
  const signIn = operation(authenticate.route);
  if (signIn === undefined) throw new Error(`there is no ${authenticate.route}`);
  const grants = alternativesOf(signIn);
  const constants = Object.keys(authenticate.constants ?? {});
  const somewhere = new Set(grants.flatMap(({ members }) => [...members.properties.keys()]));

  describe.each(grants)('authenticate_user with grant_type $value', ({ value: grant_type, members }) => {
    const own = [...members.properties.keys()].filter((name) => name !== 'grant_type' && !constants.includes(name));
    const required = own.filter((name) => members.required.has(name));
    const optional = own.filter((name) => !members.required.has(name));
    const foreign = Object.keys(SIGN_IN).filter((name) => somewhere.has(name) && !own.includes(name));
    const call = (names: readonly string[]): Arguments => ({
      grant_type,
      ...Object.fromEntries(names.map((name) => [name, SIGN_IN[name]])),
    });
    // Without what is quoted: grant types have argument names in them.
    const unquoted = (args: Arguments) => refusals(authenticate, args).map((fault) => fault.replace(/"[^"]*"/g, ''));
    const naming = (name: string) => [expect.stringMatching(new RegExp(`\\b${name}\\b`))];

    it('takes what it requires and each optional argument', () => {
      for (const args of [required, ...optional.map((name) => [...required, name]), own].map(call)) {
        expect(refusals(authenticate, args)).toEqual([]);
        const { body } = sent(authenticate, args, signIn);
        expect(body).toEqual({ ...args, client_id: 'client_01', client_secret: 'sk_example' });
        expect(faults(signIn.body ?? {}, body)).toEqual([]);
      }
    });

    it.each(required)('needs %s', (name) => {
      expect(unquoted(call(required.filter((other) => other !== name)))).toEqual(naming(name));
    });

    it.each(foreign)('does not take %s', (name) => {
      expect(unquoted(call([...required, name]))).toEqual(naming(name));
    });
  });
});

describe('the tables of this test', () => {
  it.each(tools)('fill every argument of $name', (tool) => {
    const rows = (CALLS[tool.name] ?? []).map((args) => Object(understand(tool, args).args));
    const sent = Object.keys(tool.input).filter((name) => placeOf(tool, name) !== 'server');
    expect([...new Set(rows.flatMap(Object.keys))].sort()).toEqual(sent.sort());
  });

  it('name each difference once', () => {
    for (const version of BOTH) expect(known(version)).toEqual([...new Set(known(version))]);
  });
});

describe('every argument is described to clients', () => {
  const undescribed = (schema: z.core.JSONSchema.BaseSchema, path: string): string[] => [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
      if (typeof member === 'boolean') return [];
      return [...(member.description === undefined ? [path + name] : []), ...undescribed(member, `${path}${name}.`)];
    }),
    ...[schema.items, ...(schema.anyOf ?? [])].flatMap((inner) =>
      inner === undefined || Array.isArray(inner) || typeof inner === 'boolean' ? [] : undescribed(inner, path),
    ),
  ];

  it.each(tools)('$name', (tool) => {
    expect(undescribed(tool.jsonSchema(), '')).toEqual([]);
  });
});

describe('the comparison itself', () => {
  const body: Schema = {
    allOf: [
      { required: ['name'], properties: { name: { type: 'string', enum: ['a', 'b'] }, tags: object('string') } },
      {
        oneOf: [
          {
            required: ['size', 'one'],
            properties: { size: { type: 'integer', maximum: 9 }, one: { const: 1 } },
          },
          {
            required: ['size'],
            properties: { list: { type: 'array', items: { properties: { id: { type: 'string' } } } } },
          },
        ],
      },
    ],
  };
  const operation: Operation = {
    path: '/things/{id}',
    parameters: [
      { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
      { name: 'idempotency-key', in: 'header', schema: { type: 'string', maxLength: 4 } },
    ],
    body,
  };
  const input = {
    thing_id: z.string(),
    name: z.enum(['a', 'b']),
    tags: z
      .record(z.string(), z.string())
      .refine((tags) => Object.keys(tags).length <= 2)
      .optional(),
    size: z.int().max(9),
    one: z.literal(1).optional(),
    list: z.array(z.strictObject({ id: z.string().optional() })).optional(),
    key: z.string().max(4).optional(),
  };

  it.each<[string, Readonly<Record<string, z.ZodType | undefined>>, readonly string[]]>([
    ['nothing', {}, []],
    ['an argument that is not there', { other: z.string() }, ['other unknown']],
    [
      'a member that is not there',
      { list: z.array(z.strictObject({ no: z.string() })) },
      ['list[].no unknown', 'list[].id absent'],
    ],
    ['an argument left out', { tags: undefined }, ['tags absent']],
    ['a required argument made optional', { name: input.name.optional() }, ['name optional']],
    ['what every alternative requires', { size: input.size.optional() }, ['size optional']],
    ['a listed value too many', { name: z.enum(['a', 'b', 'c']) }, ['name=c accepts']],
    ['a listed value left out', { name: z.enum(['a']) }, ['name=b refuses']],
    ['a higher limit', { size: z.int().max(10) }, ['size accepts']],
    ['a longer header', { key: z.string() }, ['idempotency-key accepts']],
    ['too many pairs', { tags: z.record(z.string(), z.string()) }, ['tags accepts']],
    ['another type', { thing_id: z.number() }, ['thing_id accepts']],
    ['null', { thing_id: z.string().nullable() }, ['thing_id accepts']],
    ['another type within', { list: z.array(z.strictObject({ id: z.unknown() })) }, ['list[].id accepts']],
  ])('sees %s', (_, doctored, expected) => {
    const entries = Object.entries({ ...input, ...doctored }).filter(([, schema]) => schema !== undefined);
    const declaration = tool({
      name: 'update_thing',
      route: 'POST /things/{thing_id}',
      access: 'write',
      description: '',
      input: Object.fromEntries(entries) as typeof input, // doctored on purpose
      idempotencyKey: 'key',
    });
    const found = differences(toTool({ name: 'things', title: '' }, declaration), operation);
    expect(found.map(({ argument, kind }) => `${argument} ${kind}`)).toEqual(expected);
  });

  it('sees constants that the operation does not take', () => {
    const declaration = { name: 'create_x', route: 'POST /x', access: 'write', description: '', input: {} } as const;
    const constants = { kind: 'other', secret: 'x' };
    const typed = { path: '/x', parameters: [], body: { properties: { kind: { const: 'this' } } } };
    const found = differences(toTool({ name: 'x', title: '' }, { ...declaration, constants }), typed);
    expect(found.map(({ argument, kind }) => `${argument} ${kind}`)).toEqual([
      'kind=other accepts',
      'kind=this refuses',
      'secret unknown',
    ]);
  });

  it('sees a route that is not there', () => {
    const [first] = tools;
    expect(specifications.map(({ operation }) => operation('POST /user_management/user'))).toEqual(
      specifications.map(() => undefined),
    );
    expect(first && differences(first, undefined)).toEqual([{ argument: first?.route, kind: 'route' }]);
  });
});

/** An object of at most two pairs. */
function object(type: string): Schema {
  return { type: 'object', additionalProperties: { type }, maxProperties: 2 };
}
