import { McpServer, type StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import type { Call } from './call.ts';
import type { Catalog } from './catalog.ts';
import { toOutputSchema } from './output.ts';
import type { Policy } from './policy.ts';
import { marker } from './secrets.ts';
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
  // Where no tool handles credentials, there is no such grant to name.
  const grantable = new Set(catalog.tools.filter((tool) => tool.handlesCredentials).map((tool) => tool.area));
  const offered = catalog.tools
    .filter((tool) => policy.whyOff(tool) === undefined)
    .map((tool) => {
      const restricted = policy.whyRestricted(tool) !== undefined;
      const own = (restricted && tool.restricted) || tool;
      const withheld = grantable.has(tool.area) ? marker(tool.area) : '[withheld]';
      return { tool: own, marker: restricted ? withheld : undefined, ...toStandardSchemas(own) };
    });
  const instructions = [
    `WorkOS, ${environment.label} environment. Every object has an ID with a prefix (user_, org_, conn_, directory_, …); find IDs with the list tools.`,
    'Lists come newest first and show the telling fields of each item; "fields" chooses others, the get tools show all.',
    'For the next page pass list_metadata.after as "after" (null: there is none), or let max_items follow the pages.',
  ].join(' ');

  return () => {
    const server = new McpServer(
      { name: 'workos-mcp', title: 'WorkOS', version },
      { instructions, capabilities: { tools: { listChanged: false } }, cacheHints: { 'tools/list': CACHE } },
    );
    for (const { tool, marker, ...schemas } of offered) {
      const { name, title, description, annotations } = tool;
      server.registerTool(name, { title, description, ...schemas, annotations }, (args, { mcpReq }) => {
        const { signal, _meta, notify } = mcpReq;
        const progressToken = _meta?.progressToken;
        return call(tool, args, {
          agent: 'stdio',
          marker,
          signal,
          ...(progressToken !== undefined && {
            onProgress: (progress, total) => {
              // Nobody waits for it, and a client that has gone is noticed elsewhere.
              notify({ method: 'notifications/progress', params: { progressToken, progress, total } }).catch(() => {});
            },
          }),
        });
      });
    }
    return server;
  };
}

/**
 * The tool's schemas as the SDK takes them. They let every value through: `call` parses the arguments itself, so that a
 * refusal is worded by us and passes the same way as every other outcome, and an answer of WorkOS's that has changed
 * its type is still an answer.
 */
function toStandardSchemas(tool: Tool) {
  const toStandardSchema = (toJson: () => Readonly<Record<string, unknown>>): StandardSchemaWithJSON => ({
    '~standard': {
      version: 1,
      vendor: 'workos-mcp',
      validate: (value) => ({ value }),
      jsonSchema: { input: () => ({ ...toJson() }), output: () => ({ ...toJson() }) },
    },
  });
  const { output } = tool;
  let json: Readonly<Record<string, unknown>> | undefined;
  return {
    inputSchema: toStandardSchema(tool.jsonSchema),
    ...(output && {
      outputSchema: toStandardSchema(() => {
        json ??= Object.freeze(toOutputSchema(output));
        return json;
      }),
    }),
  };
}
