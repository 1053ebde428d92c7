import { posix, win32 } from 'node:path';
import { createPolicy } from '../../access/policy.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { StartError } from '../../errors.ts';
import { isSafeUrl } from '../../settings/agents-schema.ts';
import { type Config, toConfig } from '../../settings/config.ts';
import { parseAddress } from '../../settings/environment.ts';
import type { Line } from '../../settings/flags.ts';
import { type Options, optionNames, optionOf } from '../../settings/options.ts';
import { readSources } from '../../settings/sources.ts';
import { limitsOf, toLimitSettings } from '../../workos/limits/slots.ts';
import type { ConfigLocation, Server } from './clients.ts';
import { type Program, toLaunch } from './launch.ts';

/** The settings that a server over stdio takes as flags, and the file with its key. */
const LOCAL: Options = Object.fromEntries(
  optionNames.flatMap((name) => {
    const option = optionOf(name);
    return option === undefined || option.only === 'http' || option.kind === 'secret' ? [] : [[name, option]];
  }),
);

export const INIT_OPTIONS: Options = {
  ...LOCAL,
  name: { kind: 'text', value: 'NAME', unless: 'workos', help: 'What the client is to call the server' },
  url: { kind: 'text', value: 'URL', help: 'A server over HTTP, in the place of one that the client starts' },
  oauth: { kind: 'switch', help: 'With --url: the client signs in, so that the entry has no token' },
  write: { kind: 'switch', help: "Add it to the client's file, or to FILE, after making a copy of the file" },
  replace: {
    kind: 'switch',
    help: 'With --write: put it in the place of an entry of this name; its key or token stays',
  },
};

/** A key or token where a name belongs: configurations and messages would repeat it. */
export const SECRET = /^(sk_|wmcp_|eyJ)/;

/** The grants of an entry for which none are given. */
const DEFAULT_ALLOW = '*:read';

export type LocalServer = {
  readonly server: Server;
  /** No grants were given. */
  readonly isDefault: boolean;
  /** What a server with a production key would lack for the writes that it is granted. */
  readonly lacksProduction: boolean;
};

export const resolveFrom = ({ platform, cwd }: ConfigLocation, path: string): string =>
  (platform === 'win32' ? win32 : posix).resolve(cwd, path);

/** @throws StartError for a name that clients, shells or messages could take for something else */
export function nameOf(flags: Line['flags']): string {
  const [name = 'workos'] = flags.name ?? [];
  if (!/^[a-z][a-z0-9_-]{0,31}$/i.test(name) || SECRET.test(name)) {
    throw new StartError('--name: use a letter, then letters, digits, "_" and "-", at most 32 characters.');
  }
  return name;
}

/** The address that the flags name. @throws StartError for one that a token must not be sent to, and for other flags */
export function toUrl(flags: Line['flags']): string | undefined {
  const [url] = flags.url ?? [];
  if (url === undefined) {
    if (flags.oauth !== undefined) throw new StartError('--oauth works only with --url.');
    return undefined;
  }
  const local = Object.keys(LOCAL).filter((name) => flags[name] !== undefined);
  if (local.length > 0) {
    throw new StartError(`--url names a server that has settings of its own: leave --${local.join(' and --')} out.`);
  }
  if (!isSafeUrl(url)) {
    throw new StartError('--url: use an https URL (http for loopback only) without user name, password or fragment.');
  }
  return url;
}

/** The server that the flags ask for. Throws StartError for settings that a start would refuse. */
export function toServer(
  flags: Line['flags'],
  deps: ConfigLocation & { readonly catalog: Catalog; readonly program: Program },
): LocalServer {
  const name = nameOf(flags);
  const [keyFile] = flags['api-key-file'] ?? [];
  const isSandbox = flags.sandbox !== undefined;
  if (isSandbox && keyFile !== undefined) throw new StartError('--sandbox needs no key: leave --api-key-file out.');
  if (keyFile !== undefined && SECRET.test(keyFile))
    throw new StartError('--api-key-file takes the name of a file that holds the key.');

  const grants = optionNames.filter((option) => option === 'allow' || optionOf(option)?.grant !== undefined);
  const isDefault = flags.config === undefined && grants.every((option) => flags[option] === undefined);
  const args = toArgs(isDefault ? { ...flags, allow: [DEFAULT_ALLOW] } : flags, deps);
  const config = toConfig(readSources(args, {}));
  const { writes } = judge(config, deps.catalog);
  const server: Server = {
    name,
    launch: toLaunch(deps.program),
    args,
    key: isSandbox ? 'none' : keyFile === undefined ? 'client' : { file: resolveFrom(deps, keyFile) },
  };
  const isReady = config.productionWrites && config.auditLog !== undefined;
  return { server, isDefault, lacksProduction: writes && !isSandbox && !isReady };
}

/** The flags as words of a command line. Files by absolute paths: clients start servers in folders of their own. */
function toArgs(flags: Line['flags'], deps: ConfigLocation): readonly string[] {
  return optionNames.flatMap((name) => {
    const option = optionOf(name);
    const values = flags[name];
    if (option === undefined || values === undefined || LOCAL[name] === undefined || name === 'api-key-file') return [];
    if (option.kind === 'switch') return [`--${name}`];
    const [first = ''] = values;
    const isPath = option.value?.startsWith('FILE') && first !== 'stderr';
    return [`--${name}`, isPath ? resolveFrom(deps, first) : values.join(',')];
  });
}

/** Whether the server may write, as far as its flags say. Throws StartError for what a start would refuse of them. */
function judge(config: Config, catalog: Catalog): { readonly writes: boolean } {
  parseAddress(config);
  toLimitSettings(config.limits, limitsOf(catalog));
  if (config.grants.allow.length === 0) return { writes: false };
  const policy = createPolicy(catalog, config.grants);
  return { writes: catalog.tools.some((tool) => tool.access !== 'read' && policy.whyOff(tool) === undefined) };
}
