import type { Arguments, Tool } from './tool.ts';

/**
 * What lets somebody become somebody else never reaches an agent that was not given its area's credentials. It fails
 * closed: what an output declares is withheld, and so is whatever is called like a secret, however deep and however new.
 */

/** Names as secrets have them: whole words, so that `country_code` and `tokenizer` are none. */
const LIKE_A_SECRET = new RegExp(
  [
    '(^|[_-])(secrets?|tokens?|passwords?|passwd|passphrase|credentials?|cookies?|jwt|otp|totp|pin)($|[_-])',
    '(^|[_-])(api|private|secret|signing|access|encryption|external|license)[_-]?keys?$',
    '(^|[_-])(auth|authorization|authentication|backup|device|login|magic|one[_-]time|recovery|security|user|verification)[_-]codes?$',
    '^codes?$|(^|[_-])(hash|salt|signature|assertion|sealed[_-]session|qr[_-]?code)($|[_-])',
    // The same in camel case, as identity providers like it.
    '(secret|token|password|passphrase|credential|apikey|privatekey)s?$',
  ].join('|'),
  'i',
);

/** Names that look like secrets and are none, each with the reason. */
export const NOT_SECRET: Readonly<Record<string, string>> = {
  verification_token: 'goes into public DNS, which the person who verifies a domain has to write',
  token_type: 'says "Bearer"',
  password_hash_type: 'names an algorithm',
  totp_issuer: 'names the app that asks for the code',
  totp_user: 'labels the account in the authenticator app',
};

export function looksLikeSecret(name: string): boolean {
  const known = judged.get(name);
  if (known !== undefined) return known;
  const verdict = !Object.hasOwn(NOT_SECRET, name) && LIKE_A_SECRET.test(name);
  if (judged.size < MAX_JUDGED) judged.set(name, verdict);
  return verdict;
}

/** Verdicts on names, which answers repeat without end: looking one up costs a tenth of judging it. */
const judged = new Map<string, boolean>();
const MAX_JUDGED = 10_000;

/** What stands in the place of a secret, and says what it takes to see it. */
export const marker = (area: string): string => `[withheld: takes the grant ${area}:credentials]`;

/**
 * A JSON value with each secret replaced by the marker. The value itself is left as it is.
 * @param declared dotted paths of the members that are secrets whatever they are called; items of arrays have no step
 */
export function withhold(
  value: unknown,
  declared: ReadonlySet<string>,
  text: string,
): { value: unknown; withheld: number } {
  // Most answers hold no secret, and then there is nothing to copy.
  if (!isObject(value) || !holdsSecret(value, declared, '')) return { value, withheld: 0 };
  let withheld = 0;
  const visit = (inner: unknown, path: string, secret: boolean): unknown => {
    if (Array.isArray(inner)) return inner.map((element) => visit(element, path, secret));
    if (typeof inner === 'object' && inner !== null) {
      return Object.fromEntries(
        Object.entries(inner).map(([name, member]) => {
          const place = path === '' ? name : `${path}.${name}`;
          return [name, visit(member, place, declared.has(place) || looksLikeSecret(name))];
        }),
      );
    }
    if (!secret || inner === null || typeof inner === 'boolean' || inner === '') return inner;
    withheld += 1;
    return text;
  };
  return { value: visit(value, '', false), withheld };
}

function holdsSecret(value: object, declared: ReadonlySet<string>, path: string): boolean {
  if (Array.isArray(value)) return value.some((element) => isObject(element) && holdsSecret(element, declared, path));
  for (const name in value) {
    if (looksLikeSecret(name) || (declared.size > 0 && declared.has(path + name))) return true;
    const member: unknown = (value as Record<string, unknown>)[name]; // an object of whatever members
    if (isObject(member) && holdsSecret(member, declared, `${path}${name}.`)) return true;
  }
  return false;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Shorter values occur by chance; replacing them would tell more than it hides. */
const MIN_LENGTH = 4;

/** The text without the values that must not be in it. */
export function withoutValues(text: string, values: readonly string[]): string {
  const long = values.filter((value) => value.length >= MIN_LENGTH);
  // The longest first: one may hold another.
  return long.sort((a, b) => b.length - a.length).reduce((rest, value) => rest.replaceAll(value, '[withheld]'), text);
}

/** What must not be seen of one call. */
export type Confidential = {
  /** Paths of the answer's secrets and what stands in their place, for agents without the grant. */
  readonly withheld?: { readonly paths: ReadonlySet<string>; readonly marker: string };
  /** Values of secret arguments: those that sent them know them, and nobody else is to read them. */
  readonly values: readonly string[];
};

export const NOTHING: Confidential = { values: [] };

export function toConfidential(
  { area, credentials, secretMembers }: Tool,
  args: Arguments,
  restricted: boolean,
): Confidential {
  const values = (credentials?.secrets ?? []).map((name) => args[name]).filter((value) => typeof value === 'string');
  if (!restricted) return { values };
  return { values, withheld: { paths: secretMembers, marker: marker(area) } };
}

/** An answer, or what is left of an error's body, without what is confidential. */
export function withoutSecrets(value: unknown, { withheld, values }: Confidential): unknown {
  const open = withheld === undefined ? value : withhold(value, withheld.paths, withheld.marker).value;
  return values.length === 0 ? open : mapStrings(open, (text) => withoutValues(text, values));
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((element) => mapStrings(element, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapStrings(member, change)]));
}
