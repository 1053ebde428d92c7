import { type Html, html } from '../html.ts';

export type TableCell = Html | string | number;

export type DataTable = {
  /** A heading of the page, and the name of the region in which a wide table scrolls. */
  readonly caption: string;
  readonly columns: readonly string[];
  /** The first cell of each row is its heading. */
  readonly rows: readonly (readonly [TableCell, ...TableCell[]])[];
  /** Many narrow columns, whose headings stand upright. */
  readonly isMatrix?: boolean;
};

/**
 * A table in a region of its own: it scrolls there, by keyboard too, and the page does not. On a phone each row becomes a
 * block, in which cells say what they are.
 */
export const dataTable = ({ caption, columns, rows, isMatrix = false }: DataTable): Html =>
  html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table class="${isMatrix ? 'data matrix' : 'data'}">
<caption><h2>${caption}</h2></caption>
<thead><tr>${columns.map((column) => html`<th scope="col"><span>${column}</span></th>`)}</tr></thead>
<tbody>${rows.map(
    ([first, ...others]) =>
      html`<tr><th scope="row">${first}</th>${others.map((cell, index) => html`<td data-label="${columns[index + 1] ?? ''}">${cell}</td>`)}</tr>
`,
  )}</tbody>
</table></div>`;

/** How many of how many, in one line. `undefined` is not known. */
export const outOf = (count: number | undefined, total: number): Html =>
  html`<span class="count">${count ?? 'unknown,'} of ${total}</span>`;

/** What is known of one thing. Rows without a value are left out. */
export const factList = (rows: readonly (readonly [label: string, value: TableCell | undefined])[]): Html =>
  html`<dl class="facts long">${rows.map(
    ([label, value]) => value !== undefined && html`<dt>${label}</dt><dd>${value}</dd>`,
  )}</dl>`;
