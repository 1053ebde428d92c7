import { type Gap, succeeded } from './gap.ts';
import { auditLogGaps } from './gaps/audit-logs.ts';
import { factorGaps } from './gaps/factors.ts';
import { listGaps } from './gaps/lists.ts';
import { metadataGaps } from './gaps/metadata.ts';
import { organizationGaps } from './gaps/organizations.ts';
import { roleGaps } from './gaps/roles.ts';
import { signInGaps } from './gaps/sign-in.ts';
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
  ...signInGaps,
  ...factorGaps,
  ...organizationGaps,
  ...ssoGaps,
  ...auditLogGaps,
  ...roleGaps,
];
