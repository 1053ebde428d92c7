import type { Arguments, Environment } from '../../catalog/declaration.ts';
import { placeOf, type Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import { isObject, type JsonObject } from '../../json.ts';
import type { Answer } from '../answer/accept-reply.ts';
import { isUnsaid, nextOf } from '../answer/cursor.ts';
import { ALTERED, code, toShownJson, toShownName } from './shown-text.ts';

/** What a person is shown of a call before it is sent. */
export type Preview = {
  readonly text: string;
  /** What a person has to do to confirm. */
  readonly task: string;
  /** The texts that confirm the call: the end of the ID, and the whole ID. A name would be the agent's to choose. */
  readonly expected: readonly [string, ...string[]];
  /** Everything that the preview is made from. The confirmation holds only while this stays the same. */
  readonly basis: unknown;
};

export type PreviewDeps = {
  /** Reads from WorkOS on behalf of the call. */
  readonly read: (tool: Tool, args: Arguments) => Promise<Answer>;
  readonly toolOf: (name: string) => Tool | undefined;
  /** Whether the caller's own grants let it read with a tool. */
  readonly mayRead: (tool: Tool) => boolean;
  readonly environment: Environment['label'];
};

/** One page bounds the read. What changes behind it is not noticed. */
const PREVIEW_PAGE_ITEMS = 100;

/** Characters at the end of an ID that a person types. */
const TYPED_CHARS = 6;

/**
 * Reads the object of a call and the objects linked to it, and describes both. The object itself is always read,
 * because a confirmation holds only while it stays the same. Anything that the caller may not read is not shown.
 */
export async function toPreview(tool: Tool, args: Arguments, deps: PreviewDeps): Promise<Preview> {
  const { read, toolOf, mayRead, environment } = deps;
  const { object, named, dependents = {}, replaces = {} } = tool.preview ?? { object: '', named: [] };
  const reader = toolOf(object);
  if (reader === undefined) throw new Error(`${tool.name} has nothing to preview it with`);
  const path = Object.fromEntries(Object.entries(args).filter(([name]) => tool.path.includes(`{${name}}`)));
  const id = String(Object.values(path)[0]);

  const { value, removed } = await read(reader, path);
  if (value.id !== id) throw unreadable(object);
  const lists = await Promise.all(
    Object.entries(dependents).map(async ([name, argument]) => {
      const list = toolOf(name);
      const what = name.replace(/^list_/, '').replaceAll('_', ' ');
      if (list === undefined || !mayRead(list)) return { what, count: undefined };
      const page = await read(list, { [argument]: id, limit: PREVIEW_PAGE_ITEMS });
      return { what, ...toDependents(name, page.value) };
    }),
  );
  const replaced = Object.entries(replaces)
    .filter(([argument]) => Object.hasOwn(args, argument))
    .map(([argument, { member, by }]) => ({
      member,
      items: itemsOf(value[member]),
      by,
      kept: itemsOf(args[argument]),
    }));

  const names = [named].flat().flatMap((member) => [value[member]].filter((name) => typeof name === 'string'));
  const isReadable = mayRead(reader);
  const shown = isReadable ? names.map(toShownName) : [];
  const changes = toChanges(tool, args, isReadable ? value : undefined);
  const [verb = '', ...noun] = tool.name.split('_');
  const counts = lists.flatMap(({ what, count }) => (count === undefined ? [] : [`${what} (${count})`]));
  const hidden = [
    isReadable ? [] : ['its name', ...replaced.map(({ member }) => `its ${member}`)],
    lists.filter(({ count }) => count === undefined).map(({ what }) => what),
  ].flat();
  const warnings = [
    removed > 0 && isReadable ? [ALTERED] : [],
    shown.flatMap((name) => name.warnings),
    changes.flatMap((change) => change.warnings),
  ];
  const lines = [
    `In ${environment === 'sandbox' ? 'the sandbox' : environment}: ${[verb, ...noun, ...shown.map(({ text }) => text).filter((text) => text !== '')].join(' ')} (${id})?`,
    ...changes.map(({ text }) => text),
    ...(isReadable ? replaced.map(toLoss) : []),
    counts.length === 0 ? '' : `Linked to it: ${counts.join(', ')}.`,
    hidden.length === 0 ? '' : `Not shown, because the agent may not read it: ${hidden.join(', ')}.`,
    ...new Set(warnings.flat()),
    tool.access === 'delete' ? 'This cannot be undone.' : '',
  ];
  const end = id.slice(-TYPED_CHARS);
  return {
    text: lines.filter((line) => line !== '').join('\n'),
    task: `To confirm, type ${code(end)}, ${end === id ? 'its ID' : 'the last six characters of its ID'}.`,
    expected: [end, id],
    basis: {
      id,
      names,
      lists,
      replaced: replaced.map(({ member, items }) => ({ member, items })),
      removed: toRemoved(args, value),
    },
  };
}

/** How many objects hang on it, and which ones, so that one cannot take the place of another. */
function toDependents(list: string, page: Record<string, unknown>) {
  const { data } = page;
  if (!Array.isArray(data)) throw unreadable(list);
  const isMore = Boolean(nextOf(page, 'after')) || isUnsaid(page, data.length, { limit: PREVIEW_PAGE_ITEMS });
  const ids = data.map((item: unknown) => String(Object(item).id ?? JSON.stringify(item))).sort();
  return { count: isMore ? `${data.length} or more` : `${data.length}`, ids };
}

const itemsOf = (list: unknown): readonly unknown[] => (Array.isArray(list) ? list : []);

type Replaced = {
  readonly member: string;
  /** What the object has now, what the call gives, and the member that tells their items apart. */
  readonly items: readonly unknown[];
  readonly kept: readonly unknown[];
  readonly by: string;
};

/** What an update takes away because it replaces a list as a whole. */
function toLoss({ member, items, kept, by }: Replaced): string {
  const nameOf = (item: unknown): unknown => Object(item)[by] ?? item;
  const keyOf = (item: unknown) => JSON.stringify(nameOf(item)).toLowerCase();
  const keys = new Set(kept.map(keyOf));
  const lost = items.filter((item) => !keys.has(keyOf(item))).map(nameOf);
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

const unreadable = (tool: string) =>
  new RefusedError(`The preview of this call could not be made: ${tool} returned something unexpected.`, NO_PREVIEW);

/** The rule under which a call is refused if its object cannot be shown. */
export const NO_PREVIEW = 'no preview could be made';

/** Characters of a value that a person is shown. */
const MAX_VALUE_CHARS = 500;

/**
 * The changes of an update, one per line; secrets by name only.
 * @param now the object, if the agent may read it
 */
function toChanges(tool: Tool, args: Arguments, now: JsonObject | undefined) {
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  const show = (name: string, value: unknown) => {
    const { text, warnings } = toShownJson(value, { ascii: identity.includes(name) });
    if (text.length <= MAX_VALUE_CHARS) return { text: code(text), warnings };
    // A person has to see a value in full if it decides a user's identity.
    if (identity.includes(name)) throw new RefusedError(`${name} is too long to be shown for confirmation.`);
    return { text: `${code(`${text.slice(0, MAX_VALUE_CHARS)}…`)} (${text.length} characters)`, warnings };
  };
  const sets = (name: string, value: unknown) => {
    const { text, warnings } = show(name, value);
    return { text: `It sets ${name} to ${text}`, warnings };
  };
  const removes = (name: string, what: string, lost: unknown) => {
    if (now === undefined) return { text: `It removes ${what}.`, warnings: [] };
    if (lost === undefined || lost === null) return { text: `It removes ${what}, which is not set now.`, warnings: [] };
    const { text, warnings } = show(name, lost);
    return { text: `It removes ${what}, which is now ${text}`, warnings };
  };
  return Object.entries(args)
    .filter(([name]) => placeOf(tool, name) === 'body')
    .flatMap(([name, value]) => {
      if (secrets.includes(name)) return [{ text: `It sets ${name} to a value that is not shown.`, warnings: [] }];
      const current = now?.[name];
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

/** What a call removes, as it is now: the confirmation holds only while that stays the same. */
const toRemoved = (args: Arguments, now: JsonObject): readonly unknown[] =>
  Object.entries(args).flatMap(([name, value]) => {
    if (value === null) return [now[name]];
    if (!isObject(value)) return [];
    return Object.keys(value).flatMap((key) => (value[key] === null ? [Object(now[name])[key]] : []));
  });
