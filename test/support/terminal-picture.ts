/** Pixels: of a character, between lines, and around. */
const WIDTH = 8.4;
const HEIGHT = 20;
const MARGIN = 20;
const BAR = 34;
const SIZE = 14;

const COLOURS = {
  background: '#0d1117',
  edge: '#30363d',
  bar: '#161b22',
  text: '#e6edf3',
  dim: '#8b949e',
  green: '#3fb950',
  yellow: '#d29922',
  red: '#f85149',
} as const;

const SGR = new RegExp(`${String.fromCharCode(27)}\\[(\\d+)m`);

/** The SGR codes that src/commands/table.ts writes, and what they look like. */
const STYLES: Readonly<Record<string, string>> = { 1: 'bold', 2: 'dim', 31: 'red', 32: 'green', 33: 'yellow' };
const ENDS: readonly string[] = ['0', '22', '39'];

type Piece = { readonly column: number; readonly text: string; readonly style: string };

/** A line of a terminal as its pieces of one style. @throws for a code that no style is known of */
function piecesOf(line: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let column = 0;
  let style = '';
  for (const [index, part] of line.split(SGR).entries()) {
    if (index % 2 === 1) {
      const named = STYLES[part];
      if (named === undefined && !ENDS.includes(part)) throw new Error(`no style is known for the code ${part}`);
      style = named ?? '';
      continue;
    }
    // Each word where its column is, whatever the width of the font that there is.
    for (const { 0: text, index: at } of part.matchAll(/\S+(?: \S+)*/g))
      pieces.push({ column: column + at, text, style });
    column += part.length;
  }
  return pieces;
}

const toXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const round = (pixels: number) => Number(pixels.toFixed(1));

/** What a terminal shows, as a picture: text that can be read, found and copied, in whatever monospaced font there is. */
export function toPicture(title: string, screen: string): string {
  const lines = screen.trimEnd().split('\n').map(piecesOf);
  const columns = Math.max(...lines.flat().map(({ column, text }) => column + text.length));
  const width = Math.ceil(columns * WIDTH + 2 * MARGIN);
  const height = BAR + MARGIN + lines.length * HEIGHT + MARGIN / 2;
  const rows = lines.flatMap((pieces, index) => {
    const y = BAR + MARGIN + index * HEIGHT + SIZE / 2;
    const spans = pieces.map(({ column, text, style }) => {
      const place = `x="${round(MARGIN + column * WIDTH)}" textLength="${round(text.length * WIDTH)}"`;
      return `<tspan ${place}${style === '' ? '' : ` class="${style}"`}>${toXml(text)}</tspan>`;
    });
    return spans.length === 0 ? [] : [`<text y="${y}">${spans.join('')}</text>`];
  });
  const dots = ['red', 'yellow', 'green'].map(
    (style, index) => `<circle class="${style}" cx="${MARGIN + index * 18}" cy="${BAR / 2}" r="5.5"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${toXml(title)}">
<style>
text { font: ${SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: ${COLOURS.text} }
.bold { font-weight: bold }
.dim { fill: ${COLOURS.dim} }
.green { fill: ${COLOURS.green} }
.yellow { fill: ${COLOURS.yellow} }
.red { fill: ${COLOURS.red} }
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${COLOURS.background}" stroke="${COLOURS.edge}"/>
<path d="M1 ${BAR}V10A9 9 0 0 1 10 1H${width - 10}A9 9 0 0 1 ${width - 1} 10V${BAR}Z" fill="${COLOURS.bar}"/>
${[...dots, ...rows].join('\n')}
</svg>
`;
}
