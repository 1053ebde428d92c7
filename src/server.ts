import { McpServer, type StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import type { Call } from './call.ts';
import type { Catalog } from './catalog.ts';
import type { Policy } from './policy.ts';
import type { Environment, Tool } from './tool.ts';

/** A process never changes its tools, but the next one may be started with other grants. */
const CACHE = { ttlMs: 60_000, cacheScope: 'private' } as const;

/** Makes the server of one caller: it has the tools that the caller's policy leaves on, and no trace of the others. */
export function createServerFactory(deps: {
  readonly catalog: Catalog;
  readonly policy: Policy;
  readonly call: Call;
  readonly environment: Environment;
  readonly version: string;
}): () => McpServer {
  const { catalog, policy, call, environment, version } = deps;
  const offered = catalog.tools
    .filter((tool) => policy(tool) === undefined)
    .map((tool) => ({ tool, inputSchema: toStandardSchema(tool) }));
  const instructions = [
    `WorkOS, ${environment.label} environment. Every object has an ID with a prefix (user_, org_, conn_, directory_, …); find IDs with the list tools.`,
    'Lists come newest first, in pages: pass list_metadata.after as "after" for the next page; null means there is none.',
  ].join(' ');

  return () => {
    const server = new McpServer(
      { name: 'workos-mcp', title: 'WorkOS', version },
      { instructions, capabilities: { tools: { listChanged: false } }, cacheHints: { 'tools/list': CACHE } },
    );
    for (const { tool, inputSchema } of offered) {
      const { name, title, description, annotations } = tool;
      server.registerTool(name, { title, description, inputSchema, annotations }, (args, ctx) =>
        call(tool, args, ctx.mcpReq.signal),
      );
    }
    return server;
  };
}

/**
 * The tool's schema as the SDK takes it. It lets every value through, because `call` parses the arguments itself: a
 * refusal is then worded by us and passes the same way as every other outcome.
 */
function toStandardSchema(tool: Tool): StandardSchemaWithJSON<unknown, unknown> {
  return {
    '~standard': {
      version: 1,
      vendor: 'workos-mcp',
      validate: (value) => ({ value }),
      jsonSchema: { input: () => ({ ...tool.jsonSchema() }), output: () => ({}) },
    },
  };
}
