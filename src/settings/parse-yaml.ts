import type { Document, Node, Scalar } from 'yaml';
import { StartError } from '../errors.ts';
import { withoutComments } from './json-comments.ts';
import { plainText } from './plain-text.ts';

export type Path = readonly PropertyKey[];

/**
 * What a YAML or JSON text holds, where, and as the document in which it can be changed.
 * @throws StartError naming file, line and fix for what does not parse, for a repeated key, and for characters that YAML
 * takes in another sense than their author
 */
export async function parseYaml(text: string, file: string) {
  // Only those who have a file pay for its parser.
  const { isMap, isScalar, isSeq, LineCounter, parseDocument, visit } = await import('yaml');
  const plain = plainText(text, file);
  const lines = new LineCounter();
  const options = { lineCounter: lines, uniqueKeys: true, prettyErrors: false };
  const document = parseDocument(withoutComments(plain) ?? plain, options);
  const line = (offset: number | undefined) => (offset === undefined ? 1 : lines.linePos(offset).line);
  const refuse = (offset: number | undefined, message: string): never => {
    throw new StartError(`${file}:${line(offset)}: ${message}`);
  };

  // Before the parser's own faults, which these can cause.
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) refuse(alias.range?.[0], aliasFault(plain, alias));
    },
    Scalar: (_, scalar) => {
      const found = scalar.type === 'PLAIN' ? characterFault(scalar) : undefined;
      if (found !== undefined) refuse(scalar.range?.[0], found);
    },
  });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) refuse(fault.pos[0], `${FAULTS[fault.code] ?? fault.message}.`);
  visit(document, {
    Pair: (_, { key }) => {
      // zod drops members called __proto__ without a word, and an alias could stand for that.
      if (isScalar(key) && key.value !== '__proto__') return;
      refuse(Object(key).range?.[0], `${String(key)} is not a valid name for a setting.`);
    },
  });

  const at = (path: Path) => {
    let node: unknown = document.contents;
    let offset: number | undefined;
    for (const step of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
        if (!isScalar(pair?.key)) break;
        offset = pair.key.range?.[0] ?? offset;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        if (isScalar(node) || isMap(node)) offset = node.range?.[0] ?? offset;
      } else break;
    }
    return `${file}:${line(offset)}`;
  };
  return { value: toValue(document, file), at, document };
}

function toValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    throw new StartError(`${file}: its YAML aliases expand to too many nodes.`);
  }
}

/** Faults of the parser that are better told otherwise, by its code for them. */
const FAULTS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'a second document begins here, and settings are one: remove this line',
  TAB_AS_INDENT: 'a tab cannot indent YAML: use spaces',
  BAD_SCALAR_START: 'a value that begins with @ or ` needs quotes in YAML',
};

/** A grant such as `*:read` is an alias in YAML unless it is quoted. */
function aliasFault(text: string, { range }: Node): string {
  const word = range ? text.slice(range[0], range[1]) : '';
  return /^\*(:|$)/.test(word)
    ? `${word} needs quotes, since * begins an alias in YAML: write "${word}".`
    : `${word} is an alias in YAML, and no anchor before it has that name. If it is a value, put it in quotes.`;
}

/** Quotes that word processors write in the place of " and '. */
const TYPOGRAPHIC = /^[\u2018-\u201F\u2039\u203A\u00AB\u00BB]|[\u2018-\u201F\u2039\u203A\u00AB\u00BB]$/;

/** White space, line ends and invisible characters that YAML takes for letters. */
const BLANK = /[\u0085\u00A0\u00AD\u1680\u180E\u2000-\u200F\u2028-\u202F\u205F-\u2064\u3000\uFEFF]/;

/** Why a value without quotes is not what its author sees. */
function characterFault({ source = '' }: Scalar): string | undefined {
  if (TYPOGRAPHIC.test(source)) return 'typographic quotes do not quote in YAML: use " or \'.';
  const code = BLANK.exec(source)?.[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return code === undefined
    ? undefined
    : `the character U+${code} is not a space in YAML: use a plain space, or put the value in quotes.`;
}
