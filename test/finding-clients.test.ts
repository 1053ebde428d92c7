import { describe, expect, it, onTestFinished } from 'vitest';
import { CALL_KINDS, callToolOf } from '../src/access/call-kind.ts';
import { cases } from './areas/index.ts';
import { catalog, FIXED } from './support/catalog.ts';
import { findPort } from './support/find-port.ts';
import { connectTo, waitFor } from './support/http-server.ts';
import { inProcess, startProgram } from './support/in-process.ts';
import { sandboxCallOf } from './support/sandbox-calls.ts';
import { connect, PEERS, type Peer, type Session } from './support/session.ts';

/** Tokens that the tools may cost, for these tests: the core and the finding tools alone cost more. */
const BUDGET = 2_000;
const ARGS = ['--sandbox', '--allow', '*:full,*:credentials', '--confirm', 'off'];

type Client = Pick<Session, 'call' | 'close'> & { readonly tools: () => Promise<readonly string[]> };

async function overStdio(peer: Peer): Promise<Client> {
  const session = await connect(ARGS, {}, peer, (args, env, own) => inProcess(args, env, own, BUDGET));
  return { ...session, tools: async () => (await session.listTools()).map(({ name }) => name) };
}

async function overHttp(peer: Peer): Promise<Client> {
  const port = await findPort();
  const program = startProgram(['http', ...ARGS, '--anonymous', '--port', `${port}`], {}, undefined, {
    listBudget: BUDGET,
  });
  onTestFinished(async () => {
    program.signal('SIGTERM');
    await program.exit;
  });
  await waitFor(() => program.log().includes('serving http'));
  const { tools, call, close } = await connectTo(`http://127.0.0.1:${port}/mcp`, '', { peer });
  return { tools, call: (name, args) => call(name, args), close };
}

const served = catalog.tools.filter((tool) => FIXED.has(tool.name) && sandboxCallOf(tool) !== undefined);
const isDelete = ({ access }: { readonly access: string }) => access === 'delete';

/** Deletes come last, and what others belong to as the very last. */
const names = [...served.filter((tool) => !isDelete(tool)), ...served.filter(isDelete).toReversed()].map(
  ({ name }) => name,
);

describe.each([
  ['stdio', overStdio],
  ['HTTP', overHttp],
] as const)('over %s', (_, open) => {
  it.each(PEERS.filter((peer) => !peer.endsWith('auto')))('a %s finds and calls every tool', async (peer) => {
    const client = await open(peer);
    expect(served).toHaveLength(36);
    const listed = await client.tools();
    expect(listed.filter((name) => FIXED.has(name))).toHaveLength(17);
    expect(listed.slice(-6)).toEqual(['get_access_status', 'find_tools', ...CALL_KINDS.map(callToolOf)]);
    for (const name of names) {
      const { structured } = await client.call('find_tools', { query: name });
      const { tool, call } = Object(structured);
      expect(tool).toBe(name);
      const { args = {} } = sandboxCallOf(catalog.tools.find((one) => one.name === name) ?? expect.fail()) ?? {};
      const kinds = call === 'call by name' ? CALL_KINDS.map(callToolOf) : [call, 'call_credential_tool'];
      const outcomes: string[] = [];
      for (const by of kinds) {
        const { isError, text } = await client.call(by, { name, arguments: args });
        outcomes.push(`${isError ?? false} ${text}`);
        if (!isError) break;
      }
      expect(outcomes.at(-1), `${name}: ${cases.get(name)?.opens}`).toMatch(/^false /);
    }
    await client.close();
  });
});
