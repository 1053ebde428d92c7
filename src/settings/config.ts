import type { ConfirmMode } from '../access/confirmation.ts';
import type { Grants } from '../access/grants.ts';
import type { ListMode } from '../access/list-mode.ts';
import { StartError, withoutKeys } from '../errors.ts';
import type { LogLevel } from '../log.ts';
import { didYouMean } from '../wording.ts';
import type { Given } from './option-value.ts';
import {
  envName,
  OPTIONS,
  type Option,
  type OptionName,
  type OptionWithDefault,
  optionNames,
  optionOf,
} from './options.ts';
import type { Sources } from './sources.ts';

export const COMMANDS = {
  http: 'Serve the agents of the --config file over streamable HTTP, each with its own access',
  tools: 'List every tool with its area and access, on or off under the flags given, and why (--json too)',
  check:
    'Validate all settings and show what they give access to, area by area, and what it costs a model (--json too; --against FILE compares with a saved --json)',
  explain: 'Say of a tool or area what it does, whether it is on, and which rule or grant decides that',
  agent:
    'Manage the agents of a file and their tokens: agent add NAME --config FILE --allow …, then list, rotate, remove, remove-token',
  init: 'Print the configuration of a client, or write it: init CLIENT [--allow …] [--write [FILE]]',
  doctor: 'Check all that a start needs, the key by one harmless read, and say how to fix what is wrong (--json too)',
  console:
    'Sign in to the console of a server over HTTP: console login --as NAME prints a link for an approver without an issuer',
  demo: 'Show a client at work on the sandbox: reads, a refusal, a confirmed delete, and the record of them',
  audit:
    'Read the record: audit verify FILE… [--head …], audit show FILE… [--agent …] [--tool …] [--since …] [--until …] [--refused] [--count-by …]',
} as const;

/** The commands that take something to speak about. */
const SUBJECTS: Readonly<Record<string, string>> = { explain: 'a tool or area' };

/** The commands that show what a start with the same flags would serve. */
const JUDGING: readonly string[] = ['check', 'tools', 'explain'];

export type Command = 'serve' | keyof typeof COMMANDS | 'help' | 'version';

/** What only HTTP has a use for. */
export type HttpConfig = {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly trustProxy: boolean;
  readonly anonymous: boolean;
  readonly consolePort: number | undefined;
  readonly consoleHost: string;
  /** Under which approvers know the console. */
  readonly consoleUrl: string | undefined;
  readonly metricsPort: number | undefined;
  readonly metricsHost: string;
  readonly metricsAgents: boolean;
  readonly redisUrl: string | undefined;
  readonly redisUrlFile: string | undefined;
  readonly deploymentKeyEnv: string | undefined;
  readonly deploymentKeyFile: string | undefined;
  readonly redisAway: 'share' | 'refuse';
  readonly replicas: number;
};

