import { LIST_MODES } from '../access/list-mode.ts';
import { LOG_LEVELS } from '../log.ts';

export type Option = {
  /** The command that alone has a use for it. */
  readonly only?: 'http';
  /** `list` items are split at commas and add up over repeated flags; `secret` options have no flag. */
  readonly kind: 'list' | 'switch' | 'choice' | 'number' | 'whole' | 'text' | 'secret';
  /** What stands for the value in help. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** The least and the most that a number may be. */
  readonly range?: readonly [min: number, max: number];
  /** The value where none is given. */
  readonly unless?: string;
  /** WorkOS's own name; else `WORKOS_MCP_` and the flag's. */
  readonly env?: string;
  /** Leaving it out gives more: a host that did not fill it in must not do so. */
  readonly restricts?: true;
  /** Flag and environment add up, so that neither can take back what the other forbids. */
  readonly addsUp?: true;
  /** Blank, a list is empty: safe for what allows, while a blank `deny` would deny nothing where something was meant. */
  readonly mayBeBlank?: true;
  /** The command cannot do without. */
  readonly needed?: true;
  /** The grant that a switch adds to `allow`, with which it is one setting: for hosts that can only ask yes or no. */
  readonly grant?: string;
  readonly help: string;
};

export type Options = Readonly<Record<string, Option>>;

/** Every setting: its flag, its environment variable, its line in the help and its row in docs/settings.md. */
export const OPTIONS = {
  allow: {
    kind: 'list',
    value: 'GRANT[,GRANT…]',
    mayBeBlank: true,
    help: "Switch tools on: preset:NAME, AREA:ACCESS, a tool's name, or *:ACCESS for everything, now and in later versions",
  },
  'allow-read': { kind: 'switch', grant: '*:read', help: "Add '*:read' to --allow" },
  'allow-write': { kind: 'switch', grant: '*:write', help: "Add '*:write' to --allow" },
  'allow-delete': { kind: 'switch', grant: '*:delete', help: "Add '*:delete' to --allow" },
  deny: {
    restricts: true,
    kind: 'list',
    value: 'GRANT[,GRANT…]',
    addsUp: true,
    help: 'Switch tools off; beats every --allow',
  },
  'read-only': { restricts: true, kind: 'switch', addsUp: true, help: "Deny '*:write,*:delete,*:credentials'" },
  config: {
    restricts: true,
    kind: 'text',
    value: 'FILE',
    help: 'A YAML or JSON file whose keys are these flags without their dashes',
  },
  'production-writes': {
    kind: 'switch',
    help: 'Let grants to write, delete and use credentials hold with a production key',
  },
  expect: {
    restricts: true,
    kind: 'choice',
    choices: ['staging', 'production'],
    help: 'Start only if the key is of this environment (a key that does not begin with sk_test_ is a production one)',
  },
  confirm: {
    restricts: true,
    kind: 'choice',
    choices: ['auto', 'strict', 'off', 'person'],
    help: 'How deletes, and updates that change who can sign in as a user, are confirmed; person stands for approvers in the console, over HTTP (strict with a production key, else auto)',
  },
  'dry-run': {
    restricts: true,
    kind: 'switch',
    help: 'Answer every write with the request it would send, and send nothing',
  },
  'audit-log': {
    restricts: true,
    kind: 'text',
    value: 'FILE|stderr',
    help: 'Where every call is recorded (stderr unless set; must be set where a production key may write)',
  },
  'audit-log-max-bytes': {
    kind: 'whole',
    range: [10_000, 10_000_000_000],
    unless: '100000000',
    help: 'The size at which that file is renamed and a new one begun',
  },
  agent: { kind: 'text', value: 'NAME', unless: 'local', help: 'Whose calls these are, for the record' },
  list: {
    kind: 'choice',
    choices: LIST_MODES,
    unless: 'auto',
    help: 'Which tools that are on clients are listed: all, a core and find_tools for the rest, or all while they cost at most 6,000 tokens',
  },
  'no-status-tool': { kind: 'switch', help: 'Leave out get_access_status, which tells an agent what it may do' },
  sandbox: { kind: 'switch', help: 'Serve an embedded make-believe WorkOS; needs no account' },
  host: { kind: 'text', only: 'http', value: 'HOST', unless: '127.0.0.1', help: 'Where to listen' },
  port: { kind: 'whole', only: 'http', range: [1, 65_535], unless: '8080', help: 'The port' },
  'public-url': {
    kind: 'text',
    only: 'http',
    value: 'URL',
    help: 'Under which clients know the server, and for which access tokens have to be issued (http://HOST:PORT/mcp unless set)',
  },
  'allowed-hosts': {
    kind: 'list',
    only: 'http',
    value: 'HOST[,HOST…]',
    help: 'Host headers to answer, besides those of loopback; must be set where others can reach the port',
  },
  'allowed-origins': {
    kind: 'list',
    only: 'http',
    value: 'ORIGIN[,ORIGIN…]',
    help: 'Web pages that may call; none unless set',
  },
  'tls-cert': { kind: 'text', only: 'http', value: 'FILE', help: 'The PEM certificate to serve https with' },
  'tls-key': { kind: 'text', only: 'http', value: 'FILE', help: 'Its PEM key' },
  'trust-proxy': { kind: 'switch', only: 'http', help: 'A proxy in front writes X-Forwarded-For' },
  anonymous: {
    kind: 'switch',
    only: 'http',
    help: 'Serve every client under the grants of --allow, without tokens: on loopback, with a test key, without a proxy',
  },
  'console-port': {
    kind: 'whole',
    only: 'http',
    range: [1, 65_535],
    help: 'The port of the console, where approvers confirm calls of agents with confirm: person; no console unless set',
  },
  'console-host': { kind: 'text', only: 'http', value: 'HOST', unless: '127.0.0.1', help: 'Where the console listens' },
  'console-url': {
    kind: 'text',
    only: 'http',
    value: 'URL',
    help: 'Under which people open the console: https, or http on loopback (http://HOST:PORT unless set)',
  },
  'metrics-port': {
    kind: 'whole',
    only: 'http',
    range: [1, 65_535],
    help: 'Serve Prometheus metrics there, at /metrics',
  },
  'metrics-host': { kind: 'text', only: 'http', value: 'HOST', unless: '127.0.0.1', help: 'Where to listen for them' },
  'metrics-agents': {
    kind: 'switch',
    only: 'http',
    help: 'Count calls by the names of agents and templates in the file as well, for everyone who can read the metrics',
  },
  'redis-url': {
    kind: 'text',
    only: 'http',
    value: 'URL',
    help: 'A Redis or Valkey that all replicas share limits, budgets and confirmations in; with a password only in the variable or in a file',
  },
  'redis-url-file': { kind: 'text', only: 'http', value: 'FILE', help: 'A file that holds that URL instead' },
  'deployment-key-env': {
    kind: 'text',
    only: 'http',
    value: 'NAME',
    help: 'The variable that holds the deployment key, the same in all replicas; the console needs one, and replicas without one refuse confirmations',
  },
  'deployment-key-file': {
    kind: 'text',
    only: 'http',
    value: 'FILE',
    help: 'A file that holds the key instead; make one with: openssl rand -base64 32',
  },
  'redis-away': {
    kind: 'choice',
    only: 'http',
    choices: ['share', 'refuse'],
    unless: 'share',
    help: 'While that is away: keep to a part of the limits, or refuse calls',
  },
  replicas: {
    kind: 'whole',
    only: 'http',
    range: [1, 1_000],
    unless: '1',
    help: 'How many replicas share the limits, for that part',
  },
  'log-level': {
    kind: 'choice',
    choices: LOG_LEVELS,
    unless: 'info',
    help: 'How much to log to stderr; heads of the record are always told',
  },
  timeout: { kind: 'number', value: 'SECONDS', range: [1, 600], unless: '30', help: 'For a whole call' },
  'attempt-timeout': {
    kind: 'number',
    value: 'SECONDS',
    range: [0.1, 600],
    unless: '10',
    help: "For one attempt of it, the answer's last byte included",
  },
  'max-items': {
    kind: 'whole',
    range: [1, 1_000_000],
    unless: '1000',
    help: 'The most that a call may ask for with max_items',
  },
  'max-result-bytes': {
    kind: 'whole',
    range: [2_000, 100_000_000],
    unless: '60000',
    help: 'The largest result; a longer list is cut and says where to go on',
  },
  'max-reply-bytes': {
    kind: 'whole',
    range: [1_000, 500_000_000],
    unless: '2097152',
    help: 'The largest answer of WorkOS that is read',
  },
  limit: {
    kind: 'list',
    value: 'NAME=REQUESTS/SECONDS',
    help: "A rate limit of your account's where it is not the documented one",
  },
  'api-key': { kind: 'secret', env: 'WORKOS_API_KEY', help: 'The WorkOS API key (sk_…)' },
  'api-key-file': {
    kind: 'text',
    value: 'FILE',
    env: 'WORKOS_API_KEY_FILE',
    help: 'A file that holds the key instead',
  },
  'client-id': { kind: 'text', value: 'ID', env: 'WORKOS_CLIENT_ID', help: 'The Client ID; sign-in tools need it' },
  'base-url': {
    kind: 'text',
    value: 'URL',
    env: 'WORKOS_BASE_URL',
    unless: 'https://api.workos.com',
    help: 'Where WorkOS is',
  },
} as const satisfies Options;

