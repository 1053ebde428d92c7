import { posix, win32 } from 'node:path';

/** Where this computer keeps things. */
export type ConfigLocation = {
  /** As Node names it: `darwin`, `win32`, `linux`, … */
  readonly platform: string;
  readonly home: string;
  readonly cwd: string;
  readonly variable: (name: string) => string | undefined;
};

/** The server as a client is to start it. */
export type Server = {
  readonly name: string;
  /** The words that start the program: Node and a file, or npx and a package. */
  readonly launch: readonly string[];
  /** What stands behind `workos-mcp`. */
  readonly args: readonly string[];
  /** Where its key comes from: not from here, the client, or a file. */
  readonly key: 'none' | 'client' | { readonly file: string };
};

export type McpClient = {
  readonly title: string;
  readonly format: 'json' | 'toml';
  /** The member or table that holds the servers, by name. */
  readonly section: string;
  /** Its configuration, where it has one place for it. */
  readonly file: (place: ConfigLocation) => string | undefined;
  /** Its file belongs to a project, which people share. */
  readonly isShared?: true;
  /** What it takes besides command and arguments. */
  readonly besides?: Readonly<Record<string, unknown>>;
  /** What it takes besides where its first start has to download the package. */
  readonly besidesDownload?: Readonly<Record<string, unknown>>;
  /** How an entry says where the key is to come from; never the key. */
  readonly key: (name: string) => Readonly<Record<string, unknown>>;
  /** What it asks the person for, by IDs that entries refer to. */
  readonly inputs?: (name: string) => readonly { readonly id: string }[];
  /** It needs a shell to start a script, as npx is one, on Windows. */
  readonly shell?: true;
  /** The same in a terminal, given the entry as JSON in one line. */
  readonly terminal?: (name: string, json: string) => string;
  /** It shows a model the names of tools first and fetches the rest when needed: there, a list of all tools costs nothing. */
  readonly defers?: true;
  /** What the person has to do for the key. */
  readonly keyStep: string;
  readonly lastStep: string;
};

/** No key: the server refuses it, and says what belongs there. */
export const PLACEHOLDER = 'sk_test_…';

const placeholder = () => ({ env: { WORKOS_API_KEY: PLACEHOLDER } });
const replaceIt = `Replace ${PLACEHOLDER} by your key from https://dashboard.workos.com/api-keys, or keep the key out of this file: init with --api-key-file FILE.`;
const setIt = (title: string) =>
  `${title} takes it from the variable WORKOS_API_KEY: set that where ${title} is started, or init with --api-key-file FILE.`;

const pathOf = ({ platform }: ConfigLocation) => (platform === 'win32' ? win32 : posix);

/** A path below the home folder. */
const inHome =
  (...names: readonly string[]) =>
  (place: ConfigLocation) =>
    pathOf(place).join(place.home, ...names);

const inProject =
  (...names: readonly string[]) =>
  (place: ConfigLocation) =>
    pathOf(place).join(place.cwd, ...names);

function claudeDesktopFile(place: ConfigLocation): string {
  const { platform, home, variable } = place;
  const { join } = pathOf(place);
  const folder =
    platform === 'darwin'
      ? join(home, 'Library', 'Application Support')
      : platform === 'win32'
        ? (variable('APPDATA') ?? join(home, 'AppData', 'Roaming'))
        : (variable('XDG_CONFIG_HOME') ?? join(home, '.config'));
  return join(folder, 'Claude', 'claude_desktop_config.json');
}

function codexFile(place: ConfigLocation): string {
  const { join } = pathOf(place);
  return join(place.variable('CODEX_HOME') ?? join(place.home, '.codex'), 'config.toml');
}

function zedFile(place: ConfigLocation): string {
  const { platform, home, variable } = place;
  const { join } = pathOf(place);
  if (platform === 'win32')
    return join(variable('APPDATA') ?? join(home, 'AppData', 'Roaming'), 'Zed', 'settings.json');
  const folder = (platform === 'linux' ? variable('XDG_CONFIG_HOME') : undefined) ?? join(home, '.config');
  return join(folder, 'zed', 'settings.json');
}

