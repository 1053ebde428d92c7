import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { catalog, openedBy } from './support/catalog.ts';
import { MAIN } from './support/session.ts';
import { listen, type Upstream } from './support/upstream.ts';
import { openServer, WAYS } from './support/ways.ts';

const all = catalog.tools.length;
const reads = openedBy('*', 'read').length;

let main = MAIN;

/** Runs the command and talks to it in raw lines, as no client would. */
function start(args: readonly string[], env: Record<string, string> = {}) {
  const server = spawn(process.execPath, [main, ...args], { env });
  const out = text(server.stdout).catch(() => 'cut off');
  const err = text(server.stderr);
  const exit = once(server, 'exit') as Promise<[number | null, NodeJS.Signals | null]>; // as Node documents the event
  return { server, out, err, exit };
}

const say = (server: ChildProcessWithoutNullStreams, ...messages: readonly object[]) => {
  for (const message of messages) server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
};
const INITIALIZE = {
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};
const INITIALIZED = { method: 'notifications/initialized' };
const GET_USER = { id: 2, method: 'tools/call', params: { name: 'get_user', arguments: { user_id: 'user_1' } } };
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

let upstream: Upstream | undefined;
afterEach(async () => {
  await upstream?.close();
  upstream = undefined;
});

/** A server in the middle of a call to a WorkOS that answers after `delay` milliseconds, or never. */
async function startInCall(delay: number | undefined) {
  const arrived = new Promise<void>((resolve) => {
    listen(async () => {
      resolve();
      if (delay === undefined) await new Promise(() => {});
      await setTimeout(delay);
      return Response.json({ object: 'user' });
    }).then((made) => {
      upstream = made;
      started(made.url);
    });
  });
  let run: ReturnType<typeof start> | undefined;
  const started = (url: string) => {
    run = start(['--allow', '*:read'], { WORKOS_API_KEY: 'sk_test_1', WORKOS_BASE_URL: url });
    const { server } = run;
    say(server, INITIALIZE);
    server.stdout.once('data', () => say(server, INITIALIZED, GET_USER));
  };
  await arrived;
  return run ?? expect.fail('not started');
}

