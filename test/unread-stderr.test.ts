import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { MAIN } from './support/built.ts';
import { findPort } from './support/find-port.ts';

/** Notifications that are malformed. Each is a line of the log, and all of them are more than a pipe or a socket holds. */
const NOISE = '{"method":"notifications/x"}\n'.repeat(5_000);

const CALLS = 20;

function start(args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'workos-mcp-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const record = join(folder, 'audit.jsonl');
  const server = spawn(
    process.execPath,
    [
      MAIN,
      ...args.map((arg) => arg.replace('RECORD', record)),
      '--sandbox',
      '--allow',
      '*:read',
      '--log-level',
      'trace',
    ],
    { env: {} },
  );
  onTestFinished(() => void server.kill('SIGKILL'));
  server.stderr.pause(); // it is read by Node alone, as far as its buffer goes
  const exit = once(server, 'exit');
  return { server, record, exit };
}

/** A server over stdio that has written more to stderr than that holds. */
async function startUnread(args: readonly string[]) {
  const started = start(args);
  const { server } = started;
  const answers = createInterface(server.stdout)[Symbol.asyncIterator]();
  const ask = async (message: object) => {
    server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, ...message })}\n`);
    return JSON.parse((await answers.next()).value ?? 'null');
  };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
  await ask({ method: 'initialize', params });
  server.stdin.write(NOISE);
  await setTimeout(600); // the log has loaded what it writes with
  const list = (): Promise<{ result?: { isError?: boolean; content: { text: string }[] } }> =>
    ask({ method: 'tools/call', params: { name: 'list_users', arguments: { limit: 1 } } });
  let last = await list();
  for (let call = 1; call < CALLS; call += 1) last = await list();
  return { ...started, ask, list, last };
}

const HOW = ['stdin', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const end = ({ server }: Pick<ReturnType<typeof start>, 'server'>, how: (typeof HOW)[number]) =>
  how === 'stdin' ? server.stdin.end() : server.kill(how);

it.each(
  HOW,
)('a server whose stderr is not read serves calls with a record in a file, and ends with %s', async (how) => {
  const unread = await startUnread(['--audit-log', 'RECORD']);
  expect(unread.last.result?.isError).toBeUndefined();
  end(unread, how);
  expect(await unread.exit).toEqual([0, null]);
  const last = readFileSync(unread.record, 'utf8').trim().split('\n').at(-1) ?? '';
  expect(JSON.parse(last)).toMatchObject({ kind: 'stop', reason: how === 'stdin' ? 'the client left' : how });
});

it.each(
  HOW,
)('one whose record is on that stderr refuses calls at once, answers pings, and ends with %s', async (how) => {
  const unread = await startUnread(['--audit-log', 'stderr']);
  // On a busy machine the log takes longer to load, and fills what is not read after that.
  await expect.poll(async () => (await unread.list()).result, { interval: 10 }).toMatchObject({ isError: true });
  const refused = await unread.list();
  expect(refused.result?.content[0]?.text).toContain('cannot be written (its reader does not read, EAGAIN)');
  expect(await unread.ask({ method: 'ping' })).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
  end(unread, how);
  expect(await unread.exit).toEqual([0, null]);
});

it('one that is read again writes on, after it has told how many lines were dropped', async () => {
  const { server } = await startUnread(['--audit-log', 'RECORD']);
  let text = '';
  server.stderr.on('data', (chunk) => {
    text += chunk;
  });
  server.stderr.resume();
  await setTimeout(200);
  const closed = once(server, 'close');
  server.stdin.end();
  expect(await closed).toEqual([0, null]);
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const dropped = lines.find((line) => line.msg === 'lines of the log were dropped')?.dropped;
  expect(dropped).toBeGreaterThan(0);
  expect(lines.at(-1)).toMatchObject({ msg: 'stopped' });
});

it.each(['SIGTERM', 'SIGINT'] as const)('one over HTTP ends with %s', async (signal) => {
  const port = await findPort();
  const { server, exit } = start(['http', '--anonymous', '--port', String(port)]);
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'list_users', arguments: {} } };
  const headers = { 'content-type': 'application/json', accept: '*/*' };
  const post = () => fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers, body: JSON.stringify(call) });
  let text = '';
  for (let tries = 0; tries < 100 && text === ''; tries += 1) {
    await setTimeout(50);
    text = await post().then(
      (response) => response.text(),
      () => '',
    );
  }
  for (let calls = 0; calls < 600 && !text.includes('EAGAIN'); calls += 1) text = await (await post()).text();
  expect(text).toContain('EAGAIN');
  server.kill(signal);
  expect(await exit).toEqual([0, null]);
});
