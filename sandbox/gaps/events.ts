import type { WorkOSEvent } from 'workos-emulator/workos/index.js';
import { type Gap, type JsonObject, type Records, serving, toFields, toText, without } from '../gap.ts';
import { toListReply } from '../pages.ts';
import { toPermission, toSession, unsettled } from '../shapes.ts';
import { setUp } from './admin-portal.ts';

const KEPT_DAYS = 30;

type Told = { readonly event: string; readonly data: JsonObject };
type Form = (data: JsonObject, records: Records) => JsonObject;

const asStored: Form = (data) => data;

/** How it is told of an object of which the emulator has other names for its events, or other members. */
const forms: Readonly<Record<string, Form>> = {
  organization: (data) => (data.stripe_customer_id === null ? without(data, 'stripe_customer_id') : data),
  organization_membership: (data) => ({
    ...without(data, 'external_id', 'metadata'),
    directory_managed: false,
    custom_attributes: {},
  }),
  // The stored session has by what the user signed in, which was not known when it began.
  session: (data, records) => {
    const { auth_method = 'unknown' } = records.sessions.get(String(data.id)) ?? {};
    return toSession({ auth_method, ...data });
  },
  invitation: (data) => ({ ...unsettled, ...without(data, 'token', 'accept_invitation_url') }),
  permission: toPermission,
  directory_user: (data) => without(data, 'groups'),
};

const permissionsOf = (role: unknown, records: Records): readonly string[] =>
  records.rolePermissions
    .findBy('role_id', String(role))
    .flatMap(({ permission_id: id }) => records.permissions.get(id)?.slug ?? []);

function toRole(data: JsonObject, records: Records, verb: string): Told {
  const { id, slug, name, description, organization_id, created_at, updated_at } = data;
  const shared = { slug, resource_type_slug: 'organization', permissions: permissionsOf(id, records) };
  const times = { created_at, updated_at };
  return data.type === 'OrganizationRole'
    ? {
        event: `organization_role.${verb}`,
        data: { object: 'organization_role', organization_id, name, description, ...shared, ...times },
      }
    : { event: `role.${verb}`, data: { object: 'role', ...shared, ...times } };
}

function toDirectory(data: JsonObject, verb: string): Told | undefined {
  const { object, id, organization_id, type, name, created_at, updated_at, external_key } = data;
  const shared = { object, id, organization_id, type, name, created_at, updated_at };
  if (verb === 'deleted') return { event: 'dsync.deleted', data: { ...shared, state: 'deleting' } };
  if (verb !== 'created') return undefined;
  return { event: 'dsync.activated', data: { ...shared, state: 'active', external_key, domains: [] } };
}

function toConnectionEvent(data: JsonObject, verb: string): Told | undefined {
  if (verb === 'deleted') return { event: 'connection.deleted', data: without(data, 'domains') };
  const told = { active: 'connection.activated', inactive: 'connection.deactivated' }[String(data.state)];
  if (told === undefined) return undefined;
  const status = data.state === 'active' ? 'linked' : 'unlinked';
  return { event: told, data: { ...data, external_key: `sandbox-${String(data.id).slice(-8)}`, status } };
}

/** The event as WorkOS tells of it, or undefined where it has no such type. */
function toTold({ event, data }: Pick<WorkOSEvent, 'event' | 'data'>, records: Records): Told | undefined {
  const [kind = '', verb = ''] = event.split('.');
  if (kind === 'connection' && data.external_key === undefined) return toConnectionEvent(data, verb);
  // The emulator's own events of sign-ins are all of OAuth. Another gap records what happened.
  if (kind === 'authentication' && data.type === undefined) return undefined;
  if (kind === 'role') return toRole(data, records, verb);
  if (kind === 'directory') return toDirectory(data, verb);
  const form = forms[kind] ?? asStored;
  const name = { directory_user: 'dsync.user', directory_group: 'dsync.group' }[kind] ?? kind;
  return { event: event.replace(kind, name), data: form(data, records) };
}

/** The organizations that an event is about. */
function organizationsOf({ event, data }: Told): readonly unknown[] {
  const owner = toFields(data.owner);
  const own = event.startsWith('organization.') ? [data.id] : [];
  const owned = owner.type === 'organization' ? owner.id : owner.organization_id;
  return [...own, data.organization_id, toFields(data.sso).organization_id, owned];
}

const isDate = (text: string): boolean => /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text));

export const eventGaps: readonly Gap[] = serving(
  'reads types as events[] alone, ignores organization_id and the range, keeps events for ever, and has names and ' +
    'members of events that WorkOS does not have, tokens of invitations among them',
  {
    'GET /events'({ query }, world) {
      const { records } = world;
      const types = [...query.getAll('events'), ...query.getAll('events[]')].flatMap((text) => text.split(','));
      const range = { range_start: query.get('range_start'), range_end: query.get('range_end') };
      const wrong = Object.entries(range).find(([, time]) => time !== null && !isDate(time));
      if (wrong) return { status: 400, body: { message: `${wrong[0]} must be an ISO 8601 date.` } };
      setUp(world);
      const [start, end] = [Date.parse(range.range_start ?? ''), Date.parse(range.range_end ?? '')];
      const organization = toText(query.get('organization_id'));
      const oldest = Date.now() - KEPT_DAYS * 86_400_000;
      // Stored in the order in which things happened, but for the seed's, which are older.
      const events = records.events.all().toSorted((a, b) => a.created_at.localeCompare(b.created_at));
      const items = events.toReversed().flatMap((stored): readonly JsonObject[] => {
        const time = Date.parse(stored.created_at);
        // A missing border is NaN, with which nothing compares.
        if (time < oldest || time <= start || time >= end) return [];
        const told = toTold(stored, records);
        if (!told || (types.length > 0 && !types.includes(told.event))) return [];
        if (organization !== undefined && !organizationsOf(told).includes(organization)) return [];
        return [{ object: 'event', id: stored.id, ...told, created_at: stored.created_at }];
      });
      const refuse = (message: string) => ({ status: 400, body: { message } });
      const page = toListReply(items, query, refuse);
      const body = toFields(page.body);
      const { after } = toFields(body.list_metadata);
      return page.status === 200 ? { status: 200, body: { ...body, list_metadata: { after } } } : page;
    },
  },
);
