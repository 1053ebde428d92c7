import type magicAuth from '../../tools/areas/magic-auth.ts';
import type { Cases } from '../support/case.ts';
import { END_USER, PLAIN, RADAR } from '../support/case-parts.ts';
import { ADA, ADA_MAGIC_AUTH } from '../support/seeded.ts';

export default {
  create_magic_auth: {
    opens: 'magic_auth:write',
    guarded: ['invitation_token'],
    untold: true,
    plain: {
      email: 'gets the code, which is withheld from the agent',
      ip_address: PLAIN.aboutTheRequest,
      user_agent: PLAIN.aboutTheRequest,
      signals_id: PLAIN.aboutTheRequest,
      radar_auth_attempt_id: PLAIN.aboutTheRequest,
    },
    calls: [{ email: 'ada@example.com', invitation_token: 'i', ...END_USER, ...RADAR }],
    newer: ['ip_address', 'user_agent', 'signals_id', 'radar_auth_attempt_id'],
    sandbox: {
      args: { email: 'ada@acme.example.com' },
      sends: { method: 'POST', path: '/user_management/magic_auth', body: { email: 'ada@acme.example.com' } },
      status: 201,
      answers: { object: 'magic_auth', user_id: ADA },
    },
  },
  get_magic_auth: {
    opens: 'magic_auth:read',
    sandbox: {
      args: { magic_auth_id: ADA_MAGIC_AUTH },
      sends: { method: 'GET', path: `/user_management/magic_auth/${ADA_MAGIC_AUTH}` },
      status: 200,
      answers: { object: 'magic_auth', email: 'ada@acme.example.com' },
    },
  },
} satisfies Cases<typeof magicAuth>;
