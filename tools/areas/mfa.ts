import * as z from 'zod';
import { area, tool } from '../../src/catalog/declaration.ts';
import { secret } from '../../src/catalog/output.ts';
import { id, page, signInRefused, userId } from '../arguments.ts';
import { userManagement } from '../limits.ts';
import { kind, list, object, text, times } from '../members.ts';

const totp = object({ issuer: text, user: text });

const authenticationFactor = object({
  object: kind,
  id: text,
  type: text,
  user_id: text,
  sms: object({ phone_number: text }),
  totp,
  ...times,
});

const enrolledFactor = authenticationFactor.extend({
  totp: totp.extend({ secret: secret(text), qr_code: secret(text), uri: secret(text) }),
});

const authenticationChallenge = object({
  object: kind,
  id: text,
  expires_at: text,
  code: secret(text),
  authentication_factor_id: text,
  ...times,
});

const userEnrollment = object({
  authentication_factor: enrolledFactor,
  authentication_challenge: authenticationChallenge,
});

const challengeVerification = object({ challenge: authenticationChallenge, valid: z.boolean() });

const factorId = id('auth_factor_…, from list_user_auth_factors');

export default area({
  name: 'mfa',
  title: 'Multi-factor authentication',
  meaning: 'second factors (auth_factor_…) and challenges of them (auth_challenge_…)',
  tools: [
    tool({
      name: 'enroll_auth_factor',
      route: 'POST /auth/factors/enroll',
      access: 'write',
      words: 'two factor 2fa authenticator app sms phone register set up qr',
      description: 'Enroll a second factor. For totp, returns the secret and QR code to set up the app with.',
      input: {
        type: z.enum(['generic_otp', 'sms', 'totp']).describe('Kind of factor'),
        phone_number: z.string().min(1).describe('For sms').optional(),
        totp_issuer: z.string().min(1).describe('For totp: your app').optional(),
        totp_user: z.string().min(1).describe("For totp: the account's label").optional(),
        user_id: userId.optional(),
      },
      credentials: {
        identity: ['type', 'user_id', 'phone_number'],
        // An sms factor takes a phone number.
        narrowed: { type: z.enum(['generic_otp', 'totp']).describe('Kind of factor') },
      },
      output: enrolledFactor,
      check: ({ type, phone_number, totp_issuer, totp_user }) => [
        type === 'sms' && phone_number === undefined && 'type "sms" needs phone_number.',
        type !== 'sms' && phone_number !== undefined && 'phone_number goes with type "sms" only.',
        type === 'totp' &&
          (totp_issuer === undefined || totp_user === undefined) &&
          'type "totp" needs totp_issuer and totp_user.',
        type !== 'totp' &&
          (totp_issuer !== undefined || totp_user !== undefined) &&
          'totp_issuer and totp_user go with type "totp" only.',
      ],
    }),
    tool({
      name: 'challenge_auth_factor',
      route: 'POST /auth/factors/{authentication_factor_id}/challenge',
      access: 'write',
      words: 'two factor 2fa send code sms text prompt',
      description: 'Challenge a factor; an sms factor gets its code by text message.',
      input: {
        authentication_factor_id: factorId,
        sms_template: z.string().min(1).describe('Text with {{code}}, for sms').optional(),
      },
      credentials: { identity: ['sms_template'] },
      output: authenticationChallenge,
      check: ({ sms_template }) => [
        sms_template !== undefined && !/\{\{\s*code\s*\}\}/.test(sms_template) && 'sms_template must contain {{code}}.',
      ],
    }),
    tool({
      name: 'verify_auth_challenge',
      route: 'POST /auth/challenges/{authentication_challenge_id}/verify',
      access: 'write',
      words: 'two factor 2fa check code correct',
      description: 'Check the code of a challenge; "valid" is the verdict.',
      input: {
        authentication_challenge_id: id('auth_challenge_…, from challenge_auth_factor'),
        code: z.string().min(1).describe('From the person'),
      },
      output: challengeVerification,
      credentials: { secrets: ['code'] },
      nextSteps: signInRefused,
    }),
    tool({
      name: 'list_user_auth_factors',
      route: 'GET /user_management/users/{user_id}/auth_factors',
      access: 'read',
      description: 'List the second factors of a user.',
      words: 'two factor 2fa enrolled has authenticator app phone registered',
      limits: [userManagement.get],
      input: { user_id: userId, ...page },
      output: list(authenticationFactor),
    }),
    tool({
      name: 'get_auth_factor',
      route: 'GET /auth/factors/{authentication_factor_id}',
      access: 'read',
      description: 'Get one second factor.',
      words: 'two factor 2fa details authenticator app phone',
      input: { authentication_factor_id: factorId },
      output: authenticationFactor,
    }),
    tool({
      name: 'enroll_user_auth_factor',
      route: 'POST /user_management/users/{user_id}/auth_factors',
      access: 'write',
      description: 'Enroll an authenticator app for a user; returns its secret and QR code.',
      words: 'two factor 2fa authenticator app totp register set up qr person',
      limits: [userManagement.other],
      toldBy: 'list_user_auth_factors',
      input: {
        user_id: userId,
        totp_issuer: z.string().min(1).describe('Your app').optional(),
        totp_user: z.string().min(1).describe("The account's label").optional(),
        totp_secret: z.string().min(1).describe('Base32; default: generated').optional(),
      },
      constants: { type: 'totp' },
      output: userEnrollment,
      credentials: {
        whole: 'the holder of a factor of a user passes for that user, and one whose secret is withheld has no holder',
        secrets: ['totp_secret'],
      },
    }),
    tool({
      name: 'delete_auth_factor',
      route: 'DELETE /auth/factors/{authentication_factor_id}',
      access: 'delete',
      description: 'Remove a second factor for good: its user signs in without it.',
      words: 'two factor 2fa reset lost phone new device remove disable unenroll',
      input: { authentication_factor_id: factorId },
      preview: { object: 'get_auth_factor', named: ['type', 'totp.user', 'sms.phone_number', 'user_id'] },
    }),
  ],
});
