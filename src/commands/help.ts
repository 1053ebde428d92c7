import { USUAL_GRANTS } from '../access/grants.ts';
import { COMMANDS } from '../settings/config.ts';
import { describeOptions } from '../settings/options.ts';
import { table } from './table.ts';

export function helpText(): string {
  return [
    'workos-mcp: the WorkOS API as MCP tools, only those you allow\n\n',
    'Usage:\n',
    '  workos-mcp --allow GRANT[,GRANT…] [options]   serve MCP over stdio\n',
    ...Object.entries(COMMANDS).map(([name, help]) => `  workos-mcp ${name} [options]\n      ${help}\n`),
    "\nGrants: AREA:ACCESS, *:ACCESS or a tool's name; ACCESS is read, write, delete,\nfull (all three) or credentials (signing in as, or vouching for, a user).\n",
    'preset:NAME stands for the grants of a usual job; the README lists them.\n',
    table(USUAL_GRANTS.map(([grant, meaning]) => [`  ${grant}`, meaning])),
    '\nOptions, and the environment variables that set the same:\n',
    ...describeOptions().map(
      ({ flag, variable, help }) => `  ${[flag, variable].filter((part) => part !== '').join('  ')}\n      ${help}\n`,
    ),
    '  --help, --version\n',
  ].join('');
}
