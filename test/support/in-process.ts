import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { StdioServerTransport as StdioServerTransportV1 } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { LIST_BUDGET_TOKENS } from '../../src/access/list-mode.ts';
import { type TokenCounts, toTokenCounts } from '../../src/access/token-cost.ts';
import { toPart } from '../../src/entry/stdio.ts';
import { withoutKeys } from '../../src/errors.ts';
import { userOf } from '../../src/files/file-owner.ts';
import { partFor, spelledOut } from '../../src/settings/command-line.ts';
import { connectSession } from '../../src/start/connect-session.ts';
import type { Part, Shell } from '../../src/start/host.ts';
import { createOwnTools } from '../../src/start/own-tools.ts';
import { catalog } from './catalog.ts';
import type { Peer, Server } from './session.ts';
import type { Way } from './ways.ts';

/** The program, run from its sources in this process, with streams instead of the process's own. */
export type Program = {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Everything that it has written to stderr so far. */
  readonly log: () => string;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Resolves to its exit code. */
  readonly exit: Promise<number>;
};

const grants = { allow: [], deny: [], readOnly: false, productionGuard: false };
const { statusTool, waitTool, finding } = createOwnTools(catalog)(
  { name: '', grants },
  { statusTool: true, isListed: () => false },
);
if (statusTool === undefined || waitTool === undefined || finding === undefined)
  throw new Error('the server has no tools of its own');
const own = { statusTool, waitTool, findTool: finding.find, callTools: finding.calls };

/** The parts of main.ts. The one for stdio gets the tools from their declarations, which the build prepares otherwise. */
const PARTS: Readonly<Record<ReturnType<typeof partFor>, Part>> = {
  stdio: toPart(
    async () => ({ ...catalog, ...own, tokens: await tokenCounts() }),
    async () => ({ connect: (deps) => connectSession(catalog, deps) }),
  ),
  http: async (shell) => {
    Object.assign(globalThis, { TOKENS: await tokenCounts() });
    return (await import('../../src/entry/http.ts')).run(shell);
  },
  commands: async (shell) => {
    if (shell.argv.some((word) => ['check', 'tools', 'explain'].includes(word)))
      Object.assign(globalThis, { TOKENS: await tokenCounts() });
    return (await import('../../src/entry/commands.ts')).run(shell);
  },
};

/** What each tool costs a model, which the build fills in otherwise. Counted when it is first needed. */
let counted: Promise<TokenCounts> | undefined;
const tokenCounts = (): Promise<TokenCounts> => {
  counted ??= import('gpt-tokenizer/encoding/o200k_base').then(({ countTokens }) =>
    toTokenCounts([...catalog.tools, statusTool, waitTool, finding.find, ...Object.values(finding.calls)], countTokens),
  );
  return counted;
};

export function startProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  way: Way = 'past the SDK',
  {
    isTyped = false,
    columns,
    listBudget = LIST_BUDGET_TOKENS,
  }: { readonly isTyped?: boolean; readonly columns?: number; readonly listBudget?: number | undefined } = {},
): Program {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const signals = new EventEmitter();
  let stderr = '';
  const shell: Shell = {
    argv: spelledOut(args),
    env,
    program: { node: '/usr/bin/node', main: '/opt/workos-mcp/dist/main.js' },
    version: '0.0.0',
    isDirect: way === 'past the SDK',
    listBudget,
    node: process.versions.node,
    readText: (path) => readFileSync(path, 'utf8'),
    user: userOf(process),
    stdin,
    isTyped,
    stdout,
    print: (text) => void stdout.write(text),
    isColourful: () => false,
    columns: () => columns,
    writeToStderr: (bytes) => {
      stderr += Buffer.from(bytes).toString();
      return bytes.length;
    },
    onSignal: (signal, listener) => void signals.on(signal, listener),
  };
  const run = async (): Promise<number> => {
    try {
      return await PARTS[partFor(spelledOut(args))](shell);
    } catch (error) {
      const isStartError = error instanceof Error && error.name === 'StartError';
      stderr += isStartError ? `workos-mcp: ${withoutKeys(error.message)}\n` : inspect(error);
      return isStartError ? 2 : 1;
    } finally {
      stdout.end();
    }
  };
  return { stdin, stdout, log: () => stderr, signal: (signal) => void signals.emit(signal), exit: run() };
}

/** Runs it to its end, with nothing on stdin. */
export async function runProgram(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { stdin, stdout, log, exit } = startProgram(args, env);
  stdin.end();
  const [code, out] = await Promise.all([exit, text(stdout)]);
  return { code, stdout: out, stderr: log() };
}

/** A server in this process. */
export const inProcess = (...[args, env, peer, listBudget]: [...Parameters<Server>, listBudget?: number]) => {
  const program = startProgram(args, env, undefined, { listBudget });
  return { transport: toTransport(program, peer), log: program.log };
};

/** The client's end of the streams. The SDKs' transports for servers read from one stream and write to another, too. */
function toTransport({ stdin, stdout, exit }: Program, peer: Peer) {
  const wire =
    peer === 'v1 client' ? new StdioServerTransportV1(stdout, stdin) : new StdioServerTransport(stdout, stdin);
  const close = wire.close.bind(wire);
  stdout.once('end', close);
  return Object.assign(wire, {
    close: async () => {
      stdin.end();
      await exit;
      await close();
    },
  });
}
