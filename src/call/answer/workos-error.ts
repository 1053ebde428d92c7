import type { JsonObject } from '../../json.ts';
import { isObject, parseJson } from '../../json.ts';
import { cleanValue } from '../../visible.ts';
import { MAX_REPORTED_FAULTS } from '../../wording.ts';
import type { Reply } from '../../workos/layer.ts';
import { type Confidential, textWithoutValues, withoutSecrets, withoutValues } from '../confidential.ts';

/** The content of a WorkOS error. */
export type WorkosFault = {
  readonly code: string | undefined;
  readonly text: string;
  /** The number of invisible characters that were removed. */
  readonly removed: number;
};

/** Characters of WorkOS's words that are shown. */
const MAX_SHOWN_CHARS = 4_000;

/** Characters of the longest error that is read. */
const MAX_READ_CHARS = 150_000;

/**
 * Reads every error body that WorkOS is known to send: objects of several dialects, a bare string, and non-JSON.
 * Members of an unknown shape are shown as they are. Text is cleaned and secrets are withheld before it is composed. It
 * stands in quotes: a message can hold what a user of WorkOS wrote.
 */
export function toWorkosFault(
  reply: Reply,
  confidential: Confidential,
  maxChars: number | undefined = MAX_SHOWN_CHARS,
): WorkosFault {
  if (reply.body.length > MAX_READ_CHARS)
    return {
      code: undefined,
      text: `, with a body that is too long to be read (${reply.body.length} characters).`,
      removed: 0,
    };
  const parsed = parseJson(reply.body);
  const { value, removed } = typeof parsed === 'object' ? cleanValue(parsed.value) : { value: undefined, removed: 0 };
  const quoter = createQuoter(maxChars, (text) => textWithoutValues(text, confidential));
  if (typeof value === 'string') return { code: undefined, text: `: ${quoter.quote(value)}.`, removed };
  if (!isObject(value)) {
    if (reply.body.trim() === '') return { code: undefined, text: '.', removed };
    const [type = ''] = reply.headers['content-type']?.split(';') ?? [];
    const named = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(type) ? type : 'no content type';
    return { code: undefined, text: `, with a body that is not a JSON object (${named}).`, removed };
  }
  const name = toCode(value.code) ?? toCode(value.error);
  const said = [value.error_description, value.message].flat().filter(isText);
  const problems = Array.isArray(value.errors) ? value.errors : [];
  const rest = without(value, {
    code: isCode,
    error: isCode,
    error_description: isText,
    message: (member) => [member].flat().every(isText),
    errors: Array.isArray,
  });
  const parts = [
    ...quoter.each(said, quoter.quote),
    ...(name === undefined ? [] : [`Code: ${quoter.name(name)}`]),
    ...(problems.length === 0
      ? []
      : [`Reasons: ${quoter.each(problems, (problem) => toReason(problem, quoter, confidential)).join('; ')}`]),
    ...(isEmpty(rest) ? [] : [`Details: ${quoter.json(toJson(rest, confidential))}`]),
  ];
  return { code: name, text: parts.length === 0 ? '.' : `: ${parts.join('. ')}.`, removed };
}

type Quoter = ReturnType<typeof createQuoter>;

/**
 * Quotes texts of WorkOS, of all together at most so many characters. Each is quoted as a whole: behind half of a quote
 * the server's own words would be taken for WorkOS's.
 * @param conceal removes secrets from a text, before it is shortened: half a secret would not be found
 */
function createQuoter(maxChars: number, conceal: (text: string) => string) {
  let left = maxChars;
  const quote = (open: string): string => {
    const text = conceal(open);
    const shown = text.slice(0, left);
    left -= shown.length;
    const more = text.length - shown.length;
    return more === 0
      ? JSON.stringify(text.replace(/\.$/, ''))
      : `${JSON.stringify(`${shown}…`)} (${more} more characters)`;
  };
  return {
    quote,
    /** A word as it is: it cannot be mistaken for a sentence. */
    name: (text: string): string => (/^[\w./[\]-]{1,64}$/.test(text) ? conceal(text) : quote(text)),
    /** JSON as it is, if it fits: its texts are quoted already. */
    json: (json: string): string => {
      if (json.length > left) return quote(json);
      left -= json.length;
      return json;
    },
    each: <T>(items: readonly T[], tell: (item: T) => string): readonly string[] => {
      const told = items.slice(0, MAX_REPORTED_FAULTS).map(tell);
      return told.length === items.length ? told : [...told, `and ${items.length - told.length} more`];
    },
  };
}

/** `errors` holds strings, {code, message}, {field, code} or a validator's {instancePath, message}. */
function toReason(problem: unknown, { quote, name, json }: Quoter, confidential: Confidential): string {
  if (!isObject(problem)) return isText(problem) ? quote(problem) : json(JSON.stringify(problem));
  const where = [problem.field, problem.instancePath].find(isText);
  const code = toCode(problem.code);
  const shownCode = code === undefined ? undefined : name(code);
  const message = isText(problem.message) ? quote(problem.message) : undefined;
  const what = message === undefined ? shownCode : `${message}${shownCode === undefined ? '' : ` (${shownCode})`}`;
  const rest = without(problem, { field: isText, instancePath: isText, message: isText, code: isCode });
  const more = isEmpty(rest) ? undefined : json(toJson(rest, confidential));
  return [where && name(where), what, more].filter((part) => part !== undefined).join(': ');
}

const toJson = (value: JsonObject, confidential: Confidential): string =>
  JSON.stringify(withoutSecrets(withoutValues(value, confidential), confidential));

/** The members that the text does not cover: unknown ones, and known ones of another shape. */
function without(value: JsonObject, known: Readonly<Record<string, (member: unknown) => boolean>>): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name, member]) => !(known[name]?.(member) ?? false)));
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Error codes are words: any other value could be a one-time code. */
const isCode = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length <= 64 &&
  /^[a-z]+([_-][a-z0-9]+)*$|^[A-Z][a-z]+( [A-Z]?[a-z]+)*$/.test(value);

const toCode = (value: unknown): string | undefined => (isCode(value) ? value : undefined);

const isEmpty = (value: JsonObject): boolean => Object.keys(value).length === 0;
