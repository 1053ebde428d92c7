import { concise, knownFields } from '../../catalog/output.ts';
import type { Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { didYouMean, inShort, MAX_REPORTED_FAULTS } from '../../wording.ts';

/** Which fields an answer shows: the requested ones, or all of an object and the main ones of a list item. */
export type FieldSelection = {
  readonly object: (value: JsonObject) => JsonObject;
  readonly item: (value: JsonObject) => JsonObject;
};

/** All of an answer. */
export const WHOLE: FieldSelection = { object: (value) => value, item: (value) => value };

/** @throws RefusedError for a field that the tool's answers are not known to have. */
export function selectFields(tool: Tool, fields: unknown): FieldSelection {
  const { output } = tool;
  if (output === undefined) return WHOLE;
  if (!Array.isArray(fields)) {
    return { ...WHOLE, item: concise(tool.omittedMembers()) };
  }
  const known = knownFields(output);
  const unknown = fields.filter((field) => !known.includes(field));
  if (unknown.length > 0) {
    const hints = unknown
      .slice(0, MAX_REPORTED_FAULTS)
      .map((field) => `"${inShort(field)}".${didYouMean(inShort(field), known)}`)
      .join(' ');
    throw new RefusedError(`fields: there is no field ${hints} The fields are ${known.join(', ')}.`);
  }
  const pick = (value: JsonObject) =>
    Object.fromEntries(fields.flatMap((field) => (Object.hasOwn(value, field) ? [[field, value[field]]] : [])));
  return { object: pick, item: pick };
}
