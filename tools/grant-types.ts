/** What each grant type takes, by the official OpenAPI file. All take ip_address, user_agent and device_id besides. */
export const GRANT_TYPES = {
  authorization_code: { required: ['code'], optional: ['code_verifier', 'invitation_token', 'signals_id'] },
  password: {
    required: ['email', 'password'],
    optional: ['invitation_token', 'signals_id', 'radar_auth_attempt_id'],
  },
  refresh_token: { required: ['refresh_token'], optional: ['organization_id'] },
  'urn:workos:oauth:grant-type:magic-auth:code': {
    required: ['code', 'email'],
    optional: ['invitation_token', 'radar_auth_attempt_id'],
  },
  'urn:workos:oauth:grant-type:email-verification:code': {
    required: ['code', 'pending_authentication_token'],
    optional: [],
  },
  'urn:workos:oauth:grant-type:mfa-totp': {
    required: ['code', 'pending_authentication_token', 'authentication_challenge_id'],
    optional: [],
  },
  'urn:workos:oauth:grant-type:organization-selection': {
    required: ['pending_authentication_token', 'organization_id'],
    optional: [],
  },
  'urn:workos:oauth:grant-type:radar-email-challenge:code': {
    required: ['code', 'radar_challenge_id', 'pending_authentication_token'],
    optional: [],
  },
  'urn:workos:oauth:grant-type:radar-sms-challenge:code': {
    required: ['code', 'pending_authentication_token'],
    optional: ['verification_id', 'phone_number'],
  },
  'urn:ietf:params:oauth:grant-type:device_code': { required: ['device_code'], optional: [] },
} as const;

export const again = (step: string) =>
  `call authenticate_user with grant_type "urn:workos:oauth:grant-type:${step}" and the pending_authentication_token`;

export type GrantType = keyof typeof GRANT_TYPES;

export function checkGrantType({ grant_type, ...args }: { grant_type: GrantType } & Record<string, unknown>) {
  const { required, optional } = GRANT_TYPES[grant_type];
  const missing = required.filter((name) => args[name] === undefined);
  const allowed: readonly string[] = [...required, ...optional, 'ip_address', 'user_agent', 'device_id'];
  const foreign = Object.keys(args).filter((name) => args[name] !== undefined && !allowed.includes(name));
  return [
    missing.length > 0 && `grant_type "${grant_type}" needs ${missing.join(', ')}.`,
    foreign.length > 0 && `grant_type "${grant_type}" does not take ${foreign.join(', ')}.`,
  ];
}
