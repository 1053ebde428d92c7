import * as z from 'zod';
import { area, tool } from '../../src/catalog/declaration.ts';
import { secret } from '../../src/catalog/output.ts';
import { email, id } from '../arguments.ts';
import { passwordResets, userManagement } from '../limits.ts';
import { kind, object, text } from '../members.ts';
import { user } from './users.ts';

const passwordReset = object({
  object: kind,
  id: text,
  user_id: text,
  email: text,
  expires_at: text,
  created_at: text,
  // With either of the two, anyone can set the password.
  password_reset_token: secret(text),
  password_reset_url: secret(text),
});

const resetPassword = object({ user });

export default area({
  name: 'password_reset',
  title: 'Password reset',
  meaning: 'one-time links that set a new password (password_reset_…)',
  limits: userManagement,
  tools: [
    tool({
      name: 'create_password_reset',
      route: 'POST /user_management/password_reset',
      access: 'write',
      description: 'Email a user a link to set a new password.',
      words: 'forgot forgotten lost password link mail recover locked out',
      limits: [passwordResets],
      input: { email },
      output: passwordReset,
    }),
    tool({
      name: 'get_password_reset',
      route: 'GET /user_management/password_reset/{password_reset_id}',
      access: 'read',
      description: 'Get a password reset and its expiry.',
      words: 'forgot password link expired status',
      input: { password_reset_id: id('password_reset_…, from create_password_reset') },
      output: passwordReset,
    }),
    tool({
      name: 'confirm_password_reset',
      route: 'POST /user_management/password_reset/confirm',
      access: 'write',
      description: 'Set a new password with the token of a reset; this verifies the email too.',
      words: 'forgot change new password finish token',
      once: true,
      input: {
        token: z.string().min(1).describe('Of the reset'),
        new_password: z.string().min(1).describe('Plain text'),
      },
      output: resetPassword,
      credentials: { secrets: ['token', 'new_password'] },
    }),
  ],
});
