import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { StdioClientTransport as StdioClientTransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { collect, type Server } from './session.ts';
import type { Way } from './ways.ts';

const root = `${import.meta.dirname}/../..`;

export const MAIN = `${root}/dist/main.js`;

/** The built server in a process of its own. */
export const built: Server = (args, env, peer) => {
  const command = { command: process.execPath, args: [MAIN, ...args], env, stderr: 'pipe' as const };
  const transport = peer === 'v1 client' ? new StdioClientTransportV1(command) : new StdioClientTransport(command);
  return { transport, log: collect(transport.stderr) };
};

/** A server that answers in one of these ways, and what removes it if it was built for that. */
export function openServer(way: Way): { readonly main: string; readonly remove: () => void } {
  if (way === 'past the SDK') return { main: MAIN, remove: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'workos-mcp-'));
  const args = ['scripts/build.mjs', '--no-direct', '--out', join(folder, 'dist')];
  execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  return { main: join(folder, 'dist/main.js'), remove: () => rmSync(folder, { recursive: true }) };
}
