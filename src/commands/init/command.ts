import { posix, win32 } from 'node:path';
import { createPolicy } from '../../access/policy.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { StartError } from '../../errors.ts';
import { OPTIONS } from '../../settings/options.ts';
import { parseValue } from '../../settings/sources.ts';
import { didYouMean } from '../../wording.ts';
import { type Flags, parseSubcommand } from '../subcommand.ts';
import {
  CLIENTS,
  type ClientName,
  type ConfigLocation,
  type McpClient,
  PLACEHOLDER,
  type Server,
  toDocument,
  toEntry,
} from './clients.ts';
import { addToJson } from './json-file.ts';
import { addToToml, toTable } from './toml-file.ts';
import { changeFile } from './write.ts';

export type InitDeps = ConfigLocation & {
  readonly catalog: Catalog;
  readonly write: (text: string) => void;
  readonly now: () => Date;
};

const FLAGS = {
  allow: 'many',
  deny: 'many',
  'read-only': 'none',
  sandbox: 'none',
  'api-key-file': 'one',
  name: 'one',
  write: 'none',
} as const;

const USAGE =
  '[--allow GRANTS] [--deny GRANTS] [--read-only] [--sandbox | --api-key-file FILE] [--name NAME] [--write [FILE]]';

const clientNames = Object.keys(CLIENTS) as ClientName[]; // Object.keys forgets the literal type

const COMMANDS = Object.fromEntries(
  clientNames.map((name) => [name, { usage: `workos-mcp init ${name} ${USAGE}`, flags: FLAGS }]),
);

/** The grants of those who name none. */
const DEFAULT_ALLOW = ['*:read'];

/**
 * Runs `init CLIENT`: prints how a client is told of this server, or writes that into the client's configuration.
 * @param argv what stands behind `init`
 * @throws StartError for arguments that make no sense, and configurations that nothing can be added to
 */
export async function runInit(argv: readonly string[], deps: InitDeps): Promise<void> {
  const [wanted = ''] = argv;
  if (!Object.hasOwn(CLIENTS, wanted)) {
    const told = wanted === '' ? 'say for which client.' : `there is no client "${wanted}".`;
    const meant = wanted === '' ? '' : didYouMean(wanted, clientNames);
    const known = `CLIENT is one of ${clientNames.join(', ')}.`;
    throw new StartError(`init: ${told}${meant}\n  workos-mcp init CLIENT ${USAGE}\n  ${known}`);
  }
  const { command, words, flags } = parseSubcommand('init', argv, COMMANDS);
  const client: McpClient = CLIENTS[command as ClientName]; // one of the subcommands, which are made from it
  const [given, ...more] = words;
  const isWriting = flags.write !== undefined;
  if (more.length > 0 || (given !== undefined && !isWriting)) {
    throw new StartError(`init ${command}: "${words.join(' ')}" is left over; a file goes with --write.`);
  }
  const { server, isDefault, writes } = toServer(flags, deps);
  const entry = toEntry(client, server, deps);
  const snippet =
    client.format === 'toml'
      ? toTable(client.section, server.name, entry)
      : `${JSON.stringify(toDocument(client, server, entry), undefined, 2)}\n`;
  const file = given === undefined ? client.file(deps) : resolveFrom(deps, given);

  if (!isWriting) {
    const terminal = deps.platform === 'win32' ? undefined : client.terminal?.(server.name, JSON.stringify(entry));
    const hint = `--write${file === undefined ? ' FILE' : ''} adds it to the file, behind a copy of what is there.`;
    return deps.write(
      [
        `For ${client.title}, in ${file ?? 'its configuration'}:`,
        '',
        snippet.trimEnd(),
        '',
        ...(terminal === undefined ? [] : ['Or in a terminal:', '', terminal, '']),
        ...steps(client, server, isDefault, writes),
        hint,
      ]
        .map((line) => `${line}\n`)
        .join(''),
    );
  }

  if (file === undefined) throw new StartError(`init ${command}: say which file: --write FILE.`);
  const change = (text: string) =>
    client.format === 'toml'
      ? addToToml(text, client.section, server.name, snippet)
      : addToJson(text, toDocument(client, server, entry));
  const refusing = (text: string) => {
    try {
      return change(text);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      throw new StartError(`${file} was left as it is: ${error.message}. What belongs there:\n\n${snippet.trimEnd()}`);
    }
  };
  const isPrivate = snippet.includes(PLACEHOLDER);
  const { state, backup } = await changeFile(file, refusing, { now: deps.now(), isPrivate });
  if (state === 'same') return deps.write(`${file} has this already: nothing was changed.\n`);
  deps.write(
    [
      state === 'new' ? `${file} is new, with this in it:` : `${file} has this besides what was there:`,
      '',
      snippet.trimEnd(),
      '',
      ...(backup === undefined ? [] : [`What was there before: ${backup}`]),
      ...steps(client, server, isDefault, writes),
    ]
      .map((line) => `${line}\n`)
      .join(''),
  );
}

