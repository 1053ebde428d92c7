import { StartError } from '../../errors.ts';
import type { ServerEntry } from './clients.ts';
import { taken } from './json-file.ts';

/** A value as TOML has it: whatever JSON writes for a text is a basic string there. */
function toValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toValue).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).map(([key, inner]) => `${key} = ${toValue(inner)}`);
  return `{ ${pairs.join(', ')} }`;
}

/** The table of a server. Names and keys are bare ones. */
export function toTable(section: string, name: string, entry: ServerEntry): string {
  const lines = Object.entries(entry).map(([key, value]) => `${key} = ${toValue(value)}`);
  return [`[${section}.${name}]`, ...lines].map((line) => `${line}\n`).join('');
}

/**
 * A TOML configuration with one table more at its end, the rest to the byte as it was. It is not parsed: what looks
 * like a table of that name is taken for one, and refused where it is not the same to the letter.
 * @returns `undefined` where the table is there already
 * @throws StartError where the section is written in a way that nothing can be appended to
 */
export function addToToml(text: string, section: string, name: string, table: string): string | undefined {
  const lines = text.split(/\r?\n/);
  const key = (word: string) => `(?:${word}|"${word}"|'${word}')`;
  const of = `${key(section)}\\s*\\.\\s*${key(name)}`;
  const own = new RegExp(`^\\s*\\[\\s*${of}\\s*[\\].]`);
  const start = lines.findIndex((line) => own.test(line));
  if (start >= 0) {
    const rest = lines.slice(start + 1);
    const end = rest.findIndex((line) => /^\s*\[/.test(line) && !own.test(line));
    const found = [lines[start] ?? '', ...(end < 0 ? rest : rest.slice(0, end))].join('\n');
    if (found.trim() === table.trim()) return undefined;
    throw new StartError(taken(`[${section}.${name}]`));
  }
  const inline = new RegExp(`^\\s*${key(section)}\\s*=`);
  if (lines.some((line) => inline.test(line))) throw new StartError(`it has ${section} as one inline table`);
  let isInside = false;
  const root = new RegExp(`^\\s*${of}\\s*[.=]`);
  const inner = new RegExp(`^\\s*${key(name)}\\s*[.=]`);
  const header = new RegExp(`^\\s*\\[\\s*${key(section)}\\s*\\]`);
  for (const line of lines) {
    if (root.test(line) || (isInside && inner.test(line))) throw new StartError(taken(`${section}.${name}`));
    if (/^\s*\[/.test(line)) isInside = header.test(line);
  }
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const gap = text === '' ? '' : /\n$/.test(text) ? end : `${end}${end}`;
  return `${text}${gap}${table.replaceAll('\n', end)}`;
}
