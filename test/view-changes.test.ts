import { expect, it } from 'vitest';
import { toChanges } from '../src/call/confirm/changes.ts';
import { catalog } from './support/catalog.ts';

const verified = (domain: string) => ({ domain, state: 'verified' });
const pending = (domain: string) => ({ domain, state: 'pending' });
const withId = (item: object) => ({ object: 'organization_domain', id: 'org_domain_1', ...item });

it.each<[tool: string, args: Record<string, unknown>, now: Record<string, unknown> | undefined, shown: unknown]>([
  // Of a list that is replaced, the members that the call gives.
  [
    'update_organization',
    { domain_data: [verified('acme.test')] },
    { domains: [withId(pending('acme.test')), withId(verified('old.test'))] },
    [
      '[{"domain":"acme.test","state":"pending"},{"domain":"old.test","state":"verified"}]',
      '[{"domain":"acme.test","state":"verified"}]',
    ],
  ],
  ['update_organization', { domain_data: [] }, { domains: [withId(verified('old.test'))] }, ['["old.test"]', '[]']],
  ['update_organization', { domain_data: [] }, { domains: 'odd' }, [undefined, '[]']],
  ['update_organization_membership', { role_slug: 'member' }, { roles: [{ slug: 'admin' }] }, ['"admin"', '"member"']],
  [
    'update_organization_membership',
    { role_slug: 'member' },
    { roles: [{ slug: 'admin' }, { slug: 'owner' }] },
    ['["admin","owner"]', '"member"'],
  ],
  [
    'update_organization_membership',
    { role_slugs: ['member'] },
    { roles: [{ slug: 'admin' }] },
    ['["admin"]', '["member"]'],
  ],
  // Of pairs the keys that the call gives: the others stay.
  [
    'update_user',
    { metadata: { a: '9', new: '1' } },
    { metadata: { a: '1', b: '2' } },
    ['{"a":"1"}', '{"a":"9","new":"1"}'],
  ],
  ['update_user', { metadata: { a: '9', b: null } }, { metadata: { a: '1', b: '2' } }, ['{"a":"1"}', '{"a":"9"}']],
  ['update_user', { metadata: { a: '9' } }, { metadata: null }, ['null', '{"a":"9"}']],
  // Each other value as it is.
  ['update_user', { email_verified: true }, { email_verified: false }, ['false', 'true']],
  ['update_user', { external_id: 'x ' }, { external_id: null }, ['null', '"x "']],
  ['update_user', { email: 'eve@evil.test' }, undefined, [undefined, '"eve@evil.test"']],
  [
    'update_user',
    { first_name: 'x' },
    { first_name: 'y'.repeat(600) },
    [`"${'y'.repeat(499)}… (602 characters)`, '"x"'],
  ],
  // What a call makes has no state before it.
  ['create_organization_membership', { organization_id: 'org_1' }, { id: 'user_1' }, undefined],
  ['create_invitation', { organization_id: 'org_1' }, undefined, undefined],
  ['send_email_change', { new_email: 'eve@evil.test' }, { email: 'ada@acme.test' }, undefined],
])('%s with %j of %j shows before and after', (name, args, now, shown) => {
  const tool = catalog.tools.find((one) => one.name === name) ?? expect.fail();
  const parts = toChanges(tool, args, 'none', now).flatMap((line) => line.parts ?? []);
  expect(parts.map(({ before, after }) => [before, after])).toEqual(shown === undefined ? [] : [shown]);
});
