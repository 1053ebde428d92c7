import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createPolicy } from '../src/access/policy.ts';
import { deprecated, detail, explained, implied, listItem, secret, sentencesOn } from '../src/catalog/output.ts';
import type { Tool } from '../src/catalog/tool.ts';
import { createOffer } from '../src/mcp/offer.ts';
import { catalog, toGrants } from './support/catalog.ts';
import { openInside } from './support/inside.ts';
import type { Schema } from './support/openapi.ts';
import { sample } from './support/samples.ts';

const { tools } = catalog;

const find = (name: string): Tool => tools.find((tool) => tool.name === name) ?? expect.fail(`there is no ${name}`);

/** Every text that a model reads of a tool. */
function textsOf({ description, jsonSchema }: Tool): readonly string[] {
  const texts: string[] = [description];
  JSON.stringify(jsonSchema(), (key, value) => {
    if (key === 'description' && typeof value === 'string') texts.push(value);
    return value;
  });
  return texts;
}

describe('without the credentials grant', () => {
  it.each(tools.filter(({ restricted }) => restricted !== undefined))('$name speaks of no argument that it lacks', ({
    restricted = expect.fail('filtered'),
  }) => {
    const lacking = restricted.lacking.filter((name) => !name.includes('.'));
    const spoken = lacking.filter((name) =>
      textsOf(restricted).some((text) => new RegExp(`\\b${name.replaceAll('_', '[_ ]')}\\b`, 'i').test(text)),
    );
    expect(spoken).toEqual([]);
  });

  it.each([
    ['create_user', 'Create a user.', 'Create a user. The password is optional.'],
    [
      'update_user',
      'Change the given fields of a user; the others stay.',
      'Change the given fields of a user; the others stay. A new email becomes unverified.',
    ],
  ])('%s says less', (name, restricted, full) => {
    const shown = (grants: string) => {
      const policy = createPolicy(catalog, toGrants(grants));
      const { list } = createOffer({ agent: 'a', catalog, policy, environment: 'staging', confirm: 'auto' });
      return list.tools.find((tool) => tool.name === name)?.description;
    };
    expect(shown('users:write')).toBe(restricted);
    expect(shown('users:write users:credentials')).toBe(full);
  });
});

describe('a read says', () => {
  it('what members mean, and what its lists leave out', () => {
    const item = z.object({
      kind: implied(z.string()),
      state: explained(z.string(), 'only open counts'),
      old: deprecated(explained(z.string(), 'the older form of state')),
      notes: detail(z.string()),
      hash: secret(detail(z.string())),
      parts: z.array(z.object({ rank: explained(z.number(), 'first is 1'), size: detail(z.number()) })),
    });
    expect(sentencesOn(item)).toEqual([
      'state: only open counts.',
      'old: the older form of state.',
      'parts.rank: first is 1.',
    ]);
    expect(sentencesOn(z.object({ data: z.array(item) }).partial())).toEqual([
      'state: only open counts.',
      'parts.rank: first is 1.',
      'Only with fields: notes.',
    ]);
  });

  it.each([
    ['get_connection', 'state: only active signs users in. status: older form of state.'],
    ['list_connections', 'state: only active signs users in.'],
    ['get_directory', 'state: only linked is connected.'],
    ['get_organization_domain', 'state: verified and legacy_verified are proven.'],
    ['get_organization', 'domains.state: verified and legacy_verified are proven.'],
    ['get_organization', 'allow_profiles_outside_organization: sign-in from other email domains.'],
    ['list_users', 'Only with fields: name, profile_picture_url, metadata, last_sign_in_at, locale.'],
  ])('%s: %s', (name, sentence) => {
    expect(find(name).description).toContain(sentence);
  });

  // What is shown of events is for test/events.test.ts.
  it.each(
    tools.filter(({ isList, events }) => isList && !events),
  )('of $name exactly what is missing, and fields brings it', async ({
    name,
    description,
    input,
    output = expect.fail('a list has an output'),
    exactlyOne = [],
    atLeastOne = [],
  }) => {
    const [, said = ''] = /Only with fields: (.*)\.$/.exec(description) ?? [];
    const leftOut = said.split(', ').filter((member) => member !== '');
    const item = Object(sample(z.toJSONSchema(listItem(output) ?? expect.fail('a list has items')) as Schema));
    const inside = openInside(() => ({ body: { data: [item] } }));
    const required = Object.keys(input).filter((argument) => !(input[argument] instanceof z.ZodOptional));
    const args = Object.fromEntries(required.map((argument) => [argument, 'x']));
    const first = async (more: object) => {
      const one = Object.fromEntries(
        [...exactlyOne, ...atLeastOne].slice(0, 1).map((argument) => [argument, `${argument}_2`]),
      );
      return Object(Object((await inside.call(name, { ...one, ...args, ...more })).structured).data[0]);
    };
    const shown = await first({});
    expect(leftOut.filter((member) => member in shown)).toEqual([]);
    expect(Object.keys(await first({ fields: leftOut.length > 0 ? leftOut : ['id'] })).toSorted()).toEqual(
      (leftOut.length > 0 ? leftOut : ['id']).toSorted(),
    );
    const unsaid = Object.keys(item).filter((member) => !(member in shown) && !leftOut.includes(member));
    expect(unsaid.toSorted()).toEqual(UNSAID[name] ?? ['object', 'updated_at']);
  });
});

/** Missing and not offered: what the tool's name or the instructions say, secrets, twins, and what WorkOS has deprecated. */
const UNSAID: Readonly<Record<string, readonly string[]>> = {
  list_user_identities: [],
  list_organization_memberships: ['object', 'roles', 'updated_at'],
  list_organizations: ['allow_profiles_outside_organization', 'object', 'updated_at'],
  // What the call is about is not said again.
  list_user_sessions: ['object', 'updated_at', 'user_id'],
  list_user_auth_factors: ['object', 'updated_at', 'user_id'],
  list_resource_members_by_external_id: ['object', 'organization_id', 'updated_at'],
  list_connections: ['object', 'status', 'updated_at'],
  list_directories: ['external_key', 'object', 'updated_at'],
  list_directory_users: [
    'emails',
    'groups',
    'job_title',
    'object',
    'raw_attributes',
    'roles',
    'updated_at',
    'username',
  ],
};

it.each(
  tools.flatMap(({ name, caseSensitive = [] }) => caseSensitive.map((argument) => [name, argument] as const)),
)('%s says of %s that WorkOS compares it exactly', (name, argument) => {
  expect(find(name).jsonSchema().properties).toHaveProperty(
    `${argument}.description`,
    expect.stringContaining('ompared exactly, case too'),
  );
});

it('delete_organization says what becomes of its users', () => {
  expect(find('delete_organization').description).toContain('memberships too; its users stay.');
});
