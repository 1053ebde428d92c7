import { byName } from './memo.ts';

/**
 * What lets somebody become somebody else never reaches an agent that was not given its area's credentials. It fails
 * closed: what an output declares is withheld, and so is whatever is called like a secret, however deep and however new.
 */

/** Names as secrets have them, in snake case: whole words, so that `country_code` and `tokenizer` are none. */
const LIKE_A_SECRET = new RegExp(
  [
    '(^|_)(secrets?|tokens?|passwords?|passwd|pwd|passphrase|passcode|credentials?|cookies?|jwt|bearer|otp|totp|pin)(_|$)',
    '(^|_)(api|private|secret|signing|access|encryption|external|license)_?keys?(_|$)',
    '(^|_)(access|auth|authorization|authentication|backup|device|login|magic|mfa|one_time|recovery|security|sms|user|verification)_codes?$',
    '^(codes?|authorization|session)$|(^|_)(hash|salt|signature|assertion|sealed_session|qr_?code|magic_link|invitation_url)(_|$)',
    '(secret|token|password|passphrase|credential|apikey|privatekey)s?$',
  ].join('|'),
);

/** Names that look like secrets and are none, each with the reason. */
export const NOT_SECRET: Readonly<Record<string, string>> = {
  verification_token: 'goes into public DNS, which the person who verifies a domain has to write',
  token_type: 'says "Bearer"',
  password_hash_type: 'names an algorithm',
  totp_issuer: 'names the app that asks for the code',
  totp_user: 'labels the account in the authenticator app',
};

/** Whether a name is one that secrets have. */
export const looksLikeSecret = byName((name) => {
  const snake = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
  return !Object.hasOwn(NOT_SECRET, name) && LIKE_A_SECRET.test(snake);
});

/**
 * Texts that are secrets under any name: enrolment URIs, JSON Web Tokens, API keys, authorization headers, and URLs that
 * carry a token or a signature.
 */
const SECRET_TEXT = String.raw`otpauth:\S+|eyJ[\w-]+\.[\w-]+\.[\w-]*|sk_(?:test|live)_\w+|bearer\s+\S{8,}|https?:\/\/\S*[?&#][\w-]*(?:token|secret|signature|sig|code|password|key)=\S*`;

const SECRET_VALUE = new RegExp(`^\\s*(?:${SECRET_TEXT})`, 'i');

export const SECRET_IN_TEXT = new RegExp(SECRET_TEXT, 'gi');

/** First characters of such a text, in lower case: most values are something else, and need no look. */
const BEGINNINGS = new Set([...'oesbh \t\n\r']);

function isSecretValue(value: string): boolean {
  return value.length > 7 && BEGINNINGS.has((value[0] ?? '').toLowerCase()) && SECRET_VALUE.test(value);
}

/** What stands in the place of a secret, and says what it takes to see it. */
export const marker = (area: string): string => `[withheld: takes the grant ${area}:credentials]`;

/** What an output declares of its members, as dotted paths; items of arrays have no step. */
export type Declared = {
  readonly secrets: ReadonlySet<string>;
  /** Members that are shown although they stand within something called like a secret. */
  readonly shown: ReadonlySet<string>;
};

/** A JSON value with each secret replaced by the text. The value itself is left as it is. */
export function withhold(value: unknown, { secrets, shown }: Declared, text: string): unknown {
  // Most answers hold no secret, and then there is nothing to copy.
  if (!isNested(value) || !holdsSecret(value, secrets, '')) return value;
  const visit = (inner: unknown, path: string, secret: boolean): unknown => {
    if (Array.isArray(inner)) return inner.map((element) => visit(element, path, secret));
    if (isNested(inner)) {
      return Object.fromEntries(
        Object.entries(inner).map(([name, member]) => {
          const place = path === '' ? name : `${path}.${name}`;
          const isSecret = secrets.has(place) || looksLikeSecret(name) || (secret && !shown.has(place));
          return [name, visit(member, place, isSecret)];
        }),
      );
    }
    if (inner === null || typeof inner === 'boolean' || inner === '') return inner;
    return secret || (typeof inner === 'string' && isSecretValue(inner)) ? text : inner;
  };
  return visit(value, '', false);
}

function holdsSecret(value: object, secrets: ReadonlySet<string>, path: string): boolean {
  if (Array.isArray(value)) {
    return value.some((element) =>
      isNested(element) ? holdsSecret(element, secrets, path) : typeof element === 'string' && isSecretValue(element),
    );
  }
  for (const name in value) {
    if (looksLikeSecret(name) || (secrets.size > 0 && secrets.has(path + name))) return true;
    const member: unknown = (value as Record<string, unknown>)[name]; // an object of whatever members
    if (
      typeof member === 'string'
        ? isSecretValue(member)
        : isNested(member) && holdsSecret(member, secrets, `${path}${name}.`)
    ) {
      return true;
    }
  }
  return false;
}

export const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null;
