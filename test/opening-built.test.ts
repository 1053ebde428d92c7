import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { MAIN, openServer } from './support/built.ts';
import { INITIALIZED, initialize, type Message, readMessages, toLine } from './support/raw.ts';
import type { Way } from './support/ways.ts';

const dist = join(MAIN, '..');
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function start(main = MAIN) {
  const server = spawn(process.execPath, [main, '--sandbox', '--allow', '*:read'], { env: {} });
  return {
    server,
    err: text(server.stderr),
    exit: once(server, 'exit') as Promise<[number | null, NodeJS.Signals | null]>, // as Node documents the event
    say: (...messages: readonly Message[]) => server.stdin.write(messages.map(toLine).join('')),
    answer: readMessages(server.stdout),
  };
}

const LIST = { id: 2, method: 'tools/list' };
const CALL = { id: 3, method: 'tools/call', params: { name: 'get_access_status', arguments: {} } };

/** The folder of a copy of the built server that lacks what comes behind the opening. */
function withoutSession(): string {
  const folder = mkdtempSync(join(tmpdir(), 'workos-mcp-'));
  folders.push(folder);
  cpSync(dist, join(folder, 'dist'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), readFileSync(join(dist, '../package.json')));
  rmSync(join(folder, 'dist/session.js'));
  return folder;
}

describe('the opening of the built server', () => {
  it('answers initialize and the lists as a server does that leaves them to the SDK', async () => {
    const answers = async (way: Way) => {
      const { main, remove } = openServer(way);
      const { server, say, answer } = start(main);
      const said = [];
      for (const request of [initialize(), LIST, { id: 'p', method: 'prompts/list' }]) {
        say(request);
        said.push(await answer());
      }
      server.kill();
      remove();
      return said;
    };
    expect(await answers('past the SDK')).toEqual(await answers('by the SDK'));
  });

  it('is over when nothing is asked for a while, so that what comes behind it is there in time', async () => {
    const { exit } = start(join(withoutSession(), 'dist/main.js'));
    expect(await exit).toEqual([2, null]);
  });

  it('needs neither the SDK nor zod, and says so when what comes behind it is missing', async () => {
    const folder = withoutSession();
    const { say, answer, err, exit } = start(join(folder, 'dist/main.js'));
    say(initialize(), INITIALIZED, LIST, CALL);
    expect([(await answer()).id, (await answer()).id]).toEqual([1, 2]);
    expect(await exit).toEqual([2, null]);
    expect(await err).toMatch(/^workos-mcp: A part of the program cannot be loaded \(ERR_MODULE_NOT_FOUND\)\. /m);
    expect(await err).toMatch(/"kind":"stop","reason":"it failed"/);
    const rest = readdirSync(join(folder, 'dist')).filter((file) => /^(main|program|stdio.*)\.js$/.test(file));
    expect(rest).toEqual(['main.js', 'program.js', 'stdio-shared.js', 'stdio.js']);
    for (const file of rest)
      expect(readFileSync(join(folder, 'dist', file), 'utf8')).not.toMatch(/ZodObject|McpServer/);
  });
});
