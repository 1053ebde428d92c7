import { parse, stringify, TomlError } from 'smol-toml';
import { StartError } from '../../errors.ts';
import type { Change, WholeFormat } from './change.ts';

/** TOML, where new tables go to the end: there is no package that edits it and keeps comments. */
export const toml: WholeFormat = { read, change, write: stringify };

function read(text: string): unknown {
  try {
    // As plain objects, which they are compared with.
    return structuredClone(parse(text.replace(/^\uFEFF/, ''), { integersAsBigInt: 'asNeeded' }));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new StartError(`it is not valid TOML (line ${error.line})`);
  }
}

function change(text: string, { path, value }: Change): string {
  const table = stringify(path.reduceRight((inner, key) => ({ [key]: inner }), value));
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const gap = text === '' ? '' : text.endsWith('\n') ? lineEnd : `${lineEnd}${lineEnd}`;
  return `${text}${gap}${table.replaceAll('\n', lineEnd)}`;
}
