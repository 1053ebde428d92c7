import { expect } from 'vitest';
import type mfa from '../../tools/areas/mfa.ts';
import type { Cases } from '../support/case.ts';
import { PAGE, USER } from '../support/case-parts.ts';
import { ADA, DEV, DEV_CHALLENGE, DEV_FACTOR } from '../support/seeded.ts';

export default {
  enroll_auth_factor: {
    opens: 'mfa:write',
    guarded: ['user_id', 'phone_number'],
    narrowed: { path: ['type'], with: ['generic_otp', 'sms', 'totp'], without: ['generic_otp', 'totp'] },
    untold: true,
    plain: {
      totp_issuer: 'labels the factor in an authenticator app',
      totp_user: 'labels the factor in an authenticator app',
    },
    calls: [
      { type: 'totp', totp_issuer: 'Example', totp_user: 'ada@example.com', user_id: USER },
      { type: 'sms', phone_number: '+15005550006' },
      { type: 'generic_otp' },
    ],
    sandbox: {
      args: { type: 'totp', totp_issuer: 'Acme', totp_user: 'ada', user_id: ADA },
      sends: {
        method: 'POST',
        path: '/auth/factors/enroll',
        body: { type: 'totp', totp_issuer: 'Acme', totp_user: 'ada', user_id: ADA },
      },
      status: 201,
      answers: { object: 'authentication_factor', type: 'totp', user_id: ADA },
    },
    examples: [{ args: { type: 'totp', totp_issuer: 'Acme', totp_user: 'ada@acme.example.com' } }],
  },
  challenge_auth_factor: {
    opens: 'mfa:write',
    guarded: ['sms_template'],
    untold: true,
    sandbox: {
      args: { authentication_factor_id: DEV_FACTOR },
      sends: { method: 'POST', path: `/auth/factors/${DEV_FACTOR}/challenge`, body: {} },
      status: 201,
      answers: { object: 'authentication_challenge', authentication_factor_id: DEV_FACTOR },
    },
  },
  verify_auth_challenge: {
    opens: 'mfa:write',
    needsCredentials: true,
    untold: true,
    sandbox: {
      args: { authentication_challenge_id: DEV_CHALLENGE, code: '123456' },
      sends: { method: 'POST', path: `/auth/challenges/${DEV_CHALLENGE}/verify`, body: { code: '123456' } },
      status: 201,
      answers: { valid: true },
    },
  },
  list_user_auth_factors: {
    opens: 'mfa:read',
    calls: [{ ...PAGE, user_id: USER }],
    sandbox: {
      args: { user_id: DEV },
      sends: { method: 'GET', path: `/user_management/users/${DEV}/auth_factors` },
      status: 200,
      answers: { data: expect.arrayContaining([expect.objectContaining({ id: DEV_FACTOR })]) },
    },
  },
  get_auth_factor: {
    opens: 'mfa:read',
    sandbox: {
      args: { authentication_factor_id: DEV_FACTOR },
      sends: { method: 'GET', path: `/auth/factors/${DEV_FACTOR}` },
      status: 200,
      answers: { object: 'authentication_factor', id: DEV_FACTOR },
    },
  },
  enroll_user_auth_factor: {
    opens: 'mfa:write',
    needsCredentials: true,
    calls: [{ user_id: USER, totp_issuer: 'Example', totp_user: 'ada@example.com', totp_secret: 'JBSWY3DPEHPK3PXP' }],
    sandbox: {
      args: { user_id: ADA, totp_issuer: 'Acme' },
      sends: {
        method: 'POST',
        path: `/user_management/users/${ADA}/auth_factors`,
        body: { type: 'totp', totp_issuer: 'Acme' },
      },
      status: 201,
      answers: { authentication_factor: expect.objectContaining({ type: 'totp', user_id: ADA }) },
    },
  },
  delete_auth_factor: {
    opens: 'mfa:delete',
    sandbox: {
      args: { authentication_factor_id: DEV_FACTOR },
      sends: { method: 'DELETE', path: `/auth/factors/${DEV_FACTOR}` },
      status: 204,
      answers: {},
    },
  },
} satisfies Cases<typeof mfa>;
