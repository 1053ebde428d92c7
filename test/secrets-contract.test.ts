import { describe, expect, it } from 'vitest';
import { memberAt, secretsIn, toListed } from '../src/catalog/output.ts';
import { looksLikeSecret, NOT_SECRET } from '../src/secrets/names.ts';
import { catalog } from './support/catalog.ts';
import { membersOf, type Schema, specifications } from './support/openapi.ts';

const { tools } = catalog;

/** Every member within a schema, by its dotted path; items of arrays have no step. */
function* pathsIn(schema: Schema, path = ''): Generator<string> {
  const items = (schema as { items?: Schema }).items; // JSON Schema by its contract
  if (items !== undefined) yield* pathsIn(items, path);
  for (const [name, member] of membersOf(schema).properties) {
    const place = path === '' ? name : `${path}.${name}`;
    yield place;
    yield* pathsIn(member, place);
  }
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('.') + 1);

describe.each(specifications)('by the official OpenAPI file ($version)', ({ operation }) => {
  // Of what is within events, the tools that read it declare the secrets.
  it.each(tools.filter(({ events }) => !events))('$name: what is called like a secret in its answer is declared one', ({
    route,
    output,
  }) => {
    const answer = operation(route)?.answer;
    const declared = output === undefined ? new Set<string>() : secretsIn(output);
    // An array stands in a list.
    const place = answer?.type === 'array' ? 'data' : '';
    const forgotten = [...(answer === undefined ? [] : pathsIn(answer, place))]
      .filter((path) => looksLikeSecret(nameOf(path)) && !declared.has(path))
      // An object is declared by its members, each of which is looked at itself.
      .filter((path) => output === undefined || memberAt(toListed(output), path.replace(/^data\./, '')) !== 'object');
    expect(forgotten).toEqual([]);
  });

  it.each(tools)('$name: what is called like a secret among its arguments takes credentials', (tool) => {
    const { input, credentials = {}, constants = {} } = tool;
    const guarded: readonly string[] = [...(credentials.secrets ?? []), ...(credentials.identity ?? [])];
    const body = operation(tool.route)?.body;
    const named = [...Object.keys(input), ...(body === undefined ? [] : membersOf(body).properties.keys())];
    // An ID that is called as its prefix is: the server takes the value for a WorkOS ID.
    const isId = (name: string) => input[name]?.description?.startsWith(`${name.replace(/_id$/, '')}_…, `);
    const forgotten = named.filter((name) => looksLikeSecret(name) && !guarded.includes(name) && !isId(name));
    expect(forgotten.filter((name) => !Object.hasOwn(constants, name))).toEqual([]);
  });
});

it('has no name on the list of those that look like secrets and are none which nothing has', () => {
  const names = new Set(
    specifications.flatMap(({ operation }) =>
      tools.flatMap(({ route, input }) => [
        ...Object.keys(input),
        ...[...pathsIn(operation(route)?.answer ?? {})].map(nameOf),
      ]),
    ),
  );
  expect(Object.keys(NOT_SECRET).filter((name) => !names.has(name))).toEqual([]);
});
