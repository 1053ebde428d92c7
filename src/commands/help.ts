import { USUAL_GRANTS } from '../access/grants.ts';
import { COMMANDS } from '../settings/config.ts';
import { describeOptions } from '../settings/options.ts';
import { indented, type Look, table } from './table.ts';

export function helpText(look: Look = {}): string {
  return [
    'workos-mcp: the WorkOS API as MCP tools, only those you allow\n\n',
    'Usage:\n',
    '  workos-mcp --allow GRANT[,GRANT…] [options]   serve MCP over stdio\n',
    ...Object.entries(COMMANDS).map(([name, help]) => `  workos-mcp ${name} [options]\n${indented(6, help, look)}`),
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
    '  --help, --version\n',
  ].join('');
}
