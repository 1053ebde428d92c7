import { needsConfirmation } from '../../access/confirmation.ts';
import type { Arguments, Environment } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import type { JsonObject } from '../../json.ts';
import { withoutStacks } from '../../visible.ts';
import { isUnsaid, nextOf } from '../answer/cursor.ts';
import { toAbout } from './about.ts';
import { type ChangeLine, toChanged, toChanges, toFacts, toLoss, toReplaced } from './changes.ts';
import {
  canRead,
  findObject,
  identityOf,
  noPreview,
  PAGE_ITEMS,
  type SideRead,
  sharedArguments,
  unreadable,
} from './find-object.ts';
import { ALTERED, code, toShownJson, toShownName } from './shown-text.ts';

/** What a person is shown of a call before it is sent. */
export type Preview = {
  readonly text: string;
  /** What a person has to do to confirm. */
  readonly task: string;
  /** The texts that confirm the call: the end of the ID, and the whole ID. A name would be the agent's to choose. */
  readonly expected: readonly [string, ...string[]];
  /** The same as data, for a view. */
  readonly shown: ShownCall;
  /** The IDs that the call is about, beside those of its arguments. */
  readonly about: readonly string[];
  /** Everything that the preview is made from. The confirmation holds only while this stays the same. */
  readonly basis: unknown;
};

/** What a view shows of a call. Texts have code spans around what comes from outside. */
export type ShownCall = {
  readonly environment: Environment['label'];
  /** What is done, and to what. */
  readonly action: string;
  readonly names: readonly string[];
  readonly id: string;
  readonly changes: readonly NonNullable<ChangeLine['parts']>[];
  /** What else it does, and why it waits. */
  readonly lines: readonly string[];
  readonly linked: readonly { readonly what: string; readonly count: string }[];
  readonly hidden: readonly string[];
  readonly warnings: readonly string[];
  readonly isFinal: boolean;
  /** What a person has to type. Absent where a button is enough. */
  readonly typed?: string;
};

/** Why a call waits for a confirmation that others of its tool do not need, and what a person should know for it. */
export type Occasion = {
  readonly because: string;
  readonly facts: JsonObject;
  /** Whether the facts are shown: whether the agent may read what they are taken from. */
  readonly isReadable: boolean;
  /** The objects that were read to decide that. */
  readonly about: readonly JsonObject[];
};

export type PreviewDeps = {
  readonly read: SideRead;
  readonly toolOf: (name: string) => Tool | undefined;
  /** Whether the caller's own grants let it read with a tool. */
  readonly mayRead: (tool: Tool) => boolean;
  readonly environment: Environment['label'];
};

/** Characters of an ID, or of an email: 64 before the @, and 255 behind it. */
const MAX_ID_CHARS = 320;
/** Characters at the end of an ID that a person types. */
const TYPED_CHARS = 6;

/**
 * Reads the object of a call and the objects linked to it, and describes both. The object itself is always read,
 * because a confirmation holds only while it stays the same. Anything that the caller may not read is not shown.
 */
