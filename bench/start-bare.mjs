// The least that serves 36 tools with the SDK's second version, written as its documentation shows. It loads no HTTP
// client: Node's own fetch does.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod';

serveStdio(() => {
  const server = new McpServer({ name: 'bare', version: '1' });
  for (let index = 1; index <= 36; index += 1) {
    server.registerTool(
      `get_thing_${index}`,
      {
        title: `Get thing ${index}`,
        description: 'Get one thing.',
        inputSchema: z.object({
          thing_id: z.string().describe('thing_…, from list_things'),
          limit: z.number().int().min(1).max(100).describe('Default 10').optional(),
          order: z.enum(['asc', 'desc']).describe('Default desc').optional(),
        }),
      },
      async ({ thing_id }) => {
        const response = await fetch(`https://api.example.com/things/${encodeURIComponent(thing_id)}`);
        return { content: [{ type: 'text', text: await response.text() }] };
      },
    );
  }
  return server;
});
