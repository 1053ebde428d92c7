import {
  fault,
  type Gap,
  type GapReply,
  invalid,
  isEmail,
  type Records,
  record,
  serving,
  toText,
  unknown,
  type World,
  without,
} from '../gap.ts';
import { constants } from '../seed.ts';
import { toUser } from '../shapes.ts';

type User = NonNullable<ReturnType<Records['users']['get']>>;

const MINUTES_MS = 10 * 60_000;
const inTenMinutes = () => new Date(Date.now() + MINUTES_MS).toISOString();
const isOver = (time: string): boolean => Date.parse(time) < Date.now();

const found = (id: string, { records }: World, then: (user: User) => GapReply): GapReply => {
  const user = records.users.get(id);
  return user ? then(user) : unknown('user', id);
};

export const emailGaps: readonly Gap[] = [
  ...serving(
    'the code is random and cannot be known, the answers are not { user }, a verified email is verified again, and the ' +
      'errors have undocumented codes',
    {
      'POST /user_management/users/{id}/email_verification/send': ({ id }, world) =>
        found(id, world, (user) => {
          if (user.email_verified) return fault(400, 'email_already_verified', 'The email is verified already.');
          const made = world.records.emailVerifications.insert({
            object: 'email_verification',
            user_id: id,
            email: user.email,
            code: constants.code,
            expires_at: inTenMinutes(),
          });
          record(world, 'email_verification.created', without({ ...made }, 'code'));
          return { status: 200, body: { user: toUser(user) } };
        }),
      'POST /user_management/users/{id}/email_verification/confirm': ({ id, body }, world) =>
        found(id, world, (user) => {
          if (!toText(body.code)) return invalid('code must be a non-empty string.');
          if (user.email_verified) return fault(400, 'email_previously_verified', 'The email is verified already.');
          const { emailVerifications, users } = world.records;
          const sent = emailVerifications.findBy('user_id', id).find(({ code }) => code === body.code);
          if (!sent) return fault(400, 'email_verification_code_incorrect', 'The code is incorrect.');
          if (isOver(sent.expires_at))
            return fault(400, 'email_verification_code_expired', 'The code has expired: send a new one.');
          emailVerifications.delete(sent.id);
          return { status: 200, body: { user: toUser(users.update(id, { email_verified: true }) ?? user) } };
        }),
    },
  ),
  ...serving('is not served', {
    'POST /user_management/users/{id}/email_change/send': ({ id, body }, world) =>
      found(id, world, (user) => {
        const email = String(body.new_email);
        if (!isEmail(body.new_email)) return fault(422, 'invalid_email', 'new_email must be an email address.');
        if (email === user.email) return fault(409, 'email_change_not_needed', 'The user has this email already.');
        if (world.records.users.findOneBy('email', email))
          return fault(409, 'email_not_available', 'This email is not available.');
        const { emailChanges } = world.records;
        emailChanges.deleteBy('user_id', id);
        const { expires_at, created_at } = emailChanges.insert({ user_id: id, email, expires_at: inTenMinutes() });
        return {
          status: 200,
          body: { object: 'email_change', user: toUser(user), new_email: email, expires_at, created_at },
        };
      }),
    'POST /user_management/users/{id}/email_change/confirm': ({ id, body }, world) =>
      found(id, world, (user) => {
        const asked = world.records.emailChanges.findOneBy('user_id', id);
        if (!toText(body.code)) return invalid('code must be a non-empty string.');
        if (!asked) return fault(409, 'no_pending_email_change', 'No change of the email is pending.');
        if (isOver(asked.expires_at))
          return fault(400, 'email_change_code_expired', 'The code has expired: send a new one.');
        if (body.code !== constants.code) return fault(400, 'email_change_code_incorrect', 'The code is incorrect.');
        if (world.records.users.findOneBy('email', asked.email))
          return fault(409, 'email_not_available', 'This email is not available.');
        world.records.emailChanges.delete(asked.id);
        const changed = world.records.users.update(id, { email: asked.email, email_verified: true });
        return { status: 200, body: { object: 'email_change_confirmation', user: toUser(changed ?? user) } };
      }),
  }),
];
