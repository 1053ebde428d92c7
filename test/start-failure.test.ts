import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { answerFailure } from '../src/serve/stdio/answer-failure.ts';
import { built, MAIN } from './support/built.ts';
import { connect, PEERS } from './support/session.ts';

const toLine = (message: object) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;
const DISCOVER = toLine({ id: 1, method: 'server/discover', params: {} });
const INITIALIZE = toLine({ id: 'i', method: 'initialize', params: null });
const refusal = (id: unknown) => toLine({ id, error: { code: -32000, message: 'No key.' } });

describe('a client of a server that does not start', () => {
  const start = () => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    return { stdin, stdout, answered: answerFailure('No key.', { stdin, stdout }) };
  };

  it.each<[what: string, said: string, answers: string]>([
    ['initialize', INITIALIZE, refusal('i')],
    ['initialize behind a probe', `${DISCOVER}${INITIALIZE}`, refusal(1) + refusal('i')],
    [
      'initialize behind what is no request',
      `nonsense\n${toLine({ method: 'notifications/x' })}${INITIALIZE}`,
      refusal('i'),
    ],
  ])('is answered its %s, and that ends it', async (_, said, answers) => {
    const { stdin, stdout, answered } = start();
    stdin.write(said);
    await answered;
    expect(String(stdout.read())).toBe(answers);
  });

  it('is answered each request until it leaves, where it does not initialize', async () => {
    const { stdin, stdout, answered } = start();
    stdin.end(DISCOVER + DISCOVER);
    await answered;
    expect(String(stdout.read())).toBe(refusal(1) + refusal(1));
  });

  it('has two seconds to ask', async () => {
    const started = performance.now();
    await start().answered;
    expect(performance.now() - started).toBeGreaterThan(1_900);
  });

  // One that is pinned to 2026-07-28 says that there is no such revision, whatever the error was.
  it.each(PEERS.filter((peer) => !peer.includes('pinned')))('is told why: %s', async (peer) => {
    const started = connect(['--allow', '*:read'], { WORKOS_API_KEY: 'nonsense' }, peer, built);
    await expect(started).rejects.toThrow('WORKOS_API_KEY is not a WorkOS API key: keys begin with "sk_"');
  });
});

it('says why it does not start on stderr before any client asks, without keys, and ends with the same code', async () => {
  const server = spawn(process.execPath, [MAIN, '--allow', 'sk_live_1234567890'], {
    env: { WORKOS_API_KEY: 'sk_test_1' },
  });
  const out = text(server.stdout);
  const [said] = await once(server.stderr, 'data');
  server.stdin.write(INITIALIZE);
  expect(await once(server, 'exit')).toEqual([2, null]);
  const { id, error } = JSON.parse(await out);
  expect([id, `workos-mcp: ${error.message}\n`]).toEqual(['i', String(said)]);
  expect(error.message).toMatch(/^--allow is given a WorkOS API key\.(?!.*1234567890)/);
});

it.each([['check'], ['http'], ['doctor']])('does not wait for a client where %s fails', async (command) => {
  const server = spawn(process.execPath, [MAIN, command, '--allow', 'nonsense'], { env: {} });
  const out = text(server.stdout);
  server.stdin.write(INITIALIZE);
  const [code] = await once(server, 'exit');
  expect(code).toBeGreaterThan(0);
  expect(await out).not.toContain('jsonrpc');
});
