import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIN } from './session.ts';

const root = `${import.meta.dirname}/../..`;

/** The built server answers past the SDK what it can. Another one does nothing of that, and differs in speed alone. */
export const WAYS = ['past the SDK', 'by the SDK'] as const;
export type Way = (typeof WAYS)[number];

/** A server that answers in one of these ways, and what removes it if it was built for that. */
export function openServer(way: Way): { readonly main: string; readonly remove: () => void } {
  if (way === 'past the SDK') return { main: MAIN, remove: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'workos-mcp-'));
  const args = ['scripts/build.mjs', '--no-direct', '--out', join(folder, 'dist')];
  execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  return { main: join(folder, 'dist/main.js'), remove: () => rmSync(folder, { recursive: true }) };
}
