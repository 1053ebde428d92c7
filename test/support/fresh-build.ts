import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';

const root = resolve(import.meta.dirname, '../..');

/** What the build reads. A folder is newer than the build once a file in it was added, renamed or removed. */
const SOURCES = ['src', 'tools', 'sandbox', 'scripts/build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'];

/** Builds where a source is newer than the build: before the tests, and before each rerun in watch mode. */
export default function setup(project: TestProject): void {
  build();
  project.onTestsRerun(build);
}

function build(): void {
  const built = join(root, 'dist/main.js');
  const since = existsSync(built) ? statSync(built).mtimeMs : 0;
  if (!SOURCES.some((name) => newest(join(root, name)) > since)) return;
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the build fails');
}

function newest(path: string): number {
  const stat = statSync(path);
  const inside = stat.isDirectory() ? readdirSync(path).map((name) => newest(join(path, name))) : [];
  return Math.max(stat.mtimeMs, ...inside);
}
