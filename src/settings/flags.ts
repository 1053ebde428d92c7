import { StartError } from '../errors.ts';
import { didYouMean } from '../wording.ts';
import { FLAGS, toTokens } from './command-line.ts';
import { type Given, isPlaceholder, parseValue, unfilled, unquoted } from './option-value.ts';
import { envName, exampleOf, type Options } from './options.ts';

/** What a command line holds. */
export type Line = { readonly words: readonly string[]; readonly flags: Given };

/**
 * Reads a command line.
 * @param by who wrote it: a host may leave open what it lets people fill in, which of a person is a mistake
 * @throws StartError for a flag that is unknown, malformed or repeated
 */
export function readFlags(argv: readonly string[], options = FLAGS, by: 'host' | 'person' = 'host'): Line {
  const words: string[] = [];
  const flags: Record<string, readonly string[]> = {};
  for (const token of toTokens(argv, options)) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (rawName !== `--${name}` || option === undefined) throw unknown(rawName, options);
    if (option.kind === 'secret') {
      throw new StartError(
        `${rawName} is not an option, because flags are visible in the process list. Set ${envName(name)} instead.`,
      );
    }
    if (option.kind === 'switch') {
      if (token.value !== undefined) throw new StartError(`${rawName} takes no value.`);
      flags[name] = ['true'];
      continue;
    }
    if (token.value === undefined || (token.value.startsWith('-') && !token.inlineValue)) {
      throw new StartError(`${rawName} needs a value: ${rawName} ${exampleOf(option)}`);
    }
    const value = unquoted(rawName, token.value);
    if (isPlaceholder(value)) {
      if (option.restricts || by === 'person') throw unfilled(rawName, value);
      continue;
    }
    if (value.split(',').some(hasLogin)) {
      const orFile = Object.hasOwn(options, `${name}-file`) ? ` or ${rawName}-file` : '';
      throw new StartError(
        `${rawName} holds a URL with a login or password, and flags are visible in the process list. Set ${envName(name)}${orFile} instead, and change the password: treat it as exposed.`,
      );
    }
    if (option.kind !== 'list' && flags[name] !== undefined) throw new StartError(`${rawName} is given twice.`);
    flags[name] = [...(flags[name] ?? []), ...parseValue(rawName, option, value, option.mayBeBlank)];
  }
  return { words, flags };
}

/** Names of query members that hold a secret. */
const SECRET_MEMBER = /pass|pwd|secret|token|key|auth/i;

/** Whether a text is a URL that holds a login. One that cannot be parsed counts if it may hold one. */
function hasLogin(text: string): boolean {
  if (!text.includes('://')) return false;
  if (!URL.canParse(text)) return text.includes('@');
  const { username, password, searchParams } = new URL(text);
  return username !== '' || password !== '' || [...searchParams.keys()].some((name) => SECRET_MEMBER.test(name));
}

function unknown(flag: string, options: Options): StartError {
  const known = Object.entries(options).flatMap(([name, { kind }]) => (kind === 'secret' ? [] : [`--${name}`]));
  return new StartError(`There is no option ${flag}.${didYouMean(flag, known)} See --help.`);
}
