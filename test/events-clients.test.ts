import { describe, expect, it, onTestFinished } from 'vitest';
import { findPort } from './support/find-port.ts';
import { connectTo, waitFor } from './support/http-server.ts';
import { startProgram } from './support/in-process.ts';
import { connect, PEERS, type Peer, type Session } from './support/session.ts';

type Client = Pick<Session, 'call' | 'close'>;

const ARGS = ['--sandbox', '--allow', '*:full', '--list', 'all'];

const overStdio = (peer: Peer): Promise<Client> => connect(ARGS, {}, peer);

async function overHttp(peer: Peer): Promise<Client> {
  const port = await findPort();
  const program = startProgram(['http', ...ARGS, '--anonymous', '--port', `${port}`]);
  onTestFinished(async () => {
    program.signal('SIGTERM');
    await program.exit;
  });
  await waitFor(() => program.log().includes('serving http'));
  const { call, close } = await connectTo(`http://127.0.0.1:${port}/mcp`, '', { peer });
  return { call: (name, args) => call(name, args), close };
}

describe.each([
  ['stdio', overStdio],
  ['HTTP', overHttp],
] as const)('over %s', (_, open) => {
  it.each(PEERS.filter((peer) => !peer.endsWith('auto')))('a %s waits for what another call does', async (peer) => {
    const client = await open(peer);
    const waiting = client.call('wait_for_events', { events: ['organization.created'], wait_seconds: 20 });
    // Calls of one client begin in their order, so that the wait has begun behind a few others.
    for (let n = 0; n < 5; n += 1) await client.call('list_events', { limit: 1 });
    const { structured: created } = await client.call('create_organization', { name: 'Dunlin Labs' });
    const { text, structured } = await waiting;
    expect(structured, text).toMatchObject({
      events: [{ event: 'organization.created', data: { id: created?.id } }],
      after: expect.any(String),
    });
    const again = await client.call('wait_for_events', { after: structured?.after, wait_seconds: 1 });
    expect(again.structured).toMatchObject({ events: [], after: structured?.after });
    const listed = await client.call('list_events', { events: ['organization.created'], fields: ['data.name'] });
    expect(Object(listed.structured).data[0]).toEqual({ data: { name: 'Dunlin Labs' } });
    await client.close();
  });
});
