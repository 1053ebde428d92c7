import { StartError } from '../errors.ts';
import { didYouMean, nearest } from '../wording.ts';
import { ASKS, toTokens } from './command-line.ts';
import { envName, OPTIONS, type Option, optionNames, optionOf } from './options.ts';

/** Settings by option, each in the same form as its flag would give it. */
export type RawSettings = Readonly<Record<string, readonly string[] | undefined>>;

export type Env = Readonly<Record<string, string | undefined>>;

/** The flags and commands of a command line. Throws StartError for whatever is unknown, malformed or repeated. */
export function parseFlags(argv: readonly string[]) {
  const flags: Record<string, string[]> = {};
  const commands: string[] = [];
  const asked = new Set<string>();
  for (const token of toTokens(argv)) {
    if (token.kind === 'positional') commands.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const option = optionOf(name);
    if (rawName !== `--${name}` || (option === undefined && !ASKS.includes(name))) {
      const flagNames = [...optionNames.filter((known) => OPTIONS[known].kind !== 'secret'), ...ASKS];
      throw new StartError(
        `There is no option ${rawName}.${didYouMean(
          rawName,
          flagNames.map((known) => `--${known}`),
        )} See --help.`,
      );
    }
    if (option?.kind === 'secret') {
      throw new StartError(`${rawName} is no option: a flag shows in the process list. Set ${envName(name)} instead.`);
    }
    if (option === undefined || option.kind === 'switch') {
      if (value !== undefined) throw new StartError(`${rawName} takes no value.`);
      if (option === undefined) asked.add(name);
      else flags[name] = ['true'];
      continue;
    }
    if (value === undefined || (value.startsWith('-') && !token.inlineValue)) {
      throw new StartError(`${rawName} needs a value: ${rawName} ${option.value ?? option.choices?.join('|')}`);
    }
    if (PLACEHOLDER.test(value)) {
      if (option.restricts) throw unfilled(rawName, value);
      continue;
    }
    if (option.kind !== 'list' && flags[name] !== undefined) throw new StartError(`${rawName} is given twice.`);
    // A blank --deny would deny nothing where something was meant: only a blank --allow is safe to read as none.
    flags[name] = [...(flags[name] ?? []), ...parseValue(rawName, option, value, name === 'allow')];
  }
  return { flags: flags as RawSettings, commands, asked };
}

/** The settings that variables hold. Throws StartError for one of ours that is none. */
export function parseVariables(env: Env): RawSettings {
  const known = new Map(optionNames.map((name) => [envName(name), name]));
  const variables: Record<string, readonly string[]> = {};
  for (const [variable, raw] of Object.entries(env)) {
    const name = known.get(variable);
    if (name === undefined) {
      // In any case: what a system reads without regard to case must not be passed over here.
      if (!variable.toUpperCase().startsWith(PREFIX)) continue;
      throw new StartError(`There is no setting ${variable}.${didYouMeanVariable(variable, [...known.keys()])}`);
    }
    if (raw === undefined || isUnset(raw)) {
      if (raw !== undefined && PLACEHOLDER.test(raw) && optionOf(name)?.restricts) throw unfilled(variable, raw);
      // A key that is only white space is a mistake to name, not a key left out.
      if (name === 'api-key' && raw !== undefined && raw !== '' && !raw.includes('${')) variables[name] = [raw];
      continue;
    }
    variables[name] = parseValue(variable, OPTIONS[name], raw, true);
  }
  return variables;
}

const PREFIX = 'WORKOS_MCP_';

function didYouMeanVariable(variable: string, known: readonly string[]): string {
  const ends = known.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length).toLowerCase());
  const found = nearest(variable.slice(PREFIX.length), ends);
  return found === undefined ? '' : ` Did you mean "${PREFIX}${found.toUpperCase()}"?`;
}

/** Blank, or a placeholder such as `${user_config.x}` that a host has not filled in. */
function isUnset(value: string): boolean {
  return value.trim() === '' || PLACEHOLDER.test(value);
}

/** Without it, more would be allowed than somebody meant. */
const unfilled = (where: string, raw: string) =>
  new StartError(`${where} is "${raw.trim()}", which nobody filled in: fill it in, or take it out.`);

const PLACEHOLDER = /^\s*\$\{[^}]*\}\s*$/;

/** A value's texts as its kind of option takes them. Throws StartError that begins with `where`. */
export function parseValue(where: string, option: Option, raw: string, blankIsNone: boolean): readonly string[] {
  switch (option.kind) {
    case 'list': {
      if (blankIsNone && raw.trim() === '') return [];
      const items = raw.split(',').map((item) => item.trim());
      if (items.includes('')) throw new StartError(`${where} has an empty item: "${raw}".`);
      return items;
    }
    case 'switch': {
      const value = raw.trim().toLowerCase();
      if (value === 'true' || value === '1') return ['true'];
      if (value === 'false' || value === '0') return ['false'];
      throw new StartError(`${where} is "${raw}": say true or false.`);
    }
    case 'choice':
      if (option.choices?.includes(raw)) return [raw];
      throw new StartError(
        `${where} is "${raw}".${didYouMean(raw, option.choices ?? [])} It is one of ${option.choices?.join(', ')}.`,
      );
    case 'number':
    case 'whole': {
      const { kind, range: [min, max] = [0, Number.MAX_SAFE_INTEGER] } = option;
      const value = raw.trim();
      const isRight = (kind === 'whole' ? /^\d+$/ : /^\d+(\.\d+)?$/).test(value);
      if (isRight && Number(value) >= min && Number(value) <= max) return [value];
      throw new StartError(
        `${where} is "${raw}": say a ${kind === 'whole' ? 'whole ' : ''}number from ${min} to ${max}.`,
      );
    }
    case 'text':
      if (raw.trim() === '') throw new StartError(`${where} is blank.`);
      return [raw.trim()];
    case 'secret':
      return [raw];
  }
}
