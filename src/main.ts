#!/usr/bin/env node
import { readFileSync, writeSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';
import { withoutKeys } from './errors.ts';
import { partFor } from './settings/command-line.ts';
import type { Part, Shell } from './start/host.ts';

/** The build replaces it with the version in package.json. */
declare const VERSION: string;

/** The same, from what it is asked to build. */
declare const DIRECT: boolean;

/** Each is a bundle of its own that shares no code with another, so that a process loads one. */
const PARTS: Readonly<Record<ReturnType<typeof partFor>, () => Promise<{ readonly run: Part }>>> = {
  stdio: () => import('./entry/stdio.ts'),
  http: () => import('./entry/http.ts'),
  commands: () => import('./entry/commands.ts'),
};

const shell: Shell = {
  argv: process.argv.slice(2),
  env: process.env,
  program: { node: process.execPath, main: fileURLToPath(import.meta.url) },
  version: VERSION,
  isDirect: DIRECT,
  node: process.versions.node,
  readText: (path) => readFileSync(path, 'utf8'),
  stdin: process.stdin,
  stdout: process.stdout,
  print,
  isColourful: () => {
    const { NO_COLOR = '', FORCE_COLOR = '' } = process.env;
    return FORCE_COLOR === '' ? process.stdout.isTTY && NO_COLOR === '' : FORCE_COLOR !== '0';
  },
  // Node makes a pipe non-blocking when it opens the stream: the write throws EAGAIN where the reader is behind.
  writeToStderr: (bytes) => writeSync(process.stderr.fd, bytes),
  onSignal: (signal, listener) => void process.on(signal, listener),
};

async function main(): Promise<void> {
  keepCompiled();
  const part = partFor(shell.argv);
  const { run } = await PARTS[part]();
  process.exitCode = await run(shell);
  if (part !== 'commands') exit();
}

/**
 * Enables Node's compile cache (22.1 and later) in a folder beside the code. A user who can write there could change
 * the code as well. Node's default is the folder for temporary files, where any local user could plant code for this
 * process to run.
 */
function keepCompiled(): void {
  const { enableCompileCache } = module as { readonly enableCompileCache?: (folder: string) => unknown };
  enableCompileCache?.(fileURLToPath(new URL('../.compiled', import.meta.url)));
}

function print(text: string): void {
  // The reader may close the pipe early, as `head` does.
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => {});
  process.stdout.write(text);
}

/** Milliseconds that the client has to read the last answers. */
const FLUSH_GRACE_MS = 1_000;

/** Exits even if the client keeps stdin open or does not read its answers. */
function exit(): void {
  process.stdout.write('', () => process.exit());
  setTimeout(() => process.exit(), FLUSH_GRACE_MS).unref();
}

main().catch((error: unknown) => {
  // Compared by name, as each bundle has its own copy of the class.
  if (!(error instanceof Error && error.name === 'StartError')) throw error;
  process.exitCode = 2;
  process.stderr.write(`workos-mcp: ${withoutKeys(error.message)}\n`, exit);
});
