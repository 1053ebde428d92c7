import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../src/catalog/catalog.ts';
import { API_KEY, type Arguments, tool } from '../src/catalog/declaration.ts';
import { toTool } from '../src/catalog/tool.ts';
import { RefusedError } from '../src/errors.ts';
import type { KeyedEnvironment } from '../src/workos/environment.ts';
import { resolveConstants, toRequest } from '../src/workos/request.ts';
import { declarations } from '../tools/index.ts';

const { tools } = createCatalog(declarations);
const environment: KeyedEnvironment = {
  label: 'staging',
  baseUrl: 'https://api.workos.test',
  apiKey: 'sk_test_1',
  clientId: 'client_1',
};
const find = (name: string) => tools.find((tool) => tool.name === name) ?? expect.fail(name);
const request = (name: string, args: Arguments) => toRequest(find(name), args, environment);

/** Strings of every kind, and those that mean something in a URL more often than chance would have them. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom('.', '/', '\\', '?', '#', '%', '2e', '2f', ':', ';', '&', '=', '+', ' ', '\n', '\0', 'ü', 'id'),
      { maxLength: 8 },
    )
    .map((parts) => parts.join('')),
);

describe('any request', () => {
  it('with any ID goes to its own route or is refused', () => {
    fc.assert(
      fc.property(anyText, (id) => {
        let path: string;
        try {
          ({ path } = request('list_organization_roles', { organization_id: id }));
        } catch (error) {
          expect(error).toBeInstanceOf(RefusedError);
          return;
        }
        const { pathname, search, hash, host } = new URL(path, environment.baseUrl);
        const [, area, kind, segment = '', end, ...more] = pathname.split('/');
        expect([area, kind, end, more, search, hash, host]).toEqual([
          'authorization',
          'organizations',
          'roles',
          [],
          '',
          '',
          'api.workos.test',
        ]);
        expect(decodeURIComponent(segment)).toBe(id);
      }),
      { numRuns: 2_000 },
    );
  });

  it('with any query brings each argument over unchanged, and no other', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('email', 'organization_id', 'before', 'after', 'order'),
          fc.string({ unit: 'grapheme' }),
        ),
        (args) => {
          const { searchParams } = new URL(request('list_users', args).path, environment.baseUrl);
          expect(Object.fromEntries(searchParams)).toEqual(args);
        },
      ),
    );
  });

  it('with any body brings each argument over unchanged, and no other', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (metadata, name) => {
        const { body, path } = request('create_organization', { name, metadata });
        expect(path).toBe('/organizations');
        expect(JSON.parse(body ?? '')).toEqual(JSON.parse(JSON.stringify({ name, metadata })));
      }),
    );
  });

  it('never has the arguments of the server, or the key anywhere but where it belongs', () => {
    const list = request('list_users', { max_items: 5, fields: ['id'], email: 'a' });
    expect(list).toEqual({ method: 'GET', path: '/user_management/users?email=a', headers: {}, body: undefined });
    const exchange = request('get_sso_profile_and_token', { code: 'c' });
    expect(exchange.path).toBe('/sso/token');
    expect(JSON.parse(exchange.body ?? '')).toMatchObject({ client_secret: 'sk_test_1', client_id: 'client_1' });
  });
});

it('lets no tool that answers by itself have the key', () => {
  // @ts-expect-error: the key is no constant of such a tool
  const declaration = tool({
    name: 'get_secret',
    route: 'GET /secret',
    access: 'read',
    description: 'Get a secret.',
    input: {},
    constants: { client_secret: API_KEY },
    local: (args) => args,
  });
  const local = toTool({ name: 'area', title: 'Area' }, declaration);
  expect(() => resolveConstants(local, { clientId: undefined })).toThrow(
    'get_secret is local and must not have the key',
  );
});
