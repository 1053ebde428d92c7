import { generateId } from 'workos-emulator/core/index.js';
import { isExpired, verifyPassword } from 'workos-emulator/workos/helpers.js';
import {
  type Gap,
  type GapReply,
  type GapRequest,
  type JsonObject,
  type Next,
  toFields,
  toText,
  type World,
  without,
} from '../gap.ts';
import { ids } from '../ids.ts';
import { apiKey, clientId, constants } from '../seed.ts';

type SignInStep = 'email' | 'factor';

/** A user whose first credential was correct, and the steps that are already done. */
type SignIn = {
  readonly user_id: string;
  readonly organization_id?: string;
  readonly method?: string;
  readonly passed: readonly SignInStep[];
};

type SignInGrant = {
  readonly required: readonly string[];
  resolve(body: JsonObject, world: World): SignIn | GapReply;
};

const refused = (code: string, message: string): GapReply => ({ status: 400, body: { code, message } });
const denied = (error: string, error_description: string): GapReply => ({
  status: 400,
  body: { error, error_description },
});

const pendingKey = (token: string): string => `pending_auth:${token}`;

const fixedSignIn: SignIn = { user_id: ids.users.ada, method: 'Password', passed: ['email', 'factor'] };

/** The sign-in behind a pending authentication token. The fixed token works any number of times, the others once. */
function redeem(body: JsonObject, { store }: World, then: (signIn: SignIn) => SignIn | GapReply): SignIn | GapReply {
  const token = String(body.pending_authentication_token);
  const signIn = token === constants.pendingToken ? fixedSignIn : store.getData<SignIn>(pendingKey(token));
  if (!signIn) return refused('invalid_pending_authentication_token', 'The pending authentication token is invalid.');
  const result = then(signIn);
  if (!('status' in result)) store.setData(pendingKey(token), undefined);
  return result;
}

const wrongCode = refused('invalid_one_time_code', 'The one-time code is invalid.');

/** The sign-in with an organization of the user's, or the error. */
function selectOrganization(signIn: SignIn, organization: string, { records }: World): SignIn | GapReply {
  if (!records.organizations.get(organization))
    return denied('organization_not_found', 'There is no such organization.');
  const isMember = records.organizationMemberships
    .findBy('user_id', signIn.user_id)
    .some((item) => item.organization_id === organization && item.status === 'active');
  return isMember
    ? { ...signIn, organization_id: organization }
    : denied('organization_membership_not_found', 'The user is not a member of this organization.');
}

const confirmed =
  (check: (body: JsonObject) => GapReply | undefined): SignInGrant['resolve'] =>
  (body, world) =>
    redeem(body, world, (signIn) => {
      const fault = check(body);
      if (fault) return fault;
      if (body.code !== constants.code) return wrongCode;
      world.records.users.update(signIn.user_id, { email_verified: true });
      return { ...signIn, passed: [...signIn.passed, 'email'] };
    });

