import { type Gap, succeeded } from './gap.ts';
import { adminPortalGaps } from './gaps/admin-portal.ts';
import { apiKeyGaps } from './gaps/api-keys.ts';
import { auditLogGaps } from './gaps/audit-logs.ts';
import { authorizationCheckGaps } from './gaps/authorization-checks.ts';
import { emailGaps } from './gaps/email.ts';
import { eventGaps } from './gaps/events.ts';
import { factorGaps } from './gaps/factors.ts';
import { invitationGaps } from './gaps/invitations.ts';
import { listGaps } from './gaps/lists.ts';
import { membershipGaps } from './gaps/memberships.ts';
import { metadataGaps } from './gaps/metadata.ts';
import { organizationGaps } from './gaps/organizations.ts';
import { passwordResetGaps } from './gaps/password-reset.ts';
import { roleGaps } from './gaps/roles.ts';
import { sessionGaps } from './gaps/sessions.ts';
import { signInGaps } from './gaps/sign-in.ts';
import { signInEventGaps } from './gaps/sign-in-events.ts';
import { ssoGaps } from './gaps/sso.ts';
import { userGaps } from './gaps/users.ts';

const deleted = (status: number, ...routes: readonly string[]): Gap => ({
  name: `deleted: ${status}`,
  routes,
  reason: `answers 204 where the specification has ${status}`,
  async fill(call, next) {
    const answer = await next(call);
    return succeeded(answer) ? { status } : answer;
  },
});

/** Every known difference from WorkOS, outermost layer first. Other answers are the emulator's own. */
export const gaps: readonly Gap[] = [
  deleted(200, 'DELETE /user_management/users/{id}'),
  deleted(202, 'DELETE /organizations/{id}', 'DELETE /directories/{id}'),
  ...listGaps,
  ...metadataGaps,
  ...userGaps,
  ...sessionGaps,
  ...membershipGaps,
  ...invitationGaps,
  ...emailGaps,
  ...passwordResetGaps,
  ...signInEventGaps,
  ...signInGaps,
  ...factorGaps,
  ...organizationGaps,
  ...adminPortalGaps,
  ...authorizationCheckGaps,
  ...apiKeyGaps,
  ...eventGaps,
  ...ssoGaps,
  ...auditLogGaps,
  ...roleGaps,
];
