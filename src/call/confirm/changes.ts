import type { Arguments } from '../../catalog/declaration.ts';
import { placeOf, type Tool, wireName } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { beginningOf, code, type ShownText, toShownJson } from './shown-text.ts';

/** Characters of a value that a person is shown. */
const MAX_VALUE_CHARS = 500;

/** One thing that a call does: as a line of its own, and as its parts. */
export type ChangeLine = ShownText & {
  readonly parts?: { readonly name: string; readonly before?: string; readonly after: string };
};

/**
 * What a call does besides what its name and its object say, one line each; secrets by name only.
 * @param of the argument that identifies the object, which is shown already
 * @param now the object, if the agent may read it
 */
export function toChanges(tool: Tool, args: Arguments, of: string, now: JsonObject | undefined): readonly ChangeLine[] {
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  const show = (name: string, value: unknown) => {
    const { text, warnings } = toShownJson(value, { ascii: identity.includes(name) });
    if (text.length <= MAX_VALUE_CHARS) return { text: code(text), warnings };
    // A person has to see a value in full if it decides a user's identity.
    if (identity.includes(name)) throw new RefusedError(`${name} is too long to be shown for confirmation.`);
    return { text: `${code(`${beginningOf(text, MAX_VALUE_CHARS)}…`)} (${text.length} characters)`, warnings };
  };
  const sets = (name: string, value: unknown): ChangeLine => {
    const { text, warnings } = show(name, value);
    const line = { text: `It sets ${name} to ${text}`, warnings };
    const current = now && toBefore(tool, name, value, now);
    // A POST that makes something sets what the object around it does not have.
    if (current === undefined && tool.method === 'POST') return line;
    if (current === undefined) return { ...line, parts: { name, after: unquoted(text) } };
    // It never ends a call: what decides is what the call sets.
    const { text: json } = toShownJson(current, { ascii: identity.includes(name) });
    const before =
      json.length <= MAX_VALUE_CHARS ? json : `${beginningOf(json, MAX_VALUE_CHARS)}… (${json.length} characters)`;
    return { ...line, parts: { name, before, after: unquoted(text) } };
  };
  const selects = (name: string, value: unknown) => {
    const { text, warnings } = show(name, value);
    return { text: `With ${name} ${text}`, warnings };
  };
  const removes = (name: string, what: string, lost: unknown) => {
    if (now === undefined) return { text: `It removes ${what}.`, warnings: [] };
    if (lost === undefined || lost === null) return { text: `It removes ${what}, which is not set now.`, warnings: [] };
    const { text, warnings } = show(name, lost);
    return { text: `It removes ${what}, which is now ${text}`, warnings };
  };
  return Object.entries(args)
    .filter(([name]) => name !== of && ['path', 'query', 'body'].includes(placeOf(tool, name)))
    .flatMap(([name, value]) => {
      const isSet = placeOf(tool, name) === 'body' && tool.method !== 'DELETE';
      if (secrets.includes(name))
        return [{ text: `${isSet ? `It sets ${name} to` : `With ${name},`} a value that is not shown.`, warnings: [] }];
      if (!isSet) return [selects(name, value)];
      const current = now?.[wireName(tool, name)];
      if (value === null) return [removes(name, name, current)];
      const pairs = isObject(value) ? Object.keys(value).filter((key) => value[key] === null) : [];
      if (!isObject(value) || pairs.length === 0) return [sets(name, value)];
      const kept = Object.fromEntries(Object.entries(value).filter(([key]) => !pairs.includes(key)));
      const lost = Object.fromEntries(Object.entries(Object(current)).filter(([key]) => pairs.includes(key)));
      return [
        ...(Object.keys(kept).length === 0 ? [] : [sets(name, kept)]),
        removes(name, `from ${name} ${show(name, pairs).text}`, Object.keys(lost).length === 0 ? undefined : lost),
      ];
    });
}

/**
 * What an argument changes, as it is now and as the call would give it: of a list that it replaces the same members, and
 * of pairs the same keys, since the others stay. `undefined` if the object does not have it.
 */
function toBefore(tool: Tool, name: string, value: unknown, now: JsonObject): unknown {
  const replaced = tool.preview?.replaces?.[name];
  if (replaced !== undefined) {
    const items = now[replaced.member];
    if (!Array.isArray(items)) return undefined;
    const members = new Set([value].flat().flatMap((item) => (isObject(item) ? Object.keys(item) : [])));
    const list = items.map((item) => (members.size === 0 ? nameOf(item, replaced.by) : pick(item, members)));
    return list.length === 1 && !Array.isArray(value) ? list[0] : list;
  }
  const current = now[wireName(tool, name)];
  return isObject(value) && isObject(current) ? pick(current, new Set(Object.keys(value))) : current;
}

const pick = (value: unknown, names: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(Object(value)).filter(([name]) => names.has(name)));

/** What tells an item of a list apart: a member of it, or the item itself. */
const nameOf = (item: unknown, by: string): unknown => Object(item)[by] ?? item;

/** Without the code span, which only Markdown needs. */
const unquoted = (text: string): string => text.replaceAll('`', '');

/** What a call sets or removes, as it is now: the confirmation holds only while that stays the same. */
export const toChanged = (tool: Tool, args: Arguments, now: JsonObject): readonly unknown[] =>
  Object.entries(args).flatMap(([name, value]) => {
    if (placeOf(tool, name) !== 'body') return [];
    const current = now[wireName(tool, name)];
    return isObject(value) ? Object.keys(value).map((key) => Object(current)[key]) : [current];
  });

type Replaced = {
  readonly member: string;
  /** What the object has now, what the call gives, and the member that tells their items apart. */
  readonly items: readonly unknown[];
  readonly kept: readonly unknown[];
  readonly by: string;
};

/** The lists of the object that a call replaces as a whole. */
export const toReplaced = ({ preview }: Tool, args: Arguments, now: JsonObject): readonly Replaced[] =>
  Object.entries(preview?.replaces ?? {})
    .filter(([argument]) => Object.hasOwn(args, argument))
    .map(([argument, { member, by }]) => ({
      member,
      items: itemsOf(now[member]),
      by,
      // One value, such as one role, takes the place of the list as well.
      kept: [args[argument]].flat(),
    }));

const itemsOf = (list: unknown): readonly unknown[] => (Array.isArray(list) ? list : []);

/** What an update takes away because it replaces a list as a whole. */
export function toLoss({ member, items, kept, by }: Replaced): string {
  const keyOf = (item: unknown) => JSON.stringify(nameOf(item, by)).toLowerCase();
  const keys = new Set(kept.map(keyOf));
  const lost = items.filter((item) => !keys.has(keyOf(item))).map((item) => nameOf(item, by));
  if (lost.length === 0) return '';
  const shown: string[] = [];
  for (const one of lost) {
    const { text } = toShownJson(one, { ascii: true });
    if (shown.join().length + text.length > MAX_VALUE_CHARS) break;
    shown.push(code(text));
  }
  const more = lost.length - shown.length;
  return `It removes from ${member}: ${[...shown, ...(more === 0 ? [] : [`${more} more`])].join(', ')}`;
}

/** What else a person should know before they confirm, by what it is called. */
export const toFacts = (facts: JsonObject): readonly ShownText[] =>
  Object.entries(facts).map(([what, value]) => {
    const { text, warnings } = toShownJson(value ?? null, { ascii: true });
    const shown = text.length <= MAX_VALUE_CHARS ? text : `${beginningOf(text, MAX_VALUE_CHARS)}…`;
    return { text: `${what}: ${code(shown)}`, warnings };
  });
