import * as z from 'zod';
import { StartError } from '../errors.ts';
import { didYouMean } from '../wording.ts';
import type { Path } from './parse-yaml.ts';
import type { SettingsFile } from './settings-file.ts';

/**
 * What of a settings file a schema is about. Its messages go on from the setting's name ("takes a text").
 * @throws StartError for the first fault, naming file, line, setting and the nearest right key
 */
export function parseBySchema<S extends z.ZodObject>(schema: S, { value, at }: SettingsFile): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  // A misspelt key is also a missing one: the misspelling is what helps.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  if (issue === undefined) throw new StartError(`${at([])}: the file cannot be read.`);
  throw new StartError(toMessage(schema, value, issue, at));
}

function toMessage(schema: z.ZodType, value: unknown, issue: z.core.$ZodIssue, at: SettingsFile['at']): string {
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
    return `${at(path)}: ${where}: ${issue.issues[0]?.message ?? 'is not a valid name'}.`;
  }
  if (valueAt(value, path) === undefined) {
    const owner = path.slice(0, -1);
    return `${at(owner)}: ${dotted(owner)} needs ${String(path.at(-1))}, which ${issue.message}.`;
  }
  if (issue.code === 'invalid_value') {
    const choices = issue.values.map(String);
    const given = String(valueAt(value, path));
    const rule = choices.length === 1 ? 'It can only be' : 'It is one of';
    return `${at(path)}: ${where} is "${given}".${didYouMean(given, choices)} ${rule} ${choices.join(', ')}.`;
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
