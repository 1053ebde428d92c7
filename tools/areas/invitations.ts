import * as z from 'zod';
import { lookFirst } from '../../src/catalog/asking.ts';
import { area, tool } from '../../src/catalog/declaration.ts';
import { secret } from '../../src/catalog/output.ts';
import { ADMISSION_WAITS, ALL_STATUSES, admissionFacts, judgeAdmission, roleSlugs } from '../admission.ts';
import { email, id, organizationId, page, roleSlug, userId } from '../arguments.ts';
import { endings, userManagement } from '../limits.ts';
import { locale } from '../locales.ts';
import { kind, list, object, text, textOrNull, times } from '../members.ts';

const invitation = object({
  object: kind,
  id: text,
  email: text,
  state: text,
  accepted_at: textOrNull,
  revoked_at: textOrNull,
  expires_at: text,
  organization_id: textOrNull,
  inviter_user_id: textOrNull,
  accepted_user_id: textOrNull,
  role_slug: textOrNull,
  // With either of the two, anyone can accept the invitation.
  token: secret(text),
  accept_invitation_url: secret(text),
  ...times,
});

const invitationId = id('invitation_…, from list_invitations');

const preview = { object: 'get_invitation', named: 'email' } as const;

/** What is read of an organization that a call names; an invitation may be to none. */
const inOrganization = (organization_id: unknown) =>
  typeof organization_id === 'string' ? { organization_id } : undefined;

/** An invitation to an organization lets an inbox in; one to the app alone does not. */
const admission = lookFirst({
  look: {
    organization: { tool: 'get_organization', with: (args) => inOrganization(args.organization_id) },
    roles: { tool: 'list_organization_roles', with: (args) => inOrganization(args.organization_id) },
    asGiven: {
      tool: 'list_users',
      with: (args) => inOrganization(args.organization_id) && { email: args.email },
    },
    // WorkOS finds users by the email letter by letter.
    inLowerCase: {
      tool: 'list_users',
      with: (args, { asGiven }) =>
        asGiven.length > 0 || String(args.email).toLowerCase() === args.email
          ? undefined
          : inOrganization(args.organization_id) && { email: String(args.email).toLowerCase() },
    },
    memberships: {
      tool: 'list_organization_memberships',
      with: (args, { asGiven: [one], inLowerCase: [other] }) => {
        const user = one ?? other;
        return user && { user_id: user.id, organization_id: args.organization_id, statuses: ALL_STATUSES };
      },
    },
  },
  waits: ADMISSION_WAITS,
  decide: ({ memberships, organization, roles }, args) =>
    args.organization_id === undefined
      ? 'plain'
      : judgeAdmission(args.email, roleSlugs(args), { memberships, organization, roles }),
});

export default area({
  name: 'invitations',
  title: 'Invitations',
  meaning: 'emails that ask a person in (invitation_…), to the app or to an organization with a role',
  limits: userManagement,
  tools: [
    tool({
      name: 'list_invitations',
      route: 'GET /user_management/invitations',
      access: 'read',
      description: 'List invitations, of all organizations or one, or to one email.',
      listed: true,
      words: 'invited pending expired waiting who joined outstanding',
      input: {
        organization_id: organizationId.optional(),
        email: email.describe('Compared exactly, case too').optional(),
        ...page,
      },
      output: list(invitation),
      caseSensitive: ['email'],
    }),
    tool({
      name: 'get_invitation',
      route: 'GET /user_management/invitations/{invitation_id}',
      access: 'read',
      description: 'Get one invitation and its state.',
      words: 'invited pending expired accepted status',
      input: { invitation_id: invitationId },
      output: invitation,
    }),
    tool({
      name: 'get_invitation_by_token',
      route: 'GET /user_management/invitations/by_token/{token}',
      access: 'read',
      description: 'Get the invitation that a token belongs to.',
      words: 'accept link url whose which',
      input: { token: z.string().min(1).describe('From the accept URL') },
      output: invitation,
      credentials: { secrets: ['token'] },
    }),
    tool({
      name: 'create_invitation',
      route: 'POST /user_management/invitations',
      access: 'write',
      description: 'Email an invitation to join the app, or an organization.',
      listed: true,
      words: 'invite ask send email add join new person teammate',
      toldBy: 'list_invitations',
      input: {
        email,
        organization_id: organizationId.optional(),
        role_slug: roleSlug.optional(),
        expires_in_days: z.int().min(1).max(30).describe('Default 7').optional(),
        inviter_user_id: userId.optional(),
        locale,
      },
      output: invitation,
      credentials: { identity: ['role_slug', 'inviter_user_id'] },
      check: ({ role_slug, organization_id }) => [
        role_slug !== undefined && organization_id === undefined && 'role_slug needs organization_id.',
      ],
      preview: { of: 'email' },
      before: admission,
      nextSteps: {
        invalid_role: 'list_organization_roles has the roles of the organization.',
        user_already_exists: 'Find the user with list_users; create_organization_membership makes them a member.',
        email_already_invited: 'resend_invitation emails the invitation again; list_invitations has it.',
        email_already_invited_to_organization:
          'resend_invitation emails the invitation again; list_invitations has it.',
      },
    }),
    tool({
      name: 'resend_invitation',
      route: 'POST /user_management/invitations/{invitation_id}/resend',
      access: 'write',
      description: 'Email a pending invitation again.',
      words: 'invite again remind reminder not arrived lost email',
      toldBy: 'get_invitation',
      input: { invitation_id: invitationId, locale },
      output: invitation,
      nextSteps: {
        invite_expired: 'create_invitation makes a new one.',
        invite_revoked: 'create_invitation makes a new one.',
      },
    }),
    tool({
      name: 'accept_invitation',
      route: 'POST /user_management/invitations/{invitation_id}/accept',
      access: 'write',
      description: 'Accept an invitation in the name of the invited, who becomes a member.',
      words: 'join on behalf confirm invite',
      toldBy: 'get_invitation',
      input: { invitation_id: invitationId },
      output: invitation,
      credentials: {
        whole: 'only the owner of the inbox can accept: it vouches for who a person is, and gives the role',
      },
      confirm: 'always',
      preview,
      before: lookFirst({
        look: {
          invitation: { tool: 'get_invitation', with: ({ invitation_id }) => ({ invitation_id }) },
          organization: {
            tool: 'get_organization',
            with: (_, { invitation: [one] }) => inOrganization(one?.organization_id),
          },
          roles: {
            tool: 'list_organization_roles',
            with: (_, { invitation: [one] }) => inOrganization(one?.organization_id),
          },
        },
        waits: 'they accept in the name of another person',
        decide: ({ invitation: [one = {}], organization, roles }) => ({
          confirm: 'it is accepted in the name of the person invited',
          ...(organization.length > 0 && { shows: admissionFacts(roleSlugs(one), { organization, roles }) }),
        }),
      }),
      nextSteps: { invite_not_pending: 'get_invitation tells its state.' },
    }),
    tool({
      name: 'revoke_invitation',
      route: 'POST /user_management/invitations/{invitation_id}/revoke',
      access: 'write',
      description: 'Withdraw a pending invitation.',
      words: 'cancel undo invite withdraw uninvite stop',
      toldBy: 'get_invitation',
      input: { invitation_id: invitationId },
      output: invitation,
      effect: 'ends',
      confirm: endings,
      preview,
      nextSteps: { invite_not_pending: 'get_invitation tells its state.' },
    }),
  ],
});
