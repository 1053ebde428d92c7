import type { Arguments } from '../../catalog/declaration.ts';
import { concise, knownFields, memberAt } from '../../catalog/output.ts';
import type { Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import { toBrief } from '../../events/view.ts';
import type { JsonObject } from '../../json.ts';
import { didYouMean, inShort, MAX_REPORTED_FAULTS } from '../../wording.ts';
import { pick } from './paths.ts';

/** Which fields an answer shows: the requested ones, or all of an object and the main ones of a list item. */
export type FieldSelection = {
  readonly object: (value: JsonObject) => JsonObject;
  readonly item: (value: JsonObject) => JsonObject;
};

/** All of an answer. */
export const WHOLE: FieldSelection = { object: (value) => value, item: (value) => value };

/** @throws RefusedError for a field that the tool's answers are not known to have. */
export function selectFields(tool: Tool, { fields, ...args }: Arguments): FieldSelection {
  if (tool.output === undefined) return WHOLE;
  if (!Array.isArray(fields)) {
    return { ...WHOLE, item: tool.events ? toBrief : concise(tool.omittedMembers(), args) };
  }
  checkKnown(tool, 'fields', fields);
  const show = (value: JsonObject) => pick(value, fields);
  return { object: show, item: show };
}

/** @throws RefusedError for a dotted path that leads to nothing in the tool's answers. */
export function checkKnown({ output, declared, isList }: Tool, argument: string, paths: readonly string[]): void {
  const unknown = paths.filter((path) => output === undefined || memberAt(output, path) === undefined);
  if (unknown.length === 0 || output === undefined) return;
  const all = [...declared().shown].map((path) => (isList ? path.replace(/^data\./, '') : path));
  const hints = unknown
    .slice(0, MAX_REPORTED_FAULTS)
    .map((path) => `"${inShort(path)}".${didYouMean(inShort(path), all)}`)
    .join(' ');
  throw new RefusedError(`${argument}: there is no field ${hints} The fields are ${knownFields(output).join(', ')}.`);
}
