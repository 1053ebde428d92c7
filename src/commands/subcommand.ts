import { StartError } from '../errors.ts';
import { didYouMean } from '../wording.ts';

/** The subcommands of a command: how each is used, and what its flags take. */
export type Subcommands = Readonly<
  Record<string, { readonly usage: string; readonly flags: Readonly<Record<string, 'none' | 'one' | 'many'>> }>
>;

/** The values of each flag that was given; a flag without a value has a blank one. */
export type Flags = Readonly<Record<string, readonly string[] | undefined>>;

/**
 * Reads the command line of a subcommand. Flags may stand anywhere, as `--name value` or `--name=value`; behind `--` all
 * are words.
 * @param argv what stands behind the command's name
 * @throws StartError for a subcommand or flag that is not there, or a flag that is repeated or lacks its value
 */
export function parseSubcommand<Of extends Subcommands>(
  name: string,
  argv: readonly string[],
  subcommands: Of,
): { readonly command: keyof Of & string; readonly words: readonly string[]; readonly flags: Flags } {
  const [command = '', ...rest] = argv;
  const known = Object.hasOwn(subcommands, command) ? subcommands[command] : undefined;
  if (known === undefined) {
    const told = command === '' ? 'say what to do.' : `there is no "${command}".`;
    const meant = command === '' ? '' : didYouMean(command, Object.keys(subcommands));
    const usages = Object.values(subcommands).map(({ usage }) => `  ${usage}`);
    throw new StartError([`${name}: ${told}${meant}`, ...usages].join('\n'));
  }
  const words: string[] = [];
  const flags: Record<string, string[]> = {};
  const refuse = (fault: string): never => {
    throw new StartError(`${name} ${command}: ${fault}\n  ${known.usage}`);
  };
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index] ?? '';
    if (word === '--') {
      words.push(...rest.slice(index + 1));
      break;
    }
    if (!word.startsWith('-')) {
      words.push(word);
      continue;
    }
    const [, flag = word, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    const takes = Object.hasOwn(known.flags, flag) ? known.flags[flag] : undefined;
    if (takes === undefined) {
      const names = Object.keys(known.flags).map((other) => `--${other}`);
      refuse(`there is no ${word.split('=')[0]}.${didYouMean(`--${flag}`, names)}`);
    }
    if (takes === 'none' && inline !== undefined) refuse(`--${flag} takes no value.`);
    let value = inline ?? '';
    if (takes !== 'none' && inline === undefined) {
      index += 1;
      value = rest[index] ?? '';
    }
    if (takes !== 'none' && (value === '' || value.startsWith('--'))) refuse(`--${flag} needs a value.`);
    if (flags[flag] !== undefined && takes !== 'many') refuse(`--${flag} is there twice.`);
    flags[flag] = [...(flags[flag] ?? []), value];
  }
  return { command, words, flags };
}
