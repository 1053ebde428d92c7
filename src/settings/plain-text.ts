import { StartError } from '../errors.ts';

/** Faults that a wrong encoding or line end leaves in decoded text, each with its fix. */
const FAULTS: readonly (readonly [pattern: RegExp, what: string])[] = [
  // A byte order mark of UTF-16 is not valid UTF-8; without a mark, every other byte of plain English is NUL.
  [/^\uFFFD\uFFFD(?=[\s\S]?\0)|^[^\0]?\0[^\0]\0/, 'is UTF-16: save it as UTF-8'],
  [/\uFFFD/, 'is not UTF-8: save it as UTF-8'],
  [/\0/, 'has a NUL character: remove it'],
  [/\r(?!\n)/, 'has a carriage return without a line feed: save it with the line ends LF or CRLF'],
  // Control characters but tab, line feed and carriage return.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  [/[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/, 'has a control character: remove it'],
];

/**
 * The text of a file that people write, without a byte order mark.
 * @param text as decoded from UTF-8
 * @throws StartError naming file, line and fix where it is not plain text; never with a part of the text
 */
export function plainText(text: string, file: string): string {
  for (const [pattern, what] of FAULTS) {
    const found = pattern.exec(text);
    if (found !== null) throw new StartError(`${file}:${lineOf(text, found.index)}: the file ${what}.`);
  }
  return text.replace(/^\uFEFF/, '');
}

/** The number of the line that has an offset, counted from 1. */
export const lineOf = (text: string, offset: number): number => text.slice(0, offset).split(/\r\n|\r|\n/).length;
