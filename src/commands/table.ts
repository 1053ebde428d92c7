import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

/** A text, or one with the style that it has where there is colour. */
export type Cell = string | { readonly text: string; readonly style: Style };

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);

/** The text in its style. Whether there is a terminal to show it is for the caller to know, not for Node to guess. */
export function paint(cell: Cell, colour: boolean): string {
  if (typeof cell === 'string' || !colour || cell.text === '') return textOf(cell);
  return styleText(cell.style, cell.text, { validateStream: false });
}

/** Columns padded to the widest cell, whose escape codes take no room; the last one is left as it is. */
export function table(rows: readonly (readonly Cell[])[], colour = false): string {
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

/** The row that names the columns. */
export const header = (...names: readonly string[]): readonly Cell[] =>
  names.map((text) => ({ text, style: 'bold' as const }));

/** `on` or `off`, as tables show it. */
export const state = (on: boolean): Cell => (on ? { text: 'on', style: 'green' } : { text: 'off', style: 'dim' });
