// Drives the built server on the sandbox the way a client such as Claude Desktop does, and prints what was said.
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const grants = '*:read,users:write';
const client = new Client({ name: 'demo', version: '1' });
const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);

say(`$ workos-mcp --sandbox --allow '${grants}'\n`);
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: ['dist/main.js', '--sandbox', '--allow', grants, '--log-level', 'warn'],
  }),
);

/**
 * What the answers below are known to have.
 * @typedef {{ id: string, name: string, email: string, domains: { domain: string, state: string }[], data: Answer[] }} Answer
 */

/**
 * Calls a tool and prints its answer in short.
 * @param {string} name
 * @param {Record<string, unknown>} args
 * @param {(answer: Answer) => string} show
 */
async function call(name, args, show) {
  say(`> ${name} ${JSON.stringify(args)}`);
  const result = await client.callTool({ name, arguments: args });
  const [content] = result.content;
  const answer = /** @type {Answer} */ (result.structuredContent);
  say(`  ${result.isError ? `error: ${content?.type === 'text' ? content.text : ''}` : show(answer)}\n`);
  return answer;
}

const { tools } = await client.listTools();
say(`${tools.length} of 36 tools are on:`);
say(`${tools.map((tool) => tool.name).join(', ')}\n`.replace(/(.{1,100})(?: |\n)/g, '  $1\n'));

const list = await call('list_organizations', { limit: 3 }, ({ data }) =>
  data.map(({ id, name, domains }) => `${id}  ${name} (${domains[0]?.domain ?? 'no domain'})`).join('\n  '),
);
await call('get_organization', { organization_id: list.data[0]?.id }, ({ name, domains }) =>
  [name, ...domains.map(({ domain, state }) => `${domain} is ${state}`)].join(', '),
);
await call('create_user', { email: 'grace@example.org', first_name: 'Grace' }, ({ id, email }) => `${id}  ${email}`);
await call('create_user', { email: 'grace@example.org' }, ({ id }) => id);
await call('get_user', { user: 'user_01JADA00000000000000000000' }, ({ email }) => email);

say('> delete_user {"user_id":"user_01JADA00000000000000000000"}');
await client
  .callTool({ name: 'delete_user', arguments: { user_id: 'user_01JADA00000000000000000000' } })
  .then(() => say('  deleted, which it must not be'))
  .catch((/** @type {Error} */ error) => say(`  refused: ${error.message} (nobody allowed users:delete)`));

await client.close();
