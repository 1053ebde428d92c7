import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** A folder of `src`, a file on its ground floor, `tools` or `sandbox`: what it knows and all that it may import. */
export type Room = {
  /** For the map in CONTRIBUTING.md. */
  readonly knows: string;
  /** Rooms, packages and Node's own modules, from which something is there when the program runs. */
  readonly imports?: readonly string[];
  /** Those of which it only needs types. */
  readonly types?: readonly string[];
};

/**
 * The rooms from top to bottom: a room imports only rooms that stand below it, and exactly those that its row names. An
 * entry that is no longer used fails as a missing one does.
 */
export const ROOMS: Readonly<Record<string, Room>> = {
  'main.ts': {
    knows: 'the process, which it hands to `entry` where its Node is new enough. Nothing else touches it',
    imports: ['entry', 'node-version.js'],
  },
  entry: {
    knows:
      'the bundles: `program`, which has the exit codes, then `stdio` with `session`, which it loads after its first answers, `http`, `commands`; meets `tools`',
    imports: [
      'commands',
      'demo',
      'start',
      'settings',
      'serve',
      'access',
      'tools',
      'catalog',
      'errors.ts',
      'files',
      'node:fs',
      'node:module',
      'node:os',
      'node:path',
      'node:url',
    ],
  },
  demo: {
    knows: 'a client at work on the sandbox, for people; a bundle of its own',
    imports: [
      '@modelcontextprotocol/client',
      '@modelcontextprotocol/client/stdio',
      'node:child_process',
      'node:fs/promises',
      'node:os',
      'node:path',
      'node:util',
    ],
  },
  commands: {
    knows: 'what is answered at once: help, tools, check, explain, agent, init, doctor, audit, console',
    imports: [
      'start',
      'redis',
      'agents',
      'settings',
      'audit',
      'workos',
      'access',
      'keys.ts',
      'json.ts',
      'wording.ts',
      'clock.ts',
      'errors.ts',
      'log.ts',
      'jsonc-parser',
      'smol-toml',
      'yaml',
      'node:crypto',
      'node:fs/promises',
      'node:path',
      'node:timers/promises',
      'node:util',
    ],
    types: ['catalog', 'files'],
  },
  start: {
    knows: 'the composition root: opens what the settings name and serves it',
    imports: [
      'console',
      'redis',
      'agents',
      'settings',
      'serve',
      'mcp',
      'call',
      'tracing',
      'audit',
      'workos',
      'events',
      'access',
      'keys.ts',
      'log.ts',
      'stderr.ts',
      'memory',
      'cancel',
      'clock.ts',
      'errors.ts',
      'files',
      'sandbox',
      'node:crypto',
    ],
    types: ['catalog', '@modelcontextprotocol/server', 'node:stream'],
  },
  console: {
    knows: 'the pages on which approvers say yes or no, and see agents and the record; a bundle of its own',
    imports: [
      'agents',
      'settings',
      'serve',
      'call',
      'audit',
      'access',
      'view',
      'visible.ts',
      'wording.ts',
      'keys.ts',
      'errors.ts',
      'openid-client',
      'node:crypto',
      'node:events',
      'node:fs',
      'node:path',
    ],
    types: ['catalog', 'log.ts', 'clock.ts', 'node:http'],
  },
  redis: {
    knows: 'what replicas share: budgets, confirmations and calls that wait for approvers, windows of rate limits',
    imports: ['agents', 'call', 'keys.ts', 'clock.ts', 'errors.ts', '@redis/client', 'node:crypto', 'node:net'],
    types: ['settings', 'serve', 'workos', 'cancel', 'log.ts', '@modelcontextprotocol/server'],
  },
  agents: {
    knows: 'who calls over HTTP, and who approves: tokens, JWTs, narrowing headers, budgets, approvers',
    imports: ['settings', 'access', 'keys.ts', 'ids.ts', 'wording.ts', 'errors.ts', 'jose', 'node:crypto'],
    types: ['catalog', 'call'],
  },
  settings: {
    knows: 'flags, variables, the settings file',
    imports: ['access', 'log.ts', 'wording.ts', 'errors.ts', 'zod', 'yaml', 'jsonc-parser', 'node:util'],
    types: ['workos', 'catalog'],
  },
  serve: {
    knows: 'stdio and HTTP; knows no WorkOS. `direct/` answers past the SDK what can be answered faster',
    imports: [
      'json.ts',
      'memo.ts',
      'memory',
      'cancel',
      'errors.ts',
      '@modelcontextprotocol/server',
      '@modelcontextprotocol/server/stdio',
      'prom-client',
      'node:buffer',
      'node:crypto',
      'node:events',
      'node:http',
      'node:https',
      'node:net',
      'node:process',
      'node:timers/promises',
    ],
    types: ['mcp', 'clock.ts', 'node:stream'],
  },
  mcp: {
    knows: "the MCP server of one agent: the tools it is offered, prompts, instructions, the server's own tools",
    imports: [
      'call',
      'access',
      'catalog',
      'view',
      'secrets',
      'json.ts',
      'visible.ts',
      'wording.ts',
      'ids.ts',
      'keys.ts',
      'errors.ts',
      '@modelcontextprotocol/server',
      'minisearch',
      'zod',
    ],
    types: ['cancel'],
  },
  call: {
    knows: 'one call: `steps.ts` has its checks in order; arguments, `confirm/`, the record of it, `answer/`',
    imports: [
      'audit',
      'workos',
      'access',
      'catalog',
      'events',
      'secrets',
      'json.ts',
      'visible.ts',
      'wording.ts',
      'ids.ts',
      'memo.ts',
      'errors.ts',
      '@modelcontextprotocol/server',
      'node:http',
    ],
    types: ['tracing', 'log.ts', 'cancel', 'clock.ts'],
  },
  tracing: {
    knows: 'spans of calls and their export as OTLP/JSON; loaded only where a collector is named',
    imports: ['node:crypto'],
  },
  audit: {
    knows: 'the record: entries, the chain, the file; `read/` is its other side',
    imports: [
      'secrets',
      'json.ts',
      'visible.ts',
      'ids.ts',
      'verbs.ts',
      'memo.ts',
      'errors.ts',
      'files',
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:os',
      'node:path',
      'node:util',
    ],
    types: ['stderr.ts'],
  },
  workos: {
    knows: 'HTTP to WorkOS: the request and its layers (retries, rate limits, the key, the wire), the walk over pages',
    imports: [
      'catalog',
      'wording.ts',
      'memory',
      'errors.ts',
      'undici',
      'node:http',
      'node:https',
      'node:net',
      'node:timers/promises',
    ],
    types: ['cancel', 'clock.ts'],
  },
  events: {
    knows: 'which events an agent sees, and of what; one poller for all who wait for events',
    imports: ['secrets', 'wording.ts', 'json.ts', 'keys.ts', 'ids.ts', 'errors.ts'],
    types: ['catalog', 'cancel', 'clock.ts'],
  },
  access: {
    knows: 'grants: what an agent may do, why not, and what would change it',
    imports: ['catalog', 'wording.ts', 'errors.ts'],
  },
  tools: {
    knows: 'one declaration per endpoint, by area; the prompts',
    imports: ['catalog', 'json.ts', 'zod'],
  },
  catalog: {
    knows: '`declaration.ts`, what a tool can say, and `tool.ts`, what follows from it',
    imports: ['zod'],
    types: ['secrets', 'json.ts', 'verbs.ts'],
  },
  view: {
    knows: 'the page on which a person confirms a call, in a bundle of its own; its script runs in the client',
  },
  secrets: { knows: 'what looks like a secret', imports: ['memo.ts'] },
  'visible.ts': { knows: 'text from outside without what a person would not see' },
  'wording.ts': { knows: 'how messages suggest, shorten and end', imports: ['fastest-levenshtein'] },
  'log.ts': { knows: "the operator's log", imports: ['pino'], types: ['stderr.ts'] },
  'stderr.ts': { knows: 'whole lines on stderr, whether or not they are read' },
  'json.ts': { knows: 'JSON from outside, bounded in depth' },
  'keys.ts': {
    knows: 'keys derived from the deployment key: a MAC, and a seal that only its owner opens',
    imports: ['node:crypto'],
  },
  'verbs.ts': { knows: "the verbs of tools' names, and their forms in the record" },
  'ids.ts': { knows: 'what an ID of WorkOS looks like' },
  files: {
    knows: 'whether other users could change a file',
    imports: ['node:fs', 'node:path'],
  },
  'memo.ts': { knows: 'what is kept of a name once it was looked at' },
  memory: { knows: 'the bytes that all requests together hold in memory' },
  cancel: { knows: 'how a call learns that it was cancelled' },
  'clock.ts': { knows: 'time, so that tests can hand in their own' },
  'errors.ts': { knows: 'the errors that end a start or a call' },
  sandbox: {
    knows: 'the stand-in for WorkOS; imports nothing of `src`',
    imports: [
      'hono',
      'node:crypto',
      'workos-emulator/core/index.js',
      'workos-emulator/workos/helpers.js',
      'workos-emulator/workos/index.js',
    ],
  },
};

