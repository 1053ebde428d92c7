import { parseArgs } from 'node:util';
import { OPTIONS, type Options } from './options.ts';

/** Options that say what to do rather than how: without a variable. */
export const ASKS = {
  help: { kind: 'switch', help: 'Show this' },
  version: { kind: 'switch', help: 'Show the version' },
  json: { kind: 'switch', help: 'Print JSON' },
  'no-keys': { kind: 'switch', help: 'Judge the settings without keys, as in a pull request' },
  against: {
    kind: 'text',
    value: 'FILE',
    help: 'Of check: compare with a saved check --json; exit code 1 if an agent gained something',
  },
} as const satisfies Options;

/** What may stand on the command line of a server, or of a command about one. */
export const FLAGS: Options = { ...OPTIONS, ...ASKS };

// A map: a word may be the name of a member that every object has.
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['-h', '--help'],
  ['-v', '--version'],
]);

/** A command line with `help`, `version`, `-h` and `-v` spelt as the switches that they stand for. */
export function spelledOut(argv: readonly string[]): readonly string[] {
  const [first, ...rest] = argv.map((word) => SPELLINGS.get(word) ?? word);
  if (first === 'help') return [...rest, '--help'];
  if (first === 'version') return [...rest, '--version'];
  return first === undefined ? [] : [first, ...rest];
}

/** The parts of a command line, as far as its options are known. */
export function toTokens(argv: readonly string[], options: Options) {
  const types = Object.entries(options).map(
    ([name, { kind }]) => [name, { type: kind === 'switch' ? 'boolean' : 'string' }] as const,
  );
  return parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(types),
  }).tokens;
}

/** Whether a switch is given, even if the rest of the command line is malformed. */
export const hasSwitch = (argv: readonly string[], name: string, options = FLAGS): boolean =>
  toTokens(argv, options).some((token) => token.kind === 'option' && token.name === name);

/** What of the program a command line is for. Whether it makes sense is for that to tell. */
export function partFor(argv: readonly string[]): 'stdio' | 'http' | 'commands' {
  const tokens = toTokens(argv, FLAGS);
  const asks = tokens.some((token) => token.kind === 'option' && (token.name === 'help' || token.name === 'version'));
  const [command] = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  if (asks) return 'commands';
  if (command === undefined || command === 'serve') return 'stdio';
  return command === 'http' ? 'http' : 'commands';
}
