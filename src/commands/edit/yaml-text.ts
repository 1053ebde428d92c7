import { isDeepStrictEqual } from 'node:util';
import type { Document } from 'yaml';
import { parseYaml } from '../../settings/parse-yaml.ts';
import type { Change, Format, PathStep } from './change.ts';

/** YAML, comments kept. Its parser's messages name the file. */
export const yamlOf = (file: string): Format => ({
  read: async (text) => (await parseYaml(text, file)).value,
  change: (text, change) => changeYaml(text, change, file),
});

async function changeYaml(text: string, { path, value }: Change, file: string): Promise<string> {
  const { document } = await parseYaml(text, file);
  try {
    if (value === undefined) await remove(document, path);
    else document.setIn(path, document.createNode(value));
  } catch {
    // As where an alias is in the way. That nothing has changed is seen by who asked.
    return text;
  }
  const after = document.toString({
    lineWidth: 0,
    indentSeq: !/^( *)[^\s#-].*:\s*\n\1- /m.test(text),
    flowCollectionPadding: !/\[\S/.test(text),
  });
  const restored = restoreLines(text, after);
  const isRight = await parseYaml(restored, file).then(
    ({ value: content }) => isDeepStrictEqual(content, document.toJS()),
    () => false,
  );
  const best = isRight ? restored : after;
  return text.includes('\r\n') ? best.replace(/\r?\n/g, '\r\n') : best;
}

/**
 * Removes a member with the comment right above it. That of a mapping's first member the parser takes for the mapping's,
 * and it would stand above the next member.
 */
async function remove(document: Document, path: readonly PathStep[]): Promise<void> {
  const { isMap, isScalar } = await import('yaml');
  const parent = document.getIn(path.slice(0, -1));
  const [first, next] = isMap(parent) ? parent.items : [];
  if (isMap(parent) && isScalar(first?.key) && first.key.value === path.at(-1)) {
    const lines = parent.commentBefore?.split('\n') ?? [];
    parent.commentBefore = lines.slice(0, lines.lastIndexOf('') + 1).join('\n') || null;
    if (isScalar(next?.key)) next.key.spaceBefore = false;
  }
  document.deleteIn(path);
}

/** The new text with the old text's lines wherever they differ in white space alone: not ours to tidy up. */
function restoreLines(before: string, after: string): string {
  const old = before.split(/\r?\n/);
  const squeeze = (line: string) => line.replace(/\s+/g, '');
  const restored: string[] = [];
  let next = 0;
  for (const line of after.split('\n')) {
    const found =
      squeeze(line) === '' ? -1 : old.findIndex((known, index) => index >= next && squeeze(known) === squeeze(line));
    if (found < 0) {
      restored.push(line);
      continue;
    }
    if (restored.at(-1) === '' && squeeze(old[found - 1] ?? '') !== '') restored.pop();
    restored.push(old[found] ?? line);
    next = found + 1;
  }
  return restored.join('\n');
}