/** One import of a file: a path from the root, a package or one of Node's modules. */
export type Import = { readonly from: string; readonly to: string; readonly isType: boolean };

const STATEMENT = /^(?:import|export)(?<type> type)? (?:[^;']*? from )?'(?<name>[^']+)';/gms;
const INNER = /(?<type>typeof )?\bimport\('(?<name>[^']+)'\)/g;

/** The imports that a source text has, types told apart. Biome keeps the form that the patterns read. */
export function importsIn(file: string, text: string): readonly Import[] {
  return [...text.matchAll(STATEMENT), ...text.matchAll(INNER)].map(({ groups }) => {
    const { type, name = '' } = groups ?? {};
    const to = name.startsWith('.') ? posix.join(posix.dirname(file), name) : name;
    return { from: file, to, isType: type !== undefined };
  });
}

export function roomOf(path: string): string {
  const [top = '', inner = ''] = path.split('/');
  if (top === 'src') return inner;
  return path.endsWith('.ts') ? top : path;
}

export const sourceFiles = (root: string): readonly string[] =>
  ['src', 'tools', 'sandbox'].flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => posix.join(folder, ...file.split(/[\\/]/)))
      .sort(),
  );

export const importsOf = (root: string): readonly Import[] =>
  sourceFiles(root).flatMap((file) => importsIn(file, readFileSync(`${root}/${file}`, 'utf8')));

/** Where the imports and the table disagree, a sentence each. */
export function disagreements(imports: readonly Import[]): readonly string[] {
  const order = Object.keys(ROOMS);
  /** By `from to`: whether all of them are of types. */
  const found = new Map<string, boolean>();
  for (const { from, to, isType } of imports) {
    const [room, other] = [roomOf(from), roomOf(to)];
    if (room !== other) found.set(`${room} ${other}`, (found.get(`${room} ${other}`) ?? true) && isType);
  }
  const listed = new Map<string, boolean>();
  for (const [room, { imports = [], types = [] }] of Object.entries(ROOMS)) {
    for (const name of imports) listed.set(`${room} ${name}`, false);
    for (const name of types) listed.set(`${room} ${name}`, true);
  }
  const kindOf = (isType: boolean) => (isType ? 'types' : 'values');
  return [
    ...[...found].flatMap(([edge, isType]) => {
      const [room = '', other = ''] = edge.split(' ');
      const rank = order.indexOf(room);
      if (rank === -1) return [`${room} is not in the table`];
      if (order.includes(other) && order.indexOf(other) < rank)
        return [`${room} imports ${other}, which stands above it`];
      const known = listed.get(edge);
      if (known === undefined) return [`${room} imports ${other}, which its row does not list`];
      return known === isType ? [] : [`${room} imports ${kindOf(isType)} of ${other}, its row says ${kindOf(known)}`];
    }),
    ...[...listed.keys()]
      .filter((edge) => !found.has(edge))
      .map((edge) => `${edge.replace(' ', ' lists ')}, which it does not import`),
  ];
}

/** A way round from a file to itself, or `undefined` where there is none. */
export function circleIn(imports: readonly Import[]): readonly string[] | undefined {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const to of next.get(file) ?? []) {
      const circle = visit(to, [...path, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of next.keys()) {
    const circle = visit(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

const pathOf = (room: string): string => {
  if (room === 'tools' || room === 'sandbox') return `${room}/`;
  return room.endsWith('.ts') ? `src/${room}` : `src/${room}/`;
};

/** The map of the code in CONTRIBUTING.md. */
export function toMap(): string {
  const isRoom = (name: string) => Object.hasOwn(ROOMS, name);
  const rows = Object.entries(ROOMS).map(([room, { knows, imports = [], types = [] }]) => {
    const below = [...imports.filter(isRoom), ...types.filter(isRoom).map((name) => `*${name}*`)];
    return `| \`${pathOf(room)}\` | ${knows} | ${below.join(', ')} |`;
  });
  return ['| room | what it knows | imports (*types*) |', '| --- | --- | --- |', ...rows].join('\n');
}
