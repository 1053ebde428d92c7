import type { Catalog } from '../../catalog/catalog.ts';
import { StartError } from '../../errors.ts';
import { ASKS } from '../../settings/command-line.ts';
import type { Line } from '../../settings/flags.ts';
import { OPTIONS } from '../../settings/options.ts';
import { toCommand } from '../subcommand.ts';
import { type Look, table } from '../table.ts';
import { AGENT_OPTIONS, tokenExpires, toSettings, toTokenExpiry } from './agent-options.ts';
import { readExisting } from './agents-file.ts';
import { listAgents } from './list.ts';
import { addAgent, finishRotation, removeAgent, removeToken, rotateToken } from './tokens.ts';

type Deps = {
  readonly catalog: Catalog;
  readonly write: (text: string) => void;
  readonly look?: Look;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

const config = { ...OPTIONS.config, needed: true } as const;
const file = '--config workos-mcp.yaml';

/** `agent add`, `list`, `rotate`, `remove` and `remove-token`. They throw StartError for files that cannot be changed. */
export const runAgent = toCommand<Deps>('agent', 'subcommand', {
  add: {
    words: ['NAME'],
    examples: [
      `agent add support-bot ${file} --allow preset:support`,
      `agent add trial-bot ${file} --allow preset:onboarding --environment staging --token-expires 2027-01-31`,
      `agent add ada ${file} --allow preset:support --jwt-sub user_01E4ZCR3C56J083X43JQXF3JK5`,
    ],
    options: { config, ...AGENT_OPTIONS, 'token-expires': tokenExpires },
    run: add,
  },
  list: {
    words: [],
    examples: [`agent list ${file}`, `agent list ${file} --json`],
    options: { config, json: ASKS.json },
    run: list,
  },
  rotate: {
    words: ['NAME'],
    examples: [
      `agent rotate support-bot ${file} --token-expires 2027-01-31`,
      `agent rotate support-bot ${file} --finish`,
    ],
    options: {
      config,
      'token-expires': tokenExpires,
      finish: { kind: 'switch', help: 'Remove the older token, once the agent uses the new one' },
    },
    run: rotate,
  },
  remove: {
    words: ['NAME'],
    examples: [`agent remove support-bot ${file}`],
    options: { config },
    run: remove,
  },
  'remove-token': {
    words: ['NAME', 'ID'],
    examples: [`agent remove-token support-bot ID ${file}`],
    options: { config },
    run: removeOne,
  },
});

/** How a server is told to reload, by how it was installed. The names are those of deploy/. */
export const RELOADS = [
  ['systemctl reload workos-mcp', 'systemd'],
  ['docker kill --signal HUP workos-mcp', 'Docker'],
  ['docker compose kill --signal HUP server-1 server-2', 'Compose'],
  ['kubectl apply -k deploy/kubernetes', 'Kubernetes, where it replaces the replicas'],
  ['kill -HUP PID', 'any other'],
] as const;

const reload = (before: string, look: Look = {}): string =>
  `${before}\n${table(
    RELOADS.map(([command, where]) => [`  ${command}`, where]),
    look,
  )}`;

async function add({ words: [name = ''], flags }: Line, { catalog, write, look, now }: Deps): Promise<number> {
  const [path = ''] = flags.config ?? [];
  const { made } = await addAgent(path, name, toSettings(flags), catalog, toTokenExpiry(flags, now()));
  if (made === undefined) {
    write(`${path} has the agent ${name} now. The access tokens that its jwt section describes identify it.\n`);
  } else showToken(made.token, name, path, write);
  write(reload('Servers know it once they reload:', look));
  if (made?.older !== undefined) {
    write(
      `The token ${made.older} is valid too, until: workos-mcp agent remove-token ${name} ${made.older} --config ${path}\n`,
    );
  }
  return 0;
}

async function list({ flags }: Line, { write, look = {}, now }: Deps): Promise<number> {
  const [path = ''] = flags.config ?? [];
  const { config: agents } = await readExisting(path);
  write(listAgents(agents, { json: flags.json !== undefined, now: now(), look }));
  return 0;
}

async function rotate({ words: [name = ''], flags }: Line, { write, look, now }: Deps): Promise<number> {
  const [path = ''] = flags.config ?? [];
  if (flags.finish !== undefined) {
    if (flags['token-expires'] !== undefined)
      throw new StartError('--finish makes no token: leave --token-expires out.');
    const id = await finishRotation(path, name, now());
    write(reload(`Token ${id} of ${name} is gone from ${path}. Servers let it in until they reload:`, look));
    return 0;
  }
  const { token, older } = await rotateToken(path, name, toTokenExpiry(flags, now()));
  showToken(token, name, path, write);
  write(reload('Servers know it once they reload:', look));
  write(
    `The token ${older} is valid too. Once the agent uses the new one: workos-mcp agent rotate ${name} --config ${path} --finish\n`,
  );
  return 0;
}

async function remove({ words: [name = ''], flags }: Line, { write, look }: Deps): Promise<number> {
  const [path = ''] = flags.config ?? [];
  const { agents, templates } = await removeAgent(path, name);
  if (agents.length + templates.length === 0) {
    write(
      `The agent ${name} is gone from ${path}, which has no agents now. Servers refuse to reload such a file and keep letting ${name} in: stop them.\n`,
    );
    return 0;
  }
  write(reload(`The agent ${name} is gone from ${path}. Servers let it in until they reload:`, look));
  return 0;
}

async function removeOne({ words: [name = '', id = ''], flags }: Line, { write, look }: Deps): Promise<number> {
  const [path = ''] = flags.config ?? [];
  await removeToken(path, name, id);
  write(reload(`Token ${id} of ${name} is gone from ${path}. Servers let it in until they reload:`, look));
  return 0;
}

const showToken = (token: string, name: string, path: string, write: Deps['write']): void =>
  write(`${token}\n\nThis is the token of ${name}. It is shown this once; ${path} holds only its hash.\n`);
