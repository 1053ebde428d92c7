import type { Arguments } from '../catalog/declaration.ts';
import { toMeant } from '../catalog/meant.ts';
import { OWN } from '../catalog/server-arguments.ts';
import { placeOf, type Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import { isObject, parseJson } from '../json.ts';
import { checkShape, checkSize, tooDeep, tooManyValues } from './check-shape.ts';

/** Normalized arguments, and notes for the client about what was changed. */
export type Understood = { readonly args: unknown; readonly notes: readonly string[] };

/**
 * Normalizes arguments before the tool's schema parses them. In order: members that a client's framework adds are
 * dropped, JSON text is parsed, nulls and empty filters are dropped, and `clear` is replaced by the members that it
 * names. The schema reports everything else that is wrong.
 * @throws RefusedError for input that no schema should see, and for ambiguous arguments
 */
export function understand(tool: Tool, sent: unknown): Understood {
  const given = sent ?? {};
  // The schema refuses it by its type alone.
  if (!isObject(given)) return { args: given, notes: [] };
  checkShape(given);
  const [own, added] = split(given, (name) => !isAdded(tool, name, given));
  const meant = Object(toMeant(tool.schema(), own, parseText));
  checkShape(meant);
  // Clients also send null for arguments of an earlier, wider form of the tool.
  const [present] = split(meant, (name) => meant[name] !== null || !tool.lacking.includes(name));
  const [args, empty] = split(present, (name) => !isEmptyFilter(tool, name, present[name]));
  return { args: expandClear(tool, args), notes: [...toEmptyNotes(tool, args, empty), ...toAddedNotes(added)] };
}

function parseText(text: string): { value: unknown } | undefined {
  const parsed = parseJson(text);
  if (parsed === 'too deep') throw tooDeep();
  if (parsed === 'too many values') throw tooManyValues();
  checkSize(parsed?.value);
  return parsed;
}

/** n8n adds the first three together. */
const ADDED_TOGETHER = ['sessionId', 'action', 'chatInput'];
const ADDED = /^(toolCallId|task_progress|_\w{1,63})$/;

/** Whether a client's framework has added the member. An argument that needs another grant is not such a member. */
function isAdded(tool: Tool, name: string, args: Arguments): boolean {
  if (isArgument(tool, name)) return false;
  if (ADDED.test(name)) return true;
  return ADDED_TOGETHER.includes(name) && ADDED_TOGETHER.every((other) => Object.hasOwn(args, other));
}

const isArgument = (tool: Tool, name: string): boolean =>
  Object.hasOwn(tool.input, name) || tool.lacking.includes(name) || Object.hasOwn(OWN, name);

/** The most names that a note lists. */
const MAX_NAMED = 10;

function toAddedNotes(added: Arguments): readonly string[] {
  const names = Object.keys(added);
  if (names.length === 0) return [];
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return [`Ignored, because the tool has no such arguments: ${names.slice(0, MAX_NAMED).join(', ')}${more}.`];
}

/** Whether an optional argument of a read is empty. Arguments of which WorkOS requires one are not optional. */
function isEmptyFilter(tool: Tool, name: string, value: unknown): boolean {
  if (!tool.annotations.readOnlyHint || !isEmpty(value) || !Object.hasOwn(tool.input, name)) return false;
  // Left out of a body, it would say something else.
  if (placeOf(tool, name) === 'body') return false;
  const demanded = [...(tool.exactlyOne ?? []), ...(tool.atLeastOne ?? [])];
  return tool.input[name]?.safeParse(undefined).success === true && !demanded.includes(name);
}

const isEmpty = (value: unknown): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

/** Arguments that select a page, not items. */
const PAGING: ReadonlySet<string> = new Set(['limit', 'before', 'after', 'order']);

function toEmptyNotes(tool: Tool, args: Arguments, empty: Arguments): readonly string[] {
  if (Object.keys(empty).length === 0) return [];
  const isFilter = (name: string) => tool.paginated && placeOf(tool, name) === 'query' && !PAGING.has(name);
  const [filters, others] = split(empty, isFilter);
  const isUnfiltered = !Object.keys(args).some(isFilter);
  const items = tool.name.replace(/^list_/, '').replaceAll('_', ' ');
  return [
    toNote(filters, isUnfiltered ? `: these are all ${items}.` : ' and filters nothing.'),
    toNote(others, ' and was left out.'),
  ].flat();
}

const toNote = (empty: Arguments, rest: string): readonly string[] =>
  Object.keys(empty).map((name) => `${name} was empty${rest}`);

/** The arguments with null for each that `clear` names. */
function expandClear({ clearable }: Tool, args: Arguments): Arguments {
  const erased = clearable.find((name) => typeof args[name] === 'object' && isEmpty(args[name]));
  if (erased !== undefined) {
    throw new RefusedError(
      `${erased} is empty, which would remove all of it. If that is meant, give clear: ["${erased}"] instead; otherwise leave it out.`,
    );
  }
  const { clear, ...others } = args;
  if (!Array.isArray(clear)) return args;
  if (!clear.every((name) => clearable.includes(name))) return args;
  const both = clearable.find((name) => clear.includes(name) && Object.hasOwn(others, name));
  if (both !== undefined) throw new RefusedError(`${both} is both given and in clear: leave one of the two out.`);
  return { ...others, ...Object.fromEntries(clear.map((name) => [name, null])) };
}

/** Splits members by name into those for which `holds` is true, and the others. */
function split(args: Arguments, holds: (name: string) => boolean): [Arguments, Arguments] {
  // Of most calls all members stay, and need no copy.
  if (Object.keys(args).every(holds)) return [args, {}];
  const [yes, no]: [[string, unknown][], [string, unknown][]] = [[], []];
  for (const entry of Object.entries(args)) (holds(entry[0]) ? yes : no).push(entry);
  return [Object.fromEntries(yes), Object.fromEntries(no)];
}