const grants: Readonly<Record<string, SignInGrant>> = {
  password: {
    required: ['client_secret', 'email', 'password'],
    resolve({ email, password }, { records }) {
      const domain = String(email).split('@')[1];
      const connections = records.connections
        .all()
        .filter((item) => item.state === 'active' && item.domains.some((each) => each.domain === domain));
      if (connections.length > 0) {
        const sso = denied('sso_required', 'User must authenticate using one of the matching connections.');
        return { ...sso, body: { ...toFields(sso.body), email, connection_ids: connections.map((item) => item.id) } };
      }
      const user = records.users.findOneBy('email', String(email));
      return user?.password_hash && verifyPassword(String(password), user.password_hash)
        ? { user_id: user.id, method: 'Password', passed: [] }
        : refused('invalid_credentials', 'Invalid credentials.');
    },
  },
  'urn:workos:oauth:grant-type:magic-auth:code': {
    required: ['client_secret', 'email', 'code'],
    resolve({ email, code }, { records }) {
      const found = records.magicAuths.all().find((item) => item.code === code && item.email === email);
      if (!found) return wrongCode;
      if (isExpired(found.expires_at)) return refused('one_time_code_expired', 'The one-time code has expired.');
      records.magicAuths.delete(found.id);
      records.users.update(found.user_id, { email_verified: true });
      return { user_id: found.user_id, method: 'MagicAuth', passed: ['email'] };
    },
  },
  refresh_token: {
    required: ['refresh_token'],
    resolve({ refresh_token: token, organization_id: asked }, world) {
      const found =
        token === constants.refreshToken
          ? { id: '', user_id: ids.users.ada, organization_id: ids.organizations.acme }
          : world.records.refreshTokens.findOneBy('token', String(token));
      if (!found) return denied('invalid_grant', 'The refresh token is invalid.');
      const signIn: SignIn = { user_id: found.user_id, passed: ['email', 'factor'] };
      const organization = toText(asked) ?? found.organization_id;
      const result = organization === null ? signIn : selectOrganization(signIn, organization, world);
      if (!('status' in result)) world.records.refreshTokens.delete(found.id);
      return result;
    },
  },
  'urn:workos:oauth:grant-type:email-verification:code': {
    required: ['client_secret', 'code', 'pending_authentication_token'],
    resolve: confirmed(() => undefined),
  },
  'urn:workos:oauth:grant-type:mfa-totp': {
    required: ['client_secret', 'code', 'pending_authentication_token', 'authentication_challenge_id'],
    resolve: (body, world) =>
      redeem(body, world, (signIn) => {
        const challenge = world.records.authChallenges.get(String(body.authentication_challenge_id));
        if (!challenge) return { status: 404, body: { message: 'There is no such authentication challenge.' } };
        if (isExpired(challenge.expires_at)) return refused('one_time_code_expired', 'The one-time code has expired.');
        return challenge.code === body.code ? { ...signIn, passed: ['email', 'factor'] } : wrongCode;
      }),
  },
  'urn:workos:oauth:grant-type:organization-selection': {
    required: ['client_secret', 'pending_authentication_token', 'organization_id'],
    resolve: (body, world) =>
      redeem(body, world, (signIn) => selectOrganization(signIn, String(body.organization_id), world)),
  },
  'urn:workos:oauth:grant-type:radar-email-challenge:code': {
    required: ['client_secret', 'code', 'radar_challenge_id', 'pending_authentication_token'],
    resolve: confirmed((body) =>
      body.radar_challenge_id === constants.radarChallengeId
        ? undefined
        : denied('invalid_grant', 'There is no such Radar challenge.'),
    ),
  },
  'urn:workos:oauth:grant-type:radar-sms-challenge:code': {
    required: ['client_secret', 'code', 'pending_authentication_token'],
    // Both are optional in the schema, but the errors say that each needs the other.
    resolve: confirmed(({ verification_id: verification, phone_number: phone }) => {
      if (phone && !verification) return refused('verification_id_required', 'A verification_id is required.');
      return verification && !phone ? refused('phone_number_required', 'A phone_number is required.') : undefined;
    }),
  },
  'urn:ietf:params:oauth:grant-type:device_code': {
    required: ['device_code'],
    resolve({ device_code: code }, { records }) {
      if (code === constants.deviceCodePending)
        return denied('authorization_pending', 'The user has not approved the device yet.');
      if (code === constants.deviceCode) return fixedSignIn;
      const found = records.deviceAuthorizations.findOneBy('device_code', String(code));
      if (!found?.user_id) return denied('invalid_grant', 'The device code is invalid.');
      records.deviceAuthorizations.delete(found.id);
      return isExpired(found.expires_at)
        ? denied('expired_token', 'The device code has expired.')
        : { user_id: found.user_id, method: 'Password', passed: ['email', 'factor'] };
    },
  },
};

