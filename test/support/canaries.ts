// What stands for secrets in tests that look for them wherever an agent may look.

/**
 * The members of WorkOS's answers that let an agent act as another user, typed by hand, so that what a declaration
 * forgets is found out; `AREA.MEMBER` where the name is a secret there alone.
 */
const SECRETS: ReadonlySet<string> = new Set(
  `token accept_invitation_url code password_reset_token password_reset_url access_token refresh_token
  authkit_authorization_code secret qr_code uri external_key api_keys.value admin_portal.link audit_logs.url`.split(
    /\s+/,
  ),
);

export const isSecret = (area: string, member: string) => SECRETS.has(member) || SECRETS.has(`${area}.${member}`);

export const [ONE, OTHER] = ['canary-one-7f3a9c', 'canary-two-b81e04'] as const;

/** An answer with the canary in the place of each secret; `undefined` for one that has none. */
export function withCanary(value: unknown, area: string, canary: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withCanary(item, area, canary));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      isSecret(area, name) && typeof member !== 'object' ? canary : withCanary(member, area, canary),
    ]),
  );
}
