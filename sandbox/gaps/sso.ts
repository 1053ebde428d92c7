import { type Gap, shaping, succeeded, toFields, toText, without } from '../gap.ts';
import { constants } from '../seed.ts';
import { clientFault } from './sign-in.ts';

const token = 'POST /sso/token';

const tokenFaults: Gap = {
  name: 'faults of an SSO code exchange',
  routes: [token],
  reason: 'does not check the client, and its errors are not OAuth errors',
  async fill(call, next) {
    const denied = (error: string, error_description: string) => ({ status: 400, body: { error, error_description } });
    if (toText(call.body.grant_type) !== 'authorization_code')
      return denied('unsupported_grant_type', 'grant_type must be authorization_code.');
    const fault = clientFault(call.body, ['client_secret', 'code']);
    if (fault) return fault;
    const answer = await next(call);
    return succeeded(answer) ? answer : denied('invalid_grant', String(toFields(answer.body).message));
  },
};

const fixedCodes: Gap = {
  name: 'fixed SSO codes',
  routes: [token],
  reason: 'a code comes only from a browser redirect and works once',
  fill(call, next, { records }) {
    const profile = records.ssoProfiles.get(constants.ssoCodes[String(call.body.code)] ?? '');
    if (profile)
      records.ssoAuthorizations.insert({
        code: String(call.body.code),
        connection_id: profile.connection_id,
        organization_id: profile.organization_id,
        profile_id: profile.id,
        redirect_uri: '',
        state: null,
        expires_at: new Date(Date.now() + 60_000).toISOString(),
      });
    return next(call);
  },
};

const tokenShape = shaping(
  'shape of an SSO token',
  [token],
  'token_type, expires_in and profile.name are missing, and the profile has timestamps',
  (body) => {
    const profile = toFields(body.profile);
    const name = [profile.first_name, profile.last_name].filter(Boolean).join(' ') || null;
    return {
      token_type: 'Bearer',
      expires_in: 3600,
      ...body,
      profile: { ...without(profile, 'created_at', 'updated_at'), name },
    };
  },
);

const connectionShape = shaping(
  'shape of a connection',
  ['GET /connections', 'GET /connections/{id}'],
  'the required status is missing',
  (item) => ({ ...item, status: item.state === 'active' ? 'linked' : 'unlinked' }),
);

export const ssoGaps: readonly Gap[] = [tokenFaults, fixedCodes, tokenShape, connectionShape];
