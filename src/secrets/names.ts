import { memoizeByName } from '../memo.ts';

/** Words that make a name one of a secret, wherever they stand in it, in the singular. */
const SECRET_WORDS: ReadonlySet<string> = new Set(
  [
    'secret token password passwd pwd pw passphrase passcode passkey pass credential cred cookie jwt jws jwk bearer otp totp',
    'otpauth pin puk cvv cvc ssn pem authorization hash salt signature assertion seed mnemonic psk hmac verifier digest',
    'bcrypt pwhash whsec dsn sas apikey privatekey secretkey accesskey accesstoken refreshtoken idtoken clientsecret',
    'setcookie passwort kennwort contraseña seña senha wachtwoord пароль 密码 パスワード 비밀번호',
  ].flatMap((line) => line.split(' ')),
);

/** Words before `key`, `code` or an address, singular, with which it is a secret. */
const SECRET_KEYS: ReadonlySet<string> = new Set(
  'api private secret signing access encryption external license licence master shared ssh rsa service account storage saml pem hmac webhook recovery deploy'.split(
    ' ',
  ),
);
const SECRET_CODES: ReadonlySet<string> = new Set(
  'access auth authorization authentication backup device login magic mfa time recovery security sms user verification verify scratch emergency activation confirmation confirm reset invite invitation pairing email signin in up pass qr'.split(
    ' ',
  ),
);
const SECRET_ADDRESSES: ReadonlySet<string> = new Set(
  'magic reset invite invitation login in signin accept portal setup callback sas connection recovery'.split(' '),
);

/** Words at the end of a name that describes a secret rather than holds one: `token_type`, `password_updated_at`. */
const DESCRIPTIONS: ReadonlySet<string> = new Set(
  'type algorithm alg issuer count counts length size at date time times second seconds minute minutes hour hours day days ms ttl expiry expires expiration policy required enabled status state version position strength label hint'.split(
    ' ',
  ),
);

/** Whole names of secrets whose words alone are not. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'auth',
  'auth header',
  'auth value',
  'basic auth',
  'proxy auth',
  'x auth',
  'code',
  'session',
  'session id',
  'sid',
  'callback ticket',
  'connection string',
  'mot de passe',
  'ticket',
]);

/** Endings of names that are written without a separator, such as `userpassword`. */
const ENDING = /(?:secret|token|password|passwd|passphrase|credential|apikey|privatekey)s?$/;

/** Names that look like secrets but are not, each with the reason. */
export const NOT_SECRET: Readonly<Record<string, string>> = {
  verification_token: 'published in DNS by the person who verifies the domain',
  totp_user: 'labels the account in the authenticator app',
};

/** A longer name is judged by its first characters: names come from outside, and every one is looked at. */
const MAX_NAME_CHARS = 256;

/** The words of a name: `apiKey`, `api key` and `urn:x:api-key` have the same. */
const wordsOf = (name: string): readonly string[] =>
  name
    .slice(0, MAX_NAME_CHARS)
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '');

const singular = (word: string): string => (word.length > 3 && word.endsWith('s') ? word.slice(0, -1) : word);

/** Whether a member with this name is treated as a secret. */
export const looksLikeSecret = memoizeByName((name) => {
  if (Object.hasOwn(NOT_SECRET, name)) return false;
  const words = wordsOf(name);
  const last = words.at(-1) ?? '';
  if (words.length > 1 && DESCRIPTIONS.has(last)) return false;
  const isSecretWord = (word: string) =>
    SECRET_WORDS.has(word) || SECRET_WORDS.has(singular(word)) || ENDING.test(word);
  return (
    words.some(isSecretWord) ||
    SECRET_NAMES.has(words.map(singular).join(' ')) ||
    words.some((word, index) => {
      const before = words[index - 1] ?? '';
      const one = singular(word);
      if (one === 'key') return SECRET_KEYS.has(before);
      if (one === 'code') return SECRET_CODES.has(before) && index === words.length - 1;
      if (one === 'phrase') return before === 'recovery' || before === 'pass' || before === 'seed';
      if (one === 'session') return before === 'sealed';
      if (one === 'url' || one === 'link' || one === 'uri') return SECRET_ADDRESSES.has(before);
      return false;
    })
  );
});
