/**
 * An environment in a colour of its own, which no host and no theme changes. Forced colours give its edge one. The console
 * has it too.
 */
export const environmentStyle = `.env { display: inline-block; margin: 0; padding: 1px 10px; border: 1px solid transparent; border-radius: 4px; font-weight: 600; color: #fff; }
.env[data-environment=production] { background: #a3140f; }
.env[data-environment=staging] { background: #1d4f91; }
.env[data-environment=sandbox] { background: #35622b; }
`;

/**
 * The style of the view. Colours are those of the host where it says which it uses.
 */
export const style = `
:root { color-scheme: light dark; font: 14px/1.5 var(--font-sans, system-ui, sans-serif);
  --text: var(--color-text-primary, light-dark(#1a1a1a, #f2f2f2));
  --quiet: var(--color-text-secondary, light-dark(#555, #b8b8b8));
  --ground: var(--color-background-primary, light-dark(#fff, #1e1e1e));
  --line: var(--color-border-primary, light-dark(#888, #8a8a8a));
  --danger: var(--color-text-danger, light-dark(#a3140f, #ff9a92)); }
:root[data-theme=light] { color-scheme: light; }
:root[data-theme=dark] { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; padding: 12px; color: var(--text); background: var(--ground); }
h1 { font-size: 1.2em; margin: 8px 0 4px; }
p, ul, table { margin: 6px 0; }
ul { padding-left: 1.3em; }
code { font-family: var(--font-mono, ui-monospace, monospace); overflow-wrap: anywhere; white-space: pre-wrap; }
${environmentStyle}.quiet { color: var(--quiet); }
.final, .warning { color: var(--danger); font-weight: 600; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { border: 1px solid var(--line); padding: 3px 6px; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
label { display: block; margin-top: 8px; }
input { display: block; margin-top: 5px; font: inherit; font-family: var(--font-mono, ui-monospace, monospace); width: 100%; max-width: 20em; padding: 6px 8px;
  color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 4px; }
button { font: inherit; margin: 10px 8px 0 0; padding: 7px 16px; min-height: 36px; border-radius: 4px; cursor: pointer;
  color: inherit; background: transparent; border: 1px solid var(--line); }
button.yes { color: #fff; background: #a3140f; border-color: #a3140f; font-weight: 600; }
button:disabled { cursor: default; color: var(--quiet); background: transparent; border: 1px dashed var(--line); }
:focus-visible { outline: 3px solid light-dark(#1d4f91, #9ec5ff); outline-offset: 2px; }
`;
