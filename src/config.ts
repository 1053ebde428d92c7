import { parseArgs } from 'node:util';
import type { Given } from './config-file.ts';
import { StartError } from './errors.ts';
import { didYouMean, nearest } from './nearest.ts';
import {
  envName,
  type LogLevel,
  OPTIONS,
  type Option,
  type OptionName,
  type OptionWithDefault,
  optionNames,
  optionOf,
} from './options.ts';
import type { Grants } from './policy.ts';

export const COMMANDS = {
  tools: 'List every tool with its area and access, on or off under the flags given, and why (--json too)',
  check:
    'Validate all settings and show what they give access to, area by area, and what it costs a model (--json too)',
  explain: 'Say of a tool or area what it does, whether it is on, and which rule or grant decides that',
  audit: 'Read the record: audit verify FILE… [--head …], audit show FILE [--agent …] [--since …] [--refused]',
} as const;

/** The commands that take something to speak about. */
const SUBJECTS: Readonly<Record<string, string>> = { explain: 'a tool or area' };

export type Command = 'serve' | keyof typeof COMMANDS | 'help' | 'version';

export type Config = {
  readonly command: Command;
  /** What the command is about, where it takes that. */
  readonly subject: string;
  readonly json: boolean;
  readonly grants: Grants;
  readonly productionWrites: boolean;
  /** As given; which holds otherwise depends on the key. */
  readonly confirm: string | undefined;
  readonly dryRun: boolean;
  readonly auditLog: string | undefined;
  readonly auditLogMaxBytes: number;
  readonly agent: string;
  readonly statusTool: boolean;
  /** The environment that the key has to be of. */
  readonly expect: string | undefined;
  readonly logLevel: LogLevel;
  readonly sandbox: boolean;
  readonly apiKey: string | undefined;
  readonly apiKeyFile: string | undefined;
  readonly clientId: string | undefined;
  readonly baseUrl: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly attemptTimeout: number;
  readonly maxItems: number;
  readonly maxResultBytes: number;
  readonly maxReplyBytes: number;
  /** `NAME=REQUESTS/SECONDS`, as given. */
  readonly limits: readonly string[];
};

type Env = Readonly<Record<string, string | undefined>>;

/** The configuration file that flags or environment name, if they do. */
export function configFileOf(argv: readonly string[], env: Env): string | undefined {
  const { flags, asked } = parseFlags(argv);
  if (asked.has('help') || asked.has('version')) return undefined;
  return flags.config?.[0] ?? parseVariables(env).config?.[0];
}

/**
 * Reads flags, environment and file: a flag replaces the environment, the environment the file, but what forbids adds
 * up. Throws StartError for whatever is unknown, malformed or contradictory.
 */
export function parseConfig(argv: readonly string[], env: Env, file: Given = {}): Config {
  const { flags, commands, asked } = parseFlags(argv);
  // Help has to come whatever else is wrong.
  const variables = asked.has('help') || asked.has('version') ? {} : parseVariables(env);

  const [command = 'serve', ...more] = commands;
  if (command !== 'serve' && !Object.hasOwn(COMMANDS, command)) {
    if (command.startsWith('sk_')) throw new StartError('A key is no command: set WORKOS_API_KEY instead.');
    throw new StartError(`There is no command "${command}".${didYouMean(command, Object.keys(COMMANDS))} See --help.`);
  }
  const taken = SUBJECTS[command];
  const [subject = '', ...over] = taken === undefined ? ['', ...more] : more;
  if (over.length > 0) throw new StartError(`One command at a time: "${over.join(' ')}" is left over. See --help.`);
  if (taken !== undefined && subject === '' && !asked.has('help'))
    throw new StartError(`${command} needs ${taken}: workos-mcp ${command} NAME`);
  if (asked.has('json') && command !== 'tools' && command !== 'check')
    throw new StartError('--json goes with the commands "tools" and "check".');

  const given = (name: OptionName): readonly string[] => {
    const { addsUp }: Option = OPTIONS[name];
    const sources = [flags[name], variables[name], file[name]].filter((source) => source !== undefined);
    return addsUp ? sources.flat() : (sources[0] ?? []);
  };
  const one = (name: OptionName): string | undefined => given(name)[0];
  const settingOf = (name: OptionWithDefault): string => one(name) ?? OPTIONS[name].unless;
  const on = (name: OptionName): boolean => given(name).includes('true');

  const sandbox = on('sandbox');
  if (sandbox) {
    const real = (['api-key', 'api-key-file', 'client-id', 'base-url'] as const).filter(
      (name) => one(name) !== undefined,
    );
    if (real.length > 0) {
      throw new StartError(`--sandbox stands alone: unset ${real.map(envName).join(' and ')}, or leave --sandbox out.`);
    }
  }
  const agent = settingOf('agent');
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(agent)) {
    throw new StartError(`--agent is "${agent}": say a name of letters, digits, ".", "_" and "-", at most 64.`);
  }
  return {
    command: asked.has('help') ? 'help' : asked.has('version') ? 'version' : (command as Command), // checked above
    subject,
    json: asked.has('json'),
    grants: { allow: given('allow'), deny: given('deny'), readOnly: on('read-only'), productionGuard: false },
    productionWrites: on('production-writes'),
    expect: one('expect'),
    confirm: one('confirm'),
    dryRun: on('dry-run'),
    auditLog: one('audit-log'),
    auditLogMaxBytes: Number(settingOf('audit-log-max-bytes')),
    agent,
    statusTool: !on('no-status-tool'),
    logLevel: settingOf('log-level') as LogLevel, // a choice, checked where it was read
    sandbox,
    apiKey: one('api-key'),
    apiKeyFile: one('api-key-file'),
    clientId: one('client-id'),
    baseUrl: settingOf('base-url'),
    timeout: Number(settingOf('timeout')) * 1_000,
    attemptTimeout: Number(settingOf('attempt-timeout')) * 1_000,
    maxItems: Number(settingOf('max-items')),
    maxResultBytes: Number(settingOf('max-result-bytes')),
    maxReplyBytes: Number(settingOf('max-reply-bytes')),
    limits: given('limit'),
  };
}

/** Words that say what to do rather than how: without a variable. */
const ASKS = ['help', 'version', 'json'];

function parseFlags(argv: readonly string[]) {
  const { tokens } = parseArgs({
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
  });
  const flags: Record<string, string[]> = {};
  const commands: string[] = [];
  const asked = new Set<string>();
  for (const token of tokens) {
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
      // A host left it unfilled. Nothing is a safe reading of every flag but this one.
      if (name === 'deny') throw new StartError(`--deny is "${value}", which nobody filled in.`);
      continue;
    }
    if (option.kind !== 'list' && flags[name] !== undefined) throw new StartError(`${rawName} is given twice.`);
    // A blank --deny would deny nothing where something was meant: only a blank --allow is safe to read as none.
    flags[name] = [...(flags[name] ?? []), ...parseValue(rawName, option, value, name === 'allow')];
  }
  return { flags: flags as Given, commands, asked };
}

function parseVariables(env: Env): Given {
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
    case 'number': {
      const { min = 0, max = Number.MAX_SAFE_INTEGER, whole } = option;
      const value = raw.trim();
      if ((whole ? /^\d+$/ : /^\d+(\.\d+)?$/).test(value) && Number(value) >= min && Number(value) <= max)
        return [value];
      throw new StartError(`${where} is "${raw}": say a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`);
    }
    case 'text':
      if (raw.trim() === '') throw new StartError(`${where} is blank.`);
      return [raw.trim()];
    case 'secret':
      return [raw];
  }
}
