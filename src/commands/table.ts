import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

/** A text, or one with the style that it has where there is colour. */
export type Cell = string | { readonly text: string; readonly style: Style };

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);

/** The text in its style. Whether there is a terminal to show it is for the caller to know, not for Node to guess. */
export function paint(cell: Cell, colour = false): string {
  if (typeof cell === 'string' || !colour || cell.text === '') return textOf(cell);
  return styleText(cell.style, cell.text, { validateStream: false });
}

/** What a text is shown on. */
export type Look = {
  readonly colour?: boolean;
  /** Characters in a line of the terminal; without one, lines are as long as they are. */
  readonly columns?: number | undefined;
};

/** A last column narrower than this is not wrapped: it would be a word to a line. */
const MIN_WRAPPED_COLUMNS = 24;

/** Text in lines of at most so many characters, broken between words. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** One line of text behind blanks, wrapped to the terminal. */
export function indented(indent: number, text: string, { columns }: Look = {}): string {
  const lines = columns === undefined ? [text] : wrap(text, Math.max(MIN_WRAPPED_COLUMNS, columns - indent));
  return lines.map((line) => `${' '.repeat(indent)}${line}\n`).join('');
}

/** Columns padded to the widest cell, whose escape codes take no room; the last one is wrapped to the terminal. */
export function table(given: readonly (readonly Cell[])[], { colour = false, columns: width }: Look = {}): string {
  const rows = width === undefined ? given : wrapped(given, width);
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => textOf(row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row.map((cell, column) => {
        const padding = column === row.length - 1 ? 0 : (widths[column] ?? 0) - textOf(cell).length;
        return paint(cell, colour) + ' '.repeat(padding);
      }),
    )
    .map((cells) => `${cells.join('  ').trimEnd()}\n`)
    .join('');
}

/** Rows whose last cell goes on in a row of its own where it is too long. */
function wrapped(rows: readonly (readonly Cell[])[], width: number): readonly (readonly Cell[])[] {
  const last = Math.max(0, ...rows.map((row) => row.length)) - 1;
  const before = Array.from({ length: last }, (_, column) =>
    Math.max(...rows.map((row) => (column < row.length - 1 ? textOf(row[column] ?? '').length : 0))),
  );
  const room = width - before.reduce((sum, one) => sum + one + 2, 0);
  if (room < MIN_WRAPPED_COLUMNS) return rows;
  return rows.flatMap((row) => {
    const cell = row[last] ?? '';
    const [first = '', ...more] = wrap(textOf(cell), room);
    if (more.length === 0) return [row];
    const styled = (text: string): Cell => (typeof cell === 'string' ? text : { ...cell, text });
    return [
      [...row.slice(0, last), styled(first)],
      ...more.map((text) => [...row.slice(0, last).map(() => ''), styled(text)]),
    ];
  });
}

/**
 * A table whose columns do not fit side by side: blocks of as many as do, each behind the first column.
 */
export function blocks(rows: readonly (readonly Cell[])[], look: Look = {}): string {
  const { columns: width = Number.POSITIVE_INFINITY } = look;
  const widthOf = (column: number) => Math.max(...rows.map((row) => textOf(row[column] ?? '').length));
  const count = Math.max(0, ...rows.map((row) => row.length));
  const parts: number[][] = [[]];
  let used = widthOf(0);
  for (let column = 1; column < count; column++) {
    used += widthOf(column) + 2;
    if (used > width && parts.at(-1)?.length !== 0) {
      parts.push([]);
      used = widthOf(0) + widthOf(column) + 2;
    }
    parts.at(-1)?.push(column);
  }
  return parts
    .map((part) =>
      table(
        rows.map((row) => [0, ...part].map((column) => row[column] ?? '')),
        { colour: look.colour ?? false },
      ),
    )
    .join('\n');
}

/** The row that names the columns. */
export const header = (...names: readonly string[]): readonly Cell[] =>
  names.map((text) => ({ text, style: 'bold' as const }));

/** `on` or `off`, as tables show it. */
export const state = (on: boolean): Cell => (on ? { text: 'on', style: 'green' } : { text: 'off', style: 'dim' });
