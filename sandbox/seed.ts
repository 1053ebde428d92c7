import { hashPassword } from 'workos-emulator/workos/helpers.js';
import type { JsonObject, Records } from './gap.ts';
import { ids, toId } from './ids.ts';
import { plantActivity } from './plant-activity.ts';
import { toAcceptance } from './shapes.ts';
import { companies, connections, directories, permissions, roles, users } from './world.ts';

export const apiKey = 'sk_test_sandbox';
export const clientId = 'client_01JSANDBX00000000000000000';

/** Every seeded object has its own minute of 2025, in the order of the data. */
const minute = (count: number): string => new Date(Date.UTC(2025, 0, 6, 9, count)).toISOString();

const ssoCodes: Readonly<Record<string, string>> = {
  sandbox_sso_code: ids.profiles.emma,
  sandbox_sso_code_gwen: ids.profiles.gwen,
};

/** Fixed values for the steps that need a browser, a mailbox or a telephone. They are valid in the sandbox only. */
export const constants = {
  /** The password of every seeded user. */
  password: 'sandbox-password',
  /** The one-time code of every email verification, MFA challenge and Radar challenge. */
  code: '123456',
  /** The number of wrong codes that ends a challenge. */
  wrongCodes: 5,
  authorizationCode: 'sandbox_authorization_code',
  refreshToken: 'sandbox_refresh_token',
  pendingToken: 'sandbox_pending_authentication_token',
  radarChallengeId: toId('radar_challenge', 'ADA'),
  deviceCode: 'sandbox_device_code',
  deviceCodePending: 'sandbox_device_code_pending',
  /** Codes for POST /sso/token, with the ID of the profile that each one returns. */
  ssoCodes,
};

const never = '2099-12-31T23:59:59.000Z';

type Dated = { created_at: string; updated_at: string };

/**
 * Puts the seed data into an empty store.
 * @param opened from which the ages of what happened of late are counted
 */
export function plant(records: Records, opened: Date): void {
  let count = 0;
  // The emulator dates every insert to now. Nothing is indexed by date, so the stored item can be corrected.
  const dated = <T extends Dated>(item: T): T => {
    item.created_at = minute(count);
    item.updated_at = item.created_at;
    count += 1;
    return item;
  };
  for (const company of companies) plantCompany(company, records, dated);
  for (const user of users) plantUser(user, records, dated);
  plantRoles(records, dated);
  for (const connection of connections) plantConnection(connection, records, dated);
  for (const directory of directories) plantDirectory(directory, records, dated);
  plantFactor(records, dated);
  plantAuditLog(records, dated);
  plantSent(records, dated);
  plantActivity(records, opened);
}

type Put = <T extends Dated>(item: T) => T;

function plantCompany(company: (typeof companies)[number], records: Records, put: Put): void {
  const organization_id = toId('org', company.id);
  const { name, external_id = null, metadata = {} } = company;
  put(
    records.organizations.insert({
      id: organization_id,
      object: 'organization',
      name,
      external_id,
      metadata: { ...metadata },
      stripe_customer_id: null,
    }),
  );
  for (const [index, { domain, state }] of company.domains.entries())
    put(
      records.organizationDomains.insert({
        id: toId('org_domain', `${company.id}${index + 1}`),
        object: 'organization_domain',
        organization_id,
        domain,
        state,
        verification_strategy: 'dns',
        verification_token: `sandbox-${company.id.toLowerCase()}-${index + 1}`,
        verification_prefix: 'workos-verify',
      }),
    );
}

function plantUser(user: (typeof users)[number], records: Records, put: Put): void {
  const name = user.first.toUpperCase();
  const id = toId('user', name);
  put(
    records.users.insert({
      id,
      object: 'user',
      email: `${user.first.toLowerCase()}@${user.domain}`,
      first_name: user.first,
      last_name: user.last,
      name: `${user.first} ${user.last}`,
      email_verified: user.verified ?? true,
      profile_picture_url: null,
      last_sign_in_at: null,
      external_id: user.external_id ?? null,
      metadata: {},
      locale: 'en-US',
      password_hash: hashPassword(constants.password),
      impersonator: null,
    }),
  );
  for (const [company, role] of Object.entries(user.memberOf))
    put(
      records.organizationMemberships.insert({
        id: toId('om', `${name}${company}`),
        object: 'organization_membership',
        organization_id: toId('org', company),
        user_id: id,
        role: { slug: role },
        status: 'active',
        external_id: null,
        metadata: {},
      }),
    );
}

function plantRoles(records: Records, put: Put): void {
  const permissionIds = new Map<string, string>();
  for (const { id, ...permission } of permissions) {
    const stored = put(records.permissions.insert({ id: toId('perm', id), object: 'permission', ...permission }));
    permissionIds.set(permission.slug, stored.id);
  }
  for (const [priority, { id, company, permissions: slugs, ...role }] of roles.entries()) {
    const stored = put(
      records.roles.insert({
        id: toId('role', id),
        object: 'role',
        ...role,
        type: company === undefined ? 'EnvironmentRole' : 'OrganizationRole',
        organization_id: company === undefined ? null : toId('org', company),
        is_default_role: role.slug === 'member',
        priority,
      }),
    );
    for (const slug of slugs)
      records.rolePermissions.insert({ role_id: stored.id, permission_id: permissionIds.get(slug) ?? '' });
  }
}

