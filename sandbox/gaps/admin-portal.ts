import { randomBytes } from 'node:crypto';
import {
  fault,
  type Gap,
  type GapReply,
  type GapRequest,
  type ItContact,
  invalid,
  isEmail,
  serving,
  toText,
  toTexts,
  unknown,
  type World,
  without,
} from '../gap.ts';

const intents = [
  'sso',
  'dsync',
  'audit_logs',
  'log_streams',
  'domain_verification',
  'certificate_renewal',
  'bring_your_own_key',
];

/** Those of an invitation have other names, as WorkOS's Node SDK has them. */
const invitationIntents = ['sso', 'directory_sync', 'log_streams', 'domain_verification', 'bring_your_own_key'];

/** At this look at the events after an invitation, what its contact set up is there. */
const LOOKS = 2;

const toContact = (item: ItContact) => without({ ...item }, 'organization_id', 'intents', 'looks');

function found({ ids }: GapRequest, { records }: World, then: (contact: ItContact) => GapReply): GapReply {
  const [organization = '', id = ''] = ids;
  const contact = records.itContacts.get(id);
  return contact?.organization_id === organization ? then(contact) : unknown('IT contact', id);
}

/** The contact whose invitation is active. */
const invitedIn = (organization: string, { records }: World): ItContact | undefined =>
  records.itContacts.findBy('organization_id', organization).find((item) => item.intents !== undefined);

const contacts = '/organizations/{organization_id}/it_contacts';

export const adminPortalGaps: readonly Gap[] = [
  ...serving('answers 200 instead of 201 and makes links for organizations and intents that do not exist', {
    'POST /portal/generate_link'({ body }, { records }) {
      if (!toText(body.organization)) return invalid('organization must be a non-empty string.');
      if (!records.organizations.get(String(body.organization)))
        return unknown('organization', String(body.organization));
      if (body.intent !== undefined && !intents.includes(String(body.intent)))
        return invalid(`intent must be one of ${intents.join(', ')}.`);
      const link = `https://setup.workos.test/?token=${randomBytes(18).toString('base64url')}`;
      return { status: 201, body: { link } };
    },
  }),
  ...serving('is not served', {
    [`GET ${contacts}`]: ({ id }, { records }) =>
      records.organizations.get(id)
        ? {
            status: 200,
            body: {
              object: 'list',
              data: records.itContacts.findBy('organization_id', id).map(toContact),
              list_metadata: { before: null, after: null },
            },
          }
        : unknown('organization', id),
    [`POST ${contacts}`]({ id, body }, { records }) {
      if (!records.organizations.get(id)) return unknown('organization', id);
      if (!isEmail(body.email)) return invalid('email must be an email address.');
      const email = String(body.email);
      if (records.itContacts.findBy('organization_id', id).some((item) => item.email === email))
        return fault(409, 'it_contact_already_exists', 'This email is an IT contact of the organization already.');
      const made = records.itContacts.insert({ object: 'it_contact', organization_id: id, email });
      return { status: 201, body: toContact(made) };
    },
    [`DELETE ${contacts}/{contact_id}`]: (call, world) =>
      found(call, world, ({ id }) => {
        world.records.itContacts.delete(id);
        return { status: 204 };
      }),
    [`POST ${contacts}/{contact_id}/invite`]: (call, world) =>
      found(call, world, ({ id }) => {
        const asked = toTexts(call.body.intents);
        const wrong = asked.find((intent) => !invitationIntents.includes(intent));
        if (asked.length === 0) return invalid('intents should not be empty.');
        if (wrong !== undefined) return invalid(`'${wrong}' is not an intent of an invitation.`);
        if (invitedIn(call.id, world))
          return fault(409, 'it_contact_invitation_already_active', 'An IT contact of this organization is invited.');
        world.records.itContacts.update(id, { intents: asked, looks: 0 });
        return { status: 204 };
      }),
    [`POST ${contacts}/{contact_id}/revoke`]: (call, world) =>
      found(call, world, () => {
        const invited = invitedIn(call.id, world);
        if (invited) world.records.itContacts.update(invited.id, { intents: undefined });
        return { status: 204 };
      }),
  }),
];

/**
 * The invited contacts' part: after an invitation, the first look at the events finds nothing new, the second finds that
 * they have set up what they were invited for. A person takes hours; the sandbox needs no clock.
 */
export function setUp(world: World): void {
  const { records } = world;
  for (const contact of records.itContacts.all()) {
    if (contact.intents === undefined) continue;
    const looks = (contact.looks ?? 0) + 1;
    records.itContacts.update(contact.id, { looks, intents: looks < LOOKS ? contact.intents : undefined });
    if (looks < LOOKS) continue;
    if (contact.intents.includes('sso')) activateConnection(contact.organization_id, world);
    if (contact.intents.includes('directory_sync')) linkDirectory(contact.organization_id, world);
    if (contact.intents.includes('domain_verification')) verifyDomains(contact.organization_id, world);
  }
}

function activateConnection(organization_id: string, { records }: World): void {
  const there = records.connections.findBy('organization_id', organization_id)[0];
  if (there?.state === 'active') return;
  if (there) records.connections.update(there.id, { state: 'active' });
  else
    records.connections.insert({
      object: 'connection',
      organization_id,
      connection_type: 'OktaSAML',
      name: records.organizations.get(organization_id)?.name ?? 'Okta',
      state: 'active',
      domains: [],
    });
}

function linkDirectory(organization_id: string, { records }: World): void {
  if (records.directories.findOneBy('organization_id', organization_id)) return;
  // The emulator's type has no counts, as in the seed.
  const counts = { metadata: { users: { active: 0, inactive: 0 }, groups: 0 } };
  records.directories.insert({
    object: 'directory',
    organization_id,
    name: records.organizations.get(organization_id)?.name ?? 'Okta',
    type: 'okta scim v2.0',
    domain: null,
    state: 'linked',
    external_key: randomBytes(12).toString('base64url'),
    ...counts,
  });
}

function verifyDomains(organization_id: string, { records }: World): void {
  for (const { id, state } of records.organizationDomains.findBy('organization_id', organization_id))
    if (state === 'pending') records.organizationDomains.update(id, { state: 'verified' });
}
