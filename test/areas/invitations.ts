import { ids } from '../../sandbox/ids.ts';
import { toAcceptance } from '../../sandbox/shapes.ts';
import type invitations from '../../tools/areas/invitations.ts';
import type { Cases } from '../support/case.ts';
import { ORGANIZATION, PAGE, PLAIN, USER } from '../support/case-parts.ts';
import { ACME, GRACE_INVITATION } from '../support/seeded.ts';

const { token } = toAcceptance('invitation GRACE');
const { femke } = ids.invitations;
const route = '/user_management/invitations';

export default {
  list_invitations: {
    opens: 'invitations:read',
    calls: [{ ...PAGE, organization_id: ORGANIZATION, email: 'ada@example.com' }],
    examples: [
      { args: {} },
      {
        says: 'How many of each state an organization has:',
        args: { organization_id: ACME, where: 'state=pending', count_only: true },
      },
    ],
  },
  get_invitation: {
    opens: 'invitations:read',
    sandbox: {
      args: { invitation_id: GRACE_INVITATION },
      sends: { method: 'GET', path: `${route}/${GRACE_INVITATION}` },
      status: 200,
      answers: { object: 'invitation', state: 'pending' },
    },
  },
  get_invitation_by_token: {
    opens: 'invitations:read',
    needsCredentials: true,
    sandbox: {
      args: { token },
      sends: { method: 'GET', path: `${route}/by_token/${token}` },
      status: 200,
      answers: { id: GRACE_INVITATION },
    },
  },
  create_invitation: {
    opens: 'invitations:write',
    guarded: ['role_slug', 'inviter_user_id'],
    plain: {
      email: 'gets the invitation, whose token is withheld from the agent; one from outside waits for a confirmation',
      organization_id: PLAIN.organization,
      expires_in_days: 'is at most 30',
      locale: 'chooses a language',
    },
    calls: [
      {
        email: 'ada@example.com',
        organization_id: ORGANIZATION,
        role_slug: 'admin',
        expires_in_days: 3,
        inviter_user_id: USER,
        locale: 'de',
      },
    ],
    sandbox: {
      args: { email: 'iris@acme.example.com', organization_id: ACME, expires_in_days: 3 },
      sends: {
        method: 'POST',
        path: route,
        body: { email: 'iris@acme.example.com', organization_id: ACME, expires_in_days: 3 },
      },
      status: 201,
      answers: { object: 'invitation', state: 'pending', email: 'iris@acme.example.com' },
    },
    examples: [
      { args: { email: 'iris@acme.example.com', organization_id: ACME, locale: 'en-GB' } },
      {
        says: 'A person has to confirm that an inbox from outside is let into an organization:',
        args: { email: 'iris@example.net', organization_id: ACME },
        confirmed: true,
      },
    ],
  },
  resend_invitation: {
    opens: 'invitations:write',
    plain: { locale: 'chooses a language' },
    calls: [{ invitation_id: 'invitation_01E4ZCR3C56J083X43JQXF3JK5', locale: 'de' }],
  },
  accept_invitation: {
    opens: 'invitations:write',
    needsCredentials: true,
    sandbox: {
      args: { invitation_id: femke },
      sends: { method: 'POST', path: `${route}/${femke}/accept` },
      status: 200,
      answers: { state: 'accepted' },
    },
    examples: [{ args: { invitation_id: femke }, confirmed: true }],
  },
  revoke_invitation: {
    opens: 'invitations:write',
    sandbox: {
      args: { invitation_id: GRACE_INVITATION },
      sends: { method: 'POST', path: `${route}/${GRACE_INVITATION}/revoke` },
      status: 200,
      answers: { state: 'revoked' },
    },
  },
} satisfies Cases<typeof invitations>;
