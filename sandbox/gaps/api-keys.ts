import { randomBytes } from 'node:crypto';
import {
  type ApiKey,
  fault,
  type Gap,
  type GapReply,
  type GapRequest,
  invalid,
  type JsonObject,
  type Records,
  record,
  serving,
  toText,
  toTexts,
  unknown,
  type World,
} from '../gap.ts';
import { newestFirst, toListReply } from '../pages.ts';
import { membershipOf, toApiKey } from '../shapes.ts';

const isOver = (time: string | null): boolean => time !== null && Date.parse(time) <= Date.now();

/** The first member of a new key that is wrong, by its name, with a code. */
function faultOf({ name, permissions, expires_at: end }: JsonObject, records: Records): JsonObject | undefined {
  if (!toText(name)) return { field: 'name', code: 'required' };
  const slug = toTexts(permissions).find((permission) => !records.permissions.findOneBy('slug', permission));
  if (slug !== undefined) return { field: 'permissions', code: 'unknown_permission' };
  const time = end === undefined ? Number.POSITIVE_INFINITY : Date.parse(String(end));
  return Number.isNaN(time) || time <= Date.now() ? { field: 'expires_at', code: 'must_be_in_the_future' } : undefined;
}

const toValidation = (status: number, error: JsonObject): GapReply => ({
  status,
  body: { message: `Validation failed: ${String(error.field)}.`, errors: [error] },
});

function create(body: JsonObject, owner: ApiKey['owner'], world: World): GapReply {
  const wrong = faultOf(body, world.records);
  if (wrong) return toValidation(422, wrong);
  const made = world.records.apiKeyRecords.insert({
    object: 'api_key',
    owner,
    name: String(body.name),
    key: `sk_${randomBytes(24).toString('base64url')}`,
    environment: 'sandbox',
    last_used_at: null,
    expires_at: toText(body.expires_at) ?? null,
    permissions: toTexts(body.permissions),
  });
  record(world, 'api_key.created', toApiKey(made));
  return { status: 201, body: { ...toApiKey(made), value: made.key } };
}

const list = ({ query }: GapRequest, { records }: World, isListed: (key: ApiKey) => boolean): GapReply =>
  toListReply(newestFirst(records.apiKeyRecords.all()).filter(isListed).map(toApiKey), query, invalid);

/** Revokes the API keys that such owners have. */
export function revokeKeys(isOwner: (owner: ApiKey['owner']) => boolean, world: World): void {
  for (const key of world.records.apiKeyRecords.all().filter(({ owner }) => isOwner(owner))) {
    world.records.apiKeyRecords.delete(key.id);
    record(world, 'api_key.revoked', toApiKey(key));
  }
}

export const apiKeyGaps: readonly Gap[] = [
  ...serving('lists the keys of all organizations, without owner, permissions and dates, and validates no value', {
    'GET /organizations/{organizationId}/api_keys': (call, world) =>
      world.records.organizations.get(call.id)
        ? list(call, world, ({ owner }) => owner.type === 'organization' && owner.id === call.id)
        : unknown('organization', call.id),
    'POST /api_keys/validations'({ body }, { records }) {
      if (!toText(body.value)) return invalid('value must be a non-empty string.');
      const found = records.apiKeyRecords.findOneBy('key', String(body.value));
      if (!found || isOver(found.expires_at)) return { status: 200, body: { api_key: null } };
      const used = records.apiKeyRecords.update(found.id, { last_used_at: new Date().toISOString() });
      return { status: 200, body: { api_key: toApiKey(used ?? found) } };
    },
    'DELETE /api_keys/{id}'({ id }, world) {
      const found = world.records.apiKeyRecords.get(id);
      if (!found) return unknown('API key', id);
      world.records.apiKeyRecords.delete(id);
      record(world, 'api_key.revoked', toApiKey(found));
      return { status: 204 };
    },
  }),
  ...serving('is not served', {
    'POST /organizations/{organizationId}/api_keys': ({ id, body }, world) =>
      world.records.organizations.get(id)
        ? create(body, { type: 'organization', id }, world)
        : unknown('organization', id),
    'POST /api_keys/{id}/expire'({ id, body }, world) {
      const { apiKeyRecords } = world.records;
      const found = apiKeyRecords.get(id);
      if (!found) return unknown('API key', id);
      if (isOver(found.expires_at)) return fault(409, 'api_key_already_expired', 'The API key has expired already.');
      const { expires_at: asked = new Date().toISOString() } = body;
      if (asked !== null && Number.isNaN(Date.parse(String(asked))))
        return invalid('expires_at must be an ISO 8601 date or null.');
      const changed = apiKeyRecords.update(id, { expires_at: asked === null ? null : String(asked) }) ?? found;
      const previous_attributes = { expires_at: found.expires_at };
      record(world, 'api_key.updated', { ...toApiKey(changed), previous_attributes });
      return { status: 200, body: toApiKey(changed) };
    },
    'GET /user_management/users/{userId}/api_keys'(call, world) {
      const organization = call.query.get('organization_id');
      return world.records.users.get(call.id)
        ? list(
            call,
            world,
            ({ owner }) =>
              owner.type === 'user' &&
              owner.id === call.id &&
              (!organization || owner.organization_id === organization),
          )
        : unknown('user', call.id);
    },
    'POST /user_management/users/{userId}/api_keys'({ id, body }, world) {
      const organization_id = String(body.organization_id);
      if (!world.records.users.get(id)) return unknown('user', id);
      return membershipOf(id, organization_id, world.records)?.status === 'active'
        ? create(body, { type: 'user', id, organization_id }, world)
        : toValidation(400, { field: 'organization_id', code: 'not_an_active_member' });
    },
  }),
];
