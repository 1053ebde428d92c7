import { memoizeByName } from './memo.ts';

/**
 * An agent without the credentials grant of an area never sees that area's secrets: values that would let it act as
 * another user. This fails closed. The server withholds what an output declares secret, and every member with the name
 * of a secret, at any depth, even if the catalogue does not know it.
 */

/** Names of secrets, in snake case. They match whole words, so that `country_code` and `tokenizer` do not count. */
const LIKE_A_SECRET = new RegExp(
  [
    '(^|_)(secrets?|tokens?|passwords?|passwd|pwd|passphrase|passcode|credentials?|cookies?|jwt|bearer|otp|totp|pin)(_|$)',
    '(^|_)(api|private|secret|signing|access|encryption|external|license)_?keys?(_|$)',
    '(^|_)(access|auth|authorization|authentication|backup|device|login|magic|mfa|one_time|recovery|security|sms|user|verification)_codes?$',
    '^(codes?|authorization|session)$|(^|_)(hash|salt|signature|assertion|sealed_session|qr_?code|magic_link|invitation_url)(_|$)',
    '(secret|token|password|passphrase|credential|apikey|privatekey)s?$',
  ].join('|'),
);

/** Names that look like secrets but are not, each with the reason. */
export const NOT_SECRET: Readonly<Record<string, string>> = {
  verification_token: 'published in DNS by the person who verifies the domain',
  token_type: 'always "Bearer"',
  password_hash_type: 'names an algorithm',
  totp_issuer: 'names the app that asks for the code',
  totp_user: 'labels the account in the authenticator app',
};

/** Whether a member with this name is treated as a secret. */
export const looksLikeSecret = memoizeByName((name) => {
  const snake = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
  return !Object.hasOwn(NOT_SECRET, name) && LIKE_A_SECRET.test(snake);
});

/**
 * Texts that are secrets under any name: enrollment URIs, JSON Web Tokens, API keys, authorization headers, and URLs
 * with a token or a signature.
 */
const SECRET_TEXT = String.raw`otpauth:\S+|eyJ[\w-]+\.[\w-]+\.[\w-]*|sk_(?:test|live)_\w+|bearer\s+\S{8,}|https?:\/\/\S*[?&#][\w-]*(?:token|secret|signature|sig|code|password|key)=\S*`;

const SECRET_VALUE = new RegExp(`^\\s*(?:${SECRET_TEXT})`, 'i');

export const SECRET_IN_TEXT = new RegExp(SECRET_TEXT, 'gi');

/** The first characters of such texts, in lower case. They rule out most values without running the expression. */
const BEGINNINGS = new Set([...'oesbh \t\n\r']);

function isSecretValue(value: string): boolean {
  return value.length > 7 && BEGINNINGS.has((value[0] ?? '').toLowerCase()) && SECRET_VALUE.test(value);
}

/** The text that replaces a secret. It names the grant that shows the secret. */
export const marker = (area: string): string => `[withheld: needs the grant ${area}:credentials]`;

/** What an output declares about its members, as dotted paths. Array indices are left out. */
export type Declared = {
  readonly secrets: ReadonlySet<string>;
  /** Members that are shown although an enclosing member has the name of a secret. */
  readonly shown: ReadonlySet<string>;
};

/** Returns a JSON value with each secret replaced by `text`. Does not modify the value. */
export function withhold(value: unknown, { secrets, shown }: Declared, text: string): unknown {
  // Most answers hold no secret and need no copy.
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
    const member: unknown = (value as Record<string, unknown>)[name]; // an object with unknown members
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
