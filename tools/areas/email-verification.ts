import * as z from 'zod';
import { area, tool } from '../../src/catalog/declaration.ts';
import { secret } from '../../src/catalog/output.ts';
import { email, id, userId } from '../arguments.ts';
import { userManagement, verificationEmails } from '../limits.ts';
import { kind, object, text, times } from '../members.ts';
import { user } from './users.ts';

const emailVerification = object({
  object: kind,
  id: text,
  user_id: text,
  email: text,
  expires_at: text,
  // It proves an inbox to WorkOS, and ends a sign-in that waits for it.
  code: secret(text),
  ...times,
});

const verified = object({ user });
const emailChange = object({ object: kind, user, new_email: text, expires_at: text, created_at: text });
const changedEmail = object({ object: kind, user });

const emailedCode = z.string().min(1).describe('From the email');

export default area({
  name: 'email_verification',
  title: 'Email verification',
  meaning: "proof that an email address is a user's own, and changes of it (email_verification_…)",
  limits: userManagement,
  tools: [
    tool({
      name: 'send_verification_email',
      route: 'POST /user_management/users/{user_id}/email_verification/send',
      access: 'write',
      description: 'Email a user the code that verifies their address.',
      words: 'resend confirm prove email address code mail again',
      limits: [verificationEmails],
      input: { user_id: userId },
      output: verified,
    }),
    tool({
      name: 'get_email_verification',
      route: 'GET /user_management/email_verification/{email_verification_id}',
      access: 'read',
      description: 'Get an email verification and its expiry.',
      words: 'code expired verify status email address',
      input: { email_verification_id: id('email_verification_…, from its event or a sign-in') },
      output: emailVerification,
    }),
    tool({
      name: 'confirm_email_verification',
      route: 'POST /user_management/users/{user_id}/email_verification/confirm',
      access: 'write',
      description: "Verify a user's address with the emailed code.",
      words: 'prove code correct verify mark email verified',
      toldBy: 'get_user',
      once: true,
      input: { user_id: userId, code: emailedCode },
      output: verified,
      credentials: { secrets: ['code'] },
    }),
    tool({
      name: 'send_email_change',
      route: 'POST /user_management/users/{user_id}/email_change/send',
      access: 'write',
      description: 'Email a code to the new address that a user wants.',
      words: 'new mailbox switch replace update email address move account',
      input: { user_id: userId, new_email: email },
      output: emailChange,
      // The owner of the new inbox becomes the user.
      credentials: { identity: ['new_email'] },
      confirm: 'always',
      preview: { object: 'get_user', named: ['email', 'first_name', 'last_name'] },
    }),
    tool({
      name: 'confirm_email_change',
      route: 'POST /user_management/users/{user_id}/email_change/confirm',
      access: 'write',
      description: "Change a user's address with the code emailed to the new one.",
      words: 'new mailbox switch replace email address code move account',
      toldBy: 'get_user',
      once: true,
      input: { user_id: userId, code: emailedCode },
      output: changedEmail,
      credentials: { secrets: ['code'] },
    }),
  ],
});
