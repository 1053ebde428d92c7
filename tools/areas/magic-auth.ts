import { area, tool } from '../../src/catalog/declaration.ts';
import { secret } from '../../src/catalog/output.ts';
import { email, id, invitationToken, radarAttemptId, requestContext, signalsId } from '../arguments.ts';
import { magicAuthCodes, userManagement } from '../limits.ts';
import { kind, object, radarAttempt, text, times } from '../members.ts';

const magicAuthCode = object({
  object: kind,
  id: text,
  user_id: text,
  email: text,
  expires_at: text,
  code: secret(text),
  ...times,
});

const createdMagicAuthCode = magicAuthCode.extend(radarAttempt);

export default area({
  name: 'magic_auth',
  title: 'Magic Auth',
  meaning: 'one-time codes by email (magic_auth_…) that sign a user in',
  limits: userManagement,
  tools: [
    tool({
      name: 'create_magic_auth',
      route: 'POST /user_management/magic_auth',
      access: 'write',
      words: 'passwordless email code link send login',
      description: 'Email a one-time sign-in code, valid 10 minutes. Creates the user if the email is unknown.',
      limits: [magicAuthCodes],
      credentials: { secrets: ['invitation_token'] },
      input: {
        email,
        invitation_token: invitationToken,
        ...requestContext,
        signals_id: signalsId,
        radar_auth_attempt_id: radarAttemptId,
      },
      output: createdMagicAuthCode,
    }),
    tool({
      name: 'get_magic_auth',
      route: 'GET /user_management/magic_auth/{magic_auth_id}',
      access: 'read',
      words: 'passwordless email code link login expired',
      description: 'Get a Magic Auth code and its expiry.',
      input: { magic_auth_id: id('magic_auth_…, from create_magic_auth') },
      output: magicAuthCode,
    }),
  ],
});
