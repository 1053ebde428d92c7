import * as z from 'zod';
import { type Found, lookFirst } from '../../src/catalog/asking.ts';
import { area, tool } from '../../src/catalog/declaration.ts';
import { detail, explained, implied } from '../../src/catalog/output.ts';
import type { JsonObject } from '../../src/json.ts';
import { ADMISSION_WAITS, ALL_STATUSES, admissionFacts, judgeAdmission, roleSlugs } from '../admission.ts';
import { membershipId, organizationId, page, roles, userId } from '../arguments.ts';
import { endings, userManagement } from '../limits.ts';
import { kind, list, object, pairs, text, textOrNull, times } from '../members.ts';
import { assignedRole } from './roles.ts';
import { user } from './users.ts';

const membership = object({
  object: kind,
  id: text,
  user_id: text,
  organization_id: text,
  organization_name: text,
  status: explained(text, 'only active ones have access'),
  directory_managed: detail(z.boolean()),
  custom_attributes: detail(pairs),
  role: assignedRole,
  roles: z.array(assignedRole),
  // What tells who it is; get_user has the rest.
  user: user.extend({
    id: implied(text),
    email_verified: detail(z.boolean()),
    external_id: detail(textOrNull),
    created_at: detail(text),
  }),
  ...times,
});

const named = ['user.email', 'user.first_name', 'user.last_name', 'organization_name'];

const preview = { object: 'get_organization_membership', named } as const;

const invalidRole = { invalid_role: 'list_organization_roles has the roles of the organization.' };

const organizationOf = (_: JsonObject, { membership = [] }: Found) => ({
  organization_id: membership[0]?.organization_id,
});

/** Reads what a person is shown of a membership that exists. */
const membershipReads = {
  membership: {
    tool: 'get_organization_membership',
    with: ({ organization_membership_id }: JsonObject) => ({ organization_membership_id }),
  },
  organization: { tool: 'get_organization', with: organizationOf },
  roles: { tool: 'list_organization_roles', with: organizationOf },
};

export default area({
  name: 'memberships',
  title: 'Organization memberships',
  meaning: 'which user belongs to which organization, with which roles (om_…)',
  limits: userManagement,
  tools: [
    tool({
      name: 'list_organization_memberships',
      route: 'GET /user_management/organization_memberships',
      access: 'read',
      description: 'List who belongs to an organization, or where a user belongs, with roles.',
      listed: true,
      words: 'members belong access customers companies which where role team people seats former pending',
      input: {
        organization_id: organizationId.optional(),
        user_id: userId.optional(),
        statuses: z.array(z.enum(ALL_STATUSES)).min(1).describe('Default active alone').optional(),
        ...page,
      },
      output: list(membership),
      atLeastOne: ['organization_id', 'user_id'],
    }),
    tool({
      name: 'get_organization_membership',
      route: 'GET /user_management/organization_memberships/{organization_membership_id}',
      access: 'read',
      description: 'Get one membership with its roles.',
      words: 'member role belong status detail',
      input: { organization_membership_id: membershipId },
      output: membership,
    }),
    tool({
      name: 'create_organization_membership',
      route: 'POST /user_management/organization_memberships',
      access: 'write',
      description: 'Make a user a member of an organization, with its default role.',
      listed: true,
      words: 'add put join member person into customer company team seat',
      toldBy: 'list_organization_memberships',
      input: { user_id: userId, organization_id: organizationId, ...roles },
      output: membership,
      credentials: { identity: ['role_slug', 'role_slugs'] },
      exclusive: [['role_slug', 'role_slugs']],
      preview: { object: 'get_user', of: 'user_id', named: ['email', 'first_name', 'last_name'] },
      before: lookFirst({
        look: {
          memberships: {
            tool: 'list_organization_memberships',
            with: ({ user_id, organization_id }) => ({ user_id, organization_id, statuses: ALL_STATUSES }),
          },
          user: { tool: 'get_user', with: ({ user_id }) => ({ user_id }) },
          organization: { tool: 'get_organization', with: ({ organization_id }) => ({ organization_id }) },
          roles: { tool: 'list_organization_roles', with: ({ organization_id }) => ({ organization_id }) },
        },
        waits: ADMISSION_WAITS,
        decide: ({ user: [user], ...found }, args) => judgeAdmission(user?.email, roleSlugs(args), found),
      }),
      nextSteps: {
        ...invalidRole,
        cannot_reactivate_pending_organization_membership:
          'The user is invited already, and becomes a member by accepting: list_invitations has the invitation.',
      },
    }),
    tool({
      name: 'update_organization_membership',
      route: 'PUT /user_management/organization_memberships/{organization_membership_id}',
      access: 'write',
      description: 'Change the roles of a member.',
      listed: true,
      words: 'change role promote demote admin permission rights',
      input: { organization_membership_id: membershipId, ...roles },
      output: membership,
      credentials: { whole: 'it does nothing but give roles', identity: ['role_slug', 'role_slugs'] },
      exactlyOne: ['role_slug', 'role_slugs'],
      confirm: 'always',
      preview: {
        ...preview,
        replaces: { role_slug: { member: 'roles', by: 'slug' }, role_slugs: { member: 'roles', by: 'slug' } },
      },
      before: lookFirst({
        look: membershipReads,
        waits: 'they give other roles',
        decide: ({ organization, roles }, args) => ({
          confirm: 'roles decide what a member may do',
          shows: admissionFacts(roleSlugs(args), { organization, roles }),
        }),
      }),
      nextSteps: invalidRole,
    }),
    tool({
      name: 'delete_organization_membership',
      route: 'DELETE /user_management/organization_memberships/{organization_membership_id}',
      access: 'delete',
      description: 'Remove a member from an organization for good; keys that the user owns there are revoked.',
      words: 'remove kick out offboard member leave customer company for good',
      input: { organization_membership_id: membershipId },
      preview,
    }),
    tool({
      name: 'deactivate_organization_membership',
      route: 'PUT /user_management/organization_memberships/{organization_membership_id}/deactivate',
      access: 'write',
      description: "Take a member's access away, and keep the membership.",
      listed: true,
      words: 'suspend lock out block disable offboard revoke access member',
      input: { organization_membership_id: membershipId },
      output: membership,
      confirm: endings,
      preview,
      nextSteps: {
        cannot_deactivate_pending_organization_membership:
          'A pending membership ends with its invitation, by revoke_invitation, or by delete_organization_membership.',
      },
    }),
    tool({
      name: 'reactivate_organization_membership',
      route: 'PUT /user_management/organization_memberships/{organization_membership_id}/reactivate',
      access: 'write',
      description: 'Give a deactivated member access back, with the earlier roles.',
      words: 'restore unsuspend unlock bring back enable former member',
      input: { organization_membership_id: membershipId },
      output: membership,
      credentials: { whole: "the earlier roles come back with it, an administrator's too" },
      confirm: 'always',
      preview,
      before: lookFirst({
        look: membershipReads,
        waits: 'earlier roles come back',
        decide: ({ membership: [one = {}], organization, roles }) => ({
          confirm: 'the earlier roles come back',
          shows: admissionFacts(roleSlugs(one), { organization, roles }),
        }),
      }),
      nextSteps: {
        cannot_reactivate_pending_organization_membership:
          'The user becomes a member by accepting the invitation; resend_invitation emails it again.',
      },
    }),
  ],
});
