import * as z from 'zod';
import { deprecated, detail, secret } from '../src/catalog/output.ts';

/**
 * Every member may be missing: list items leave some out, and `fields` selects. Values are no narrower than their type
 * (no enums, no formats), for a client turns whatever does not fit into an error.
 */
const object = <S extends z.core.$ZodLooseShape>(shape: S) => z.looseObject(shape).partial();

const text = z.string();
const textOrNull = text.nullable();
const texts = z.array(text);
const pairs = z.record(text, z.unknown());

/** The kind of object, which the tool's name says already. */
const kind = detail(text);
const times = { created_at: text, updated_at: detail(text) };

export const user = object({
  object: kind,
  id: text,
  first_name: textOrNull,
  last_name: textOrNull,
  // The two again, as a rule.
  name: detail(textOrNull),
  profile_picture_url: detail(textOrNull),
  email: text,
  email_verified: z.boolean(),
  external_id: textOrNull,
  // Up to 50 pairs of 600 characters.
  metadata: detail(pairs),
  last_sign_in_at: detail(textOrNull),
  locale: detail(textOrNull),
  ...times,
});

const radarAttempt = { radar_auth_attempt_id: text.optional() };

export const createdUser = user.extend(radarAttempt);

const oauthTokens = object({
  provider: text,
  refresh_token: secret(text),
  access_token: secret(text),
  expires_at: z.number(),
  scopes: texts,
});

export const signIn = object({
  user,
  organization_id: textOrNull,
  authkit_authorization_code: secret(text),
  access_token: secret(text),
  refresh_token: secret(text),
  authentication_method: text,
  impersonator: object({ email: text, reason: textOrNull }),
  oauth_tokens: oauthTokens,
});

export const magicAuthCode = object({
  object: kind,
  id: text,
  user_id: text,
  email: text,
  expires_at: text,
  code: secret(text),
  ...times,
});

export const createdMagicAuthCode = magicAuthCode.extend(radarAttempt);

export const authenticationFactor = object({
  object: kind,
  id: text,
  type: text,
  user_id: text,
  sms: object({ phone_number: text }),
  totp: object({ issuer: text, user: text, secret: secret(text), qr_code: secret(text), uri: secret(text) }),
  ...times,
});

export const authenticationChallenge = object({
  object: kind,
  id: text,
  expires_at: text,
  code: secret(text),
  authentication_factor_id: text,
  ...times,
});

export const challengeVerification = object({ challenge: authenticationChallenge, valid: z.boolean() });

/** Lists show it within its organization only: what tells the domains of one organization apart is enough there. */
export const organizationDomain = object({
  object: kind,
  id: text,
  organization_id: detail(text),
  domain: text,
  state: text,
  verification_prefix: detail(text),
  verification_token: detail(text),
  verification_strategy: detail(text),
  created_at: detail(text),
  updated_at: detail(text),
});

export const organization = object({
  object: kind,
  id: text,
  name: text,
  domains: z.array(organizationDomain),
  // Up to 50 pairs of 600 characters.
  metadata: detail(pairs),
  external_id: textOrNull,
  stripe_customer_id: textOrNull,
  allow_profiles_outside_organization: deprecated(z.boolean()),
  ...times,
});

export const authorizationUrl = object({ url: text });

export const connection = object({
  object: kind,
  id: text,
  organization_id: text,
  connection_type: text,
  name: text,
  state: text,
  status: deprecated(text),
  domains: z.array(object({ object: kind, id: text, domain: text })),
  ...times,
});

/** A role as somebody has it. */
const assignedRole = object({ slug: text });

export const profileAndToken = object({
  token_type: text,
  access_token: secret(text),
  expires_in: z.number(),
  profile: object({
    object: kind,
    id: text,
    organization_id: textOrNull,
    connection_id: text,
    connection_type: text,
    idp_id: text,
    email: text,
    first_name: textOrNull,
    last_name: textOrNull,
    name: textOrNull,
    role: assignedRole.nullable(),
    roles: z.array(assignedRole).nullable(),
    groups: texts,
    custom_attributes: pairs,
    raw_attributes: pairs,
  }),
  oauth_tokens: oauthTokens,
});

export const directory = object({
  object: kind,
  id: text,
  organization_id: textOrNull,
  external_key: secret(detail(textOrNull)),
  type: text,
  state: text,
  name: text,
  domain: textOrNull,
  metadata: object({ users: object({ active: z.number(), inactive: z.number() }), groups: z.number() }),
  ...times,
});

export const directoryGroup = object({
  object: kind,
  id: text,
  idp_id: text,
  directory_id: text,
  organization_id: textOrNull,
  name: text,
  raw_attributes: detail(pairs),
  ...times,
});

export const directoryUser = object({
  object: kind,
  id: text,
  directory_id: text,
  organization_id: textOrNull,
  idp_id: text,
  email: textOrNull,
  first_name: textOrNull,
  last_name: textOrNull,
  name: textOrNull,
  emails: deprecated(z.array(object({ primary: z.boolean(), type: text, value: textOrNull }))),
  job_title: deprecated(textOrNull),
  username: deprecated(textOrNull),
  state: text,
  raw_attributes: deprecated(pairs),
  custom_attributes: pairs,
  role: assignedRole,
  roles: z.array(assignedRole),
  groups: deprecated(z.array(directoryGroup)),
  ...times,
});

export const auditLogEventReceipt = object({ success: z.boolean() });

export const auditLogExport = object({ object: kind, id: text, state: text, url: secret(textOrNull), ...times });

export const role = object({
  object: kind,
  slug: text,
  id: text,
  name: text,
  description: textOrNull,
  type: text,
  resource_type_slug: text,
  permissions: texts,
  ...times,
});

const envelope = (item: z.ZodObject) => ({ object: kind, data: z.array(item) });

/** One page of a list. */
export const list = (item: z.ZodObject) =>
  object({ ...envelope(item), list_metadata: object({ before: textOrNull, after: textOrNull }) });

/** A list that comes as a whole. */
export const wholeList = (item: z.ZodObject) => object(envelope(item));
