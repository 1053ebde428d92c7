import {
  correct,
  type Gap,
  type GapReply,
  isEmail,
  isMetadata,
  type JsonObject,
  record,
  succeeded,
  toFields,
  toText,
  without,
} from '../gap.ts';
import { revokeKeys } from './api-keys.ts';

const create = 'POST /user_management/users';
const update = 'PUT /user_management/users/{id}';

const refused = (code: string, message: string): GapReply => ({ status: 400, body: { code, message } });

const explained = (code: string, reason: string, message: string): GapReply => ({
  status: 400,
  body: { code, message: 'Validation failed.', errors: [{ code: reason, message }] },
});

function passwordFault({ password, password_hash: hash, ...body }: JsonObject): GapReply | undefined {
  if (password && hash)
    return refused('password_and_password_hash_provided', 'Give either password or password_hash, not both.');
  if (password && body.password_hash_type)
    return refused(
      'password_and_password_hash_type_provided',
      'password_hash_type can only be used with password_hash.',
    );
  if (body.password_salt_position && !hash)
    return refused(
      'password_salt_position_requires_password_hash',
      'password_salt_position can only be used with password_hash.',
    );
  // Ten characters is the default minimum of WorkOS. Its check for leaked passwords is left out.
  if (typeof password === 'string' && password.length < 10)
    return explained('password_strength_error', 'password_too_short', 'The password must have at least 10 characters.');
  return isMetadata(body.metadata)
    ? undefined
    : refused('invalid_metadata', 'metadata may have at most 50 keys of 40 characters, with values of 600 characters.');
}

const createFaults: Gap = {
  name: 'validation of a new user',
  routes: [create],
  reason:
    'answers an email that is taken with 409 instead of 400 and a missing one with an undocumented code; checks nothing else',
  fill(call, next, { records }) {
    const { email, external_id: externalId } = call.body;
    if (!isEmail(email))
      return { status: 422, body: { code: 'invalid_request_parameters', message: 'email must be an email address.' } };
    if (records.users.findOneBy('email', String(email)))
      return explained('user_creation_error', 'email_not_available', 'This email is not available.');
    if (toText(externalId) && records.users.findOneBy('external_id', String(externalId)))
      return explained('user_creation_error', 'external_id_already_used', 'This external_id is already used.');
    return passwordFault(call.body) ?? next(call);
  },
};

const updateFaults: Gap = {
  name: 'validation of a changed user',
  routes: [update],
  reason: 'checks nothing',
  fill(call, next, { records }) {
    const { email, external_id: externalId, locale } = call.body;
    const isOther = (user: { id: string } | undefined) => user !== undefined && user.id !== call.id;
    if (!records.users.get(call.id)) return next(call);
    if (email !== undefined && !isEmail(email)) return refused('invalid_email', 'email must be an email address.');
    if (email && isOther(records.users.findOneBy('email', String(email))))
      return refused('email_not_available', 'This email is not available.');
    if (toText(externalId) && isOther(records.users.findOneBy('external_id', String(externalId))))
      return refused('external_id_already_used', 'This external_id is already used.');
    if (typeof locale === 'string' && !/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(locale))
      return refused('invalid_locale', 'locale must be a language tag such as en-US.');
    return passwordFault(call.body) ?? next(call);
  },
};

const fullName = (first: string | null, last: string | null): string | null =>
  [first, last].filter(Boolean).join(' ') || null;

const lostFields: Gap = {
  name: 'lost fields of a user',
  routes: [create, update],
  reason: 'does not store name, and an update ignores email and locale',
  async fill(call, next, world) {
    const { records } = world;
    const before = records.users.get(call.id);
    const answer = await next(call);
    const user = records.users.get(String(toFields(answer.body).id));
    if (!succeeded(answer) || !user) return answer;
    const { body } = call;
    // The name is composed of first and last name until the caller sets it.
    const isComposed = !before || before.name === fullName(before.first_name, before.last_name);
    const email = toText(body.email) ?? user.email;
    const changed = {
      name: toText(body.name) ?? (isComposed ? fullName(user.first_name, user.last_name) : (before.name ?? null)),
      locale: 'locale' in body ? (toText(body.locale) ?? null) : user.locale,
      email,
      // A new address has not been verified, unless the caller vouches for it in the same request.
      email_verified: email === user.email ? user.email_verified : body.email_verified === true,
    };
    correct(world, user.id, () => records.users.update(user.id, changed));
    const shown = toFields(answer.body);
    const { updated_at = shown.updated_at } = records.users.get(user.id) ?? {};
    return { ...answer, body: { ...shown, ...changed, updated_at } };
  },
};

const unknownEmail: Gap = {
  name: 'magic auth for a new user',
  routes: ['POST /user_management/magic_auth'],
  reason:
    'answers an unknown email with 404, where WorkOS creates the user, and a missing one with an undocumented 400; ' +
    'records no event',
  async fill(call, next, world) {
    const { records } = world;
    const { email } = call.body;
    if (!isEmail(email)) return { status: 422, body: { message: 'email must be an email address.' } };
    if (!records.users.findOneBy('email', String(email))) {
      const body = { email };
      const created = await next({ ...call, path: '/user_management/users', body });
      if (!succeeded(created)) return created;
    }
    const answer = await next(call);
    if (succeeded(answer)) record(world, 'magic_auth.created', without(toFields(answer.body), 'code'));
    return answer;
  },
};

const orphans: Gap = {
  name: 'API keys of a deleted user',
  routes: ['DELETE /user_management/users/{id}'],
  reason: 'knows no API keys of users',
  async fill(call, next, world) {
    const answer = await next(call);
    if (succeeded(answer)) revokeKeys(({ id }) => id === call.id, world);
    return answer;
  },
};

export const userGaps: readonly Gap[] = [createFaults, updateFaults, lostFields, unknownEmail, orphans];
