import { memoizeByName } from '../memo.ts';
import { looksLikeSecret } from './names.ts';

// Every pattern here runs over text from outside. Each is linear: what comes before a run of characters cannot begin
// inside such a run, so that no part of a text is scanned once for each place where a match could begin.

/** Secrets that are recognized by their form. */
const FORMS: readonly RegExp[] = [
  // JSON Web Tokens, signed or encrypted
  /(?<![\w-])eyJ[\w-]+(?:\.[\w-]*){2,4}/,
  // keys of WorkOS, Stripe and others, and this server's own tokens
  /(?<![A-Za-z0-9])(?:sk|rk)_(?:test|live)_[A-Za-z0-9]+/,
  /(?<![A-Za-z0-9])wmcp_[a-z0-9]+_[\w-]{20,}/,
  /(?<![A-Za-z0-9])(?:whsec|ghp|gho|ghu|ghs|ghr|npm|shpat|hf)_[A-Za-z0-9]{16,}/,
  /(?<![\w-])github_pat_\w{20,}/,
  /(?<![\w-])(?:glpat|dop_v1|pypi|sk-ant|sk-proj|sk)-[\w-]{20,}/,
  /(?<![\w-])xox[abeoprs]-[\w-]{10,}/,
  /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/,
  /(?<![\w-])AIza[\w-]{35}/,
  /(?<![\w-])ya29\.[\w-]{20,}/,
  /(?<![\w-])SG\.[\w-]{16,}\.[\w-]{16,}/,
  // sealed sessions
  /(?<![\w.*~-])Fe26\.2\*[\w.*~-]+/,
  // authorization headers
  /(?<![A-Za-z0-9])(?:[Bb]earer|BEARER)[ \t]{1,8}[^\s"'<>]{8,}/,
  /(?<![A-Za-z0-9])(?:[Bb]asic|BASIC)[ \t]{1,8}(?=[A-Za-z0-9+/=]*[A-Z0-9+/=])[A-Za-z0-9+/]{10,}={0,2}(?![A-Za-z0-9+/=])/,
  // enrollment of a second factor
  /(?<![A-Za-z0-9])(?:otpauth|OTPAUTH)(?::\/\/|%3[Aa])[^\s"'<>]+/,
  // private keys, up to their end
  /-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,32}PRIVATE KEY-----)?/,
];

const ANY_FORM = FORMS.map(({ source }) => source).join('|');
const FORM = new RegExp(ANY_FORM, 'g');
const HAS_FORM = new RegExp(ANY_FORM);

/** Rules out most texts: each form has one of these. */
const MAY_HAVE_FORM =
  /eyJ|[sr]k[_-]|wmcp_|whsec_|gh[opsur]_|npm_|shpat_|hf_|_pat_|lpat-|p_v1-|pypi-|xox|AKIA|ASIA|AIza|ya29|SG\.|Fe26|earer|EARER|asic|ASIC|otpauth|OTPAUTH|-BEGIN/;

/** The same for addresses. Apart from the forms, since V8 skips through a text for three characters and not for one. */
const MAY_HAVE_ADDRESS = /[=%]|:\/\//;

/** Parts of a text that can hold an address. */
const WORD = /[^\s"'<>`]+/g;

/** Members of an address that carry a secret although their names alone do not say so. */
const SECRET_PARAMETER = /^(?:.*[-_.])?(?:sig|signature|key|code|ticket|state_token)$/i;

const USER_INFO = /\/\/[^\s/?#@:]*:[^\s/?#@]+@/;

/** Whether a word is an address with a password in it, or with a member that is a secret, encoded or not. */
function isSecretAddress(word: string): boolean {
  let text = word;
  // Once more for an address within an address.
  for (let round = 0; round < 3; round += 1) {
    if (USER_INFO.test(text)) return true;
    const [, ...members] = text.split(/[?&#;]/);
    const hasSecret = members.some((member) => {
      const end = member.indexOf('=');
      if (end < 1 || end === member.length - 1) return false;
      const name = member.slice(0, Math.min(end, 256));
      return looksLikeSecret(name) || SECRET_PARAMETER.test(name);
    });
    if (hasSecret) return true;
    const decoded = decode(text);
    if (decoded === text) return false;
    text = decoded;
  }
  return false;
}

/** The printable characters of ASCII by their percent encoding. */
const ENCODED = new Map<string, string>();
for (let code = 0x20; code < 0x80; code += 1) {
  const [high = '', low = ''] = code.toString(16);
  for (const one of [low, low.toUpperCase()]) ENCODED.set(high + one, String.fromCharCode(code));
}

/** The word with each encoded character of ASCII decoded. A loop takes a quarter of the time of a regular expression. */
function decode(word: string): string {
  let decoded = '';
  let start = 0;
  for (let at = word.indexOf('%'); at !== -1; at = word.indexOf('%', at + 1)) {
    const character = ENCODED.get(word.slice(at + 1, at + 3));
    if (character === undefined) continue;
    decoded += word.slice(start, at) + character;
    start = at + 3;
    at += 2;
  }
  return start === 0 ? word : decoded + word.slice(start);
}

const mayBeAddress = (word: string): boolean => word.includes('://') || word.includes('=') || word.includes('%3');

/** Whether a text holds a secret, anywhere in it. */
export function holdsSecretText(text: string): boolean {
  if (text.length < 8) return false;
  if (MAY_HAVE_FORM.test(text) && HAS_FORM.test(text)) return true;
  if (!MAY_HAVE_ADDRESS.test(text)) return false;
  for (const [word] of text.matchAll(WORD)) if (mayBeAddress(word) && isSecretAddress(word)) return true;
  return false;
}

/** The same for a name of a member: names recur. */
export const holdsSecretName = memoizeByName(holdsSecretText);

/** The text with each secret in it replaced. */
export function withoutSecretTexts(text: string, marker: string): string {
  if (!holdsSecretText(text)) return text;
  // A function: a marker is not a template.
  return text
    .replace(FORM, () => marker)
    .replace(WORD, (word) => (mayBeAddress(word) && isSecretAddress(word) ? marker : word));
}
