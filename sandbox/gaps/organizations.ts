import {
  correct,
  type Gap,
  type GapReply,
  isMetadata,
  type JsonObject,
  type Records,
  shaping,
  succeeded,
  toFields,
  toItems,
  toText,
  without,
} from '../gap.ts';
import { revokeKeys } from './api-keys.ts';

const create = 'POST /organizations';
const update = 'PUT /organizations/{id}';

const refused = (status: number, code: string, message: string): GapReply => ({ status, body: { code, message } });

/** domain_data, or the deprecated member domains in the form of domain_data. */
function toDomainData(body: JsonObject): readonly JsonObject[] | undefined {
  if (Array.isArray(body.domain_data)) return toItems(body.domain_data);
  return Array.isArray(body.domains) ? body.domains.map((domain) => ({ domain })) : undefined;
}

const takenDomain = (records: Records, domain: unknown, organization: string): boolean =>
  records.organizationDomains.findBy('domain', String(domain)).some((item) => item.organization_id !== organization);

const faults: Gap = {
  name: 'validation of an organization',
  routes: [create, update],
  reason: 'checks neither metadata nor that external_id, stripe_customer_id and domains are unique',
  fill(call, next, { records }) {
    const { external_id: externalId, stripe_customer_id: stripe, metadata } = call.body;
    const isUsed = (field: 'external_id' | 'stripe_customer_id', value: unknown) =>
      toText(value) !== undefined &&
      records.organizations.findBy(field, String(value)).some((item) => item.id !== call.id);
    if (!isMetadata(metadata))
      return refused(
        400,
        'invalid_metadata',
        'metadata may have at most 50 keys of 40 characters, with values of 600 characters.',
      );
    if (isUsed('external_id', externalId))
      return refused(400, 'external_id_already_used', 'This external_id is already used.');
    if (isUsed('stripe_customer_id', stripe))
      return refused(400, 'stripe_customer_id_already_used', 'This stripe_customer_id is already used.');
    const taken = toDomainData(call.body)?.find((item) => takenDomain(records, item.domain, call.id));
    return taken
      ? { status: 409, body: { message: `The domain '${String(taken.domain)}' belongs to another organization.` } }
      : next(call);
  },
};

const lostFields: Gap = {
  name: 'lost fields of an organization',
  routes: [create, update],
  reason:
    'ignores domains, the state of an existing domain, stripe_customer_id and allow_profiles_outside_organization',
  async fill(call, next, world) {
    const { records } = world;
    const domains = toDomainData(call.body);
    const answer = await next({ ...call, body: { ...call.body, ...(domains && { domain_data: domains }) } });
    const id = String(toFields(answer.body).id);
    if (!succeeded(answer)) return answer;
    const { stripe_customer_id: stripe, allow_profiles_outside_organization: allow } = call.body;
    for (const item of records.organizationDomains.findBy('organization_id', id)) {
      const state = domains?.find((asked) => asked.domain === item.domain)?.state;
      if (state !== item.state && (state === 'verified' || state === 'pending'))
        records.organizationDomains.update(item.id, { state });
    }
    correct(world, id, () =>
      records.organizations.update(id, {
        ...(typeof stripe === 'string' && { stripe_customer_id: stripe }),
        ...(typeof allow === 'boolean' && { allow_profiles_outside_organization: allow }),
      }),
    );
    const shown = await next({ ...call, method: 'GET', path: `/organizations/${id}`, body: {} });
    return { ...shown, status: answer.status };
  },
};

const shape = shaping(
  'shape of an organization',
  [create, update, 'GET /organizations', 'GET /organizations/{id}', 'GET /organizations/external_id/{external_id}'],
  'stripe_customer_id is null where only a string is allowed, and allow_profiles_outside_organization is missing',
  (item, { records }) => ({
    ...without(item, ...(item.stripe_customer_id === null ? ['stripe_customer_id'] : [])),
    allow_profiles_outside_organization:
      records.organizations.get(String(item.id))?.allow_profiles_outside_organization ?? false,
  }),
);

const orphans: Gap = {
  name: 'orphans of a deleted organization',
  routes: ['DELETE /organizations/{id}'],
  reason: 'keeps the connections, directories, custom roles, invitations and API keys of the organization',
  async fill(call, next, world) {
    const { records } = world;
    const answer = await next(call);
    if (!succeeded(answer)) return answer;
    for (const directory of records.directories.findBy('organization_id', call.id))
      await next({ ...call, path: `/directories/${directory.id}` });
    for (const connection of records.connections.findBy('organization_id', call.id))
      await next({ ...call, path: `/connections/${connection.id}` });
    for (const collection of [records.roles, records.invitations, records.itContacts])
      for (const { id } of collection.findBy('organization_id', call.id)) collection.delete(id);
    revokeKeys(({ id, organization_id }) => [id, organization_id].includes(call.id), world);
    return answer;
  },
};

const duplicateDomain: Gap = {
  name: 'duplicate domain',
  routes: ['POST /organization_domains'],
  reason: 'the code is conflict instead of domain_already_exists, and two organizations may have the same domain',
  fill: (call, next, { records }) =>
    records.organizationDomains.findOneBy('domain', String(call.body.domain))
      ? refused(409, 'domain_already_exists', 'This domain already exists.')
      : next(call),
};

const verifyDomain: Gap = {
  name: 'verification of a domain',
  routes: ['POST /organization_domains/{id}/verify'],
  reason: 'answers 200 instead of 201, verifies at once, and verifies again where WorkOS answers 400',
  async fill(call, next, { records }) {
    const before = records.organizationDomains.get(call.id);
    if (before?.state === 'verified')
      return refused(400, 'domain_already_verified', 'This domain is already verified.');
    const answer = await next(call);
    // WorkOS looks up the DNS record later. The sandbox has none to look up: the next read shows the domain verified.
    return succeeded(answer) ? { status: 201, body: { ...toFields(answer.body), state: 'pending' } } : answer;
  },
};

export const organizationGaps: readonly Gap[] = [faults, lostFields, shape, orphans, duplicateDomain, verifyDomain];
