import { expect } from 'vitest';
import type users from '../../tools/areas/users.ts';
import type { Cases } from '../support/case.ts';
import {
  deprecated,
  END_USER,
  ORGANIZATION,
  PAIR_OF_NULL,
  PAIRS,
  PLAIN,
  RADAR,
  USER,
  VERIFIER,
} from '../support/case-parts.ts';
import { ACME, ADA, CARA, CLIENT, PASSWORD } from '../support/seeded.ts';

const PASSWORD_ARGUMENTS = ['password', 'password_hash', 'password_hash_type', 'password_salt_position'];
const PERSON = {
  email: 'ada@example.com',
  first_name: 'Ada',
  last_name: 'Lovelace',
  name: 'Ada',
  email_verified: true,
};
const HASHED = { password_hash: '$2b$10$abc', password_hash_type: 'bcrypt' };
const SALTED = { password_hash: 'abc', password_hash_type: 'ssha256', password_salt_position: 'prefix' };
const grant = (name: string) => `urn:workos:oauth:grant-type:${name}`;
const PENDING = { code: '123456', pending_authentication_token: 'pending' };
const DEVICE = { ...END_USER, device_id: 'device_01' };

export default {
  create_user: {
    opens: 'users:write',
    guarded: [...PASSWORD_ARGUMENTS, 'email_verified'],
    plain: {
      email: 'is of a new user, unverified: whoever has the mailbox signs in, and nobody else’s account changes hands',
      first_name: PLAIN.describes,
      last_name: PLAIN.describes,
      name: PLAIN.describes,
      external_id: 'is unique, so that it cannot be taken from a user who has it; changing one takes the grant',
      metadata: PLAIN.metadata,
      ip_address: PLAIN.aboutTheRequest,
      user_agent: PLAIN.aboutTheRequest,
      signals_id: PLAIN.aboutTheRequest,
    },
    calls: [
      { ...PERSON, ...END_USER, signals_id: 's', external_id: 'crm-1', metadata: PAIRS, password: 'correct horse' },
      { ...PERSON, ...HASHED },
      { ...PERSON, ...SALTED },
    ],
    newer: [
      ...['ip_address', 'user_agent', 'signals_id', 'name', 'password_salt_position'],
      'password_hash_type=ssha256',
    ],
    sandbox: {
      args: {
        email: 'zoe@acme.example.com',
        first_name: 'Zoe',
        metadata: { team: 'a' },
        password: 'correct horse battery',
      },
      sends: {
        method: 'POST',
        path: '/user_management/users',
        query: {},
        body: {
          email: 'zoe@acme.example.com',
          first_name: 'Zoe',
          metadata: { team: 'a' },
          password: 'correct horse battery',
        },
      },
      status: 201,
      answers: { object: 'user', email: 'zoe@acme.example.com', first_name: 'Zoe', email_verified: false },
    },
    examples: [
      {
        args: {
          email: 'iris@acme.example.com',
          first_name: 'Iris',
          last_name: 'Vale',
          external_id: 'hr-13',
          metadata: { team: 'finance' },
        },
      },
      {
        says: 'Arguments that do not fit are refused before anything is sent:',
        args: { email: 'iris at acme', firstname: 'Iris' },
      },
    ],
  },
  get_user: {
    opens: 'users:read',
    sandbox: {
      args: { user_id: ADA },
      sends: { method: 'GET', path: `/user_management/users/${ADA}`, query: {}, body: undefined },
      status: 200,
      answers: { object: 'user', id: ADA, email: 'ada@acme.example.com' },
    },
    examples: [
      { args: { user_id: ADA } },
      { says: 'An error says what to do next:', args: { user_id: 'user_01JABSENT' } },
    ],
  },
  get_user_by_external_id: { opens: 'users:read' },
  list_users: {
    opens: 'users:read',
    differs: { 'organization: absent': deprecated('organization_id') },
    sandbox: {
      args: { email: 'ada@acme.example.com', organization_id: ACME, limit: 5, order: 'asc' },
      sends: {
        method: 'GET',
        path: '/user_management/users',
        query: { email: 'ada@acme.example.com', organization_id: ACME, limit: '5', order: 'asc' },
      },
      status: 200,
      answers: { object: 'list', list_metadata: { before: null, after: null } },
    },
    examples: [
      { args: { organization_id: ACME, limit: 2 } },
      {
        says: '`fields` chooses what of each user is shown:',
        args: { organization_id: ACME, limit: 3, fields: ['email', 'locale', 'last_sign_in_at'] },
      },
      {
        says: '`max_items` follows the pages and says why it stopped:',
        args: { max_items: 4, fields: ['id', 'email'] },
      },
    ],
  },
  update_user: {
    opens: 'users:write',
    guarded: [...PASSWORD_ARGUMENTS, 'email', 'email_verified', 'external_id'],
    plain: {
      first_name: PLAIN.describes,
      last_name: PLAIN.describes,
      name: PLAIN.describes,
      locale: 'chooses a language',
      metadata: PLAIN.metadata,
    },
    calls: [
      { user_id: USER, ...PERSON, external_id: 'crm-1', locale: 'en-GB', metadata: PAIRS, password: 'battery staple' },
      { user_id: USER, ...SALTED },
      { user_id: USER, clear: ['external_id', 'locale', 'metadata'] },
    ],
    newer: ['name', 'password_salt_position', 'password_hash_type=ssha256'],
    differs: { 'metadata: accepts': PAIR_OF_NULL },
    sandbox: {
      args: { user_id: ADA, last_name: 'Hartley', clear: ['external_id'] },
      sends: {
        method: 'PUT',
        path: `/user_management/users/${ADA}`,
        body: { last_name: 'Hartley', external_id: null },
      },
      status: 200,
      answers: { id: ADA, last_name: 'Hartley', external_id: null },
    },
    examples: [
      { args: { user_id: 'user_01JBEN00000000000000YG1GYX', locale: 'en-GB', metadata: { team: 'support' } } },
    ],
  },
  delete_user: {
    opens: 'users:delete',
    sandbox: {
      args: { user_id: ADA },
      sends: { method: 'DELETE', path: `/user_management/users/${ADA}` },
      status: 200,
      answers: { ok: true },
    },
    examples: [{ args: { user_id: 'user_01JTESS0000000000000ENA3M6' }, confirmed: true }],
  },
  list_user_identities: { opens: 'users:read', sandbox: { args: { user_id: CARA } } },
  authenticate_user: {
    opens: 'users:write',
    needsCredentials: true,
    // One of each way to sign in, with all that it takes.
    calls: [
      { grant_type: 'password', email: 'ada@example.com', password: 'correct horse' },
      {
        grant_type: 'password',
        email: 'ada@example.com',
        password: 'correct horse',
        invitation_token: 'invitation',
        ...RADAR,
        ...DEVICE,
      },
      { grant_type: 'authorization_code', code: '123456', code_verifier: VERIFIER, invitation_token: 'invitation' },
      { grant_type: 'refresh_token', refresh_token: 'refresh', organization_id: ORGANIZATION },
      {
        grant_type: grant('magic-auth:code'),
        code: '123456',
        email: 'ada@example.com',
        radar_auth_attempt_id: 'radar_1',
      },
      { grant_type: grant('email-verification:code'), ...PENDING },
      { grant_type: grant('mfa-totp'), ...PENDING, authentication_challenge_id: 'auth_challenge_01' },
      {
        grant_type: grant('organization-selection'),
        pending_authentication_token: 'pending',
        organization_id: ORGANIZATION,
      },
      { grant_type: grant('radar-email-challenge:code'), ...PENDING, radar_challenge_id: 'radar_challenge_01' },
      {
        grant_type: grant('radar-sms-challenge:code'),
        ...PENDING,
        verification_id: 'verification_01',
        phone_number: '+15005550006',
      },
      { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'device', device_id: 'device_01' },
    ],
    differs: {
      'client_secret with grant_type=urn:ietf:params:oauth:grant-type:device_code: unknown':
        'Constants go with every grant type; the file does not forbid further members.',
    },
    newer: [
      ...['radar_challenge_id', 'verification_id', 'phone_number', 'signals_id', 'radar_auth_attempt_id'],
      `grant_type=${grant('radar-email-challenge:code')}`,
      `grant_type=${grant('radar-sms-challenge:code')}`,
    ],
    sandbox: {
      args: { grant_type: 'password', email: 'ada@acme.example.com', password: PASSWORD },
      sends: {
        method: 'POST',
        path: '/user_management/authenticate',
        query: {},
        body: { grant_type: 'password', email: 'ada@acme.example.com', password: PASSWORD, ...CLIENT },
      },
      status: 200,
      answers: {
        organization_id: ACME,
        user: { id: ADA },
        access_token: expect.any(String),
      },
    },
    examples: [
      { args: { grant_type: 'password', email: 'ada@acme.example.com', password: PASSWORD } },
      {
        says: 'Where a further step is needed, the error names it:',
        args: { grant_type: 'password', email: 'ben@acme.example.com', password: PASSWORD },
      },
    ],
  },
} satisfies Cases<typeof users>;
