import { StartError } from '../errors.ts';

/** Names in files of variables: `KEY=…`, `export KEY=…`, `set KEY=…` and `$env:KEY = …`. */
const ASSIGNMENT = /^(?:export\s+|set\s+|\$env:)?([a-z_]\w*)\s*=\s*(.*)$/i;

/** A value with what may follow it on its line. */
const QUOTED = /^(["'])(.*)\1\s*;?(?:\s#.*)?$/;
const COMMENT = /\s#.*$/;

/** The one value in the text of a variable or key file, `undefined` where it has none, and several where it has more. */
function valueIn(text: string): string | undefined | readonly string[] {
  const lines = text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const values = lines.map((line) => {
    const [, name, value = line] = (line.startsWith('sk_') ? undefined : ASSIGNMENT.exec(line)) ?? [];
    return { name, value: QUOTED.exec(value)?.[2]?.trim() ?? value.replace(COMMENT, '') };
  });
  const own = values.length > 1 ? values.filter(({ name }) => name === 'WORKOS_API_KEY') : values;
  return own.length === 1 || values.length === 0 ? own[0]?.value : values.map(({ value }) => value);
}

/** What examples have in the place of a key. */
const PLACEHOLDER = /^sk_(test|live)_(…|\.\.\.|x{3,})?$|^<.*>$|^\[.*\]$|^your[_-]/i;

/** Whether a text holds a key of a staging environment. Text that holds no key counts as production. */
export function isStagingKey(text: string): boolean {
  const value = valueIn(text);
  return typeof value === 'string' && value.startsWith('sk_test_');
}

/**
 * The API key in the text of a variable or key file: alone, with a line end or quotes that an editor or env file left, or
 * in a line `WORKOS_API_KEY=…` of an env file.
 * @param where what holds the text, for messages
 * @throws StartError without any part of the text
 */
export function toApiKey(text: string, where: string): string {
  const key = valueIn(text);
  if (key === undefined || key === '') throw new StartError(`${where} is blank.`);
  if (typeof key !== 'string') {
    throw new StartError(`${where} has several lines: keep one, the key alone or WORKOS_API_KEY=… with the key.`);
  }
  if (/^["'\u2018-\u201F\u00AB\u00BB]/.test(key)) {
    throw new StartError(`${where} begins with a quote that has no match: remove the quotes.`);
  }
  if (PLACEHOLDER.test(key)) {
    throw new StartError(
      `${where} is the placeholder of the examples: replace it by your key from https://dashboard.workos.com/api-keys.`,
    );
  }
  if (/(…|\.\.\.)$/.test(key)) throw new StartError(`${where} is a placeholder or shortened: copy the whole key.`);
  const foreign = /[^\s\x21-\x7e]/.exec(key)?.[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  if (foreign !== undefined) {
    throw new StartError(`${where} has the character U+${foreign}, which no key has: copy the key again.`);
  }
  if (/\s/.test(key)) throw new StartError(`${where} contains white space: copy only the key, without spaces.`);
  if (!/^sk_[\x21-\x7e]+$/.test(key) || key.includes('${')) {
    throw new StartError(
      `${where} is not a WorkOS API key: keys begin with "sk_" (a Client ID begins with "client_").`,
    );
  }
  return key;
}
