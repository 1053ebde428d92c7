import * as z from 'zod';
import { lookFirst } from '../../src/catalog/asking.ts';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { area, tool } from '../../src/catalog/declaration.ts';
import { secret } from '../../src/catalog/output.ts';

/** A catalogue with one tool for each thing that a declaration can say of confirmations, effects and places. */

const id = z.string().min(1);
const slug = z.string().min(1);
const page = { limit: z.int().optional(), after: z.string().optional() };
const object = z.looseObject({ id: z.string(), name: z.string() }).partial();
const list = z.looseObject({ object: z.string(), data: z.array(object) }).partial();

const roles = { role_slug: slug.optional(), role_slugs: z.array(slug).optional() };

const members = area({
  name: 'members',
  title: 'Members',
  meaning: 'members of clubs',
  tools: [
    tool({
      name: 'get_club',
      route: 'GET /clubs/{club_id}',
      access: 'read',
      description: 'Get a club.',
      input: { club_id: id },
      output: object,
    }),
    tool({
      name: 'list_members',
      route: 'GET /clubs/{club_id}/members',
      access: 'read',
      description: 'List members.',
      input: { club_id: id, user_id: id.optional(), ...page },
      output: list,
    }),
    tool({
      name: 'delete_member',
      route: 'DELETE /clubs/{club_id}/members/{member_id}',
      access: 'delete',
      description: 'Remove a member.',
      input: { club_id: id, member_id: id },
      preview: { object: 'list_members', named: 'user.email', dependents: { list_groups: 'member_id' } },
    }),
    tool({
      name: 'list_groups',
      route: 'GET /clubs/{club_id}/groups',
      access: 'read',
      description: 'List the groups of a member.',
      input: { club_id: id, member_id: id.optional() },
      output: list,
    }),
    tool({
      name: 'create_member',
      route: 'POST /members',
      access: 'write',
      description: 'Make a user a member.',
      input: { club_id: id, user_id: id, ...roles },
      output: object,
      credentials: { identity: ['role_slug', 'role_slugs'] },
      exclusive: [['role_slug', 'role_slugs']],
      preview: { object: 'get_club', of: 'club_id', named: 'name' },
      before: lookFirst({
        look: {
          earlier: { tool: 'list_members', with: ({ club_id, user_id }) => ({ club_id, user_id }) },
          club: {
            tool: 'get_club',
            with: ({ club_id }, { earlier }) => (earlier.length > 0 ? undefined : { club_id }),
          },
        },
        waits: 'the user was a member before, or the club is closed',
        decide: ({ earlier, club: [club] }) => {
          if (earlier.some(({ status }) => status === 'inactive'))
            return { credentials: 'the user was a member before, whose roles come back' };
          if (earlier.length > 0) return { refuse: 'the user is a member already' };
          if (club?.closed === true)
            return { confirm: 'the club is closed', shows: { 'Its default role': club.default_role } };
          return 'plain';
        },
      }),
    }),
    tool({
      name: 'reactivate_member',
      route: 'PUT /clubs/{club_id}/members/{member_id}/reactivate',
      access: 'write',
      description: 'Make a former member one again.',
      input: { club_id: id, member_id: id },
      output: object,
      credentials: { whole: 'earlier roles come back' },
      confirm: 'always',
      preview: { object: 'list_members' },
    }),
    tool({
      name: 'list_club_keys',
      route: 'GET /clubs/{club_id}/keys',
      access: 'read',
      description: 'List the keys of a club.',
      input: { club_id: id, ...page },
      output: list,
    }),
    tool({
      name: 'list_user_keys',
      route: 'GET /users/{user_id}/keys',
      access: 'read',
      description: 'List the keys of a user.',
      input: { user_id: id, ...page },
      output: list,
    }),
    tool({
      name: 'delete_key',
      route: 'DELETE /keys/{key_id}',
      access: 'delete',
      description: 'Delete a key.',
      input: { key_id: id, club_id: id.optional(), user_id: id.optional() },
      in: { club_id: 'preview', user_id: 'preview' },
      exactlyOne: ['club_id', 'user_id'],
      preview: { object: ['list_club_keys', 'list_user_keys'], named: 'name' },
    }),
    tool({
      name: 'expire_key',
      route: 'POST /keys/{key_id}/expire',
      access: 'delete',
      description: 'End a key.',
      input: { key_id: id, club_id: id },
      in: { club_id: 'preview' },
      preview: { object: 'list_club_keys', named: 'name' },
    }),
    tool({
      name: 'revoke_session',
      route: 'POST /sessions/revoke',
      access: 'write',
      description: 'End a session.',
      input: { session_id: id },
      effect: 'ends',
      preview: { of: 'session_id' },
      confirm: { beyond: { calls: 2, per: 'hour', group: 'endings' } },
    }),
    tool({
      name: 'revoke_invitation',
      route: 'POST /invitations/{invitation_id}/revoke',
      access: 'write',
      description: 'End an invitation.',
      input: { invitation_id: id },
      effect: 'ends',
      preview: {},
      confirm: { beyond: { calls: 2, per: 'hour', group: 'endings' } },
    }),
    tool({
      name: 'check_access',
      route: 'POST /members/{member_id}/check',
      access: 'read',
      description: 'Ask whether a member may do something.',
      input: { member_id: id, permission_slug: slug, resource_id: z.string().optional() },
      effect: 'none',
      output: z.looseObject({ authorized: z.boolean() }).partial(),
    }),
    tool({
      name: 'remove_member_role',
      route: 'DELETE /members/{member_id}/roles',
      access: 'write',
      description: 'Take a role away.',
      input: { member_id: id, role_slug: slug },
      in: { role_slug: 'body' },
    }),
    tool({
      name: 'import_account',
      route: 'POST /members/{member_id}/accounts',
      access: 'write',
      description: 'Connect an account.',
      input: { member_id: id, club_id: id.optional(), access_token: z.string(), email: z.string().optional() },
      in: { club_id: 'query' },
      credentials: { whole: 'the tokens decide whose account it is', secrets: ['access_token'] },
      confirm: 'always',
      preview: { of: 'member_id' },
      output: z.looseObject({ id: z.string(), token: secret(z.string()) }).partial(),
    }),
    tool({
      name: 'add_role_permission',
      route: 'POST /roles/{role_slug}/permissions',
      access: 'write',
      description: 'Add a permission to a role.',
      input: { role_slug: slug, permission_slug: slug },
      wire: { permission_slug: 'slug' },
      repeats: 'documented',
    }),
    tool({
      name: 'get_flag',
      route: 'GET /flags/{flag_slug}',
      access: 'read',
      description: 'Get a flag.',
      input: { flag_slug: slug },
      output: object,
    }),
    tool({
      name: 'enable_flag',
      route: 'PUT /flags/{flag_slug}/enable',
      access: 'write',
      description: 'Switch a flag on.',
      input: { flag_slug: slug },
      confirm: 'always',
      preview: { object: 'get_flag', by: 'slug', named: 'name' },
    }),
    tool({
      name: 'list_client_secrets',
      route: 'GET /clubs/{club_id}/secrets',
      access: 'read',
      description: 'List secrets by their last characters.',
      input: { club_id: id },
      output: z.array(object),
    }),
  ],
});

export const club = createCatalog({
  areas: [members],
  general: { name: 'general', requests: 1_000, seconds: 60 },
  presets: {},
  prompts: [],
  probe: { tool: 'get_club', args: { club_id: 'club_1' } },
});
