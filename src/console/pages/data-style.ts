/** The style of tables of data, which scroll in regions of their own, and of the form that filters them. */
export const dataStyle = `
.sheet + .sheet, form + .sheet { margin-top: 12px; }
.scroll { margin: 8px 0 16px; }
.data { font-size: 0.92em; font-variant-numeric: tabular-nums; }
.data caption h2 { margin: 12px 0 0; font-size: 1.1rem; }
.data th:last-child, .data td:last-child { padding-right: 0; }
.data :is(time, .count) { white-space: nowrap; }
.data tbody th { min-width: 7rem; }
.data .what { min-width: 18rem; overflow-wrap: anywhere; }
.data .quiet { font-weight: 400; }
.state { white-space: nowrap; }
.state:is([data-state=error], [data-state=unknown], [data-state=refused]) { color: var(--danger); font-weight: 600; }
.matrix { width: auto; }
.matrix thead th { padding: 0 8px 6px 0; vertical-align: bottom; }
.matrix thead th + th span { display: inline-block; writing-mode: sideways-lr; white-space: nowrap; line-height: 1.2; }
.matrix tbody td { font: 0.85rem/1.5rem ui-monospace, "SF Mono", Menlo, Consolas, monospace; white-space: nowrap; }
.matrix tbody th { position: sticky; left: 0; padding-right: 16px; background: var(--ground); line-height: 1.5rem; white-space: nowrap; }
.report { margin: 0; padding: 12px 16px; font: 0.85rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; background: var(--sheet);
  border: 1px solid var(--line); border-radius: 10px; width: max-content; min-width: 100%; }
.filters { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 12px 16px; margin: 16px 0; align-items: end; }
.filters :is(input, select) { max-width: none; height: 42px; }
.filters .do { display: flex; align-items: center; gap: 16px; }
.pager { display: flex; gap: 16px; margin: 8px 0; padding: 0; list-style: none; }
.beside { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: end; }
.facts ul { margin: 0; padding: 0; list-style: none; }
@media (max-width: 40rem) {
  .data:not(.matrix) :is(tbody, tr, th, td) { display: block; }
  .data:not(.matrix) thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .data:not(.matrix) tr { padding: 8px 0; border-bottom: 1px solid var(--line); }
  .data:not(.matrix) :is(tbody th, td) { padding: 1px 0; border: 0; min-width: 0; }
  .data:not(.matrix) td::before { content: attr(data-label) ": "; color: var(--quiet); }
  .data:not(.matrix) td:empty { display: none; }
  .data .what { display: inline; min-width: 0; }
  .facts.long { grid-template-columns: 1fr; gap: 0; }
  .facts.long dd { margin-bottom: 6px; }
  .filters { grid-template-columns: 1fr 1fr; gap: 8px 12px; }
}
`;
