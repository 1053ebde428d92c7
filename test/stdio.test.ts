import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { catalog, openedBy } from './support/catalog.ts';
import { runProgram, startProgram } from './support/in-process.ts';
import { INITIALIZED, initialize, type Message, parseMessages, toLine } from './support/raw.ts';
import { listen, type Upstream } from './support/upstream.ts';
import { WAYS, type Way } from './support/ways.ts';

const all = catalog.tools.length;
const reads = openedBy('*', 'read').length;

/** A server that is talked to in raw lines, as no client would. */
function start(way: Way, args: readonly string[], env: Record<string, string> = {}) {
  const { stdin, stdout, log, signal, exit } = startProgram(args, env, way);
  const out = text(stdout).catch(() => '');
  const opened = new Promise<void>((resolve) => {
    stdout.once('data', () => resolve());
  });
  return {
    stdin,
    stdout,
    log,
    signal,
    exit,
    until: (pattern: RegExp) => vi.waitFor(() => expect(log()).toMatch(pattern), 10_000),
    say: (...messages: readonly Message[]) => stdin.write(messages.map(toLine).join('')),
    /** Resolves once initialize is answered. */
    opened,
    /** Resolves to all answers. */
    answers: async () => parseMessages(await out),
    /** Ends it and resolves to its answers. */
    end: async () => {
      stdin.end();
      expect(await exit).toBe(0);
      return parseMessages(await out);
    },
  };
}

const SANDBOX = ['--sandbox', '--allow', '*:read'];
const GET_USER = { id: 2, method: 'tools/call', params: { name: 'get_user', arguments: { user_id: 'user_1' } } };

const upstreams: Upstream[] = [];
afterAll(() => Promise.all(upstreams.map((upstream) => upstream.close())));

/** A server with a WorkOS of its own, which answers the first requests, and then as `hang` does. */
async function startBefore(way: Way, answered: number, hang: () => Promise<unknown> = () => new Promise(() => {})) {
  const upstream = await listen(async () => {
    if (upstream.received.length > answered) await hang();
    return Response.json({ object: 'user' });
  });
  upstreams.push(upstream);
  const env = { WORKOS_API_KEY: 'sk_test_1', WORKOS_BASE_URL: upstream.url };
  const server = start(way, ['--allow', '*:read'], env);
  const received = (count: number) => vi.waitFor(() => expect(upstream.received).toHaveLength(count), 10_000);
  return { ...server, received };
}

