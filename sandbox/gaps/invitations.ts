import { randomBytes } from 'node:crypto';
import {
  fault,
  type Gap,
  type GapReply,
  invalid,
  isEmail,
  type JsonObject,
  record,
  serving,
  toText,
  unknown,
  type World,
} from '../gap.ts';
import { newestFirst, toListReply } from '../pages.ts';
import { membershipOf, toAcceptance, toInvitation } from '../shapes.ts';
import { isRole } from './memberships.ts';

const DAY_MS = 86_400_000;

const newAcceptance = () => toAcceptance(randomBytes(16).toString('hex'));

const show = (status: number, item: Stored): GapReply => ({ status, body: toInvitation(item) });

type Stored = NonNullable<ReturnType<World['records']['invitations']['get']>>;

function found(id: string, { records }: World, then: (item: Stored, state: unknown) => GapReply): GapReply {
  const item = records.invitations.get(id);
  return item ? then(item, toInvitation(item).state) : unknown('invitation', id);
}

function change(item: Stored, event: string, changed: Partial<Stored>, world: World): GapReply {
  const updated = world.records.invitations.update(item.id, changed) ?? item;
  record(world, event, toInvitation(updated));
  return show(200, updated);
}

function faultOf(body: JsonObject, { records }: World): GapReply | undefined {
  const { email, expires_in_days: days } = body;
  const [organization, role] = [toText(body.organization_id), toText(body.role_slug)];
  if (!isEmail(email)) return invalid('email must be an email address.');
  if (organization !== undefined && !records.organizations.get(organization))
    return unknown('organization', organization);
  const inviter = toText(body.inviter_user_id);
  if (inviter !== undefined && !records.users.get(inviter)) return unknown('user', inviter);
  if (days !== undefined && !Number.isInteger(days)) return invalid('expires_in_days must be an integer.');
  if (Number(days) < 1) return fault(400, 'expires_in_days_too_short', 'expires_in_days must be at least 1.');
  if (Number(days) > 30) return fault(400, 'expires_in_days_too_long', 'expires_in_days must be at most 30.');
  if (role !== undefined && (organization === undefined || !isRole(role, organization, records)))
    return fault(400, 'invalid_role', `There is no role '${role}' in this organization.`);
  const user = records.users.findOneBy('email', String(email));
  const waiting = records.invitations
    .findBy('email', String(email))
    .some((item) => item.organization_id === (organization ?? null) && toInvitation(item).state === 'pending');
  if (organization === undefined) {
    if (user) return fault(400, 'user_already_exists', 'There is a user with this email.');
    return waiting ? fault(400, 'email_already_invited', 'This email is invited already.') : undefined;
  }
  if (user && membershipOf(user.id, organization, records)?.status === 'active')
    return fault(400, 'user_already_organization_member', 'The user is a member of this organization already.');
  return waiting
    ? fault(400, 'email_already_invited_to_organization', 'This email is invited to this organization already.')
    : undefined;
}

/** The membership that a user who was invited has until the invitation is accepted or revoked. */
function addPending(item: Stored, { records }: World): void {
  const user = records.users.findOneBy('email', item.email);
  if (!user || item.organization_id === null || membershipOf(user.id, item.organization_id, records)) return;
  records.organizationMemberships.insert({
    object: 'organization_membership',
    organization_id: item.organization_id,
    user_id: user.id,
    role: { slug: item.role_slug ?? 'member' },
    status: 'pending',
    external_id: null,
    metadata: {},
  });
}

export const invitationGaps: readonly Gap[] = serving(
  'accepted_at, revoked_at and accepted_user_id are missing, no invitation expires, expires_in_days is ignored; ' +
    'checks neither the organization, the role nor earlier invitations, and refuses with undocumented codes',
  {
    'GET /user_management/invitations'({ query }, { records }) {
      const [email, organization] = [query.get('email'), query.get('organization_id')];
      const items = newestFirst(records.invitations.all()).filter(
        (item) => (!email || item.email === email) && (!organization || item.organization_id === organization),
      );
      return toListReply(items.map(toInvitation), query, invalid);
    },
    'POST /user_management/invitations'({ body }, world) {
      const refused = faultOf(body, world);
      if (refused) return refused;
      const made = world.records.invitations.insert({
        object: 'invitation',
        email: String(body.email),
        state: 'pending',
        organization_id: toText(body.organization_id) ?? null,
        inviter_user_id: toText(body.inviter_user_id) ?? null,
        role_slug: toText(body.role_slug) ?? null,
        expires_at: new Date(Date.now() + Number(body.expires_in_days ?? 7) * DAY_MS).toISOString(),
        ...newAcceptance(),
      });
      addPending(made, world);
      return show(201, made);
    },
    'GET /user_management/invitations/by_token/{token}'({ id }, { records }) {
      const item = records.invitations.findOneBy('token', id);
      return item ? show(200, item) : { status: 404, body: { message: 'There is no invitation with this token.' } };
    },
    'GET /user_management/invitations/{id}': ({ id }, world) => found(id, world, (item) => show(200, item)),
    'POST /user_management/invitations/{id}/accept': ({ id }, world) =>
      found(id, world, (item, state) => {
        const { records } = world;
        if (state !== 'pending') return fault(400, 'invite_not_pending', `The invitation is ${String(state)}.`);
        const user = records.users.findOneBy('email', item.email);
        if (!user) return fault(400, 'invalid_invite', 'There is no user with the email of this invitation yet.');
        addPending(item, world);
        const membership = membershipOf(user.id, item.organization_id ?? '', records);
        if (membership) records.organizationMemberships.update(membership.id, { status: 'active' });
        const accepted = {
          state: 'accepted',
          accepted_at: new Date().toISOString(),
          accepted_user_id: user.id,
        } as const;
        return change(item, 'invitation.accepted', accepted, world);
      }),
    'POST /user_management/invitations/{id}/resend': ({ id }, world) =>
      found(id, world, (item, state) =>
        state === 'pending'
          ? change(
              item,
              'invitation.resent',
              { ...newAcceptance(), expires_at: new Date(Date.now() + 7 * DAY_MS).toISOString() },
              world,
            )
          : fault(400, `invite_${String(state)}`, `The invitation is ${String(state)}.`),
      ),
    'POST /user_management/invitations/{id}/revoke': ({ id }, world) =>
      found(id, world, (item, state) => {
        if (state !== 'pending') return fault(400, 'invite_not_pending', `The invitation is ${String(state)}.`);
        const user = world.records.users.findOneBy('email', item.email);
        const membership = user && membershipOf(user.id, item.organization_id ?? '', world.records);
        if (membership?.status === 'pending') world.records.organizationMemberships.delete(membership.id);
        const revoked = { state: 'revoked', revoked_at: new Date().toISOString() } as const;
        return change(item, 'invitation.revoked', revoked, world);
      }),
  },
);