export type Config = {
  readonly command: Command;
  /** What the command is about, where it takes that; of `help`, the command that is asked about. */
  readonly subject: string;
  readonly json: boolean;
  /** The settings are to be judged without keys. */
  readonly keyless: boolean;
  /** A server over HTTP is started, or would be: a setting is given that only such a server uses. */
  readonly isHttp: boolean;
  /** A saved review to compare with. */
  readonly against: string | undefined;
  readonly grants: Grants;
  readonly productionWrites: boolean;
  /** As given; which holds otherwise depends on the key. */
  readonly confirm: ConfirmMode | undefined;
  readonly dryRun: boolean;
  readonly auditLog: string | undefined;
  readonly auditLogMaxBytes: number;
  readonly agent: string;
  readonly statusTool: boolean;
  readonly list: ListMode;
  /** The environment that the key has to be of. */
  readonly expect: 'staging' | 'production' | undefined;
  readonly logLevel: LogLevel;
  readonly http: HttpConfig;
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

/** Throws StartError for a word that stands where a command belongs, and was meant as something else. */
function refuseMeant(word: string): void {
  if (word.startsWith('sk_')) throw new StartError('An API key is not a command: set WORKOS_API_KEY instead.');
  if (/^[\u2010-\u2015\u2212]/.test(word)) {
    throw new StartError(`"${word}" begins with a typographic dash: options begin with "--".`);
  }
}

/** The settings file that flags or environment name, if they do. */
export const configFileOf = ({ flags, variables, ask }: Sources): string | undefined =>
  ask === undefined ? (flags.config ?? variables.config)?.[0] : undefined;

const SWITCHES = optionNames.flatMap((name) => {
  const { grant }: Option = OPTIONS[name];
  return grant === undefined ? [] : [{ name, grant }];
});

/** What one place allows, its switches spelt out, or `undefined` where it says nothing of that. */
function allowedBy(source: Given): readonly string[] | undefined {
  const said = SWITCHES.filter(({ name }) => source[name] !== undefined);
  if (source.allow === undefined && said.length === 0) return undefined;
  const on = said.filter(({ name }) => source[name]?.includes('true'));
  return [...on.map(({ grant }) => grant), ...(source.allow ?? [])];
}

/**
 * The settings of flags, environment and file: a flag replaces the environment, the environment the file, but what
 * forbids adds up. Throws StartError for settings that contradict each other and for unknown commands.
 */
export function toConfig({ words, flags, variables, ask }: Sources, file: Given = {}): Config {
  const [command = 'serve', ...more] = words;
  if (command !== 'serve' && !Object.hasOwn(COMMANDS, command)) {
    refuseMeant(command);
    throw new StartError(`There is no command "${command}".${didYouMean(command, Object.keys(COMMANDS))} See --help.`);
  }
  const taken = SUBJECTS[command];
  const isJudging = JUDGING.includes(command);
  // Behind "check" and its kind stands the command line of a start, the command "http" included.
  const behind = isJudging ? more.filter((word) => word !== 'http') : more;
  const [subject = '', ...over] = taken === undefined ? ['', ...behind] : behind;
  for (const word of over) refuseMeant(word);
  if (over.length > 0)
    throw new StartError(`Unexpected argument "${over.join(' ')}": give one command at a time. See --help.`);
  if (taken !== undefined && subject === '' && ask !== 'help')
    throw new StartError(`${command} needs ${taken}: workos-mcp ${command} NAME`);
  for (const name of ['json', 'no-keys']) {
    if (flags[name] !== undefined && !isJudging)
      throw new StartError(`--${name} works only with the commands "check", "tools" and "explain".`);
  }
  if (flags.against !== undefined && command !== 'check')
    throw new StartError('--against works only with the command "check".');
  const http = optionNames.find((name) => optionOf(name)?.only === 'http' && flags[name] !== undefined);
  if (http !== undefined && command !== 'http' && !isJudging) {
    throw new StartError(`--${http} works only with the command "http".`);
  }
  const given = (name: OptionName): readonly string[] => {
    const { addsUp }: Option = OPTIONS[name];
    const sources = [flags[name], variables[name], file[name]].filter((source) => source !== undefined);
    return addsUp ? sources.flat() : (sources[0] ?? []);
  };
  const one = (name: OptionName): string | undefined => given(name)[0];
  const settingOf = (name: OptionWithDefault): string => one(name) ?? OPTIONS[name].unless;
  const on = (name: OptionName): boolean => given(name).includes('true');

  // As one setting: what a flag grants must not be widened by a switch that was left on somewhere else.
  const allow = [flags, variables, file].map(allowedBy).find((grants) => grants !== undefined) ?? [];

  const sandbox = on('sandbox');
  if (sandbox) {
    const real = (['api-key', 'api-key-file', 'client-id', 'base-url'] as const).filter(
      (name) => one(name) !== undefined,
    );
    if (real.length > 0) {
      throw new StartError(
        `--sandbox cannot be combined with ${real.map(envName).join(' and ')}: unset that, or leave --sandbox out.\nIn the settings of the Claude Desktop extension: empty "WorkOS API key" and "Client ID", or switch off "Try with invented data".`,
      );
    }
    const expect = one('expect');
    if (expect !== undefined) throw new StartError(`--expect ${expect} checks the API key, but --sandbox uses none.`);
  }
  const agent = settingOf('agent');
  // The record and the log repeat it.
  if (withoutKeys(agent) !== agent) {
    throw new StartError('--agent looks like an API key or token: give the agent a name. Rotate the key.');
  }
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(agent)) {
    throw new StartError(`--agent is "${agent}": use letters, digits, ".", "_" and "-", at most 64 characters.`);
  }
  return {
    command: ask ?? (command as Command), // checked above
    subject: ask === 'help' ? command : subject,
    json: flags.json !== undefined,
    keyless: flags['no-keys'] !== undefined,
    isHttp:
      words.includes('http') ||
      optionNames.some((name) => optionOf(name)?.only === 'http' && given(name).some((value) => value !== 'false')),
    against: flags.against?.[0],
    grants: { allow, deny: given('deny'), readOnly: on('read-only'), productionGuard: false },
    productionWrites: on('production-writes'),
    expect: one('expect') as Config['expect'], // a choice, checked where it was read
    confirm: one('confirm') as ConfirmMode | undefined, // a choice, checked where it was read
    dryRun: on('dry-run'),
    auditLog: one('audit-log'),
    auditLogMaxBytes: Number(settingOf('audit-log-max-bytes')),
    agent,
    statusTool: !on('no-status-tool'),
    list: settingOf('list') as ListMode, // a choice, checked where it was read
    logLevel: settingOf('log-level') as LogLevel, // a choice, checked where it was read
    http: {
      host: settingOf('host'),
      port: Number(settingOf('port')),
      publicUrl: one('public-url'),
      allowedHosts: given('allowed-hosts'),
      allowedOrigins: given('allowed-origins'),
      tlsCert: one('tls-cert'),
      tlsKey: one('tls-key'),
      trustProxy: on('trust-proxy'),
      anonymous: on('anonymous'),
      consolePort: one('console-port') === undefined ? undefined : Number(one('console-port')),
      consoleHost: settingOf('console-host'),
      consoleUrl: one('console-url'),
      metricsPort: one('metrics-port') === undefined ? undefined : Number(one('metrics-port')),
      metricsHost: settingOf('metrics-host'),
      metricsAgents: on('metrics-agents'),
      redisUrl: one('redis-url'),
      redisUrlFile: one('redis-url-file'),
      deploymentKeyEnv: one('deployment-key-env'),
      deploymentKeyFile: one('deployment-key-file'),
      redisAway: settingOf('redis-away') as HttpConfig['redisAway'], // a choice, checked where it was read
      replicas: Number(settingOf('replicas')),
    },
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
