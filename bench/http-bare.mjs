// An SDK v2 server over HTTP as its documentation shows it: 36 tools registered in the factory, schemas made there too.
import { createServer } from 'node:http';
import { argv } from 'node:process';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { Pool } from 'undici';
import * as z from 'zod';

const pool = new Pool(process.env.WORKOS_BASE_URL ?? '');
const NOUNS = [
  'user organization connection directory directory_group directory_user',
  'invitation session role organization_domain organization_membership audit_log_export',
]
  .join(' ')
  .split(' ');

async function request(/** @type {string} */ path) {
  const { body } = await pool.request({
    method: 'GET',
    path,
    headers: { authorization: `Bearer ${process.env.WORKOS_API_KEY}` },
  });
  const value = /** @type {Record<string, unknown>} */ (await body.json());
  return { content: [{ type: /** @type {const} */ ('text'), text: JSON.stringify(value) }], structuredContent: value };
}

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'bare', version: '1' });
  for (const noun of NOUNS) {
    const path = noun === 'user' ? '/user_management/users' : `/${noun}s`;
    server.registerTool(
      `get_${noun}`,
      { description: `Get one ${noun}.`, inputSchema: z.object({ [`${noun}_id`]: z.string() }) },
      (args) => request(`${path}/${encodeURIComponent(String(args[`${noun}_id`]))}`),
    );
    server.registerTool(
      `list_${noun}s`,
      {
        description: `List ${noun}s.`,
        inputSchema: z.object({
          limit: z.number().int().min(1).max(100).optional(),
          after: z.string().optional(),
          order: z.enum(['asc', 'desc']).optional(),
        }),
      },
      (args) => request(`${path}?${new URLSearchParams(/** @type {Record<string, string>} */ (args))}`),
    );
    server.registerTool(
      `delete_${noun}`,
      { description: `Delete one ${noun}.`, inputSchema: z.object({ [`${noun}_id`]: z.string() }) },
      () => Promise.reject(new Error('the bench deletes nothing')),
    );
  }
  return server;
});

const serve = toNodeHandler(handler);
createServer((request, response) => {
  // @ts-expect-error Node's own request, as the documentation hands it on; its type lacks the exactness asked for here
  serve(request, response);
}).listen(Number(argv[2]), '127.0.0.1');
