import { type Gap, type JsonObject, type Records, record, succeeded, toFields, toText } from '../gap.ts';

type Kind = {
  /** In the names of events. */
  readonly event: string;
  /** In sessions. */
  readonly method: string;
};

const kinds: Readonly<Record<string, Kind>> = {
  authorization_code: { event: 'oauth', method: 'oauth' },
  password: { event: 'password', method: 'password' },
  'urn:workos:oauth:grant-type:magic-auth:code': { event: 'magic_auth', method: 'magic_code' },
  'urn:workos:oauth:grant-type:mfa-totp': { event: 'mfa', method: 'password' },
  'urn:workos:oauth:grant-type:email-verification:code': { event: 'email_verification', method: 'password' },
};

const userOf = (body: JsonObject, email: string | undefined, records: Records) =>
  toText(toFields(body.user).id) ?? (email === undefined ? undefined : records.users.findOneBy('email', email)?.id);

/** What counts as a failed sign-in. Other refusals are of the request, or ask for a further step. */
const failures = ['invalid_credentials', 'invalid_one_time_code', 'one_time_code_expired'];

export const signInEventGaps: readonly Gap[] = [
  {
    name: 'events of a sign-in',
    routes: ['POST /user_management/authenticate'],
    reason: 'records every sign-in as one of OAuth and no failure, and no session has by what the user signed in',
    async fill(call, next, world) {
      const answer = await next(call);
      const kind = kinds[String(call.body.grant_type)];
      const body = toFields(answer.body);
      if (!kind || !(succeeded(answer) || failures.includes(String(body.code)))) return answer;
      const email = toText(toFields(body.user).email) ?? toText(call.body.email);
      const user_id = userOf(body, email, world.records) ?? null;
      const status = succeeded(answer) ? 'succeeded' : 'failed';
      const { code, message } = body;
      const from = { ip_address: call.headers.get('x-forwarded-for'), user_agent: call.headers.get('user-agent') };
      record(world, `authentication.${kind.event}_${status}`, {
        ...{ type: kind.event, status, ...from, user_id, email: email ?? null },
        ...(status === 'failed' && { error: { code, message } }),
      });
      const session = user_id === null ? undefined : world.records.sessions.findBy('user_id', user_id).at(-1);
      if (session && status === 'succeeded') world.records.sessions.update(session.id, { auth_method: kind.method });
      return answer;
    },
  },
];
