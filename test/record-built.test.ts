import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAIN } from './support/built.ts';
import { runProgram } from './support/in-process.ts';
import { initialize, readMessages, toLine } from './support/raw.ts';
import { listen, type Upstream } from './support/upstream.ts';

const USER = 'user_01E4ZCR3C56J083X43JQXF3JK5';

let upstream: Upstream;
let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workos-mcp-'));
  file = join(folder, 'audit.jsonl');
  upstream = await listen(() => Response.json({ object: 'user', id: USER }));
});
afterEach(async () => {
  await upstream.close();
  await rm(folder, { recursive: true });
});

/** The built server, which records in a file of at most so many blocks of 1,024 bytes. */
function start(blocks: number | 'unlimited') {
  const command = `exec "${process.execPath}" "${MAIN}" --allow '*:full' --confirm off --audit-log "${file}"`;
  const server = spawn('bash', ['-c', `ulimit -f ${blocks}; ${command}`], {
    env: { WORKOS_API_KEY: 'sk_test_record_1234567890', WORKOS_BASE_URL: upstream.url },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const answer = readMessages(server.stdout);
  server.stdin.write(toLine(initialize()));
  return {
    opened: answer(),
    remove: async (): Promise<string> => {
      const params = { name: 'delete_user', arguments: { user_id: USER } };
      server.stdin.write(toLine({ id: 2, method: 'tools/call', params }));
      return JSON.stringify((await answer()).result);
    },
    kill: async (signal: NodeJS.Signals) => {
      server.kill(signal);
      await once(server, 'exit');
    },
  };
}

describe('the record of the built server', () => {
  it('on a disk that is full lets nothing be sent, and has what was done once there is room', async () => {
    // A limit on the size of files fails writes as a full disk does.
    const { opened, remove, kill } = start(8);
    await opened;
    const results: string[] = [];
    for (let calls = 0; calls < 20; calls += 1) results.push(await remove());
    await kill('SIGTERM');
    const refused = results.findIndex((text) => text.includes('cannot be recorded is not sent'));
    expect(refused).toBeGreaterThan(0);
    expect(results.slice(refused).every((text) => text.includes('was not sent'))).toBe(true);
    expect(upstream.received).toHaveLength(refused);
    const lines = (await readFile(file, 'utf8')).split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
    // Whatever was sent has its decision; an outcome that had no room was told to the caller.
    expect(lines.filter(({ kind, decision }) => kind === 'decision' && decision === 'allowed')).toHaveLength(refused);
    const outcomes = lines.filter(({ kind }) => kind === 'outcome').length;
    expect(results[refused - 1]?.includes('The outcome could not be recorded')).toBe(outcomes < refused);
  });

  it('reads as outcome unknown where a call was cut off by the end of the process', async () => {
    upstream.answer = () => new Promise(() => {});
    const { opened, remove, kill } = start('unlimited');
    await opened;
    void remove().catch(() => {}); // never answered
    await expect.poll(() => upstream.received.length).toBe(1);
    await kill('SIGKILL');
    expect((await runProgram(['audit', 'show', file])).stdout).toContain('outcome unknown');
    const verified = await runProgram(['audit', 'verify', file]);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('unknown') });
  });
});
