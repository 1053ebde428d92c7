import type { Catalog } from './catalog.ts';
import { COMMANDS } from './config.ts';
import { StartError } from './errors.ts';
import { describeOptions } from './options.ts';
import { createPolicy, decide, type Grants, USUAL_GRANTS } from './policy.ts';

/** Columns padded to the widest cell; the last one is left as it is. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

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

/** Every tool with its area, access and whether the grants switch it on: aligned text, or JSON for machines. */
export function toolsReport(catalog: Catalog, grants: Grants, json: boolean): string {
  const policy = decide(catalog, grants);
  const rows = catalog.tools.map((tool) => {
    const reason = policy.whyOff(tool);
    return {
      name: tool.name,
      area: tool.area,
      access: tool.access,
      credentials: tool.needsCredentials,
      on: reason === undefined,
      reason: reason ?? null,
    };
  });
  if (json) return `${JSON.stringify(rows, undefined, 2)}\n`;
  const on = rows.filter((row) => row.on).length;
  return [
    table([
      ['TOOL', 'AREA', 'ACCESS', 'STATE', 'REASON'],
      ...rows.map((row) => [
        row.name,
        row.area,
        row.credentials ? `${row.access} + credentials` : row.access,
        row.on ? 'on' : 'off',
        row.reason ?? '',
      ]),
    ]),
    `\n${on} of ${rows.length} tools are on.${on === 0 ? ' Switch some on with --allow; see --help.' : ''}\n`,
    grants.allow.length === 0 ? '' : whyNoStart(catalog, grants),
  ].join('');
}

/** What a start with these grants would stop at, although they can be listed. */
function whyNoStart(catalog: Catalog, grants: Grants): string {
  try {
    createPolicy(catalog, grants);
    return '';
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return `\nA start would stop: ${error.message}\n`;
  }
}
