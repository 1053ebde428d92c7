/** A row of a table. */
export const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join('');

export const code = (text: string): string => `\`${text}\``;

/** Names as code, in a sentence: `a`, `b` and `c`. */
export function listed(names: readonly string[], last = 'and'): string {
  const all = names.map(code);
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} ${last} ${all.at(-1)}`;
}

export const fence = (text: string, language = ''): string => `\`\`\`${language}\n${text}\n\`\`\`\n`;

const WIDTH = 110;

/** JSON for people: what fits on a line stays on it. */
export function toJson(value: unknown, indent = ''): string {
  const line = oneLine(value);
  if (typeof value !== 'object' || value === null || indent.length + line.length <= WIDTH) return line;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${inner}${isList ? '' : `${JSON.stringify(name)}: `}${toJson(member, inner)}`,
  );
  const [open, close] = isList ? '[]' : '{}';
  return `${open}\n${members.join(',\n')}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${oneLine(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

/** The text with what stands between `<!-- marker -->` and `<!-- /marker -->` replaced. Throws where there is no such place. */
export function between(text: string, marker: string, content: string): string {
  const place = new RegExp(`(<!-- ${marker} -->\n)[\\s\\S]*?(<!-- /${marker} -->)`);
  if (!place.test(text)) throw new Error(`There is no <!-- ${marker} --> … <!-- /${marker} -->`);
  return text.replace(place, (_, start: string, end: string) => `${start}${content}${end}`);
}