export async function toPreview(tool: Tool, args: Arguments, deps: PreviewDeps, occasion?: Occasion): Promise<Preview> {
  const { read, toolOf, mayRead, environment } = deps;
  const { object = [], named = [] } = tool.preview ?? {};
  const { argument: of, by } = identityOf(tool);
  const id = String(args[of]);
  // In the place of an ID stands an email as well, which the agent has made up. A no to it is kept with it.
  if (id.length > MAX_ID_CHARS) throw noPreview(`${of} has more than ${MAX_ID_CHARS} characters.`);
  if (withoutStacks(id) !== id) throw noPreview(`${of} has more marks on a character than can be shown.`);
  const reader = readerOf(tool, args, [object].flat(), toolOf);

  const { value, removed } =
    reader === undefined
      ? { value: {} as JsonObject, removed: 0 }
      : await findObject(read, reader, sharedArguments(tool, args, reader), { by, value: id });
  const lists = await readLinked(tool, args, id, deps);
  const replaced = toReplaced(tool, args, value);

  const names = [named]
    .flat()
    .map((member) => nameAt(value, member))
    .filter((name) => typeof name === 'string');
  const isReadable = reader === undefined || mayRead(reader);
  const shownNames = isReadable ? names.map(toShownName) : [];
  const changes = toChanges(tool, args, of, isReadable && reader !== undefined ? value : undefined);
  const facts = occasion?.isReadable ? toFacts(occasion.facts) : [];
  const action = tool.title.charAt(0).toLowerCase() + tool.title.slice(1);
  const linked = lists.flatMap(({ what, count }) => (count === undefined ? [] : [{ what, count }]));
  const hidden = [
    isReadable ? [] : ['its name', ...replaced.map(({ member }) => `its ${member}`)],
    occasion === undefined || occasion.isReadable ? [] : Object.keys(occasion.facts),
    lists.filter(({ count }) => count === undefined).map(({ what }) => what),
  ].flat();
  const warnings = new Set([
    ...(removed > 0 && isReadable ? [ALTERED] : []),
    ...[toShownJson(id, { ascii: false }), ...shownNames, ...changes, ...facts].flatMap((text) => text.warnings),
  ]);
  const visibleNames = shownNames.map(({ text }) => text).filter((text) => text !== '');
  /** What is lost, why a person is asked, and what they should know for it. */
  const reasons = [
    ...(isReadable ? replaced.map(toLoss) : []),
    ...(occasion === undefined ? [] : [`You are asked because ${occasion.because}.`]),
    ...facts.map(({ text }) => text),
  ].filter((line) => line !== '');
  const lines = [
    `In ${environment === 'sandbox' ? 'the sandbox' : environment}: ${[action, ...visibleNames].join(' ')} (${id})?`,
    ...changes.map(({ text }) => text),
    ...reasons,
    linked.length === 0 ? '' : `Linked to it: ${linked.map(({ what, count }) => `${what} (${count})`).join(', ')}.`,
    hidden.length === 0 ? '' : `Not shown, because the agent may not read it: ${hidden.join(', ')}.`,
    ...warnings,
    tool.access === 'delete' ? 'This cannot be undone.' : '',
  ];
  const end = [...id].slice(-TYPED_CHARS).join('');
  return {
    text: lines.filter((line) => line !== '').join('\n'),
    task: `To confirm, type ${code(end)}, ${end === id ? 'its ID' : 'the last six characters of its ID'}.`,
    expected: [end, id],
    shown: {
      environment,
      action,
      names: visibleNames,
      id,
      changes: changes.flatMap(({ parts }) => parts ?? []),
      lines: [...changes.flatMap(({ text, parts }) => (parts === undefined && text !== '' ? [text] : [])), ...reasons],
      linked,
      hidden,
      warnings: [...warnings],
      isFinal: tool.access === 'delete',
      ...(isTyped(tool, args, deps) && { typed: end }),
    },
    about: [id, ...toAbout([value, occasion?.about, args]).filter((other) => other !== id)],
    basis: {
      id,
      names,
      lists,
      replaced: replaced.map(({ member, items }) => ({ member, items })),
      changed: toChanged(tool, args, value),
      ...(occasion !== undefined && { because: occasion.because, facts: occasion.facts }),
    },
  };
}

/** Whether a view has a person type the end of the ID: for a delete, and for a change of identities in production. */
const isTyped = (tool: Tool, args: Arguments, { environment }: Pick<PreviewDeps, 'environment'>): boolean =>
  tool.access === 'delete' ||
  (environment === 'production' && (needsConfirmation(tool, args) || tool.before !== undefined));

/** A name, at a dotted path. */
const nameAt = (value: JsonObject, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, name) => Object(inner)[name], value);

/** The objects that are linked to that of a call, by kind. Those that the caller may not read are not counted. */
const readLinked = (tool: Tool, args: Arguments, id: string, { read, toolOf, mayRead }: PreviewDeps) =>
  Promise.all(
    Object.entries(tool.preview?.dependents ?? {}).map(async ([name, dependents]) => {
      const { by, with: others } = typeof dependents === 'string' ? { by: dependents, with: {} } : dependents;
      const list = toolOf(name);
      const what = name.replace(/^list_/, '').replaceAll('_', ' ');
      if (list === undefined || !mayRead(list)) return { what, count: undefined };
      const limit = list.paginated ? { limit: PAGE_ITEMS } : {};
      const page = await read(list, { ...sharedArguments(tool, args, list), ...others, [by]: id, ...limit });
      return { what, ...toDependents(list, page.value) };
    }),
  );

/** How many objects there are, and which ones, so that one cannot take the place of another. */
function toDependents(list: Tool, page: Record<string, unknown>) {
  const { data } = page;
  if (!Array.isArray(data)) throw unreadable(list.name);
  const isMore =
    list.paginated && (Boolean(nextOf(page, 'after')) || isUnsaid(page, data.length, { limit: PAGE_ITEMS }));
  const ids = data.map((item: unknown) => String(Object(item).id ?? JSON.stringify(item))).sort();
  return { count: isMore ? `${data.length} or more` : `${data.length}`, ids };
}

/** The read for the object of this call; `undefined` where the tool has none. */
function readerOf(
  tool: Tool,
  args: Arguments,
  names: readonly string[],
  toolOf: PreviewDeps['toolOf'],
): Tool | undefined {
  const readers = names.flatMap((name) => toolOf(name) ?? []);
  const reader = readers.find((one) => canRead(tool, args, one));
  if (reader !== undefined || names.length === 0) return reader;
  if (readers.length === 0) throw new Error(`${tool.name} has nothing to preview it with`);
  throw noPreview('The arguments do not say where its object is.');
}
