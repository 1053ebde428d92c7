#!/usr/bin/env node
import { readFileSync, writeSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';
import { withoutKeys } from './errors.ts';
import { partFor } from './settings/command-line.ts';
import type { Part, Shell } from './start/host.ts';

/** Filled in by the build, from package.json. */
declare const VERSION: string;

/** Each is a bundle of its own that shares no code with another, so that a process loads one. */
const PARTS: Readonly<Record<ReturnType<typeof partFor>, () => Promise<{ readonly run: Part }>>> = {
  stdio: () => import('./entry/stdio.ts'),
  http: () => import('./entry/http.ts'),
  commands: () => import('./entry/commands.ts'),
};

const shell: Shell = {
  argv: process.argv.slice(2),
  env: process.env,
  version: VERSION,
  node: process.versions.node,
  readText: (path) => readFileSync(path, 'utf8'),
  stdin: process.stdin,
  stdout: process.stdout,
  print,
  isColourful: () => {
    const { NO_COLOR = '', FORCE_COLOR = '' } = process.env;
    return FORCE_COLOR === '' ? process.stdout.isTTY && NO_COLOR === '' : FORCE_COLOR !== '0';
  },
  writeToStderr: (bytes) => writeSync(2, bytes),
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
 * Has Node keep what V8 makes of the code, where it can (22.1 and later) and may write: beside the code. Who can write
 * there could change the code as well, while in Node's own choice, the folder for temporary files, anybody can put
 * something for us to run.
 */
function keepCompiled(): void {
  const { enableCompileCache } = module as { readonly enableCompileCache?: (folder: string) => unknown };
  enableCompileCache?.(fileURLToPath(new URL('../.compiled', import.meta.url)));
}

function print(text: string): void {
  // A pipe that is read no further, as by `head`.
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => {});
  process.stdout.write(text);
}

/** Milliseconds that a client gets to read its last answers. */
const FLUSH = 1_000;

/** A client that still holds stdin open must not hold up the exit, nor one that does not read what was answered. */
function exit(): void {
  process.stdout.write('', () => process.exit());
  setTimeout(() => process.exit(), FLUSH).unref();
}

main().catch((error: unknown) => {
  // By name: each bundle has a class of its own.
  if (!(error instanceof Error && error.name === 'StartError')) throw error;
  process.exitCode = 2;
  process.stderr.write(`workos-mcp: ${withoutKeys(error.message)}\n`, exit);
});
