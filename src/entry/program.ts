import { readFileSync, writeSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';
import { LIST_BUDGET_TOKENS } from '../access/list-mode.ts';
import { withoutKeys } from '../errors.ts';
import { userOf } from '../files/file-owner.ts';
import { answerFailure } from '../serve/stdio/answer-failure.ts';
import { partFor, spelledOut } from '../settings/command-line.ts';
import type { Part, Shell } from '../start/host.ts';

/** The build replaces it with the version in package.json. */
declare const VERSION: string;

/** The same, from what it is asked to build. */
declare const DIRECT: boolean;

/** Each is a bundle of its own that shares no code with another, so that a process loads one. */
const PARTS: Readonly<Record<ReturnType<typeof partFor>, () => Promise<{ readonly run: Part }>>> = {
  stdio: () => import('./stdio.ts'),
  http: () => import('./http.ts'),
  commands: () => import('./commands.ts'),
};

/** Runs the program in a process, to its exit code. */
export async function runIn(system: NodeJS.Process): Promise<void> {
  keepCompiled();
  const shell = toShell(system);
  const part = partFor(shell.argv);
  try {
    const { run } = await PARTS[part]();
    system.exitCode = await run(shell);
    if (part !== 'commands') exit(system);
  } catch (error) {
    // Compared by name, as each bundle has its own copy of the class.
    if (!(error instanceof Error && error.name === 'StartError')) throw error;
    system.exitCode = 2;
    const message = withoutKeys(error.message);
    complain(message, shell);
    // A stdin that was read before has a client that was answered before.
    const isUnread = system.stdin.readableFlowing === null;
    if (part === 'stdio' && !system.stdin.isTTY && isUnread) await answerFailure(message, shell);
    exit(system);
  }
}

function toShell(system: NodeJS.Process): Shell {
  const { stdin, stdout, stderr } = system;
  /** @throws EAGAIN where the reader of a pipe is behind: Node makes a pipe non-blocking when it opens `stderr` above */
  const writeToStderr = (bytes: Uint8Array) => writeSync(stderr.fd, bytes);
  return {
    argv: spelledOut(system.argv.slice(2)),
    env: system.env,
    program: { node: system.execPath, main: fileURLToPath(new URL('main.js', import.meta.url)) },
    version: VERSION,
    isDirect: DIRECT,
    listBudget: LIST_BUDGET_TOKENS,
    node: system.versions.node,
    readText: (path) => readFileSync(path, 'utf8'),
    user: userOf(system),
    stdin,
    isTyped: stdin.isTTY === true,
    stdout,
    print: (text) => {
      // The reader may close the pipe early, as `head` does.
      if (stdout.listenerCount('error') === 0) stdout.on('error', () => {});
      stdout.write(text);
    },
    isColourful: () => {
      const { NO_COLOR = '', FORCE_COLOR = '' } = system.env;
      return FORCE_COLOR === '' ? stdout.isTTY && NO_COLOR === '' : FORCE_COLOR !== '0';
    },
    columns: () => (stdout.isTTY ? stdout.columns : undefined),
    writeToStderr,
    onSignal: (signal, listener) => void system.on(signal, listener),
  };
}

function complain(message: string, { writeToStderr }: Shell): void {
  try {
    writeToStderr(Buffer.from(`workos-mcp: ${message}\n`));
  } catch {
    // The process ends whether or not its stderr is read.
  }
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

/** Milliseconds that the client has to read the last answers. */
const FLUSH_GRACE_MS = 1_000;

/** Exits even if the client keeps stdin open or does not read its answers. */
function exit(system: NodeJS.Process): void {
  system.stdout.write('', () => system.exit());
  setTimeout(() => system.exit(), FLUSH_GRACE_MS).unref();
}
