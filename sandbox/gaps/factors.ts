import { randomInt } from 'node:crypto';
import { type Gap, type GapReply, type JsonObject, serving, toText, type World, without } from '../gap.ts';
import { newestFirst, toListReply } from '../pages.ts';
import { constants } from '../seed.ts';

const refused = (message: string): GapReply => ({ status: 422, body: { message } });

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const newSecret = (): string => Array.from({ length: 32 }, () => base32[randomInt(32)]).join('');

// A white pixel: a QR code would need a library, and the sandbox accepts a fixed code instead of a computed one.
const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII=';

function toTotp(
  issuer: string,
  user: string,
  secret: string = newSecret(),
): Readonly<Record<'issuer' | 'user' | 'secret' | 'qr_code' | 'uri', string>> {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(user)}`;
  const uri = `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(issuer)}`;
  return { issuer, user, secret, qr_code: pixel, uri };
}

const enroll: Gap = {
  name: 'enrolment of a factor',
  routes: ['POST /auth/factors/enroll'],
  reason: 'every type becomes a totp factor of the user "legacy", without secret and qr_code',
  fill({ body }, _next, { records }) {
    const { type } = body;
    const userId = toText(body.user_id);
    const phone = toText(body.phone_number);
    const user = userId === undefined ? undefined : records.users.get(userId);
    const issuer = toText(body.totp_issuer);
    const account = toText(body.totp_user) ?? user?.email;
    if (type !== 'totp' && type !== 'sms' && type !== 'generic_otp')
      return refused('type must be one of generic_otp, sms, totp.');
    if (userId !== undefined && !user) return refused(`There is no user '${userId}'.`);
    if (type === 'sms' && phone === undefined) return refused('phone_number is required when type is sms.');
    if (type === 'totp' && (issuer === undefined || account === undefined))
      return refused('totp_issuer and totp_user are required when type is totp.');
    const totp = type === 'totp' ? toTotp(issuer ?? '', account ?? '') : undefined;
    const factor = records.authFactors.insert({
      object: 'authentication_factor',
      type,
      ...(userId !== undefined && { user_id: userId }),
      ...(type === 'sms' && { sms: { phone_number: phone ?? '' } }),
      ...(totp && { totp: { issuer: totp.issuer, user: totp.user } }),
    });
    return { status: 201, body: { ...factor, ...(totp && { totp }) } };
  },
};

const toChallenge = (challenge: JsonObject): JsonObject => ({
  ...without(challenge, 'user_id', 'factor_id', 'code', 'wrong_codes'),
  authentication_factor_id: challenge.factor_id,
});

const insertChallenge = (factor_id: string, user_id: string, records: World['records']) =>
  records.authChallenges.insert({
    object: 'authentication_challenge',
    user_id,
    factor_id,
    expires_at: new Date(Date.now() + 600_000).toISOString(),
    code: constants.code,
  });

const challenge: Gap = {
  name: 'challenge of a factor',
  routes: ['POST /auth/factors/{id}/challenge'],
  reason: 'calls the factor factor_id and never shows the random code, so that no challenge can be passed',
  async fill(call, _next, { records }) {
    const factor = records.authFactors.get(call.id);
    if (!factor) return { status: 404, body: { message: `There is no authentication factor '${call.id}'.` } };
    const stored = insertChallenge(factor.id, factor.user_id ?? '', records);
    // WorkOS does not send the code of a generic_otp factor: the caller delivers it, so the answer shows it.
    const shown = factor.type === 'generic_otp' ? { code: constants.code } : {};
    return { status: 201, body: { ...toChallenge({ ...stored }), ...shown } };
  },
};

const verify: Gap = {
  name: 'verification of a challenge',
  routes: ['POST /auth/challenges/{id}/verify'],
  reason: 'answers the right code with 200 instead of 201, and a wrong one with 400 instead of 201 and valid: false',
  fill(call, _next, { records }) {
    const found = records.authChallenges.get(call.id);
    if (!found) return { status: 404, body: { message: `There is no authentication challenge '${call.id}'.` } };
    if (!toText(call.body.code)) return refused('code is required.');
    const wrong = found.wrong_codes ?? 0;
    if (wrong >= constants.wrongCodes)
      return {
        status: 400,
        body: { code: 'one_time_code_too_many_attempts', message: 'Too many wrong codes. Create a new challenge.' },
      };
    if (new Date(found.expires_at) < new Date()) return refused('The challenge has expired.');
    const valid = call.body.code === found.code;
    if (!valid) records.authChallenges.update(found.id, { wrong_codes: wrong + 1 });
    return { status: 201, body: { challenge: toChallenge({ ...found }), valid } };
  },
};

const ofUser = serving('the list has no pages, and a new factor comes without secret and challenge', {
  'GET /user_management/users/{userlandUserId}/auth_factors'({ id, query }, { records }) {
    if (!records.users.get(id)) return { status: 404, body: { message: `There is no user '${id}'.` } };
    return toListReply(
      newestFirst(records.authFactors.findBy('user_id', id)).map((factor) => ({ ...factor })),
      query,
    );
  },
  'POST /user_management/users/{userlandUserId}/auth_factors'({ id, body }, { records }) {
    const user = records.users.get(id);
    if (!user) return { status: 404, body: { message: `There is no user '${id}'.` } };
    if (body.type !== 'totp') return refused('type must be totp.');
    const totp = toTotp(
      toText(body.totp_issuer) ?? 'Sandbox',
      toText(body.totp_user) ?? user.email,
      toText(body.totp_secret),
    );
    const factor = records.authFactors.insert({
      object: 'authentication_factor',
      type: 'totp',
      user_id: id,
      totp: { issuer: totp.issuer, user: totp.user },
    });
    const challenged = toChallenge({ ...insertChallenge(factor.id, id, records) });
    return {
      status: 201,
      body: { authentication_factor: { ...factor, totp }, authentication_challenge: challenged },
    };
  },
});

export const factorGaps: readonly Gap[] = [enroll, challenge, verify, ...ofUser];
