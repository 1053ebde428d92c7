// Drives the built server on the sandbox the way a client such as Claude Desktop does, and prints what was said.
import './check-node.mjs';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const grants = '*:read,users:full';
const folder = mkdtempSync(join(tmpdir(), 'workos-mcp-'));
const record = join(folder, 'audit.jsonl');
const client = new Client({ name: 'demo', version: '1' });
/** The ID of the preview that the last answer was, if it was one. */
let preview = '';
const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);

say(`$ workos-mcp --sandbox --allow '${grants}' --audit-log audit.jsonl\n`);
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: ['dist/main.js', '--sandbox', '--allow', grants, '--audit-log', record, '--log-level', 'warn'],
  }),
);

/**
 * What the answers below are known to have.
 * @typedef {{ id: string, name: string, email: string, domains: { domain: string, state: string }[], data: Answer[], confirmation?: { confirm_token: string } }} Answer
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
  const text = content?.type === 'text' ? content.text : '';
  preview = answer?.confirmation?.confirm_token ?? '';
  const inFull = text.replaceAll('\n', '\n  ');
  say(`  ${result.isError ? `error: ${inFull}` : preview === '' ? show(answer) : inFull}\n`);
  return answer;
}

const { tools } = await client.listTools();
say(`${tools.length - 1} tools are on, and get_access_status:`);
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

const user_id = 'user_01JADA00000000000000000000';
// This client cannot ask a person: the model gets the preview, and repeats its ID.
await call('delete_user', { user_id }, () => 'deleted, which it must not be');
await call('delete_user', { user_id, confirm_token: preview }, () => 'deleted');

const organization_id = list.data[0]?.id;
say(`> delete_organization ${JSON.stringify({ organization_id })}`);
await client
  .callTool({ name: 'delete_organization', arguments: { organization_id } })
  .then(() => say('  deleted, which it must not be'))
  .catch((/** @type {Error} */ error) => say(`  refused: ${error.message} (organizations:delete is not allowed)`));

await client.close();

say('\n$ workos-mcp audit show audit.jsonl');
say(execFileSync(process.execPath, ['dist/main.js', 'audit', 'show', record], { encoding: 'utf8' }));
rmSync(folder, { recursive: true });