describe.each(WAYS)('over stdio, answered %s,', (way) => {
  it('answers each of 200 calls at once', async () => {
    const { say, opened, end } = start(way, SANDBOX);
    say(initialize());
    await opened;
    const calls = Array.from({ length: 200 }, (_, id) => ({
      id: id + 2,
      method: 'tools/call',
      params: { name: 'list_organizations' },
    }));
    say(INITIALIZED, ...calls);
    const answers = (await end()).filter(({ result }) => Object(result).structuredContent !== undefined);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(200);
  });

  it('gives no answer to a call that is cancelled, and aborts it', async () => {
    const { say, opened, received, until, end } = await startBefore(way, 0);
    say(initialize());
    await opened;
    say(INITIALIZED, GET_USER);
    await received(1);
    say({ method: 'notifications/cancelled', params: { requestId: 2 } }, { id: 3, method: 'ping' });
    await until(/"outcome":"cancelled"/); // closing aborts it, too
    expect((await end()).map(({ id }) => id)).toEqual([1, 3]);
  });

  it('answers calls by their lines, however the bytes of those come', async () => {
    const { stdin, say, opened, end } = start(way, SANDBOX);
    say(initialize());
    await opened;
    say(INITIALIZED);
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
      await setImmediate();
      stdin.write(chunk);
    }
    const [unread, ...others] = (await end()).toSorted((a, b) => Number(a.id) - Number(b.id));
    expect(unread).toMatchObject({ id: null, error: { code: -32700 } });
    expect(others.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 10, 11]);
    for (const { error, result } of others) expect([error, Object(result).isError]).toEqual([undefined, undefined]);
  });

  it.each([
    ['a tool that is off', { name: 'delete_user', arguments: {} }, -32602],
    ['no tool', { name: 7 }, -32602],
    ['arguments that are none', { name: 'get_user', arguments: 'user_1' }, -32602],
  ])('answers a call of %s with an error of the protocol, once connected', async (_, params, code) => {
    const { say, opened, log, end } = start(way, SANDBOX);
    say(initialize());
    await opened;
    say(INITIALIZED, { id: 2, method: 'tools/call', params });
    expect((await end())[1]).toMatchObject({ id: 2, error: { code } });
    expect(parseMessages(log())).toContainEqual(expect.objectContaining({ kind: 'decision', decision: 'refused' }));
  });

  it.each([
    ['uses its ID again', { id: 2, method: 'ping' }],
    ['cancels it', { method: 'notifications/cancelled', params: { requestId: 2 } }],
  ])('records a call of a tool that is off, also where the client %s', async (_, next) => {
    const { say, opened, log, end } = start(way, SANDBOX);
    say(initialize());
    await opened;
    say(INITIALIZED, { id: 2, method: 'tools/call', params: { name: 'delete_user', arguments: {} } }, next);
    await end();
    const refused = parseMessages(log()).filter(({ decision }) => decision === 'refused');
    expect(refused).toMatchObject([{ tool: 'delete_user', rule: 'needs the grant users:delete' }]);
  });

  it('aborts the later of two calls under one ID, when that is cancelled', async () => {
    const { say, opened, until, log, end } = await startBefore(way, 1);
    say(initialize());
    await opened;
    say(INITIALIZED, GET_USER, GET_USER);
    await until(/"outcome":"ok"/);
    say({ method: 'notifications/cancelled', params: { requestId: 2 } });
    await until(/"outcome":"cancelled"/);
    await end();
    expect(log()).not.toContain('sk_test_1');
  });

  // Beside each other, since they wait.
  describe.concurrent('when it is to end,', () => {
    const ENDS = ['stdin', 'SIGTERM', 'SIGINT'] as const;
    /** In the middle of a call. */
    const startInCall = async (hang?: () => Promise<unknown>) => {
      const server = await startBefore(way, 0, hang);
      server.say(initialize());
      await server.opened;
      server.say(INITIALIZED, GET_USER);
      await server.received(1);
      return server;
    };
    const end = ({ stdin, signal }: ReturnType<typeof start>, how: (typeof ENDS)[number]) =>
      how === 'stdin' ? stdin.end() : signal(how);

    it.each(ENDS)('answers what is under way: %s', async (how) => {
      let answer = () => {};
      const server = await startInCall(
        () =>
          new Promise<void>((resolve) => {
            answer = resolve;
          }),
      );
      end(server, how);
      await setImmediate();
      answer();
      expect(await server.exit).toBe(0);
      expect(await server.answers()).toContainEqual(expect.objectContaining({ id: 2, result: expect.anything() }));
    });

    it.each(ENDS)('gives up within seconds where WorkOS does not answer: %s', async (how) => {
      const server = await startInCall();
      const asked = performance.now();
      end(server, how);
      expect(await server.exit).toBe(0);
      expect(performance.now() - asked).toBeLessThan(6_000);
    });

    it.each(ENDS)('ends at once when idle: %s', async (how) => {
      const server = start(way, SANDBOX);
      await server.until(/"kind":"start"/);
      end(server, how);
      expect(await server.exit).toBe(0);
      expect(server.log()).toContain('stopped');
    });

    it('ends where the client no longer reads', async () => {
      const { say, opened, stdout, exit } = start(way, SANDBOX);
      say(initialize());
      await opened;
      stdout.destroy(new Error('EPIPE'));
      say(INITIALIZED, { id: 3, method: 'tools/list' });
      expect(await exit).toBe(0);
    });
  });
});

describe('the command', () => {
  it.each<
    [args: string[], env: Record<string, string>, code: number, stdout: string | RegExp, stderr: string | RegExp]
  >([
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
    [['--sandbox', '--allow', '*:read', '--expect', 'staging'], {}, 2, '', /--sandbox uses none/],
    [['tools', '--allow', 'sk_live_1234567890'], {}, 2, '', /--allow is given a WorkOS API key/],
    [['tools', '--deny', 'nonsense'], {}, 2, '', /no tool "nonsense"/],
  ])('%j %j', async (args, env, code, stdout, stderr) => {
    const ended = await runProgram(args, env);
    expect(ended.code).toBe(code);
    expect(ended.stdout).toMatch(stdout);
    expect(ended.stderr).toMatch(stderr);
  });

  it('lists the tools for machines', async () => {
    const { stdout } = await runProgram(['tools', '--json', '--allow', 'mfa:write']);
    const tools = JSON.parse(stdout);
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
