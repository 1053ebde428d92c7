import { type FileSeries, readFile } from './files.ts';
import { type RecordLine, readBackwards, readForwards } from './line-reader.ts';

/** Before a line of a series: the number of the file, and the offset of the line. */
export type LinePlace = { readonly file: number; readonly at: number };

/** Lines of one file of a series, in the order of reading. */
export type LineBlock = { readonly file: number; readonly lines: readonly RecordLine[] };

export const isBefore = (one: LinePlace, other: LinePlace): boolean =>
  one.file < other.file || (one.file === other.file && one.at < other.at);

/** The lines from a place on. */
export async function* linesFrom(files: FileSeries, { file, at }: LinePlace): AsyncGenerator<LineBlock> {
  for (const [index, listed] of files.entries()) {
    if (index < file) continue;
    const from = index === file ? at : 0;
    for await (const lines of readFile(listed, (opened) => readForwards(opened, from))) yield { file: index, lines };
  }
}

/** The lines before a place, from the last to the first. */
export async function* linesBefore(files: FileSeries, { file, at }: LinePlace): AsyncGenerator<LineBlock> {
  for (let index = Math.min(file, files.length - 1); index >= 0; index -= 1) {
    const listed = files[index];
    if (listed === undefined || (index === file && at === 0)) continue;
    // A pipe has no end to begin at, and no record is written to one.
    const read = readFile(listed, (opened) => readBackwards(opened, index === file ? at : (opened.size ?? 0)));
    for await (const lines of read) yield { file: index, lines };
  }
}

/** The place that is a number of lines further on, or the end. */
export async function placeAfter(files: FileSeries, place: LinePlace, count: number): Promise<LinePlace> {
  let left = count;
  for await (const { file, lines } of linesFrom(files, place)) {
    const line = lines[left];
    if (line !== undefined) return { file, at: line.at };
    left -= lines.length;
  }
  return endOf(files);
}

/** The place that is a number of lines further back, or the beginning. */
export async function placeBefore(files: FileSeries, place: LinePlace, count: number): Promise<LinePlace> {
  let left = count;
  for await (const { file, lines } of linesBefore(files, place)) {
    const line = lines[left - 1];
    if (line !== undefined) return { file, at: line.at };
    left -= lines.length;
  }
  return BEGINNING;
}

export const BEGINNING: LinePlace = { file: 0, at: 0 };

export const endOf = (files: FileSeries): LinePlace => ({ file: files.length, at: 0 });
