import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PassThrough, Readable } from 'node:stream';
import { withoutKeys } from '../../src/errors.ts';
import { userOf } from '../../src/files/file-owner.ts';
import { partFor, spelledOut } from '../../src/settings/command-line.ts';
import type { Part, Shell } from '../../src/start/host.ts';
import type { Env } from './http-server.ts';

/** Milliseconds after which what serves, where it should have ended, is ended. */
const SERVING = 8_000;

/**
 * Runs the built program in this process to its end, for tests that are about what it says. Like `run`, which has it in a
 * process of its own: what serves instead has no code.
 * @param messages to a server over stdio, after which its client leaves
 */
export async function runHere(args: readonly string[], env: Env = {}, messages: readonly object[] = []) {
  const stdin = Readable.from(
    messages.map((message) => `${JSON.stringify(message)}\n`),
    { objectMode: false },
  );
  const output = new PassThrough().on('data', (chunk) => {
    stdout += chunk;
  });
  let [stdout, stderr] = ['', ''];
  let stop = () => {};
  const shell: Shell = {
    argv: spelledOut(args),
    env,
    program: { node: '/usr/bin/node', main: '/opt/workos-mcp/dist/main.js' },
    version: '0.0.0',
    node: process.versions.node,
    readText: (path) => readFileSync(path, 'utf8'),
    user: userOf(process),
    stdin,
    isTyped: false,
    stdout: output,
    print: (text) => {
      stdout += text;
    },
    isDirect: true,
    listBudget: 6_000,
    isColourful: () => false,
    columns: () => undefined,
    writeToStderr: (bytes) => {
      stderr += Buffer.from(bytes).toString();
      return bytes.length;
    },
    onSignal: (signal, listener) => {
      if (signal === 'SIGTERM') stop = listener;
    },
  };
  // The built files, as they are: an import would have Vite transform them, and types would need a build.
  const { run } = createRequire(import.meta.url)(`../../dist/${partFor(spelledOut(args))}.js`) as {
    readonly run: Part;
  };
  let isServing = false;
  const timer = setTimeout(() => {
    isServing = true;
    stop();
  }, SERVING);
  try {
    const code = await run(shell);
    return { code: isServing ? null : code, stdout, stderr };
  } catch (error) {
    // As src/main.ts does.
    if (!(error instanceof Error && error.name === 'StartError')) throw error;
    return { code: 2, stdout, stderr: `${stderr}workos-mcp: ${withoutKeys(error.message)}\n` };
  } finally {
    clearTimeout(timer);
  }
}
