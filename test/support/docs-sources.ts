import { readdirSync, readFileSync } from 'node:fs';

/** A text that the sources give to an error, by the file it is in. */
export type Said = {
  readonly file: string;
  /** As it stands in the source, with its placeholders. */
  readonly text: string;
  /** Whether a message of the program could come from it. */
  readonly fits: (message: string) => boolean;
};

const root = `${import.meta.dirname}/../..`;

/** What may stand in a placeholder: braces and templates one deep. */
const INNER = '(?:[^{}`]|`[^`]*`|\\{[^{}]*\\})*';
const HOLE = new RegExp(`\\$\\{${INNER}\\}`, 'g');
const LITERAL = `'(?:[^'\\\\\n]|\\\\.)*'|"(?:[^"\\\\\n]|\\\\.)*"|\`(?:[^\`\\\\$]|\\\\.|\\$(?!\\{)|${HOLE.source})*\``;

/** The texts that begin errors of these classes, wherever in the sources one is made. */
export function saidBy(...classes: readonly string[]): readonly Said[] {
  const made = new RegExp(`new (?:${classes.join('|')})\\(\\s*\\[?\\s*(?:reply, )?(${LITERAL})`, 'g');
  const files = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return files
    .toSorted()
    .flatMap((file) => {
      const source = readFileSync(`${root}/src/${file}`, 'utf8');
      return [...source.matchAll(made)].map(([, literal = '']) => toSaid(`src/${file}`, literal));
    })
    .filter(hasWords);
}

/** The texts in one function or table of a source, from the line that begins so to the brace that ends it. */
export function saidIn(file: string, beginning: string): readonly Said[] {
  const source = readFileSync(`${root}/${file}`, 'utf8');
  const start = source.indexOf(beginning);
  if (start < 0) throw new Error(`${file} has no "${beginning}"`);
  const block = source.slice(start, source.indexOf('\n}', start));
  return [...block.matchAll(new RegExp(LITERAL, 'g'))].map(([literal]) => toSaid(file, literal)).filter(hasWords);
}

/** Whether a text is more than a name, or than the frame of others. */
const hasWords = ({ text }: Said): boolean => /[a-z]{2,} [a-z]/.test(text.replaceAll(HOLE, '…'));

/** A text with `…` in its placeholders. */
export const withoutHoles = (text: string): string => text.replaceAll(HOLE, '…');

function toSaid(file: string, literal: string): Said {
  const text = literal
    .slice(1, -1)
    .replaceAll('\\n', '\n')
    .replaceAll(/\\(['"`])/g, '$1');
  const [first = '', ...rest] = text.split(HOLE);
  const pattern = [first, ...rest].map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*');
  const found = new RegExp(pattern);
  return { file, text, fits: (message) => found.test(message) };
}
