import type { Grants } from '../access/grants.ts';
import type { IsListed } from '../access/listed.ts';
import { type Agent, FIND_TOOL, toPolicy } from '../access/overview.ts';
import { createPolicy } from '../access/policy.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { StartError } from '../errors.ts';
import { header, type Look, state, table } from './table.ts';

/** Every tool with its area, access and whether the grants switch it on: aligned text, or JSON for machines. */
export function toolsReport(
  catalog: Catalog,
  agent: Agent,
  json: boolean,
  look: Look = {},
  isListed?: IsListed,
): string {
  const policy = toPolicy(catalog, agent);
  const rows = catalog.tools.map((tool) => {
    const reason = policy.whyOff(tool);
    return {
      name: tool.name,
      area: tool.area,
      access: tool.access,
      credentials: tool.needsCredentials,
      on: reason === undefined,
      ...(isListed && { listed: reason === undefined && isListed(tool) }),
      reason: reason ?? null,
    };
  });
  if (json) return `${JSON.stringify(rows, undefined, 2)}\n`;
  const on = rows.filter((row) => row.on).length;
  return [
    table(
      [
        header('TOOL', 'AREA', 'ACCESS', 'STATE', 'REASON'),
        ...rows.map((row) => [
          row.name,
          row.area,
          row.credentials ? `${row.access} + credentials` : row.access,
          state(row.on),
          row.reason ?? (row.listed === false ? `found with ${FIND_TOOL}` : ''),
        ]),
      ],
      look,
    ),
    `\n${on} of ${rows.length} tools are on.${on === 0 ? ' Switch some on with --allow; see --help.' : ''}\n`,
    agent.policy !== undefined || agent.grants.allow.length === 0 ? '' : whyNoStart(catalog, agent.grants),
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
