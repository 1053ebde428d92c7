import { expect } from 'vitest';
import type passwordReset from '../../tools/areas/password-reset.ts';
import type { Cases } from '../support/case.ts';
import { DEV, DEV_RESET, DEV_RESET_TOKEN } from '../support/seeded.ts';

export default {
  create_password_reset: {
    opens: 'password_reset:write',
    untold: true,
    plain: { email: 'is of a user that there is: WorkOS emails the link to them, and the agent gets none' },
    sandbox: {
      args: { email: 'ada@acme.example.com' },
      sends: { method: 'POST', path: '/user_management/password_reset', body: { email: 'ada@acme.example.com' } },
      status: 201,
      answers: { object: 'password_reset', password_reset_token: expect.any(String) },
    },
  },
  get_password_reset: {
    opens: 'password_reset:read',
    sandbox: {
      args: { password_reset_id: DEV_RESET },
      sends: { method: 'GET', path: `/user_management/password_reset/${DEV_RESET}` },
      status: 200,
      answers: { user_id: DEV, password_reset_token: DEV_RESET_TOKEN },
    },
  },
  confirm_password_reset: {
    opens: 'password_reset:write',
    needsCredentials: true,
    untold: true,
    sandbox: {
      args: { token: DEV_RESET_TOKEN, new_password: 'another password' },
      sends: {
        method: 'POST',
        path: '/user_management/password_reset/confirm',
        body: { token: DEV_RESET_TOKEN, new_password: 'another password' },
      },
      status: 200,
      answers: { user: expect.objectContaining({ id: DEV }) },
    },
  },
} satisfies Cases<typeof passwordReset>;
