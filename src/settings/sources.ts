import { StartError } from '../errors.ts';
import { nearest } from '../wording.ts';
import { type Line, readFlags } from './flags.ts';
import { type Given, isPlaceholder, parseValue, unfilled, unquoted } from './option-value.ts';
import { envName, OPTIONS, optionNames, optionOf } from './options.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** What a start is told, but for the settings file. */
export type Sources = Line & {
  readonly variables: Given;
  /** What is asked for in the place of a start. */
  readonly ask: 'help' | 'version' | undefined;
};

/** Reads command line and environment. Throws StartError for arguments that are unknown, malformed or repeated. */
export function readSources(argv: readonly string[], env: Env): Sources {
  const line = readFlags(argv);
  const ask = (['help', 'version'] as const).find((name) => line.flags[name] !== undefined);
  // Help must come even if the variables are malformed.
  return { ...line, variables: ask === undefined ? parseVariables(env) : {}, ask };
}

/** The settings that variables hold. Throws StartError for a variable with our prefix that names no setting. */
function parseVariables(env: Env): Given {
  const known = new Map(optionNames.map((name) => [envName(name), name]));
  const variables: Record<string, readonly string[]> = {};
  for (const [variable, text] of Object.entries(env)) {
    const name = known.get(variable);
    if (name === undefined) {
      // In any case: what a system reads without regard to case must not be passed over here.
      if (!variable.toUpperCase().startsWith(PREFIX)) continue;
      throw new StartError(`There is no setting ${variable}.${didYouMeanVariable(variable, [...known.keys()])}`);
    }
    if (text === undefined) continue;
    // Quotes around a key are for the reader of keys, which has more forms to understand.
    const raw = name === 'api-key' ? text : unquoted(variable, text);
    if (raw.trim() === '' || isPlaceholder(raw)) {
      if (isPlaceholder(raw) && optionOf(name)?.restricts) throw unfilled(variable, raw);
      // A key that is only white space is a mistake to name, not a key left out.
      if (name === 'api-key' && raw !== '' && !raw.includes('${')) variables[name] = [raw];
      continue;
    }
    variables[name] = parseValue(variable, OPTIONS[name], raw);
  }
  return variables;
}

const PREFIX = 'WORKOS_MCP_';

function didYouMeanVariable(variable: string, known: readonly string[]): string {
  const ends = known.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length).toLowerCase());
  const found = nearest(variable.slice(PREFIX.length), ends);
  return found === undefined ? '' : ` Did you mean "${PREFIX}${found.toUpperCase()}"?`;
}
