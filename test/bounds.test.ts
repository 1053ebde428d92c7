import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseArguments } from '../src/call/arguments.ts';
import type { Tool } from '../src/catalog/tool.ts';
import { RefusedError } from '../src/errors.ts';
import { createStatusTool } from '../src/mcp/status-tool.ts';
import { catalog } from './support/catalog.ts';

const status = createStatusTool(catalog, {
  name: 'agent',
  grants: { allow: [], deny: [], readOnly: false, productionGuard: false },
});

const formsOf = (tool: Tool): readonly Tool[] => [
  tool,
  ...[tool.confirmed, tool.restricted, tool.restricted?.confirmed].filter((form) => form !== undefined),
];

/** Where a JSON Schema takes texts, lists or records of any size. */
function unboundedIn(json: z.core.JSONSchema.BaseSchema, path: string): readonly string[] {
  const { type, properties = {}, items, additionalProperties, propertyNames, anyOf = [] } = json;
  const isFree =
    (type === 'string' && json.enum === undefined && json.maxLength === undefined) ||
    (type === 'array' && json.maxItems === undefined);
  const inner = { ...properties, items, additionalProperties, propertyNames, ...anyOf };
  return [
    ...(isFree ? [path] : []),
    ...Object.entries(inner).flatMap(([name, schema]) =>
      typeof schema === 'object' && !Array.isArray(schema) ? unboundedIn(schema, `${path}.${name}`) : [],
    ),
  ];
}

describe('bounds of arguments', () => {
  it.each([...catalog.tools, status].flatMap(formsOf))('$form: each text and each list has one', ({
    name,
    schema,
    clearable,
  }) => {
    const free = unboundedIn(z.toJSONSchema(schema(), { io: 'input' }), name);
    // It names each member at most once: another value is refused.
    expect(free.filter((path) => path !== `${name}.clear` || clearable.length === 0)).toEqual([]);
  });

  const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'x']));
  const url = { redirect_uri: 'https://a.test/', provider: 'GoogleOAuth' };
  it.each<[string, Record<string, unknown>, string]>([
    [
      'get_sso_authorization_url',
      { ...url, provider_query_params: pairs(101) },
      'provider_query_params: at most 100 keys',
    ],
    [
      'get_sso_authorization_url',
      { ...url, provider_query_params: { k: 'x'.repeat(10_001) } },
      'provider_query_params.k: Too big',
    ],
    ['get_sso_authorization_url', { ...url, state: 'x'.repeat(10_001) }, 'state: Too big'],
    [
      'get_sso_authorization_url',
      { ...url, redirect_uri: `https://a.test/${'x'.repeat(10_000)}` },
      'redirect_uri: Too big',
    ],
    ['create_user', { email: 'a@b.test', metadata: pairs(51) }, 'metadata: at most 50 keys'],
    ['create_user', { email: `${'a'.repeat(10_000)}@b.test` }, 'email: Too big'],
    ['list_users', { fields: Array.from({ length: 101 }, () => 'id') }, 'fields: Too big'],
    ['list_users', { after: 'x'.repeat(10_001) }, 'after: Too big'],
    ['list_organizations', { domains: Array.from({ length: 1_001 }, () => 'a.test') }, 'domains: Too big'],
  ])('%s: refuses more than one allows', (name, args, told) => {
    const tool = catalog.tools.find((other) => other.name === name) ?? expect.fail(`there is no ${name}`);
    const parse = () => parseArguments(tool, args, { maxItems: 100 });
    expect(parse).toThrow(RefusedError);
    expect(parse).toThrow(told);
  });

  it('shows none of them to clients', () => {
    const shown = JSON.stringify([...catalog.tools, status].flatMap(formsOf).map(({ jsonSchema }) => jsonSchema()));
    expect(shown).not.toMatch(/maxLength|maxItems/);
  });
});
