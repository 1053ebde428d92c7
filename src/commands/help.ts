import { USUAL_GRANTS } from '../access/grants.ts';
import { ASKS } from '../settings/command-line.ts';
import { COMMANDS } from '../settings/config.ts';
import { describeOptions, OPTIONS, type Options, optionNames, optionOf } from '../settings/options.ts';
import { indented, type Look, table } from './table.ts';

/** Commands whose command line is that of a start, apart from a word or switch of their own. */
type OwnHelp = {
  readonly usage: string;
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Those that the command has besides the ones of every start. */
  readonly options: Options;
};

const { json, 'no-keys': noKeys } = ASKS;
const ofHttp = Object.fromEntries(
  optionNames.flatMap((name) => (optionOf(name)?.only === 'http' ? [[name, OPTIONS[name]]] : [])),
);

const OWN: Readonly<Record<string, OwnHelp>> = {
  http: {
    usage: 'http --config FILE [options]',
    examples: [
      ['http --config workos-mcp.yaml', 'the agents of a file, which "agent add" begins'],
      ["http --anonymous --sandbox --allow '*:read'", 'every client on this machine, on invented data'],
    ],
    options: ofHttp,
  },
  check: {
    usage: 'check [http] [options of the start]',
    examples: [
      ["check --allow '*:read'", 'the server that a client starts with these flags'],
      ['check --config workos-mcp.yaml', 'a server over HTTP: its agents side by side'],
      ['check --config workos-mcp.yaml --agent support-bot', 'one of them, area by area'],
      ['check --config workos-mcp.yaml --no-keys', 'the file in a pull request, where there are no keys'],
      ['check --config workos-mcp.yaml --json', 'for an access review'],
    ],
    options: { json, 'no-keys': noKeys },
  },
  tools: {
    usage: 'tools [http] [options of the start]',
    examples: [
      ["tools --allow '*:read,users:write'", 'every tool, on or off, and why'],
      ['tools --config workos-mcp.yaml --agent support-bot', 'those of one agent of a file'],
    ],
    options: { json, 'no-keys': noKeys },
  },
  explain: {
    usage: 'explain TOOL|AREA [http] [options of the start]',
    examples: [
      ["explain delete_user --allow '*:read'", 'why a tool is off, and what would switch it on'],
      ["explain users --allow '*:read'", 'each tool of an area'],
    ],
    options: { json, 'no-keys': noKeys },
  },
  doctor: {
    usage: 'doctor [http] [options of the start]',
    examples: [
      ['doctor', 'Node, the settings in variables, the key, the clock'],
      ["doctor --allow '*:read' --audit-log audit.jsonl", 'with the flags that the client starts the server with'],
      ['doctor --config workos-mcp.yaml --json', 'a server over HTTP, for a script'],
    ],
    options: { json },
  },
  demo: { usage: 'demo', examples: [['demo', 'takes a few seconds, and needs no account']], options: {} },
};

/** How to use the program, or one of the commands that share their flags with a start. */
export function helpText(look: Look = {}, command = ''): string {
  const own = Object.hasOwn(OWN, command) ? OWN[command] : undefined;
  return own === undefined ? wholeHelp(look) : helpOf(command, own, look);
}

function helpOf(command: string, { usage, examples, options }: OwnHelp, look: Look): string {
  const rows = Object.keys(options).length === 0 ? '' : `\nOptions:\n${optionRows(options, look)}`;
  const more = command === 'demo' ? '' : '\nAnd every other option of a start: workos-mcp --help lists them.\n';
  return [
    `Usage: workos-mcp ${usage}\n`,
    indented(0, `${Object.entries(COMMANDS).find(([name]) => name === command)?.[1]}.`, look),
    '\nExamples:\n',
    table(
      examples.map(([line, meaning]) => [`  workos-mcp ${line}`, meaning]),
      look,
    ),
    rows,
    more,
  ].join('');
}

const optionRows = (options: Options, look: Look): string =>
  describeOptions(options)
    .map(({ flag, help }) => `  ${flag}\n${indented(6, help, look)}`)
    .join('');

function wholeHelp(look: Look): string {
  return [
    'workos-mcp: the WorkOS API as MCP tools, only those you allow\n\n',
    'Usage:\n',
    '  workos-mcp --allow GRANT[,GRANT…] [options]   serve MCP over stdio\n',
    ...Object.entries(COMMANDS).map(([name, help]) => `  workos-mcp ${name} [options]\n${indented(6, help, look)}`),
    '\nworkos-mcp COMMAND --help has the options of one command, with examples.\n',
    "\nGrants: AREA:ACCESS, *:ACCESS or a tool's name; ACCESS is read, write, delete,\nfull (all three) or credentials (signing in as, or vouching for, a user).\n",
    'preset:NAME stands for the grants of a usual job; the README lists them.\n',
    table(
      USUAL_GRANTS.map(([grant, meaning]) => [`  ${grant}`, meaning]),
      look,
    ),
    '\nOptions, and the environment variables that set the same:\n',
    ...describeOptions().map(
      ({ flag, variable, help }) =>
        `  ${[flag, variable].filter((part) => part !== '').join('  ')}\n${indented(6, help, look)}`,
    ),
    '  -h, --help, -v, --version\n',
  ].join('');
}
