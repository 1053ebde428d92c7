// The least that an SDK v2 server does for the same call: a zod schema, one undici request, text and structure.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { Pool } from 'undici';
import * as z from 'zod';

const pool = new Pool(process.env.WORKOS_BASE_URL ?? '');
serveStdio(() => {
  const server = new McpServer({ name: 'bare', version: '1' });
  server.registerTool(
    'get_user',
    { description: 'Get one user.', inputSchema: z.object({ user_id: z.string() }) },
    async ({ user_id }) => {
      const { body } = await pool.request({
        method: 'GET',
        path: `/user_management/users/${encodeURIComponent(user_id)}`,
        headers: { authorization: `Bearer ${process.env.WORKOS_API_KEY}` },
      });
      const user = /** @type {Record<string, unknown>} */ (await body.json());
      return { content: [{ type: 'text', text: JSON.stringify(user) }], structuredContent: user };
    },
  );
  return server;
});
