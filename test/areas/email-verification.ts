import { expect } from 'vitest';
import type emailVerification from '../../tools/areas/email-verification.ts';
import type { Cases } from '../support/case.ts';
import { USER } from '../support/case-parts.ts';
import { ADA, BEN, BEN_VERIFICATION, MAYA } from '../support/seeded.ts';

const CODE = '123456';

export default {
  send_verification_email: {
    opens: 'email_verification:write',
    untold: true,
    sandbox: {
      args: { user_id: BEN },
      sends: { method: 'POST', path: `/user_management/users/${BEN}/email_verification/send`, body: {} },
      status: 200,
      answers: { user: expect.objectContaining({ id: BEN, email_verified: false }) },
    },
  },
  get_email_verification: {
    opens: 'email_verification:read',
    sandbox: {
      args: { email_verification_id: BEN_VERIFICATION },
      sends: { method: 'GET', path: `/user_management/email_verification/${BEN_VERIFICATION}` },
      status: 200,
      answers: { object: 'email_verification', user_id: BEN, code: CODE },
    },
  },
  confirm_email_verification: {
    opens: 'email_verification:write',
    needsCredentials: true,
    calls: [{ user_id: USER, code: CODE }],
    sandbox: {
      args: { user_id: BEN, code: CODE },
      sends: { method: 'POST', path: `/user_management/users/${BEN}/email_verification/confirm`, body: { code: CODE } },
      status: 200,
      answers: { user: expect.objectContaining({ id: BEN, email_verified: true }) },
    },
  },
  send_email_change: {
    opens: 'email_verification:write',
    needsCredentials: true,
    untold: true,
    calls: [{ user_id: USER, new_email: 'ada@example.org' }],
    sandbox: {
      args: { user_id: ADA, new_email: 'ada.hart@example.org' },
      sends: {
        method: 'POST',
        path: `/user_management/users/${ADA}/email_change/send`,
        body: { new_email: 'ada.hart@example.org' },
      },
      status: 200,
      answers: { object: 'email_change', new_email: 'ada.hart@example.org' },
    },
    examples: [{ args: { user_id: ADA, new_email: 'ada.hart@example.org' }, confirmed: true }],
  },
  confirm_email_change: {
    opens: 'email_verification:write',
    needsCredentials: true,
    calls: [{ user_id: USER, code: CODE }],
    sandbox: {
      args: { user_id: MAYA, code: CODE },
      sends: { method: 'POST', path: `/user_management/users/${MAYA}/email_change/confirm`, body: { code: CODE } },
      status: 200,
      answers: { object: 'email_change_confirmation', user: expect.objectContaining({ id: MAYA }) },
    },
  },
} satisfies Cases<typeof emailVerification>;
