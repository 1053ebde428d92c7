import type { IsListed } from '../access/listed.ts';
import type { Agent } from '../access/overview.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Tool } from '../catalog/tool.ts';
import { createCallTools } from '../mcp/call-tools.ts';
import { createFindTool } from '../mcp/find/find-tool.ts';
import { createSearch } from '../mcp/find/search.ts';
import type { ServerTools } from '../mcp/server-tools.ts';
import { createStatusTool } from '../mcp/status-tool.ts';
import { createWaitTool } from '../mcp/wait-tool.ts';

export type OwnToolsOf = (
  agent: Omit<Agent, 'environment'>,
  options: { readonly statusTool: boolean; readonly isListed: IsListed | undefined },
) => ServerTools<Tool>;

/** Makes the server's own tools for each agent. What they search is shared by all agents. */
export function createOwnTools(catalog: Catalog): OwnToolsOf {
  const search = createSearch(catalog);
  const calls = createCallTools();
  const waitTool = createWaitTool(catalog);
  return (agent, { statusTool, isListed }) => ({
    statusTool: statusTool ? createStatusTool(catalog, agent) : undefined,
    waitTool,
    finding: isListed && {
      isListed,
      find: createFindTool({ catalog, agent, isListed, knowsOff: statusTool, search }),
      calls,
    },
  });
}
