import { isDeepStrictEqual } from 'node:util';
import type { Document } from 'yaml';
import { StartError } from '../../errors.ts';

/** What is to stand at a path, or `undefined` to take out what does. */
export type Change = { readonly path: readonly (string | number)[]; readonly value: unknown };

/**
 * The text of a YAML or JSON file with one change, and all else in the form it had.
 * @param file its name, for messages
 * @throws StartError where the change cannot be made without touching anything else, as with aliases
 */
export async function changeText(text: string, change: Change, file: string): Promise<string> {
  const byHand = () =>
    new StartError(`${file} is written in a way that only you can change: add to ${change.path.join('.')} yourself.`);
  const wanted = withChange((await readPlain(text)) ?? {}, change);
  const after = isJson(text)
    ? `${JSON.stringify(wanted, null, indentOf(text))}\n`
    : await changedYaml(text, change).catch(() => undefined);
  if (after === undefined) throw byHand();
  for (const candidate of [restoreLines(text, after), after]) {
    const content = await readPlain(candidate).catch(() => undefined);
    if (isDeepStrictEqual(content, wanted))
      return text.includes('\r\n') ? candidate.replace(/\r?\n/g, '\r\n') : candidate;
  }
  throw byHand();
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

async function changedYaml(text: string, { path, value }: Change): Promise<string> {
  const { parseDocument } = await import('yaml');
  const document: Document = parseDocument(text);
  if (value === undefined) document.deleteIn(path);
  else document.setIn(path, document.createNode(value));
  return document.toString({
    lineWidth: 0,
    indentSeq: !/^( *)[^\s#-].*:\s*\n\1- /m.test(text),
    flowCollectionPadding: !/\[\S/.test(text),
  });
}

function withChange(content: unknown, { path, value }: Change): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const copy: Record<string | number, unknown> = Array.isArray(content)
    ? Object.assign([], content)
    : { ...Object(content) };
  if (rest.length > 0) {
    copy[step] = withChange(Object.hasOwn(copy, step) ? copy[step] : undefined, { path: rest, value });
  } else if (value !== undefined) copy[step] = value;
  else if (Array.isArray(copy)) copy.splice(Number(step), 1);
  else delete copy[step];
  return copy;
}

/** What a text holds. */
async function readPlain(text: string): Promise<unknown> {
  const { parse } = await import('yaml');
  return parse(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const indentOf = (text: string): string => /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
