import {
  apiKeys,
  connectionChanges,
  identities,
  invitations,
  itContacts,
  otherMemberships,
  resources,
  sessions,
  signIns,
} from './activity.ts';
import type { JsonObject, Records } from './gap.ts';
import { toId } from './ids.ts';
import { rootOf, toAcceptance, toApiKey, toSession, unsettled } from './shapes.ts';

const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;

type Dated = { created_at: string; updated_at: string };

/** Puts what happened of late into a store that has the companies. */
export function plantActivity(records: Records, opened: Date): void {
  const ago = (minutes: number): string => new Date(opened.getTime() - minutes * MINUTE_MS).toISOString();
  const aged = <T extends Dated>(minutes: number, item: T): T => {
    item.created_at = ago(minutes);
    item.updated_at = item.created_at;
    return item;
  };
  const org = (company: string | undefined): string | null => (company === undefined ? null : toId('org', company));
  const happened: (readonly [age: number, id: string, event: string, data: JsonObject])[] = [];

  for (const { user, company, role, status, age } of otherMemberships)
    aged(
      age,
      records.organizationMemberships.insert({
        id: toId('om', `${user}${company}`),
        object: 'organization_membership',
        organization_id: toId('org', company),
        user_id: toId('user', user),
        role: { slug: role },
        status,
        external_id: null,
        metadata: {},
      }),
    );
  for (const { id, email, company, role = null, by, age, ended } of invitations) {
    const at = ended && ago(ended.age);
    const item = aged(
      age,
      records.invitations.insert({
        id: toId('invitation', id),
        object: 'invitation',
        email,
        state: ended?.state ?? 'pending',
        organization_id: org(company),
        inviter_user_id: by === undefined ? null : toId('user', by),
        role_slug: role,
        expires_at: new Date(opened.getTime() - age * MINUTE_MS + WEEK_MS).toISOString(),
        ...toAcceptance(`invitation ${id}`),
        ...(ended?.state === 'accepted' && at !== undefined && { accepted_at: at }),
        ...(ended?.state === 'revoked' && at !== undefined && { revoked_at: at }),
        ...(ended?.user !== undefined && { accepted_user_id: toId('user', ended.user) }),
      }),
    );
    happened.push([age, `NV${id}`, 'invitation.created', { ...item, state: 'pending', ...unsettled }]);
    if (ended) happened.push([ended.age, `NX${id}`, `invitation.${ended.state}`, { ...item }]);
  }
  for (const { id, user, company, method, ip, agent, age, ended, impersonator } of sessions) {
    const item = aged(
      age,
      records.sessions.insert({
        id: toId('session', id),
        object: 'session',
        user_id: toId('user', user),
        organization_id: org(company),
        ip_address: ip,
        user_agent: agent,
        auth_method: method,
        ...(impersonator && { impersonator }),
        ...(ended && { status: ended.status, ended_at: ago(ended.age) }),
      }),
    );
    happened.push([age, `SC${id}`, 'session.created', { ...toSession(item), status: 'active', ended_at: null }]);
    if (ended?.status === 'revoked') happened.push([ended.age, `SR${id}`, 'session.revoked', toSession(item)]);
  }
  for (const { id, user, provider } of identities)
    records.identities.insert({
      id: toId('identity', id),
      object: 'identity',
      user_id: toId('user', user),
      provider,
      provider_id: `sandbox-${id.toLowerCase()}`,
      type: 'OAuth',
    });
  for (const { id, name, company, user, permissions, age, usedAge, endsIn } of apiKeys) {
    const organization = toId('org', company);
    const item = aged(
      age,
      records.apiKeyRecords.insert({
        id: toId('api_key', id),
        object: 'api_key',
        owner:
          user === undefined
            ? { type: 'organization', id: organization }
            : { type: 'user', id: toId('user', user), organization_id: organization },
        name,
        key: `sk_sandbox_${toAcceptance(`key ${id}`).token}`,
        environment: 'sandbox',
        last_used_at: usedAge === undefined ? null : ago(usedAge),
        expires_at: endsIn === undefined ? null : ago(-endsIn),
        permissions,
      }),
    );
    happened.push([age, `KC${id}`, 'api_key.created', { ...toApiKey(item), last_used_at: null }]);
  }
  for (const { id, company, email } of itContacts)
    records.itContacts.insert({
      id: toId('it_contact', id),
      object: 'it_contact',
      organization_id: toId('org', company),
      email,
    });
  for (const { id, company, type, external_id, name } of resources)
    records.authorizationResources.insert({
      id: toId('authz_resource', `${company}${id}`),
      object: 'authorization_resource',
      resource_type_slug: type,
      external_id,
      organization_id: toId('org', company),
      metadata: {},
      name,
      parent_resource_id: rootOf(toId('org', company)),
    });
  for (const { id, user, type, status, ip, agent, age, sso, error } of signIns) {
    const user_id = toId('user', user);
    const connection = sso === undefined ? undefined : { organization_id: org(sso), connection_id: toId('conn', sso) };
    happened.push([
      age,
      id,
      `authentication.${type}_${status}`,
      {
        ...{ type, status, ip_address: ip, user_agent: agent, user_id },
        email: records.users.get(user_id)?.email ?? null,
        ...(connection && { sso: { ...connection, session_id: null } }),
        ...(error && { error }),
      },
    ]);
  }
  for (const { id, company, event, age } of connectionChanges)
    happened.push([
      age,
      id,
      event,
      {
        ...records.connections.get(toId('conn', company)),
        external_key: `sandbox-${company.toLowerCase()}`,
        status: event === 'connection.activated' ? 'linked' : 'unlinked',
      },
    ]);

  // What the inserts above recorded, and those of the companies, was no event of theirs.
  for (const event of records.events.all()) records.events.delete(event.id);
  for (const [age, name, event, data] of happened) {
    const id = toId('event', name);
    aged(age, records.events.insert({ id, object: 'event', event, data: { ...data }, environment_id: null }));
  }
}