function plantConnection(connection: (typeof connections)[number], records: Records, put: Put): void {
  const { id, company, profiles, domains, ...rest } = connection;
  const organization_id = toId('org', company);
  const { connection_type } = rest;
  const domain = (name: string, index: number) =>
    ({ object: 'connection_domain', id: toId('conn_domain', `${id}${index + 1}`), domain: name }) as const;
  const stored = put(
    records.connections.insert({
      id: toId('conn', id),
      object: 'connection',
      organization_id,
      ...rest,
      domains: domains.map(domain),
    }),
  );
  for (const { id: name, first, last, email, groups } of profiles)
    put(
      records.ssoProfiles.insert({
        id: toId('prof', name),
        object: 'profile',
        connection_id: stored.id,
        connection_type,
        organization_id,
        idp_id: `idp-${name.toLowerCase()}`,
        email,
        first_name: first,
        last_name: last,
        groups: [...groups],
        raw_attributes: { email, department: groups[0] },
      }),
    );
}

function plantDirectory(directory: (typeof directories)[number], records: Records, put: Put): void {
  const { id, company, domain, people, groups, name, type } = directory;
  const directory_id = toId('directory', id);
  const organization_id = toId('org', company);
  const active = people.filter(([, , , , state]) => state === 'active').length;
  // The emulator's type has no counts, but its store keeps extra members and its answers show them.
  const counts = { metadata: { users: { active, inactive: people.length - active }, groups: groups.length } };
  const linked = { object: 'directory', organization_id, name, type, domain, state: 'linked' } as const;
  const external_key = `sandbox-${id.toLowerCase()}`;
  put(records.directories.insert({ id: directory_id, ...linked, external_key, ...counts }));
  const stored = groups.map((group) =>
    put(
      records.directoryGroups.insert({
        id: toId('directory_group', `${id}${group.id}`),
        object: 'directory_group',
        directory_id,
        organization_id,
        idp_id: `idp-${id}-${group.id}`.toLowerCase(),
        name: group.name,
        raw_attributes: {},
      }),
    ),
  );
  for (const [person, first_name, last_name, job, state] of people) {
    const email = `${first_name}.${last_name}@${domain}`.toLowerCase();
    const extra: JsonObject = {
      name: `${first_name} ${last_name}`,
      job_title: job,
      emails: [{ primary: true, type: 'work', value: email }],
    };
    put(
      records.directoryUsers.insert({
        id: toId('directory_user', `${id}${person}`),
        object: 'directory_user',
        directory_id,
        organization_id,
        idp_id: `idp-${id}-${person}`.toLowerCase(),
        first_name,
        last_name,
        email,
        username: email,
        state,
        role: { slug: 'member' },
        custom_attributes: { department: job },
        raw_attributes: { userName: email, active: state === 'active' },
        groups: stored.filter((_, index) => groups[index]?.members.includes(person)),
        ...extra,
      }),
    );
  }
}

function plantFactor(records: Records, put: Put): void {
  const user_id = ids.users.dev;
  const totp = { issuer: 'Sandbox', user: 'dev@acme.example.com' };
  const factor = { id: ids.factors.dev, object: 'authentication_factor', type: 'totp', user_id, totp } as const;
  put(records.authFactors.insert(factor));
  const { code } = constants;
  const challenge = { id: ids.challenges.dev, object: 'authentication_challenge', user_id } as const;
  put(records.authChallenges.insert({ ...challenge, factor_id: factor.id, expires_at: never, code }));
  const magic = { id: ids.magicAuths.ada, object: 'magic_auth', user_id: ids.users.ada, code } as const;
  put(records.magicAuths.insert({ ...magic, email: 'ada@acme.example.com', expires_at: never }));
}

/** An email verification, a change of an email and a password reset that were sent and wait for the user. */
function plantSent(records: Records, put: Put): void {
  const change = { user_id: ids.users.maya, email: 'maya.sen@damsonbay.example.net', expires_at: never };
  put(records.emailChanges.insert(change));
  const { code } = constants;
  const verification = { object: 'email_verification', user_id: ids.users.ben, email: 'ben@acme.example.com' } as const;
  const waiting = { ...verification, code, expires_at: never };
  put(records.emailVerifications.insert({ id: ids.emailVerifications.ben, ...waiting }));
  const reset = { object: 'password_reset', user_id: ids.users.dev, email: 'dev@acme.example.com' } as const;
  const { token } = toAcceptance('password reset DEV');
  put(records.passwordResets.insert({ id: ids.passwordResets.dev, ...reset, token, expires_at: never }));
}

function plantAuditLog(records: Records, put: Put): void {
  const organization_id = ids.organizations.acme;
  const actor = { id: ids.users.ada, type: 'user', name: 'Ada Hart' };
  const actions = ['user.signed_in', 'invoice.exported', 'member.removed'];
  for (const [index, name] of actions.entries())
    put(
      records.auditLogEvents.insert({
        id: toId('audit_log_event', `ACME${index + 1}`),
        object: 'audit_log_event',
        organization_id,
        action: { name, type: 'C', id: name },
        actor,
        targets: [{ id: 'sandbox-invoice-1', type: 'invoice' }],
        metadata: {},
        occurred_at: `2025-02-0${index + 1}T10:00:00.000Z`,
        context: { location: '192.0.2.10' },
      }),
    );
  const filters = { organization_id, range_start: '2025-02-01T00:00:00.000Z', range_end: '2025-03-01T00:00:00.000Z' };
  const ready = { object: 'audit_log_export', organization_id, state: 'ready', url: null } as const;
  put(records.auditLogExports.insert({ id: ids.exports.acme, ...ready, filters }));
}