/** A word for a POSIX shell. */
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** How each client is told of a server. The formats are theirs; what they say of keys differs most. */
export const CLIENTS = {
  'claude-desktop': {
    title: 'Claude Desktop',
    format: 'json',
    section: 'mcpServers',
    file: claudeDesktopFile,
    key: placeholder,
    keyStep: replaceIt,
    lastStep: 'Quit Claude Desktop and open it again. (Settings > Developer > Edit Config shows the file it reads.)',
  },
  'claude-code': {
    title: 'Claude Code',
    defers: true,
    format: 'json',
    section: 'mcpServers',
    // In the file of the project alone are variables known to be filled in (anthropics/claude-code#43693).
    file: inProject('.mcp.json'),
    isShared: true,
    besides: { type: 'stdio' },
    key: () => ({ env: { WORKOS_API_KEY: '${WORKOS_API_KEY}' } }),
    shell: true,
    terminal: (name, json) => `claude mcp add-json --scope project ${name} ${quoted(json)}`,
    keyStep: setIt('Claude Code'),
    lastStep: 'Start claude in this folder and approve the server; /mcp shows it.',
  },
  cursor: {
    title: 'Cursor',
    defers: true,
    format: 'json',
    section: 'mcpServers',
    file: inHome('.cursor', 'mcp.json'),
    besides: { type: 'stdio' },
    key: () => ({ env: { WORKOS_API_KEY: '${env:WORKOS_API_KEY}' } }),
    keyStep: setIt('Cursor'),
    lastStep: 'Switch it on in the MCP part of Cursor Settings. (For one project alone, the file is .cursor/mcp.json.)',
  },
  vscode: {
    title: 'VS Code',
    defers: true,
    format: 'json',
    section: 'servers',
    file: inProject('.vscode', 'mcp.json'),
    isShared: true,
    besides: { type: 'stdio' },
    key: (name) => ({ env: { WORKOS_API_KEY: `\${input:${name}-api-key}` } }),
    inputs: (name) => [
      { type: 'promptString', id: `${name}-api-key`, description: 'WorkOS API key (sk_…)', password: true },
    ],
    keyStep: 'VS Code asks for it when the server starts for the first time, and keeps it in its own store.',
    lastStep:
      'Start it with "MCP: List Servers". (For all projects, "MCP: Open User Configuration" opens the file instead.)',
  },
  windsurf: {
    title: 'Windsurf',
    format: 'json',
    section: 'mcpServers',
    file: inHome('.codeium', 'windsurf', 'mcp_config.json'),
    key: () => ({ env: { WORKOS_API_KEY: '${env:WORKOS_API_KEY}' } }),
    keyStep: setIt('Windsurf'),
    lastStep: "Press refresh in Cascade's list of MCP servers.",
  },
  codex: {
    title: 'Codex',
    defers: true,
    format: 'toml',
    section: 'mcp_servers',
    file: codexFile,
    // Codex gives up after ten seconds.
    besidesDownload: { startup_timeout_sec: 60 },
    key: () => ({ env_vars: ['WORKOS_API_KEY'] }),
    keyStep: setIt('Codex'),
    lastStep: 'Start codex; /mcp shows it.',
  },
  gemini: {
    title: 'Gemini CLI',
    format: 'json',
    section: 'mcpServers',
    file: inHome('.gemini', 'settings.json'),
    // Gemini CLI keeps variables whose names are those of keys from servers, but for those that an entry names.
    key: () => ({ env: { WORKOS_API_KEY: '$WORKOS_API_KEY' } }),
    keyStep: setIt('Gemini CLI'),
    lastStep: 'Start gemini; /mcp shows it. (For one project alone, the file is .gemini/settings.json.)',
  },
  zed: {
    title: 'Zed',
    format: 'json',
    section: 'context_servers',
    file: zedFile,
    // Older versions require it, newer ones ignore it.
    besides: { source: 'custom' },
    key: placeholder,
    keyStep: replaceIt,
    lastStep: 'The settings of the Agent Panel show it, with a green dot once it runs.',
  },
  generic: {
    title: 'another client',
    format: 'json',
    section: 'mcpServers',
    file: () => undefined,
    key: placeholder,
    keyStep: replaceIt,
    lastStep: 'Start the client anew.',
  },
} as const satisfies Readonly<Record<string, McpClient>>;

export type ClientName = keyof typeof CLIENTS;

export type ServerEntry = Readonly<Record<string, unknown>>;

/** How the client is to start the server. */
export function toEntry(client: McpClient, { name, launch, args, key }: Server, place: ConfigLocation): ServerEntry {
  const isNpx = launch[0] === 'npx';
  const { type, ...besides } = { type: undefined, ...client.besides, ...(isNpx ? client.besidesDownload : {}) };
  // Each word is an item of a list, which clients pass on as it is: blanks in paths need no quotes.
  const words = [...(isNpx && client.shell && place.platform === 'win32' ? ['cmd', '/c'] : []), ...launch, ...args];
  const [command, ...rest] = words;
  const secret = key === 'none' ? {} : key === 'client' ? client.key(name) : { env: { WORKOS_API_KEY_FILE: key.file } };
  return { ...(type !== undefined && { type }), command, args: rest, ...secret, ...besides };
}

/** A configuration with nothing in it but the server, and what the client is to ask the person for. */
export function toDocument(
  client: McpClient,
  name: string,
  entry: ServerEntry,
  inputs: readonly { readonly id: string }[] | undefined,
): Readonly<Record<string, unknown>> {
  return { ...(inputs && { inputs }), [client.section]: { [name]: entry } };
}