describe.each(WAYS)('the process, answering %s,', (way) => {
  beforeAll(() => {
    const server = openServer(way);
    main = server.main;
    return () => {
      main = MAIN;
      server.remove();
    };
  });

  it('writes nothing but JSON-RPC to stdout and nothing but JSON to stderr', async () => {
    const { server, out, err, exit } = start(['--sandbox', '--allow', '*:read', '--log-level', 'trace']);
    say(server, INITIALIZE, INITIALIZED, { id: 3, method: 'tools/list' }, GET_USER, { id: 4, method: 'no/such' });
    server.stdin.end('this is no JSON\n');
    expect(await exit).toEqual([0, null]);
    const answers = lines(await out);
    expect(answers.map((answer) => [answer.jsonrpc, answer.id]).sort()).toEqual([1, 2, 3, 4].map((id) => ['2.0', id]));
    const said = lines(await err);
    expect(said[0]).toMatchObject({ v: 1, seq: 1, kind: 'start', tools: reads, environment: 'sandbox' });
    // The log comes when pino is there, which the first answers do not wait for.
    const logged = said.filter((line) => line.msg !== undefined);
    expect(logged[0]).toMatchObject({ msg: 'serving stdio', tools: reads, environment: 'sandbox' });
    expect(logged.at(-1)).toMatchObject({ msg: 'stopped' });
  });

  it('answers what is under way when stdin ends, then exits', async () => {
    const { server, out, exit } = await startInCall(300);
    server.stdin.end();
    expect(await exit).toEqual([0, null]);
    expect(lines(await out)).toContainEqual(expect.objectContaining({ id: 2, result: expect.anything() }));
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('answers what is under way on %s, then exits', async (signal) => {
    const { server, out, exit } = await startInCall(300);
    server.kill(signal);
    expect(await exit).toEqual([0, null]);
    expect(lines(await out)).toContainEqual(expect.objectContaining({ id: 2, result: expect.anything() }));
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
    const { server, exit, err } = start(['--sandbox', '--allow', '*:read']);
    await once(server.stderr, 'data');
    server.kill(signal);
    expect(await exit).toEqual([0, null]);
    expect(await err).toContain('stopped');
  });

  it('gives no answer to a call that is cancelled, and aborts it', async () => {
    const { server, out, exit } = await startInCall(undefined);
    const recorded = new Promise<void>((resolve) => {
      server.stderr.on('data', (chunk) => `${chunk}`.includes('"outcome":"cancelled"') && resolve());
    });
    say(server, { method: 'notifications/cancelled', params: { requestId: 2 } }, { id: 3, method: 'ping' });
    await recorded; // closing aborts it, too
    server.stdin.end();
    expect(await exit).toEqual([0, null]);
    expect(lines(await out).map(({ id }) => id)).toEqual([1, 3]);
  });

  it('answers calls by their lines, however the bytes of those come', async () => {
    const { server, out, exit } = start(['--sandbox', '--allow', '*:read']);
    say(server, INITIALIZE);
    await once(server.stdout, 'data');
    say(server, INITIALIZED);
    const line = (id: number, method = 'tools/call') =>
      JSON.stringify({ jsonrpc: '2.0', id, method, params: method === 'ping' ? {} : { name: 'list_users' } });
    const halves = (text: string) => [text.slice(0, 20), text.slice(20)];
    const chunks = [
      `${line(2)}\n`,
      `${line(3)}\n${line(4)}\n`,
      ...halves(`${line(5)}\n`),
      ...halves(`${line(6, 'ping')}\n${line(7)}\n`),
      `${line(8)}\r\n`,
      // To its line feed this is one line, and no JSON.
      'no JSON',
      `${line(9)}\n`,
      ...halves(`${line(10)}\n`),
      `${line(11)}\n`,
    ];
    for (const chunk of chunks) {
      await setTimeout(20);
      server.stdin.write(chunk);
    }
    server.stdin.end();
    expect(await exit).toEqual([0, null]);
    const answers = lines(await out);
    expect(answers.map(({ id }) => id).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 10, 11]);
    for (const { error, result } of answers) expect([error, result.isError]).toEqual([undefined, undefined]);
  });

  it.each([
    ['a tool that is off', { name: 'delete_user', arguments: {} }, -32602],
    ['no tool', { name: 7 }, -32602],
    ['arguments that are none', { name: 'get_user', arguments: 'user_1' }, -32602],
  ])('answers a call of %s with an error of the protocol, once connected', async (_, params, code) => {
    const { server, out, err, exit } = start(['--sandbox', '--allow', '*:read']);
    say(server, INITIALIZE);
    await once(server.stdout, 'data');
    say(server, INITIALIZED, { id: 2, method: 'tools/call', params });
    server.stdin.end();
    expect(await exit).toEqual([0, null]);
    expect(lines(await out)[1]).toMatchObject({ id: 2, error: { code } });
    expect(lines(await err)).toContainEqual(expect.objectContaining({ kind: 'decision', decision: 'refused' }));
  });

  it.each([
    ['uses its ID again', { id: 2, method: 'ping' }],
    ['cancels it', { method: 'notifications/cancelled', params: { requestId: 2 } }],
  ])('records a call of a tool that is off, also where the client %s', async (_, next) => {
    const { server, err, exit } = start(['--sandbox', '--allow', '*:read']);
    say(server, INITIALIZE);
    await once(server.stdout, 'data');
    say(server, INITIALIZED, { id: 2, method: 'tools/call', params: { name: 'delete_user', arguments: {} } }, next);
    server.stdin.end();
    expect(await exit).toEqual([0, null]);
    const refused = lines(await err).filter(({ decision }) => decision === 'refused');
    expect(refused).toMatchObject([{ tool: 'delete_user', rule: 'needs the grant users:delete' }]);
  });

  it('aborts the later of two calls under one ID, when that is cancelled', async () => {
    let calls = 0;
    upstream = await listen(async () => {
      calls += 1;
      if (calls === 2) await new Promise(() => {});
      return Response.json({ object: 'user' });
    });
    const env = { WORKOS_API_KEY: 'sk_test_1', WORKOS_BASE_URL: upstream.url };
    const { server, err, exit } = start(['--allow', '*:read'], env);
    const until = (text: string) =>
      new Promise<void>((resolve) => {
        server.stderr.on('data', (chunk) => `${chunk}`.includes(text) && resolve());
      });
    const [first, cancelled] = [until('"outcome":"ok"'), until('"outcome":"cancelled"')];
    say(server, INITIALIZE);
    await once(server.stdout, 'data');
    say(server, INITIALIZED, GET_USER, GET_USER);
    await first;
    say(server, { method: 'notifications/cancelled', params: { requestId: 2 } });
    await cancelled;
    server.stdin.end();
    expect(await exit).toEqual([0, null]);
    expect(await err).not.toContain('sk_test_1');
  });

  it('exits when the client no longer reads', async () => {
    const { server, exit } = start(['--sandbox', '--allow', '*:read']);
    say(server, INITIALIZE);
    await once(server.stdout, 'data');
    server.stdout.destroy();
    say(server, INITIALIZED, { id: 3, method: 'tools/list' });
    expect(await exit).toEqual([0, null]);
  });
});

describe('the command', () => {
  it.each([
    [[], {}, 2, '', /^workos-mcp: Nothing is allowed until you say so/],
    [['--allow', '*:read'], {}, 2, '', /^workos-mcp: No API key/],
    [['--allow', 'user:read'], { WORKOS_API_KEY: 'sk_1' }, 2, '', /Did you mean "users"\?/],
    [['--version'], {}, 0, /^\d+\.\d+\.\d+\n$/, ''],
    [['--help'], {}, 0, /--deny GRANT\[,GRANT…\]\s+WORKOS_MCP_DENY/, ''],
    [['tools'], {}, 0, /get_user +users +read +off +needs the grant users:read\n/, ''],
    [['tools'], {}, 0, new RegExp(`\n0 of ${all} tools are on`), ''],
    [['tools', '--allow', '*:full', '--read-only'], {}, 0, new RegExp(`\n${reads} of ${all} tools are on\\.\n$`), ''],
    [
      ['tools', '--allow', '*:full'],
      { WORKOS_API_KEY: 'sk_live_1' },
      0,
      new RegExp(`\n${reads} of ${all} tools are on\\.\n$`),
      '',
    ],
    [['--sandbox', '--allow', '*:read', '--expect', 'staging'], {}, 2, '', /--sandbox has none/],
    [['tools', '--allow', 'sk_live_1234567890'], {}, 2, '', /no tool "sk_…"/],
    [['tools', '--deny', 'nonsense'], {}, 2, '', /no tool "nonsense"/],
  ])('%j %j', async (args, env, code, stdout, stderr) => {
    const { server, out, err, exit } = start(args, env);
    server.stdin.end();
    expect(await exit).toEqual([code, null]);
    expect(await out).toMatch(stdout);
    expect(await err).toMatch(stderr);
  });

  it('lists the tools for machines', async () => {
    const { out } = start(['tools', '--json', '--allow', 'mfa:write']);
    const tools = JSON.parse(await out);
    expect(tools).toHaveLength(all);
    expect(tools).toContainEqual({
      name: 'verify_auth_challenge',
      area: 'mfa',
      access: 'write',
      credentials: true,
      on: false,
      reason: 'needs the grant mfa:credentials',
    });
  });
});
