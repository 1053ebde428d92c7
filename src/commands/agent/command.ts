import type { Catalog } from '../../catalog/catalog.ts';
import { StartError } from '../../errors.ts';
import { parseSubcommand, type Subcommands } from '../subcommand.ts';
import { addAgent, removeToken } from './tokens.ts';

const COMMANDS = {
  add: {
    usage: 'workos-mcp agent add NAME --config FILE [--allow GRANT[,GRANT…]] [--environment NAME]',
    flags: { config: 'one', allow: 'many', environment: 'one' },
  },
  'remove-token': { usage: 'workos-mcp agent remove-token NAME ID --config FILE', flags: { config: 'one' } },
} as const satisfies Subcommands;

/**
 * Runs `agent add` or `agent remove-token`.
 * @param argv what stands behind `agent`
 * @throws StartError for arguments that make no sense, and files that cannot be changed
 */
export async function runAgent(
  argv: readonly string[],
  catalog: Catalog,
  write: (text: string) => void,
): Promise<void> {
  const { command, words, flags } = parseSubcommand('agent', argv, COMMANDS);
  const { usage } = COMMANDS[command];
  const [name, id, ...more] = words;
  const [path] = flags.config ?? [];
  const isWhole = name !== undefined && (command === 'add') === (id === undefined) && more.length === 0;
  if (!isWhole || path === undefined) throw new StartError(`agent ${command}: it takes these words.\n  ${usage}`);
  if (id !== undefined) {
    await removeToken(path, name, id);
    return write(`Token ${id} of ${name} is gone from ${path}. Servers let it in until they reload (SIGHUP).\n`);
  }
  const allow = flags.allow?.flatMap((grants) => grants.split(',').map((grant) => grant.trim()));
  const [environment] = flags.environment ?? [];
  const added = await addAgent(
    path,
    name,
    { ...(allow && { allow }), ...(environment !== undefined && { environment }) },
    catalog,
  );
  write(`${added.token}\n`);
  write(
    [
      `\nThis is the token of ${name}. It is shown this once; ${path} holds only its hash.`,
      'Servers know it once they reload (SIGHUP).',
      ...(added.older === undefined
        ? []
        : [
            `The token ${added.older} holds too, until: workos-mcp agent remove-token ${name} ${added.older} --config ${path}`,
          ]),
    ]
      .join('\n')
      .concat('\n'),
  );
}
