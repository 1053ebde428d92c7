import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

export type DemoDeps = {
  /** The absolute paths of Node and of this program's `main.js`. */
  readonly program: { readonly node: string; readonly main: string };
  readonly write: (text: string) => void;
};

const GRANTS = '*:read,users:full';
const USER = 'user_01JADA0000000000000054K0EG';

const NEXT = `Next, without an account as well:
  workos-mcp check --sandbox --allow '${GRANTS}'     what these grants allow, area by area
  workos-mcp explain delete_organization --sandbox --allow '${GRANTS}'
  workos-mcp init claude-code --sandbox                     the sandbox in your client; init lists the others
With a key from https://dashboard.workos.com/api-keys:
  workos-mcp init claude-code                               your own data; reads only, unless you say --allow
  workos-mcp doctor                                         checks the key and all that a start needs
`;

/** What the answers below are known to have. */
type SandboxAnswer = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly domains: readonly { readonly domain: string; readonly state: string }[];
  readonly organization_name: string;
  readonly status: string;
  readonly role: { readonly slug: string };
  readonly data: readonly SandboxAnswer[];
  readonly confirmation?: { readonly confirm_token: string };
};

type FailedSignIns = {
  readonly data: readonly { readonly data: { readonly email: string; readonly error: { readonly code: string } } }[];
};

/** Drives this program on the sandbox the way a client such as Claude Desktop does, and prints what was said. */
export async function runDemo({ program, write }: DemoDeps): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'workos-mcp-'));
  const record = join(folder, 'audit.jsonl');
  const say = (line: string) => write(`${line}\n`);
  const client = new Client({ name: 'demo', version: '1' });
  /** The server's log, which matters only if the conversation fails. */
  const log: string[] = [];
  try {
    say(`$ workos-mcp --sandbox --allow '${GRANTS}' --audit-log audit.jsonl\n`);
    const args = [program.main, '--sandbox', '--allow', GRANTS, '--audit-log', record, '--log-level', 'warn'];
    await client.connect(toServer(program.node, args, (line) => log.push(line)));
    await converse(client, say);
    await client.close();
    say('\n$ workos-mcp audit show audit.jsonl');
    // Of the environment only what a child needs to start: the settings of this process are not those of the demo.
    const shown = await promisify(execFile)(program.node, [program.main, 'audit', 'show', record], { env: {} });
    say(shown.stdout);
    write(NEXT);
  } catch (error) {
    say(log.join(''));
    throw error;
  } finally {
    await client.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function toServer(command: string, args: string[], onLog: (text: string) => void): StdioClientTransport {
  const transport = new StdioClientTransport({ command, args, stderr: 'pipe' });
  transport.stderr?.on('data', (chunk: Buffer) => onLog(String(chunk)));
  return transport;
}

async function converse(client: Client, say: (line: string) => void): Promise<void> {
  const call = async <Shown = SandboxAnswer>(
    name: string,
    args: Record<string, unknown>,
    show: (answer: Shown) => string,
  ) => {
    say(`> ${name} ${JSON.stringify(args)}`);
    const result = await client.callTool({ name, arguments: args });
    const [content] = result.content;
    // The sandbox answers, whose data is known.
    const answer = result.structuredContent as SandboxAnswer & Shown;
    const text = content?.type === 'text' ? content.text : '';
    const preview = answer?.confirmation?.confirm_token;
    const inFull = text.replaceAll('\n', '\n  ');
    say(`  ${result.isError ? `error: ${inFull}` : preview === undefined ? show(answer) : inFull}\n`);
    return { answer, preview };
  };

  const { tools } = await client.listTools();
  say(`${tools.length - 1} tools are on, and get_access_status:`);
  say(`${tools.map((tool) => tool.name).join(', ')}\n`.replace(/(.{1,100})(?: |\n)/g, '  $1\n'));

  const { answer: list } = await call('list_organizations', { limit: 3 }, ({ data }) =>
    data.map(({ id, name, domains }) => `${id}  ${name} (${domains[0]?.domain ?? 'no domain'})`).join('\n  '),
  );
  const organization_id = list.data[0]?.id;
  await call('get_organization', { organization_id }, ({ name, domains }) =>
    [name, ...domains.map(({ domain, state }) => `${domain} is ${state}`)].join(', '),
  );
  // The second questions: which customers is she in, and who could not sign in of late, and why?
  await call('list_organization_memberships', { user_id: USER }, ({ data }) =>
    data.map(({ organization_name, role, status }) => `${organization_name}: ${role.slug}, ${status}`).join('\n  '),
  );
  const failed = { events: ['authentication.sso_failed'], fields: ['data.email', 'data.error'] };
  await call('list_events', failed, ({ data }: FailedSignIns) =>
    data.map(({ data: { email, error } }) => `${email}: ${error.code}`).join('\n  '),
  );

  await call('create_user', { email: 'grace@example.org', first_name: 'Grace' }, ({ id, email }) => `${id}  ${email}`);
  await call('create_user', { email: 'grace@example.org' }, ({ id }) => id);
  await call('get_user', { user: USER }, ({ email }) => email);

  // This client cannot ask a person: the model gets the preview, and repeats its ID.
  const { preview } = await call('delete_user', { user_id: USER }, () => 'deleted, which it must not be');
  await call('delete_user', { user_id: USER, confirm_token: preview }, () => 'deleted');

  say(`> delete_organization ${JSON.stringify({ organization_id })}`);
  await client
    .callTool({ name: 'delete_organization', arguments: { organization_id } })
    .then(() => say('  deleted, which it must not be'))
    .catch((error: Error) => say(`  refused: ${error.message} (organizations:delete is not allowed)`));
}
