import { environmentStyle } from '../../view/style.ts';
import { dataStyle } from './data-style.ts';

/** The style of all pages, in light and dark as the browser asks for. Each text has a contrast of at least 4.5 to 1. */
export const pageStyle = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
  --text: light-dark(#1b1f24, #e9ebee);
  --quiet: light-dark(#545d69, #aab2bd);
  --ground: light-dark(#f4f5f7, #14161a);
  --sheet: light-dark(#fff, #1c1f24);
  --line: light-dark(#d9dde3, #363b43);
  --edge: light-dark(#76808d, #828b97);
  --link: light-dark(#1d4f91, #9ec5ff);
  --danger: light-dark(#a3140f, #ff9a92);
  --danger-sheet: light-dark(#fdf1f0, #2f1b1b); }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; color: var(--text); background: var(--ground); overflow-wrap: break-word; }
a { color: var(--link); text-underline-offset: 0.15em; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
main:focus { outline: none; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -999em; padding: 8px 12px; background: var(--sheet); }
.skip:focus { left: 8px; top: 8px; z-index: 1; }

header { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 24px; padding: 8px 24px; background: var(--sheet);
  border-bottom: 1px solid var(--line); }
header p, header ul, header form { margin: 0; }
.brand { font-weight: 650; letter-spacing: -0.01em; }
nav { flex: 1; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px; padding: 0; list-style: none; }
nav a { display: block; padding: 6px 12px; border-radius: 6px; color: var(--quiet); text-decoration: none; }
nav a:hover { color: var(--text); text-decoration: underline; }
nav a[aria-current] { color: var(--text); background: var(--ground); font-weight: 600; }
.who { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; color: var(--quiet); font-size: 0.9em; }
.who bdi { overflow-wrap: anywhere; }
main, .aside { max-width: 60rem; margin: 0 auto; padding: 20px 24px 32px; }
.signed-out { max-width: 34rem; margin: 40px auto; padding: 20px 24px; background: var(--sheet); border: 1px solid var(--line);
  border-radius: 10px; }
.signed-out > h1 { margin-top: 0; }
.signed-out form { margin: 16px 0; }
.signed-out form button { color: #fff; background: #1d4f91; border-color: #1d4f91; font-weight: 600; }
.signed-out form button:hover { background: #163d70; }
.aside { padding-top: 0; color: var(--quiet); font-size: 0.9em; }

h1 { font-size: 1.6rem; line-height: 1.25; letter-spacing: -0.015em; margin: 6px 0 4px; }
h2 { font-size: 1.1rem; line-height: 1.35; margin: 24px 0 8px; }
p, ul, ol, dl, table, figure, blockquote { margin: 8px 0; }
ul, ol { padding-left: 1.3em; }
code, kbd { font: 0.92em ui-monospace, "SF Mono", Menlo, Consolas, monospace; white-space: pre-wrap; }
.quiet, .crumb { color: var(--quiet); }
.crumb { margin: 0 0 8px; font-size: 0.9em; }
${environmentStyle}.env { font-size: 0.85rem; }
.object { display: flex; flex-wrap: wrap; gap: 6px 8px; }
.object > * { min-width: 0; }
.object code { padding: 1px 8px; background: var(--ground); border: 1px solid var(--line); border-radius: 4px; }
.final, .warning { color: var(--danger); font-weight: 600; }
.wrong, main > [role=alert] { padding: 8px 12px; color: var(--danger); background: var(--danger-sheet); border-left: 4px solid var(--danger);
  font-weight: 600; }

.sheet { padding: 16px 20px; background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; }
.sheet > :first-child { margin-top: 0; }
.sheet > :last-child { margin-bottom: 0; }
.entries { display: grid; grid-template-columns: minmax(0, 1fr); gap: 12px; padding: 0; margin: 16px 0; list-style: none; }
.entries h2 { margin: 6px 0 2px; }
section.sheet { margin: 16px 0; }
.empty { padding: 40px 20px; text-align: center; color: var(--quiet); }

table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: 600; padding: 4px 0; }
th, td { border-bottom: 1px solid var(--line); padding: 6px 12px 6px 0; text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-size: 0.85rem; font-weight: 600; }
.changes { table-layout: fixed; }
.changes thead th:first-child { width: 26%; }
.scroll { overflow-x: auto; }

.facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; font-size: 0.95em; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; min-width: 0; }
.said { padding: 8px 12px; border-left: 4px solid var(--edge); background: var(--ground); border-radius: 0 6px 6px 0; }
.said figcaption { color: var(--quiet); font-size: 0.85em; }
.said blockquote { margin: 2px 0 0; }
.outcome { margin: 12px 0; padding: 8px 12px; border-left: 4px solid var(--link); background: var(--ground); border-radius: 0 6px 6px 0; }
.outcome > p { margin: 2px 0; }

.asking { margin-top: 16px; padding-top: 12px; border-top: 1px solid var(--line); }
.asking form { margin: 0; }
label { display: block; margin-bottom: 4px; }
input, textarea, select { display: block; width: 100%; max-width: 22rem; padding: 8px 10px; font: inherit; color: inherit;
  background: var(--ground); border: 1px solid var(--edge); border-radius: 6px; }
textarea { max-width: 36rem; resize: vertical; }
#typed { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
input[aria-invalid=true] { border: 2px solid var(--danger); }
button, summary { font: inherit; }
button { min-height: 40px; overflow-wrap: anywhere; padding: 7px 18px; color: inherit; background: transparent; border: 1px solid var(--edge);
  border-radius: 6px; cursor: pointer; }
header button { min-height: 32px; padding: 3px 12px; }
button.yes { margin-top: 10px; color: #fff; background: #a3140f; border-color: #a3140f; font-weight: 600; }
button.yes:hover { background: #84100c; }
button:disabled { color: var(--quiet); background: transparent; border: 1px dashed var(--edge); cursor: default; }
.asking details { margin-top: 12px; }
summary { display: inline-block; padding: 4px 0; color: var(--link); text-decoration: underline; text-underline-offset: 0.15em;
  cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
details form { padding: 8px 0 0; }
details button { margin-top: 10px; }
${dataStyle}
@media (max-width: 40rem) {
  header { padding: 8px 16px; gap: 4px 12px; }
  .brand { flex: 1; }
  nav { order: 3; flex: 1 0 100%; }
  nav ul { margin: 0 -8px; }
  nav a { padding: 6px 10px; }
  main, .aside { padding: 16px 16px 24px; }
  .signed-out { margin: 16px; }
  .sheet { padding: 14px 16px; }
  h1 { font-size: 1.35rem; }
  .asking button { width: 100%; }
  input, textarea { max-width: none; }
}
@media (prefers-contrast: more) { :root { --quiet: var(--text); --line: var(--edge); } }
`;
