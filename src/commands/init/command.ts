import type { Catalog } from '../../catalog/catalog.ts';
import { StartError } from '../../errors.ts';
import type { Line } from '../../settings/flags.ts';
import type { WholeFormat } from '../edit/change.ts';
import { json } from '../edit/json-text.ts';
import { toml } from '../edit/toml-text.ts';
import { rephrase } from '../rephrase.ts';
import { toCommand } from '../subcommand.ts';
import type { Look } from '../table.ts';
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
import type { Program } from './launch.ts';
import { addMissing } from './missing.ts';
import { REMOTES, TOKEN_PLACEHOLDER } from './remote.ts';
import { INIT_OPTIONS, type LocalServer, nameOf, resolveFrom, SECRET, toServer, toUrl } from './server.ts';
import { changeFile } from './write.ts';

export type InitDeps = ConfigLocation & {
  readonly catalog: Catalog;
  readonly program: Program;
  readonly write: (text: string) => void;
  readonly now: () => Date;
  readonly look?: Look;
};

const FORMATS: Readonly<Record<McpClient['format'], WholeFormat>> = { json, toml };

const clientNames = Object.keys(CLIENTS) as ClientName[]; // Object.keys forgets the literal type

const examplesOf = (name: ClientName): readonly string[] => [
  `init ${name}`,
  `init ${name} --allow preset:support --write`,
  `init ${name} --sandbox`,
  ...('instead' in REMOTES[name] ? [] : [`init ${name} --url https://mcp.example.com/mcp`]),
];

/**
 * `init CLIENT`: prints how a client is told of this server, or writes that into the client's configuration. It throws
 * StartError for configurations that nothing can be added to.
 */
export const runInit = toCommand<InitDeps>(
  'init',
  'client',
  Object.fromEntries(
    clientNames.map((name) => [
      name,
      {
        words: ['[FILE]'],
        examples: examplesOf(name),
        options: INIT_OPTIONS,
        run: (line, deps) => init(name, CLIENTS[name], line, deps),
      },
    ]),
  ),
);

async function init(
  name: ClientName,
  client: McpClient,
  { words: [given], flags }: Line,
  deps: InitDeps,
): Promise<number> {
  const isWriting = flags.write !== undefined;
  if (given !== undefined && !isWriting) {
    throw new StartError(`init ${name}: "${given}" is unexpected; name a file with --write.`);
  }
  if (given !== undefined && SECRET.test(given))
    throw new StartError('--write takes the name of a configuration file.');
  if (flags.replace !== undefined && !isWriting)
    throw new StartError(`init ${name}: --replace works only with --write.`);
  const { server, entry, inputs, next } = told(name, client, flags, deps);
  const added = toDocument(client, server, entry, inputs);
  const format = FORMATS[client.format];
  const snippet = format.write(added).trimEnd();
  const file = given === undefined ? client.file(deps) : resolveFrom(deps, given);
  const print = (...lines: readonly string[]) => deps.write(lines.map((line) => `${line}\n`).join(''));

  if (!isWriting) {
    const terminal = deps.platform === 'win32' ? undefined : client.terminal?.(server, JSON.stringify(entry));
    print(
      `For ${client.title}, in ${file ?? 'its configuration'}:`,
      '',
      snippet,
      '',
      ...(terminal === undefined ? [] : ['Or in a terminal:', '', terminal, '']),
      ...next,
      `--write${file === undefined ? ' FILE' : ''} adds it to the file, after it has made a copy of the file.`,
    );
    return 0;
  }

  if (file === undefined) throw new StartError(`init ${name}: a file is required: --write FILE.`);
  const isReplacing = flags.replace !== undefined;
  const change = (text: string) =>
    rephrase(
      () => addMissing(text, added, format, isReplacing),
      (message) => `${file} was left as it is: ${message}. What belongs there:\n\n${snippet}`,
    );
  const isPrivate = snippet.includes(PLACEHOLDER) || snippet.includes(TOKEN_PLACEHOLDER);
  const { state, backup } = await changeFile(file, change, { now: deps.now(), isPrivate });
  if (state === 'same') print(`${file} has this already: nothing was changed.`);
  else {
    print(
      state === 'new' ? `${file} is new, with this in it:` : `${file} has this besides what was there:`,
      '',
      snippet,
      '',
      ...(backup === undefined ? [] : [`What was there before: ${backup}`]),
      ...next,
    );
  }
  return 0;
}

/** What a client is told: of a server at an address, or of one that it starts. */
function told(name: ClientName, client: McpClient, flags: Line['flags'], deps: InitDeps) {
  const url = toUrl(flags);
  if (url === undefined) {
    const { server, ...rest } = toServer(flags, deps);
    const inputs = server.key === 'client' ? client.inputs?.(server.name) : undefined;
    const next = stepsOf(client, server, rest);
    // A file may have the setting, which a flag would replace.
    const isOpen = flags.list === undefined && flags.config === undefined;
    const listing = client.defers && isOpen ? ['--list', 'all'] : [];
    const entry = toEntry(client, { ...server, args: [...server.args, ...listing] }, deps);
    return { server: server.name, entry, inputs, next };
  }
  const server = nameOf(flags);
  const remote = REMOTES[name];
  if ('instead' in remote) throw new StartError(`init ${name}: ${remote.instead}`);
  const hasToken = flags.oauth === undefined;
  const headers = hasToken ? { Authorization: `Bearer ${remote.token(server)}` } : undefined;
  const next = [
    `Address: ${url}.`,
    `Token: ${hasToken ? `${remote.tokenStep} --oauth leaves it out.` : 'none, the client signs in where the server asks for it.'}`,
    `Then: ${client.lastStep}`,
  ];
  const inputs = hasToken ? remote.inputs?.(server) : undefined;
  return { server, entry: remote.entry(url, headers), inputs, next };
}

const PATHS = 'Paths: this Node and this copy of workos-mcp. Run init again after either has moved.';
const SHARED = 'The file is part of the project: do not commit these paths, which are of this computer alone.';

/** What to know, and to do next. */
function stepsOf(
  client: McpClient,
  { launch, args, key }: Server,
  { isDefault, lacksProduction }: Omit<LocalServer, 'server'>,
): readonly string[] {
  return [
    isDefault
      ? `Access: ${args.join(' ')}. For one job, give a preset, such as --allow preset:support: '*:read' reads everything, now and in later versions.`
      : `Access: ${args.join(' ')}.`,
    ...(lacksProduction
      ? ['With a production key, writes need --production-writes and --audit-log FILE among the arguments besides.']
      : []),
    key === 'none'
      ? 'Key: none, the sandbox is make-believe.'
      : `Key: ${key === 'client' ? client.keyStep : `from ${key.file}, which only you should be able to read.`}`,
    ...(launch[0] === 'npx' ? [] : [PATHS, ...(client.isShared ? [SHARED] : [])]),
    `Then: ${client.lastStep}`,
  ];
}
