import { parseArgs } from 'node:util';
import { OPTIONS, optionNames } from './options.ts';

/** Words that say what to do rather than how: without a variable. */
export const ASKS = ['help', 'version', 'json'];

/** The parts of a command line, as far as they are known. */
export function toTokens(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      ...Object.fromEntries(
        optionNames.map((name) => [name, { type: OPTIONS[name].kind === 'switch' ? 'boolean' : 'string' }] as const),
      ),
      ...Object.fromEntries(ASKS.map((name) => [name, { type: 'boolean' }] as const)),
    },
  }).tokens;
}

/** What of the program a command line is for. Whether it makes sense is for that to tell. */
export function partFor(argv: readonly string[]): 'stdio' | 'http' | 'commands' {
  const tokens = toTokens(argv);
  const asks = tokens.some((token) => token.kind === 'option' && (token.name === 'help' || token.name === 'version'));
  const [command] = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  if (asks) return 'commands';
  if (command === undefined || command === 'serve') return 'stdio';
  return command === 'http' ? 'http' : 'commands';
}