export type OptionName = keyof typeof OPTIONS;

export type OptionWithDefault = {
  [Name in OptionName]: (typeof OPTIONS)[Name] extends { unless: string } ? Name : never;
}[OptionName];

export const optionNames = Object.keys(OPTIONS) as OptionName[]; // Object.keys forgets the literal type

/** An option by its flag's name, if there is one. */
export function optionOf(name: string): Option | undefined {
  return Object.entries(OPTIONS).find(([known]) => known === name)?.[1];
}

/** The environment variable of an option: WorkOS's own name, or made from the flag. */
export function envName(option: string): string {
  return optionOf(option)?.env ?? `WORKOS_MCP_${option.toUpperCase().replaceAll('-', '_')}`;
}

/** What stands for an option's value in help. */
export const exampleOf = ({ kind, value, choices }: Option): string =>
  value ?? choices?.join('|') ?? (kind === 'whole' ? 'N' : '');

/** An option as it stands on a command line; nothing for a secret. */
export const flagOf = (name: string, option: Option): string =>
  option.kind === 'secret' ? '' : `--${name} ${exampleOf(option)}`.trimEnd();

/** One row per option, for help and docs/settings.md: flag with value, variable, meaning. */
export function describeOptions(
  options: Options = OPTIONS,
): readonly { readonly flag: string; readonly variable: string; readonly help: string }[] {
  return Object.entries(options).map(([name, option]) => ({
    flag: flagOf(name, option),
    variable: envName(name),
    help: option.unless === undefined ? option.help : `${option.help} (${option.unless} unless set)`,
  }));
}
