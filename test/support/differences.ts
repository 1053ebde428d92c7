import * as z from 'zod';
import { type ArgumentPlace, placeOf, type Tool, wireName } from '../../src/catalog/tool.ts';
import { faults, type Members, membersOf, type Operation, type Schema } from './openapi.ts';

/**
 * - `route`: the specification has no such operation
 * - `unknown`: an argument of ours that the specification does not have where we send it
 * - `absent`: an argument of the specification that the tool does not have
 * - `optional`: the specification requires the argument, the tool does not
 * - `accepts`: the tool takes a value that the specification refuses
 * - `refuses`: the tool refuses a value that the specification lists
 */
export type Kind = 'route' | 'unknown' | 'absent' | 'optional' | 'accepts' | 'refuses';

/** `argument` is a dotted path, followed by `=value` where one listed value differs. */
export type Difference = { readonly argument: string; readonly kind: Kind; readonly value?: unknown };

type Side = { readonly ours: Readonly<Record<string, z.ZodType>>; readonly theirs: Members };

/** Everything in which a tool's declaration and the operation of the specification differ. */
export function differences(tool: Tool, operation: Operation | undefined): readonly Difference[] {
  if (operation === undefined) return [{ argument: tool.route, kind: 'route' }];
  const usual = tool.method === 'GET' || tool.method === 'DELETE' ? 'query' : 'body';
  const places: readonly ArgumentPlace[] = ['path', 'query', 'header', 'body'];
  return [
    ...places.flatMap((place) => {
      const side = { ours: oursIn(place, tool), theirs: theirsIn(place, tool, operation) };
      return compareMembers(side, place === 'query' && usual === 'body' ? 'query.' : '');
    }),
    ...constantsOfAlternatives(tool, operation),
  ];
}

/** The arguments that the tool sends in one place, by their names there; constants are arguments of a single value. */
function oursIn(place: ArgumentPlace, tool: Tool): Side['ours'] {
  const constants = Object.entries(tool.constants ?? {}).map(([name, value]): [string, z.ZodType] => [
    name,
    z.literal(typeof value === 'string' ? value : 'from the environment'),
  ]);
  const all = [...Object.entries(tool.input), ...constants].filter(([name]) => placeOf(tool, name) === place);
  return Object.fromEntries(
    all.map(([name, schema]) => [name === tool.idempotencyKey ? 'idempotency-key' : wireName(tool, name), schema]),
  );
}

/** The arguments that the specification has in one place, by our names. */
export function theirsIn(place: ArgumentPlace, tool: Tool, operation: Operation): Members {
  if (place === 'body') return membersOf(operation.body ?? {});
  const names = (path: string) => path.match(/(?<=\{)\w+/g) ?? [];
  const ourNames = new Map(names(operation.path).map((name, index) => [name, names(tool.path)[index] ?? name]));
  const parameters = operation.parameters
    .filter((parameter) => parameter.in === place)
    .map(({ name, ...rest }) => ({ name: place === 'path' ? (ourNames.get(name) ?? name) : name, ...rest }));
  return {
    properties: new Map(parameters.map(({ name, schema }) => [name, schema])),
    required: new Set(parameters.filter(({ required }) => required).map(({ name }) => name)),
  };
}

function compareMembers({ ours, theirs }: Side, prefix: string): Difference[] {
  const mine = Object.entries(ours).flatMap(([name, schema]): Difference[] => {
    const argument = prefix + name;
    const counterpart = theirs.properties.get(name);
    if (counterpart === undefined) return [{ argument, kind: 'unknown' }];
    const isOptional = schema.safeParse(undefined).success;
    return [
      ...(theirs.required.has(name) && isOptional ? [{ argument, kind: 'optional' } as const] : []),
      ...compare(argument, schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema, counterpart),
    ];
  });
  const absent = [...theirs.properties.keys()].filter((name) => !(name in ours));
  return [...mine, ...absent.map((name): Difference => ({ argument: prefix + name, kind: 'absent' }))];
}

function compare(argument: string, ours: z.ZodType, theirs: Schema): Difference[] {
  const inner = ours instanceof z.ZodNullable ? ours.unwrap() : ours;
  const takes = (value: unknown) => ours.safeParse(value).success;
  const isOutside = (value: unknown) => takes(value) && faults(theirs, value).length > 0;
  const tooMuch = probes(theirs).find(isOutside);
  return [
    ...(tooMuch === undefined ? [] : [{ argument, kind: 'accepts', value: tooMuch } as const]),
    ...listed(z.toJSONSchema(ours, { io: 'input', unrepresentable: 'any' }) as Schema)
      .filter(isOutside)
      .map((value): Difference => ({ argument: `${argument}=${value}`, kind: 'accepts', value })),
    ...listed(theirs)
      .filter((value) => !takes(value))
      .map((value): Difference => ({ argument: `${argument}=${value}`, kind: 'refuses', value })),
    ...(inner instanceof z.ZodObject
      ? compareMembers({ ours: inner.shape, theirs: membersOf(theirs) }, `${argument}.`)
      : []),
    ...(inner instanceof z.ZodArray ? compare(`${argument}[]`, inner.element as z.ZodType, theirs.items ?? {}) : []),
  ];
}

/** The values that a schema lists one by one. */
function listed(schema: Schema): readonly unknown[] {
  const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(listed);
  return [...(schema.enum ?? []), ...(schema.const === undefined ? [] : [schema.const]), ...alternatives];
}

/** Values of every type, and values one past each limit that the schema states anywhere. */
function probes(schema: Schema): readonly unknown[] {
  const limits = [...JSON.stringify(schema).matchAll(/"(?:min|max)\w+":(\d+)|\{\d+,(\d+)\}/g)];
  const past = [...new Set(limits.map(([, limit, repeats]) => Number(limit ?? repeats)))].flatMap((limit) => {
    const long = 'k'.repeat(limit + 1);
    const many = Object.fromEntries(Array.from(long, (key, index) => [`${key}${index}`, 'v']));
    return [limit + 1, limit - 1, long, { k: long }, { [long]: 'v' }, many];
  });
  const texts = ['', 'x', 'ä', 'a b', 'a@b', '2025-01-01', '2025-01-01T00:00Z', 'https://a.b/ c'];
  const others = [
    null,
    true,
    -1,
    0,
    1,
    1.5,
    [],
    ['x'],
    [1],
    [null],
    {},
    { k: 1 },
    { k: null },
    { k: {} },
    { 'k ä': 'v' },
  ];
  return [...texts, ...others, ...past];
}

/** The alternatives of a body that a constant of their own tells apart, e.g. `grant_type: 'password'`. */
export function alternativesOf(
  operation: Operation,
): readonly { readonly tag: string; readonly value: string; readonly members: Members }[] {
  return (operation.body?.oneOf ?? []).flatMap((alternative) => {
    const members = membersOf(alternative);
    const [tag] = [...members.properties].filter(([, { const: value }]) => value !== undefined);
    return tag === undefined ? [] : [{ tag: tag[0], value: String(tag[1].const), members }];
  });
}

function constantsOfAlternatives(tool: Tool, operation: Operation): readonly Difference[] {
  const constants = Object.keys(tool.constants ?? {});
  return alternativesOf(operation).flatMap(({ tag, value, members }) =>
    constants
      .filter((name) => !members.properties.has(name))
      .map((name): Difference => ({ argument: `${name} with ${tag}=${value}`, kind: 'unknown' })),
  );
}
