import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { MAIN } from './support/built.ts';
import { openedBy } from './support/catalog.ts';
import { INITIALIZED, initialize, type Message, parseMessages, toLine } from './support/raw.ts';
import { listen, type Upstream } from './support/upstream.ts';

/** Runs the built command, which is talked to in raw lines. */
function start(args: readonly string[], env: Record<string, string> = {}) {
  const server = spawn(process.execPath, [MAIN, ...args], { env });
  const out = text(server.stdout).catch(() => 'cut off');
  const err = text(server.stderr);
  const exit = once(server, 'exit') as Promise<[number | null, NodeJS.Signals | null]>; // as Node documents the event
  return { server, out, err, exit };
}

const say = (server: ChildProcessWithoutNullStreams, ...messages: readonly Message[]) =>
  server.stdin.write(messages.map(toLine).join(''));

const SANDBOX = ['--sandbox', '--allow', '*:read'];
const GET_USER = { id: 2, method: 'tools/call', params: { name: 'get_user', arguments: { user_id: 'user_1' } } };

const upstreams: Upstream[] = [];
afterAll(() => Promise.all(upstreams.map((upstream) => upstream.close())));

/** A server in the middle of a call to a WorkOS that answers after `delay` milliseconds, or never. */
async function startInCall(delay: number | undefined) {
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const upstream = await listen(async () => {
    arrive();
    if (delay === undefined) await new Promise(() => {});
    await setTimeout(delay);
    return Response.json({ object: 'user' });
  });
  upstreams.push(upstream);
  const run = start(['--allow', '*:read'], { WORKOS_API_KEY: 'sk_test_1', WORKOS_BASE_URL: upstream.url });
  say(run.server, initialize());
  await once(run.server.stdout, 'data');
  say(run.server, INITIALIZED, GET_USER);
  await arrived;
  return run;
}

describe.concurrent('the process', () => {
  it('writes nothing but JSON-RPC to stdout and nothing but JSON to stderr', async () => {
    const { server, out, err, exit } = start([...SANDBOX, '--log-level', 'trace']);
    say(server, initialize(), INITIALIZED, { id: 3, method: 'tools/list' }, GET_USER, { id: 4, method: 'no/such' });
    server.stdin.end('this is no JSON\n');
    expect(await exit).toEqual([0, null]);
    const answers = parseMessages(await out);
    expect(answers.map((answer) => [answer.jsonrpc, answer.id]).sort()).toEqual(
      [null, 1, 2, 3, 4].map((id) => ['2.0', id]),
    );
    const said = parseMessages(await err);
    const tools = openedBy('*', 'read').length;
    expect(said[0]).toMatchObject({ v: 1, seq: 1, kind: 'start', tools, environment: 'sandbox' });
    // The log comes when pino is there, which the first answers do not wait for.
    const logged = said.filter((line) => line.msg !== undefined);
    expect(logged[0]).toMatchObject({ msg: 'serving stdio', tools, environment: 'sandbox' });
    expect(logged.at(-1)).toMatchObject({ msg: 'stopped' });
  });

  it.each(['stdin', 'SIGTERM', 'SIGINT'] as const)('answers what is under way on %s, then exits', async (how) => {
    const { server, out, exit } = await startInCall(300);
    if (how === 'stdin') server.stdin.end();
    else server.kill(how);
    expect(await exit).toEqual([0, null]);
    expect(parseMessages(await out)).toContainEqual(expect.objectContaining({ id: 2, result: expect.anything() }));
  });

  it.each(['SIGTERM', 'stdin'] as const)('gives up within seconds on %s where WorkOS does not answer', async (how) => {
    const { server, exit } = await startInCall(undefined);
    const asked = performance.now();
    if (how === 'stdin') server.stdin.end();
    else server.kill(how);
    expect(await exit).toEqual([0, null]);
    expect(performance.now() - asked).toBeLessThan(6_000);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('exits at once on %s when idle', async (signal) => {
    const { server, exit, err } = start(SANDBOX);
    await once(server.stderr, 'data');
    server.kill(signal);
    expect(await exit).toEqual([0, null]);
    expect(await err).toContain('stopped');
  });

  it('exits when the client no longer reads', async () => {
    const { server, exit } = start(SANDBOX);
    say(server, initialize());
    await once(server.stdout, 'data');
    server.stdout.destroy();
    say(server, INITIALIZED, { id: 3, method: 'tools/list' });
    expect(await exit).toEqual([0, null]);
  });
});

describe.concurrent('the command', () => {
  it.each<[line: string, code: number, stdout: string | RegExp, stderr: string | RegExp]>([
    ['', 2, '', /^workos-mcp: Nothing is allowed until you say so/],
    ['--allow sk_live_1234567890', 2, '', /^workos-mcp: --allow is given a WorkOS API key/],
    ['doctor', 1, /^1 of \d+ checks failed/m, ''],
    ['--version', 0, /^\d+\.\d+\.\d+\n$/, ''],
    ['tools', 0, /get_user +users +read +off +needs the grant users:read\n/, ''],
  ])('%j', async (line, code, stdout, stderr) => {
    const { server, out, err, exit } = start(line.split(' ').filter((word) => word !== ''));
    server.stdin.end();
    expect(await exit).toEqual([code, null]);
    expect(await out).toMatch(stdout);
    expect(await err).toMatch(stderr);
  });
});
