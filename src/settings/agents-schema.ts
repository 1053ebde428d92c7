import * as z from 'zod';
import { LIST_MODES } from '../access/list-mode.ts';
import { LOOPBACK } from './environment.ts';

/** How calls that cannot be undone are confirmed; where it is not set, the kind of key decides. */
export const CONFIRM_MODES = ['auto', 'strict', 'off', 'person'] as const;

/** Algorithms of public keys only: one that takes a shared secret could be fed the public key as that secret. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** Stands for an environment that this file does not name. */
export const OTHER = 'other';

/** Starts with a letter, so that the order in the file is the order of the keys, and holds nothing that a record escapes. */
const NAME = /^[a-z][a-z0-9_-]{0,31}$/;
const TOKEN = /^[a-z2-7]{10}:[0-9a-f]{64}(?::(.+))?$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Claims that identify a caller and say nothing of what that caller may do. */
const IDENTITY_CLAIMS = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid', 'azp', 'client_id', 'org_id'];

const NAME_RULE = 'a name is a lower-case letter, then letters, digits, "-" or "_", at most 32';

/** Why a text is not a valid name, or `undefined` where it is. */
export const whyInvalidName = (value: string): string | undefined => (NAME.test(value) ? undefined : NAME_RULE);

const text = z.string('takes a string').trim().min(1, 'is blank');
const onOff = z.boolean('takes true or false');
const name = z.string().regex(NAME, NAME_RULE);

const whole = (max: number) => {
  const message = `takes a whole number from 1 to ${max}`;
  return z.int(message).min(1, message).max(max, message);
};

/** As the flags take them: one text with commas, or a list. */
const list = <T extends string>(item: z.ZodType<T>) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',') : value),
    z.array(item, 'takes a list of strings').min(1, 'is empty'),
  );

const record = <S extends z.ZodType>(value: S) => z.record(name, value, 'takes a mapping of names to settings');
const settings = <S extends z.core.$ZodShape>(shape: S) => z.strictObject(shape, 'takes a mapping of settings');

/** Keys that arrive over plain HTTP could have been replaced on the way. */
export const isSafeUrl = (value: string): boolean => {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, hash } = new URL(value);
  const secure = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  return secure && username === '' && password === '' && hash === '';
};
const url = text.refine(isSafeUrl, 'takes an https URL (http for loopback only) without user, password or fragment');

const variable = text
  .regex(VARIABLE, 'takes the name of an environment variable')
  .refine((value) => !value.toUpperCase().startsWith('WORKOS_MCP_'), {
    error: "takes a variable of your own: those of WORKOS_MCP_ are the server's settings",
  });

const environment = settings({
  'api-key-env': variable.optional(),
  'api-key-file': text.optional(),
  'client-id': text.optional(),
  'base-url': url.optional(),
  expect: z.enum(['staging', 'production']).optional(),
});

/** The application by which approvers sign in to the console. */
const signIn = settings({
  'client-id': text,
  'client-secret-env': variable.optional(),
  'client-secret-file': text.optional(),
});

const issuer = settings({
  issuer: url.refine((value) => new URL(value).search === '', 'takes a URL without a query'),
  'jwks-url': url.optional(),
  algorithms: list(z.enum(ALGORITHMS)).optional(),
  m2m: settings({
    audience: text.regex(/^client_[A-Za-z0-9]+$/, "takes the environment's Client ID (client_…)"),
  }).optional(),
  'sign-in': signIn.optional(),
  environment: name.optional(),
});

const jwt = settings({
  issuer: name.optional(),
  sub: text.optional(),
  'client-id': text.optional(),
  'org-id': text.optional(),
  permission: text.optional(),
});

const TIME_RULE = 'takes a date (2027-01-31, its start in UTC) or a time with its zone (2027-01-31T18:00:00Z)';
const time = z.union([z.iso.date(), z.iso.datetime({ offset: true })], TIME_RULE);

/** Why a text is not a time as `expires` takes it, or `undefined` where it is. */
export const whyInvalidTime = (value: string): string | undefined =>
  time.safeParse(value).success ? undefined : TIME_RULE;

/** What agents and templates have in common. */
const access = {
  environment: name.optional(),
  deny: list(text).optional(),
  'read-only': onOff.optional(),
  'production-writes': onOff.optional(),
  confirm: z.enum(CONFIRM_MODES).optional(),
  'client-asks': z.enum(['trusted']).optional(),
  'same-person': z.enum(['allow', 'refuse']).optional(),
  'affects-approvers': z.enum(['accepted']).optional(),
  'status-tool': onOff.optional(),
  list: z.enum(LIST_MODES).optional(),
  'requests-per-minute': whole(10_000).optional(),
  'deletes-per-hour': whole(10_000).optional(),
  expires: time.optional(),
};

const agent = settings({
  ...access,
  allow: list(text),
  tokens: z
    .array(
      z
        .string('takes a string')
        .regex(TOKEN, 'is not ID:SHA256, as "workos-mcp agent add" writes it')
        .refine((entry) => time.optional().safeParse(TOKEN.exec(entry)?.[1]).success, {
          error: `has an expiry after its hash that is not valid: it ${TIME_RULE}`,
        }),
      { error: 'takes a list of ID:SHA256 strings' },
    )
    .max(2, 'takes at most two: the one in use and the one that replaces it')
    .optional(),
  jwt: jwt.optional(),
  owner: name.optional(),
});

const template = settings({
  ...access,
  jwt,
  'grants-claim': text.refine((value) => !IDENTITY_CLAIMS.includes(value), {
    error: 'takes a claim of its own: that one identifies a caller and grants nothing',
  }),
  ceiling: list(text),
});

/** A person who may say yes in the console: by issuer and sub, or without them by a link. */
const approver = settings({
  issuer: name.optional(),
  sub: text.optional(),
  agents: list(text),
  allow: list(text),
});

/**
 * The sections of the settings file that say who may call over HTTP, in the form in which they are written. The other
 * keys of the file are settings.
 */
export const schema = z.object({
  environments: record(environment).optional(),
  issuers: record(issuer).optional(),
  agents: record(agent).optional(),
  templates: record(template).optional(),
  approvers: record(approver).optional(),
});

export const sectionNames = Object.keys(schema.shape);

export type AgentSection = z.infer<typeof agent>;
export type TemplateSection = z.infer<typeof template>;
export type ApproverSection = z.infer<typeof approver>;
export type SignInSection = z.infer<typeof signIn>;
export type AccessSettings = Omit<AgentSection, 'allow' | 'tokens' | 'jwt'>;
export type JwtSettings = z.infer<typeof jwt>;
