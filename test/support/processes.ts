import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const tests = join(root, 'test');

/** Code that starts processes, or reads the build. */
const PROCESS = /from '(node:child_process|@modelcontextprotocol\/(client|sdk\/client)\/stdio(\.js)?)'|\.\.\/dist\b/;
/** An import of another file, except of types alone. */
const IMPORT = /^(?:import|export) (?!type )(?:[^;]* from )?'(\.[^']+)';|\bimport\('(\.[^']+)'\)/gm;

/** The test files that start processes or read the build, themselves or through the files of test/ that they import. */
export function filesWithProcesses(): readonly string[] {
  const texts = new Map<string, string>();
  const textOf = (path: string): string => {
    const text = texts.get(path) ?? readFileSync(path, 'utf8');
    texts.set(path, text);
    return text;
  };
  const isAmong = (path: string, seen: Set<string>): boolean => {
    // Some tests have texts with imports in them.
    if (seen.has(path) || !path.startsWith(tests) || !existsSync(path)) return false;
    seen.add(path);
    const text = textOf(path);
    const imported = [...text.matchAll(IMPORT)].map(([, name, other]) => join(path, '..', name ?? other ?? ''));
    return PROCESS.test(text) || imported.some((one) => isAmong(one, seen));
  };
  return readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(tests, name))
    .filter((path) => isAmong(path, new Set()))
    .map((path) => relative(root, path));
}
