type Box = {
  readonly x: number;
  readonly title: string;
  readonly lines: readonly string[];
  /** Where it is in the code; none of what is not ours. */
  readonly source?: string;
};

const WIDTH = 164;
const GAP = 34;
const TOP = 20;
const HEIGHT = 168;
const column = (index: number) => 20 + index * (WIDTH + GAP);

/** The way of a call, from left to right. */
export const WAY: readonly Box[] = [
  { x: column(0), title: 'MCP client', lines: ['Claude, an editor,', 'your own agent'] },
  {
    x: column(1),
    title: 'stdio or HTTP',
    lines: ['Host, Origin, size', 'bearer token or', 'OAuth access token:', 'which agent is it?'],
    source: 'src/serve',
  },
  {
    x: column(2),
    title: 'Offer',
    lines: ['only the tools that', 'this agent’s grants', 'leave on: the others', 'do not exist for it'],
    source: 'src/mcp/offer.ts',
  },
  {
    x: column(3),
    title: 'Call',
    lines: ['policy once more', 'strict arguments', 'confirmation', 'decision on record'],
    source: 'src/call/call.ts',
  },
  {
    x: column(4),
    title: 'Exchange',
    lines: ['rate limits', 'retries where safe', 'the API key, added', 'here and only here'],
    source: 'src/call/exchange.ts',
  },
  { x: column(5), title: 'WorkOS', lines: ['one environment,', 'over TLS'] },
];

/** What a call passes on its way back, and what it leaves behind. */
export const BACK = {
  title: 'Answer: secrets withheld, text from outside cleaned, cut to what a model can take',
  source: 'src/call/answer/answer.ts',
};
export const ASIDE: readonly Box[] = [
  {
    x: column(2),
    title: 'A person',
    lines: ['asked by the client', 'before a delete'],
  },
  {
    x: column(3),
    title: 'The record',
    lines: ['decision before and', 'outcome after'],
    source: 'src/audit',
  },
];

const ASIDE_TOP = TOP + HEIGHT + 40;
const ASIDE_HEIGHT = 88;
const PICTURE = { width: column(5) + WIDTH + 20, height: ASIDE_TOP + ASIDE_HEIGHT + 64 };

const isOurs = ({ source }: Box) => source !== undefined;

function draw(box: Box, top: number, height: number): string {
  const text = (style: string, y: number, words: string) =>
    `<text class="${style}" x="${box.x + WIDTH / 2}" y="${top + y}">${words}</text>`;
  return [
    `<rect class="${isOurs(box) ? 'ours' : 'theirs'}" x="${box.x}" y="${top}" width="${WIDTH}" height="${height}" rx="8"/>`,
    text('title', 26, box.title),
    ...box.lines.map((line, index) => text('line', 52 + index * 19, line)),
    ...(box.source === undefined || height < HEIGHT ? [] : [text('source', height - 12, box.source)]),
  ].join('\n');
}

const arrow = (path: string) => `<path class="arrow" d="${path}" marker-end="url(#head)"/>`;

export function toArchitecture(): string {
  const middle = TOP + HEIGHT / 2;
  const back = ASIDE_TOP + ASIDE_HEIGHT + 22;
  const [first, last] = [column(0) + WIDTH / 2, column(5) + WIDTH / 2];
  const call = column(3) + WIDTH / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${PICTURE.width} ${PICTURE.height}" width="${PICTURE.width}" height="${PICTURE.height}" role="img" aria-label="The way of a call: ${WAY.map(({ title }) => title).join(', ')}, and back">
<style>
text { font-family: -apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif; text-anchor: middle; fill: #e6edf3 }
.title { font-size: 16px; font-weight: 600 }
.line { font-size: 13.5px }
.source { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #8b949e }
.ours { fill: #161b22; stroke: #3fb950 }
.theirs { fill: #0d1117; stroke: #8b949e; stroke-dasharray: 5 4 }
.arrow { fill: none; stroke: #8b949e; stroke-width: 1.5 }
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8Z" fill="#8b949e"/></marker></defs>
<rect x="0.5" y="0.5" width="${PICTURE.width - 1}" height="${PICTURE.height - 1}" rx="10" fill="#0d1117" stroke="#30363d"/>
${WAY.map((box) => draw(box, TOP, HEIGHT)).join('\n')}
${WAY.slice(1)
  .map(({ x }) => arrow(`M${x - GAP + 2} ${middle}H${x - 3}`))
  .join('\n')}
${arrow(`M${last} ${TOP + HEIGHT}V${back}H${first}V${TOP + HEIGHT + 3}`)}
<text class="line" x="${PICTURE.width / 2}" y="${back + 24}">${BACK.title}</text>
${ASIDE.map((box) => draw(box, ASIDE_TOP, ASIDE_HEIGHT)).join('\n')}
${arrow(`M${call} ${TOP + HEIGHT}V${ASIDE_TOP - 3}`)}
${arrow(`M${call - 30} ${TOP + HEIGHT}V${ASIDE_TOP - 20}H${column(2) + WIDTH / 2}V${ASIDE_TOP - 3}`)}
</svg>
`;
}
