import { randomBytes } from 'node:crypto';
import { hashPassword } from 'workos-emulator/workos/helpers.js';
import {
  fault,
  type Gap,
  invalid,
  isEmail,
  type JsonObject,
  type Records,
  record,
  serving,
  toText,
  unknown,
} from '../gap.ts';
import { toUser } from '../shapes.ts';

type Reset = NonNullable<ReturnType<Records['passwordResets']['get']>>;

const HOUR_MS = 3_600_000;

/** A reset as events have it, without what opens it. */
const toEvent = ({ object, id, user_id, email, expires_at, created_at }: Reset): JsonObject => ({
  ...{ object, id, user_id, email, expires_at, created_at },
});

const toReset = (reset: Reset): JsonObject => ({
  ...toEvent(reset),
  password_reset_token: reset.token,
  password_reset_url: `https://sandbox.authkit.test/reset-password?token=${reset.token}`,
});

export const passwordResetGaps: readonly Gap[] = serving(
  'calls the token token, has no URL, answers a new password with three members of the user, checks no strength and ' +
    'refuses with undocumented codes',
  {
    'POST /user_management/password_reset'({ body }, world) {
      const { records } = world;
      if (!isEmail(body.email)) return invalid('email must be an email address.');
      const user = records.users.findOneBy('email', String(body.email));
      if (!user) return { status: 404, body: { message: 'There is no user with this email.' } };
      const made = records.passwordResets.insert({
        object: 'password_reset',
        user_id: user.id,
        email: user.email,
        token: randomBytes(16).toString('hex'),
        expires_at: new Date(Date.now() + HOUR_MS).toISOString(),
      });
      record(world, 'password_reset.created', toEvent(made));
      return { status: 201, body: toReset(made) };
    },
    'GET /user_management/password_reset/{id}'({ id }, { records }) {
      const reset = records.passwordResets.get(id);
      return reset ? { status: 200, body: toReset(reset) } : unknown('password reset', id);
    },
    'POST /user_management/password_reset/confirm'({ body }, world) {
      const { records } = world;
      const missing = ['token', 'new_password'].find((name) => !toText(body[name]));
      if (missing !== undefined) return invalid(`${missing} must be a non-empty string.`);
      const reset = records.passwordResets.all().find(({ token }) => token === body.token);
      const user = reset && records.users.get(reset.user_id);
      if (!user) return { status: 404, body: { message: 'There is no password reset with this token.' } };
      const refused = (code: string, message: string) => {
        const answer = fault(400, 'password_reset_error', 'The password was not reset.');
        return { ...answer, body: { ...Object(answer.body), errors: [{ code, message }] } };
      };
      if (Date.parse(reset.expires_at) < Date.now())
        return refused('password_reset_token_expired', 'The token has expired.');
      const password = String(body.new_password);
      if (password.length < 10) return refused('password_too_short', 'The password must have at least 10 characters.');
      records.passwordResets.delete(reset.id);
      const changed = records.users.update(user.id, { password_hash: hashPassword(password) });
      record(world, 'password_reset.succeeded', toEvent(reset));
      return { status: 200, body: { user: toUser(changed ?? user) } };
    },
  },
);
