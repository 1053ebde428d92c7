import * as z from 'zod';
import { StartError } from '../errors.ts';
import { didYouMean } from '../wording.ts';

type Path = readonly PropertyKey[];

/** What a YAML or JSON file holds, and on which line each part of it stands. */
export type Document = {
  readonly value: unknown;
  /** `FILE:LINE` of the key or item at a path, or of the nearest part around it that there is. */
  readonly at: (path: Path) => string;
};

/**
 * Reads a YAML or JSON text.
 * @param file its name, for messages
 * @throws StartError for what does not parse, for a repeated key, and for a secret anywhere in it, comments included
 */
export async function readDocument(text: string, file: string): Promise<Document> {
  refuseSecrets(text, file);
  // Only those who have a file pay for its parser.
  const { isMap, isScalar, isSeq, LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const line = (offset: number | undefined) => (offset === undefined ? 1 : lines.linePos(offset).line);
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw new StartError(`${file}:${line(fault.pos[0])}: ${fault.message}.`);

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
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), at };
  } catch {
    throw new StartError(`${file}: its aliases refer to too much.`);
  }
}

/** What is a secret wherever it stands. Paths and longer words that only hold such letters are none. */
const SECRETS: readonly (readonly [pattern: RegExp, what: string, instead: string])[] = [
  [
    /(?<![\w./-])sk_\w{6,}(?!\w*[./])/,
    'a WorkOS API key',
    'name the variable (api-key-env) or the file (api-key-file) that holds it',
  ],
  [
    /(?<!\w)wmcp_[a-z0-9]+_[\w-]{16,}/,
    "an agent's token",
    'the file holds only the ID:SHA256 that "workos-mcp agent add" writes',
  ],
  [/(?<!\w)eyJ[\w-]{8,}\.[\w-]{8,}\./, 'a signed token', 'say by jwt what such a token must hold'],
];

/** A file is copied, committed and shown around more easily than a secret may be. */
function refuseSecrets(text: string, file: string): void {
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    for (const [pattern, what, instead] of SECRETS) {
      if (!pattern.test(line)) continue;
      throw new StartError(
        `${file}:${index + 1}: ${what} does not belong in a file: ${instead}. Replace it: it was seen.`,
      );
    }
  }
}

/**
 * Reads part of a document by a schema whose messages go on from the setting's name ("takes a text").
 * @param value the part; its keys are those at the document's root
 * @throws StartError for its first fault, naming file, line, setting and the nearest right key
 */
export function parsePart<S extends z.ZodObject>(schema: S, value: unknown, { at }: Document): z.infer<S> {
  // zod drops members of this name without a word.
  const proto = pathOfProto(value, []);
  if (proto !== undefined) throw new StartError(`${at(proto)}: __proto__ is no name that a setting may have.`);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  // A misspelt key is also a missing one: the misspelling is what helps.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  if (issue === undefined) throw new StartError(`${at([])}: the file cannot be read.`);
  throw new StartError(toMessage(schema, value, issue, at));
}

function toMessage(schema: z.ZodType, value: unknown, issue: z.core.$ZodIssue, at: Document['at']): string {
  const { path } = issue;
  const where = dotted(path);
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = keysAt(schema, path);
    const meant = didYouMean(key, known);
    const choices = meant === '' ? ` The settings are ${known.join(', ')}.` : meant;
    return `${at([...path, key])}: ${where} has no setting "${key}".${choices}`;
  }
  if (issue.code === 'invalid_key') {
    return `${at(path)}: ${where}: ${issue.issues[0]?.message ?? 'is no name'}.`;
  }
  if (valueAt(value, path) === undefined) {
    const owner = path.slice(0, -1);
    return `${at(owner)}: ${dotted(owner)} lacks ${String(path.at(-1))}, which ${issue.message}.`;
  }
  if (issue.code === 'invalid_value') {
    const choices = issue.values.map(String);
    const given = String(valueAt(value, path));
    return `${at(path)}: ${where} is "${given}".${didYouMean(given, choices)} It is one of ${choices.join(', ')}.`;
  }
  return `${at(path)}: ${where} ${issue.message}.`;
}

const dotted = (path: Path) => path.map(String).join('.');

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((part, step) => Object(part)[step], value);
}

/** The keys that a schema knows at a path. */
function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  if (schema instanceof z.ZodOptional) return keysAt(schema.unwrap() as z.ZodType, path); // zod's own types are wider
  const [step, ...rest] = path;
  if (schema instanceof z.ZodRecord) return keysAt(schema.valueType as z.ZodType, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  if (step === undefined) return Object.keys(schema.shape);
  const inner: unknown = schema.shape[String(step)];
  return inner instanceof z.ZodType ? keysAt(inner, rest) : [];
}

function pathOfProto(value: unknown, path: Path): Path | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') return [...path, key];
    const found = pathOfProto(inner, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The sections of the configuration file that are about agents; the other keys are settings. */
export const SECTIONS = ['environments', 'issuers', 'agents', 'templates'] as const;
