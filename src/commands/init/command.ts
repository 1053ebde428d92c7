import { posix, win32 } from 'node:path';
import { createPolicy } from '../../access/policy.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { StartError } from '../../errors.ts';
import type { Line } from '../../settings/flags.ts';
import { OPTIONS, type Options } from '../../settings/options.ts';
import type { WholeFormat } from '../edit/change.ts';
import { json } from '../edit/json-text.ts';
import { toml } from '../edit/toml-text.ts';
import { rephrase } from '../rephrase.ts';
import { toCommand } from '../subcommand.ts';
import type { Look } from '../table.ts';
import {
  CLIENTS,
  type ConfigLocation,
  type McpClient,
  PLACEHOLDER,
  type Server,
  toDocument,
  toEntry,
} from './clients.ts';
import { type Program, toLaunch } from './launch.ts';
import { addMissing } from './missing.ts';
import { changeFile } from './write.ts';

export type InitDeps = ConfigLocation & {
  readonly catalog: Catalog;
  readonly program: Program;
  readonly write: (text: string) => void;
  readonly now: () => Date;
  readonly look?: Look;
};

const FORMATS: Readonly<Record<McpClient['format'], WholeFormat>> = { json, toml };

const INIT_OPTIONS: Options = {
  allow: OPTIONS.allow,
  deny: OPTIONS.deny,
  'read-only': OPTIONS['read-only'],
  sandbox: OPTIONS.sandbox,
  'api-key-file': OPTIONS['api-key-file'],
  name: { kind: 'text', value: 'NAME', unless: 'workos', help: 'What the client is to call the server' },
  write: { kind: 'switch', help: "Add it to the client's file, or to FILE, behind a copy of what is there" },
};

/**
 * `init CLIENT`: prints how a client is told of this server, or writes that into the client's configuration. It throws
 * StartError for configurations that nothing can be added to.
 */
export const runInit = toCommand<InitDeps>(
  'init',
  'client',
  Object.fromEntries(
    Object.entries(CLIENTS).map(([name, client]) => [
      name,
      {
        words: ['[FILE]'],
        examples: [`init ${name}`, `init ${name} --allow preset:support --write`, `init ${name} --sandbox`],
        options: INIT_OPTIONS,
        run: (line, deps) => init(name, client, line, deps),
      },
    ]),
  ),
);

/** The grants of an entry for which none are given. */
const DEFAULT_ALLOW = ['*:read'];

async function init(name: string, client: McpClient, { words: [given], flags }: Line, deps: InitDeps): Promise<number> {
  const isWriting = flags.write !== undefined;
  if (given !== undefined && !isWriting) {
    throw new StartError(`init ${name}: "${given}" is unexpected; name a file with --write.`);
  }
  if (given !== undefined && SECRET.test(given))
    throw new StartError('--write takes the name of a configuration file.');
  const { server, isDefault, writes } = toServer(flags, deps);
  const entry = toEntry(client, server, deps);
  const added = toDocument(client, server, entry);
  const format = FORMATS[client.format];
  const snippet = format.write(added).trimEnd();
  const file = given === undefined ? client.file(deps) : resolveFrom(deps, given);
  const next = steps(client, server, isDefault, writes);
  const print = (...lines: readonly string[]) => deps.write(lines.map((line) => `${line}\n`).join(''));

  if (!isWriting) {
    const terminal = deps.platform === 'win32' ? undefined : client.terminal?.(server.name, JSON.stringify(entry));
    print(
      `For ${client.title}, in ${file ?? 'its configuration'}:`,
      '',
      snippet,
      '',
      ...(terminal === undefined ? [] : ['Or in a terminal:', '', terminal, '']),
      ...next,
      `--write${file === undefined ? ' FILE' : ''} adds it to the file, behind a copy of what is there.`,
    );
    return 0;
  }

  if (file === undefined) throw new StartError(`init ${name}: a file is required: --write FILE.`);
  const change = (text: string) =>
    rephrase(
      () => addMissing(text, added, format),
      (message) => `${file} was left as it is: ${message}. What belongs there:\n\n${snippet}`,
    );
  const isPrivate = snippet.includes(PLACEHOLDER);
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

const resolveFrom = ({ platform, cwd }: ConfigLocation, path: string): string =>
  (platform === 'win32' ? win32 : posix).resolve(cwd, path);

/** A key or token where a name belongs: configurations and messages would repeat it. */
const SECRET = /^(sk_|wmcp_|eyJ)/;

/** The server that the flags ask for. Throws StartError for grants that a start would refuse. */
function toServer(flags: Line['flags'], deps: InitDeps) {
  const [name = 'workos'] = flags.name ?? [];
  if (!/^[a-z][a-z0-9_-]{0,31}$/i.test(name) || SECRET.test(name)) {
    throw new StartError('--name: use a letter, then letters, digits, "_" and "-", at most 32 characters.');
  }
  const [keyFile] = flags['api-key-file'] ?? [];
  const isSandbox = flags.sandbox !== undefined;
  if (isSandbox && keyFile !== undefined) throw new StartError('--sandbox needs no key: leave --api-key-file out.');
  if (keyFile !== undefined && SECRET.test(keyFile))
    throw new StartError('--api-key-file takes the name of a file that holds the key.');

  const isDefault = flags.allow === undefined;
  const allow = flags.allow ?? DEFAULT_ALLOW;
  const { deny = [] } = flags;
  const readOnly = flags['read-only'] !== undefined;
  const policy = createPolicy(deps.catalog, { allow, deny, readOnly, productionGuard: false });
  const server: Server = {
    name,
    launch: toLaunch(deps.program),
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

const PATHS = 'Paths: this Node and this copy of workos-mcp. Run init again after either has moved.';
const SHARED = 'The file is part of the project: do not commit these paths, which are of this computer alone.';

/** What to know, and to do next. */
function steps(
  client: McpClient,
  { launch, args, key }: Server,
  isDefault: boolean,
  writes: boolean,
): readonly string[] {
  return [
    isDefault
      ? `Access: ${args.join(' ')}. Without --allow, it may read and change nothing.`
      : `Access: ${args.join(' ')}.`,
    ...(writes && key !== 'none'
      ? ['With a production key, writes need --production-writes and --audit-log FILE among the arguments besides.']
      : []),
    key === 'none'
      ? 'Key: none, the sandbox is make-believe.'
      : `Key: ${key === 'client' ? client.keyStep : `from ${key.file}, which only you should be able to read.`}`,
    ...(launch[0] === 'npx' ? [] : [PATHS, ...(client.isShared ? [SHARED] : [])]),
    `Then: ${client.lastStep}`,
  ];
}
