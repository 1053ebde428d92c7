import { StartError } from '../errors.ts';
import { ASKS, hasSwitch } from '../settings/command-line.ts';
import { type Line, readFlags } from '../settings/flags.ts';
import { describeOptions, flagOf, type Options } from '../settings/options.ts';
import { didYouMean } from '../wording.ts';
import { rephrase } from './rephrase.ts';
import { indented, type Look } from './table.ts';

export type Subcommand<Deps> = {
  /** The words behind its name: `NAME`, `[FILE]` for one that may be left out, `FILE…` for one or more. */
  readonly words: readonly string[];
  readonly options: Options;
  /** Command lines behind the name of the program. */
  readonly examples?: readonly string[];
  /** Resolves to the exit code. */
  readonly run: (line: Line, deps: Deps) => Promise<number>;
};

type Subcommands<Deps> = Readonly<Record<string, Subcommand<Deps>>>;

/**
 * A command that has subcommands. It takes the command line behind its name, and runs what that names or prints how that
 * is used. It throws StartError for a subcommand, flag or word that is missing, unknown or left over.
 * @param noun what a subcommand is: of `init`, a client
 */
export function toCommand<Deps extends { readonly write: (text: string) => void; readonly look?: Look }>(
  name: string,
  noun: string,
  subcommands: Subcommands<Deps>,
): (argv: readonly string[], deps: Deps) => Promise<number> {
  return async (argv, deps) => {
    const [word = '', ...rest] = argv;
    const subcommand = Object.hasOwn(subcommands, word) ? subcommands[word] : undefined;
    const shown = subcommand === undefined ? subcommands : { [word]: subcommand };
    const usage = toUsage(name, noun, shown);
    const options: Options = Object.assign({}, ...Object.values(shown).map((one) => one.options), { help: ASKS.help });
    if (hasSwitch(argv, 'help', options)) {
      const rows = describeOptions(options).map(({ flag, help }) => `  ${flag}\n${indented(6, help, deps.look)}`);
      const examples = toExamples(shown);
      const lines = examples.map((example) => `  workos-mcp ${example}\n`);
      const shownExamples = lines.length === 0 ? '' : `Examples:\n${lines.join('')}\n`;
      deps.write(`Usage:\n${usage}\n\n${shownExamples}Options:\n${rows.join('')}`);
      return 0;
    }
    if (subcommand === undefined) {
      const meant = didYouMean(word, Object.keys(subcommands));
      const fault = word === '' ? `a ${noun} is required.` : `there is no ${noun} "${word}".${meant}`;
      throw new StartError(`${name}: ${fault}\n${usage}`);
    }
    const line = await rephrase(
      () => checked(readFlags(rest, options, 'person'), subcommand),
      (message) => `${name} ${word}: ${message}\n${usage}`,
    );
    return subcommand.run(line, deps);
  };
}

function checked<Deps>(line: Line, { words, options }: Subcommand<Deps>): Line {
  const missing = words.filter((word) => !word.startsWith('['))[line.words.length];
  if (missing !== undefined) throw new StartError(`${missing.replace('…', '')} is missing.`);
  const over = words.some((word) => word.endsWith('…')) ? [] : line.words.slice(words.length);
  if (over.length > 0) throw new StartError(`"${over.join(' ')}" is unexpected.`);
  for (const [name, option] of Object.entries(options)) {
    if (option.needed && line.flags[name] === undefined) throw new StartError(`${flagOf(name, option)} is missing.`);
  }
  return line;
}

/** The examples of each subcommand, or of the one with most where they are used alike. */
function toExamples<Deps>(subcommands: Subcommands<Deps>): readonly string[] {
  const all = Object.values(subcommands);
  const lists = all.map(({ examples = [] }) => examples);
  if (!areAlike(all)) return lists.flat();
  return lists.toSorted((one, other) => other.length - one.length)[0] ?? [];
}

/** Whether subcommands take the same words and options. */
const areAlike = <Deps>(all: readonly Subcommand<Deps>[]): boolean => new Set(all.map(toTail)).size === 1;

/** Flags that a line of usage lists one by one. The options below it have them all. */
const MAX_USAGE_FLAGS = 8;

/** What stands behind the name of a subcommand. */
function toTail<Deps>({ words, options }: Subcommand<Deps>): string {
  const flags = Object.entries(options).map(([flag, option]) => [option.needed, flagOf(flag, option)] as const);
  const needed = flags.flatMap(([isNeeded, text]) => (isNeeded ? [text] : []));
  const free = flags.flatMap(([isNeeded, text]) => (isNeeded ? [] : [`[${text}]`]));
  return [...words, ...needed, ...(free.length > MAX_USAGE_FLAGS ? ['[options]'] : free)].join(' ');
}

/** A line for each subcommand, or one for all where they are used alike. */
function toUsage<Deps>(name: string, noun: string, subcommands: Subcommands<Deps>): string {
  const all = Object.entries(subcommands);
  const [first] = all;
  if (first !== undefined && all.length > 1 && areAlike(Object.values(subcommands))) {
    const any = noun.toUpperCase();
    const names = Object.keys(subcommands).join(', ');
    return `  workos-mcp ${name} ${any} ${toTail(first[1])}\n  ${any} is one of ${names}.`;
  }
  return all.map(([one, subcommand]) => `  workos-mcp ${name} ${one} ${toTail(subcommand)}`).join('\n');
}
