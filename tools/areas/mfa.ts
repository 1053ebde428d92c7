import * as z from 'zod';
import { area, tool } from '../../src/catalog/declaration.ts';
import { secret } from '../../src/catalog/output.ts';
import { id, signInRefused, userId } from '../arguments.ts';
import { kind, object, text, times } from '../members.ts';

const authenticationFactor = object({
  object: kind,
  id: text,
  type: text,
  user_id: text,
  sms: object({ phone_number: text }),
  totp: object({ issuer: text, user: text, secret: secret(text), qr_code: secret(text), uri: secret(text) }),
  ...times,
});

const authenticationChallenge = object({
  object: kind,
  id: text,
  expires_at: text,
  code: secret(text),
  authentication_factor_id: text,
  ...times,
});

const challengeVerification = object({ challenge: authenticationChallenge, valid: z.boolean() });

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
      output: authenticationFactor,
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
        authentication_factor_id: id('auth_factor_…, from enroll_auth_factor'),
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
  ],
});
