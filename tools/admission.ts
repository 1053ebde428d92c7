import type { Found, Ruling } from '../src/catalog/asking.ts';
import { isObject, type JsonObject } from '../src/json.ts';

// What is looked at before an inbox is let into an organization, and what a person is shown for the decision.

/** The states in which WorkOS holds the ownership of a domain for proven. */
const PROVEN: readonly unknown[] = ['verified', 'legacy_verified'];

const itemsOf = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

const provenDomains = (organization: JsonObject | undefined): readonly string[] =>
  itemsOf(organization?.domains)
    .filter(({ state }) => PROVEN.includes(state))
    .map(({ domain }) => String(domain).toLowerCase());

/** Whether the inbox is on a domain that the organization has proven to own. */
const isOwnInbox = (email: unknown, organization: JsonObject | undefined): boolean =>
  typeof email === 'string' &&
  provenDomains(organization).includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase());

/** All that a membership can be: a list without them has active ones alone. */
export const ALL_STATUSES = ['active', 'inactive', 'pending'] as const;

/** Among the memberships of one user in one organization, the one that would be active again, with its roles. */
const formerIn = (memberships: readonly JsonObject[]): JsonObject | undefined =>
  memberships.find(({ status }) => status !== 'active' && status !== 'pending');

/** The slugs of the roles that a call names, or that a membership or an invitation has. */
export const roleSlugs = ({ role_slug, role_slugs, role, roles }: JsonObject): readonly string[] => {
  const several = [role_slugs, roles].find((list) => Array.isArray(list) && list.length > 0);
  return [several ?? role_slug ?? role ?? []]
    .flat()
    .map((one) => (isObject(one) ? one.slug : one))
    .filter((slug) => typeof slug === 'string');
};

const permissionsOf = (slug: string, roles: readonly JsonObject[]) =>
  roles.find((role) => role.slug === slug)?.permissions ?? 'unknown';

/** Letters of other scripts can look like those of the organization's domain: a person is shown them escaped. */
const spelt = (email: unknown): JsonObject =>
  typeof email === 'string' && /[^ -~]/.test(email) ? { 'The email, letter by letter': email } : {};

/** What a person should know of the organization, of the roles that are given in it, and of the email that gets them. */
export const admissionFacts = (
  slugs: readonly string[],
  { organization, roles }: Found<'organization' | 'roles'>,
  email?: unknown,
): JsonObject => ({
  ...spelt(email),
  'The organization': organization[0]?.name,
  'Its verified domains': provenDomains(organization[0]),
  // WorkOS does not say which role is the default one; it documents that it is `member`, or one that was chosen instead.
  ...(slugs.length === 0
    ? { 'Permissions of the default role, which is member unless another was chosen': permissionsOf('member', roles) }
    : { 'Permissions of the roles': Object.fromEntries(slugs.map((slug) => [slug, permissionsOf(slug, roles)])) }),
});

/** What becomes of letting an email into an organization, with the roles that the call names. */
export function judgeAdmission(
  email: unknown,
  chosen: readonly string[],
  found: Found<'memberships' | 'organization' | 'roles'>,
): Ruling {
  const former = formerIn(found.memberships);
  const given = chosen.length === 0 && former !== undefined ? roleSlugs(former) : chosen;
  const shows = admissionFacts(given, found, email);
  // Accepting an invitation may bring earlier roles back, too: it is not documented.
  if (former !== undefined) {
    return { credentials: 'the person was a member before, and may get the earlier or the chosen roles', shows };
  }
  if (!isOwnInbox(email, found.organization[0])) {
    return { confirm: 'the email is not on a verified domain of the organization', shows };
  }
  return chosen.length > 0 ? { confirm: 'roles decide what a member may do', shows } : 'plain';
}

/** When that waits for a confirmation, for operators. */
export const ADMISSION_WAITS =
  'the person was a member before, or the email is not on a verified domain of the organization';
