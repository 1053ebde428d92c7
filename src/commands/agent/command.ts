import type { Catalog } from '../../catalog/catalog.ts';
import type { Line } from '../../settings/flags.ts';
import { OPTIONS } from '../../settings/options.ts';
import { toCommand } from '../subcommand.ts';
import type { Look } from '../table.ts';
import { addAgent, removeToken } from './tokens.ts';

type Deps = { readonly catalog: Catalog; readonly write: (text: string) => void; readonly look?: Look };

const config = { ...OPTIONS.config, needed: true } as const;

/** `agent add` and `agent remove-token`. They throw StartError for files that cannot be changed. */
export const runAgent = toCommand<Deps>('agent', 'subcommand', {
  add: {
    words: ['NAME'],
    examples: [
      'agent add support-bot --config workos-mcp.yaml --allow preset:support',
      'agent add support-bot --config workos-mcp.yaml',
    ],
    options: {
      config,
      allow: OPTIONS.allow,
      environment: { kind: 'text', value: 'NAME', help: 'The environment of the file that it is to work in' },
    },
    run: add,
  },
  'remove-token': {
    words: ['NAME', 'ID'],
    examples: ['agent remove-token support-bot ID --config workos-mcp.yaml'],
    options: { config },
    run: remove,
  },
});

async function add({ words: [name = ''], flags }: Line, { catalog, write }: Deps): Promise<number> {
  const [path = ''] = flags.config ?? [];
  const given = { allow: flags.allow, environment: flags.environment?.[0] };
  const { token, older } = await addAgent(path, name, given, catalog);
  write(`${token}\n\nThis is the token of ${name}. It is shown this once; ${path} holds only its hash.\n`);
  write('Servers know it once they reload (SIGHUP).\n');
  if (older !== undefined) {
    write(`The token ${older} holds too, until: workos-mcp agent remove-token ${name} ${older} --config ${path}\n`);
  }
  return 0;
}

async function remove({ words: [name = '', id = ''], flags }: Line, { write }: Deps): Promise<number> {
  const [path = ''] = flags.config ?? [];
  await removeToken(path, name, id);
  write(`Token ${id} of ${name} is gone from ${path}. Servers let it in until they reload (SIGHUP).\n`);
  return 0;
}