const resolveFrom = ({ platform, cwd }: ConfigLocation, path: string): string =>
  (platform === 'win32' ? win32 : posix).resolve(cwd, path);

/** The server that the flags ask for. Throws StartError for grants that a start would refuse. */
function toServer(flags: Flags, deps: InitDeps) {
  const listOf = (name: 'allow' | 'deny') =>
    (flags[name] ?? []).flatMap((text) => parseValue(`--${name}`, OPTIONS[name], text, false));
  const [name = 'workos'] = flags.name ?? [];
  if (!/^[a-z][a-z0-9_-]{0,31}$/i.test(name) || name.startsWith('sk_')) {
    throw new StartError('--name: say a name of letters, digits, "_" and "-" that begins with a letter, at most 32.');
  }
  const [keyFile] = flags['api-key-file'] ?? [];
  const isSandbox = flags.sandbox !== undefined;
  if (isSandbox && keyFile !== undefined) throw new StartError('--sandbox needs no key: leave --api-key-file out.');
  if (keyFile?.startsWith('sk_')) throw new StartError('--api-key-file takes the name of a file that holds the key.');

  const isDefault = flags.allow === undefined;
  const allow = isDefault ? DEFAULT_ALLOW : listOf('allow');
  const deny = listOf('deny');
  const readOnly = flags['read-only'] !== undefined;
  const policy = createPolicy(deps.catalog, { allow, deny, readOnly, productionGuard: false });
  const server: Server = {
    name,
    args: [
      '--allow',
      allow.join(','),
      ...(deny.length === 0 ? [] : ['--deny', deny.join(',')]),
      ...(readOnly ? ['--read-only'] : []),
      ...(isSandbox ? ['--sandbox'] : []),
    ],
    key: isSandbox ? 'none' : keyFile === undefined ? 'client' : { file: resolveFrom(deps, keyFile) },
  };
  const writes = deps.catalog.tools.some((tool) => tool.access !== 'read' && policy.whyOff(tool) === undefined);
  return { server, isDefault, writes };
}

/** What to know, and to do next. */
function steps(client: McpClient, { args, key }: Server, isDefault: boolean, writes: boolean): readonly string[] {
  return [
    isDefault
      ? `Access: ${args.join(' ')}. Nobody said --allow, so it may read and change nothing.`
      : `Access: ${args.join(' ')}.`,
    ...(writes && key !== 'none'
      ? ['With a production key, writes need --production-writes and --audit-log FILE among the arguments besides.']
      : []),
    key === 'none'
      ? 'Key: none, the sandbox is make-believe.'
      : `Key: ${key === 'client' ? client.keyStep : `from ${key.file}, which only you should be able to read.`}`,
    `Then: ${client.lastStep}`,
  ];
}
