// The least that an SDK v2 server does for the same calls: a zod schema, one undici request, text and structure.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { Pool } from 'undici';
import * as z from 'zod';

const pool = new Pool(process.env.WORKOS_BASE_URL ?? '');
const get = async (/** @type {string} */ path) => {
  const headers = { authorization: `Bearer ${process.env.WORKOS_API_KEY}` };
  const { body } = await pool.request({ method: 'GET', path, headers });
  const answer = /** @type {Record<string, unknown>} */ (await body.json());
  return {
    content: [{ type: /** @type {const} */ ('text'), text: JSON.stringify(answer) }],
    structuredContent: answer,
  };
};
serveStdio(() => {
  const server = new McpServer({ name: 'bare', version: '1' });
  server.registerTool(
    'get_user',
    { description: 'Get one user.', inputSchema: z.object({ user_id: z.string() }) },
    ({ user_id }) => get(`/user_management/users/${encodeURIComponent(user_id)}`),
  );
  server.registerTool(
    'list_users',
    { description: 'List users.', inputSchema: z.object({ limit: z.number() }) },
    ({ limit }) => get(`/user_management/users?limit=${limit}`),
  );
  return server;
});
