import type { JsonObject } from '../../json.ts';
import { isObject, parseJson } from '../../json.ts';
import { cleanValue } from '../../visible.ts';
import { closed } from '../../wording.ts';
import type { Reply } from '../../workos/layer.ts';
import { type Confidential, textWithoutValues, withoutSecrets, withoutValues } from '../confidential.ts';

/** The content of a WorkOS error. */
export type WorkosFault = {
  readonly code: string | undefined;
  readonly text: string;
  /** The number of invisible characters that were removed. */
  readonly removed: number;
};

/** Characters of the text that are shown. */
const MAX_SHOWN_CHARS = 4_000;

/** Characters of the longest error that is read. */
const MAX_READ_CHARS = 150_000;

/**
 * Reads every error body that WorkOS is known to send: objects of several dialects, a bare string, and non-JSON.
 * Members of an unknown shape are shown as they are. Text is cleaned and secrets are withheld before it is composed.
 */
export function toWorkosFault(reply: Reply, confidential: Confidential): WorkosFault {
  if (reply.body.length > MAX_READ_CHARS)
    return {
      code: undefined,
      text: `, with a body that is too long to be read (${reply.body.length} characters).`,
      removed: 0,
    };
  const parsed = parseJson(reply.body);
  const { value, removed } = typeof parsed === 'object' ? cleanValue(parsed.value) : { value: undefined, removed: 0 };
  // Remove secrets before shortening: half a secret would not be found, and is still confidential.
  const safe = (text: string) => shorten(textWithoutValues(text, confidential));
  if (typeof value === 'string') return { code: undefined, text: `: ${safe(closed(value))}`, removed };
  if (!isObject(value)) {
    if (reply.body.trim() === '') return { code: undefined, text: '.', removed };
    const [type = ''] = reply.headers['content-type']?.split(';') ?? [];
    const named = /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'no content type';
    return { code: undefined, text: `, with a body that is not a JSON object (${named}).`, removed };
  }
  const name = toCode(value.code) ?? toCode(value.error);
  const said = [value.error_description, value.message].flat().filter(isText);
  const reasons = Array.isArray(value.errors) ? value.errors.map((reason) => toReason(reason, confidential)) : [];
  const rest = without(value, {
    code: isCode,
    error: isCode,
    error_description: isText,
    message: (member) => [member].flat().every(isText),
    errors: Array.isArray,
  });
  const parts = [
    ...said.map(closed),
    ...(name === undefined ? [] : [`Code: ${name}.`]),
    ...(reasons.length === 0 ? [] : [`Reasons: ${reasons.join('; ')}.`]),
    ...(isEmpty(rest) ? [] : [`Details: ${toJson(rest, confidential)}.`]),
  ];
  return { code: name, text: parts.length === 0 ? '.' : `: ${safe(parts.join(' '))}`, removed };
}

/** `errors` holds strings, {code, message}, {field, code} or a validator's {instancePath, message}. */
function toReason(problem: unknown, confidential: Confidential): string {
  if (!isObject(problem)) return String(problem);
  const where = [problem.field, problem.instancePath].find(isText);
  const message = isText(problem.message) ? problem.message.replace(/\.$/, '') : undefined;
  const code = toCode(problem.code);
  const what = message === undefined ? code : `${message}${code === undefined ? '' : ` (${code})`}`;
  const rest = without(problem, { field: isText, instancePath: isText, message: isText, code: isCode });
  const more = isEmpty(rest) ? undefined : toJson(rest, confidential);
  return [where, what, more].filter((part) => part !== undefined).join(': ');
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

const shorten = (text: string): string =>
  text.length <= MAX_SHOWN_CHARS
    ? text
    : `${text.slice(0, MAX_SHOWN_CHARS)}… (${text.length - MAX_SHOWN_CHARS} more characters.)`;