/** The further step that this sign-in needs, in the form of WorkOS: 403 with a pending authentication token. */
function furtherStep(signIn: SignIn, { records, store }: World): GapReply | undefined {
  const user = records.users.get(signIn.user_id);
  const stop = (code: string, message: string, more: JsonObject): GapReply => {
    const token = generateId('pending');
    store.setData(pendingKey(token), signIn);
    return { status: 403, body: { code, message, pending_authentication_token: token, ...more } };
  };
  if (!user) return { status: 404, body: { message: 'There is no such user.' } };
  const shown = without({ ...user }, 'password_hash', 'impersonator');
  if (!user.email_verified && !signIn.passed.includes('email'))
    return stop('email_verification_required', 'Email ownership must be verified before authentication.', {
      email: user.email,
      email_verification_id: generateId('email_verification'),
    });
  const factors = records.authFactors.findBy('user_id', user.id).map(({ id, type }) => ({ id, type }));
  if (factors.length > 0 && !signIn.passed.includes('factor'))
    return stop('mfa_challenge', 'The user must complete an MFA challenge to finish authenticating.', {
      user: shown,
      authentication_factors: factors,
    });
  const organizations = memberships(signIn, records).flatMap((id) => {
    const found = records.organizations.get(id);
    return found ? [{ id, name: found.name }] : [];
  });
  if (organizations.length > 1 && signIn.organization_id === undefined)
    return stop('organization_selection_required', 'The user must choose an organization to finish authenticating.', {
      user: shown,
      organizations,
    });
  return undefined;
}

const memberships = ({ user_id: id }: SignIn, records: World['records']): readonly string[] =>
  records.organizationMemberships
    .findBy('user_id', id)
    .filter((item) => item.status === 'active')
    .map((item) => item.organization_id);

/** Has the emulator create the session and tokens, by exchanging an authorization code for every completed sign-in. */
async function complete(signIn: SignIn, call: GapRequest, next: Next, { records }: World): Promise<GapReply> {
  const organization = signIn.organization_id ?? memberships(signIn, records)[0];
  const { code } = records.authCodes.insert({
    user_id: signIn.user_id,
    organization_id: organization ?? null,
    code: generateId('code'),
    redirect_uri: '',
    expires_at: new Date(Date.now() + 60_000).toISOString(),
    code_challenge: null,
    code_challenge_method: null,
  });
  return toAnswer(
    await next({ ...call, body: { grant_type: 'authorization_code', client_id: clientId, code } }),
    signIn,
  );
}

function toAnswer(answer: GapReply, { method }: Pick<SignIn, 'method'>): GapReply {
  const body = toFields(answer.body);
  if (answer.status !== 200) return denied('invalid_grant', String(body.message));
  const shown = without(body, 'sealed_session', 'authentication_method', 'organization_id');
  const organization = toText(body.organization_id);
  return {
    status: 200,
    body: {
      ...shown,
      ...(organization !== undefined && { organization_id: organization }),
      ...(method !== undefined && { authentication_method: method }),
    },
  };
}

/** The error for a request that lacks a member, or whose client is not the sandbox's. */
export function clientFault(body: JsonObject, required: readonly string[]): GapReply | undefined {
  const missing = ['client_id', ...required].find((name) => !toText(body[name]));
  if (missing)
    return {
      status: 422,
      body: { code: 'invalid_request_parameters', message: `${missing} must be a non-empty string.` },
    };
  return body.client_id !== clientId || (body.client_secret !== undefined && body.client_secret !== apiKey)
    ? denied('invalid_client', 'Invalid client ID or client secret.')
    : undefined;
}

const authenticate: Gap = {
  name: 'sign-in',
  routes: ['POST /user_management/authenticate'],
  reason:
    'lacks both Radar grants, takes user_id for email verification, does not check the client, asks for no further ' +
    'step, answers a wrong password with 401 and other faults without OAuth errors, and returns a method outside ' +
    'the enum and a null organization',
  async fill(call, next, world) {
    const type = String(call.body.grant_type);
    const grant = grants[type];
    const required = type === 'authorization_code' ? ['code'] : grant?.required;
    if (!required)
      return { status: 422, body: { code: 'invalid_request_parameters', message: 'grant_type is not supported.' } };
    const fault = clientFault(call.body, required);
    if (fault) return fault;
    if (!grant && call.body.code !== constants.authorizationCode)
      return toAnswer(await next(call), { method: 'Password' });
    const signIn = grant ? grant.resolve(call.body, world) : fixedSignIn;
    if ('status' in signIn) return signIn;
    return furtherStep(signIn, world) ?? complete(signIn, call, next, world);
  },
};

export const signInGaps: readonly Gap[] = [authenticate];
