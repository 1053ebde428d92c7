import type { Arguments, Environment } from '../../catalog/declaration.ts';
import { placeOf, type Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import type { Success } from '../answer/success.ts';

/** What a person is shown of a call before it goes out. */
export type Preview = {
  readonly text: string;
  /** What may be typed to confirm: the ID, and the name where it is shown as it is. */
  readonly expected: readonly string[];
  /** All that it rests on: as long as that stays the same, so does the object. */
  readonly basis: unknown;
};

export type PreviewDeps = {
  /** Reads from WorkOS on behalf of the call. */
  readonly read: (tool: Tool, args: Arguments) => Promise<Success>;
  readonly toolOf: (name: string) => Tool | undefined;
  /** Whether the caller's own grants let it read with a tool. */
  readonly mayRead: (tool: Tool) => boolean;
  readonly environment: Environment['label'];
};

/** A first page tells enough. */
const PAGE = 100;

/**
 * Reads the object of a call, and what hangs on it, and puts both into words. The object itself is always read, since a
 * confirmation holds only as long as it stays the same; what the caller may not read is not shown.
 */
export async function toPreview(tool: Tool, args: Arguments, deps: PreviewDeps): Promise<Preview> {
  const { read, toolOf, mayRead, environment } = deps;
  const { object, named, dependents = {} } = tool.preview ?? { object: '', named: '' };
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
      if (list === undefined || !mayRead(list)) return { what };
      const page = await read(list, { [argument]: id, limit: PAGE });
      return { what, count: toCount(name, page.value) };
    }),
  );

  const name = typeof value[named] === 'string' ? value[named] : '';
  const shown = toShown(name);
  const confirms = removed === 0 && shown === name && name !== '' && !CONSENT.test(name);
  const isNamed = mayRead(reader);
  const [verb = '', ...noun] = tool.name.split('_');
  const counts = lists.flatMap(({ what, count }) => (count === undefined ? [] : [`${what} (${count})`]));
  const hidden = [
    isNamed ? [] : ['its name'],
    lists.filter(({ count }) => count === undefined).map(({ what }) => what),
  ];
  const lines = [
    `In ${environment === 'sandbox' ? 'the sandbox' : environment}: ${verb} ${noun.join(' ')} ${isNamed ? `"${shown}" ` : ''}(${id})?`,
    ...toChanges(tool, args),
    counts.length === 0 ? '' : `Linked to it: ${counts.join(', ')}.`,
    hidden.flat().length === 0 ? '' : `Not shown, because the agent may not read it: ${hidden.flat().join(', ')}.`,
    tool.access === 'delete' ? 'This cannot be undone.' : '',
  ];
  return {
    text: lines.filter((line) => line !== '').join('\n'),
    expected: isNamed && confirms ? [id, name] : [id],
    basis: { id, name, lists },
  };
}

function toCount(list: string, { data, list_metadata: metadata }: Record<string, unknown>): string {
  if (!Array.isArray(data)) throw unreadable(list);
  return Object(metadata).after ? `${data.length} or more` : `${data.length}`;
}

const unreadable = (tool: string) =>
  new RefusedError(`What it would do could not be looked up: ${tool} answered with something else.`, NO_PREVIEW);

/** The rule by which a call is refused whose object cannot be shown. */
export const NO_PREVIEW = 'no preview could be made';

/** What an update would set, a line each; secrets by name alone. */
function toChanges(tool: Tool, args: Arguments): readonly string[] {
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  return Object.entries(args)
    .filter(([name]) => placeOf(tool, name) === 'body')
    .map(([name, value]) => {
      if (secrets.includes(name)) return `It sets ${name} to a value that is not shown.`;
      // Letters that look like others would make one domain of two.
      const json = toVisible(JSON.stringify(value), identity.includes(name) ? NOT_ASCII : UNSEEN);
      if (json.length <= MAX_VALUE) return `It sets ${name} to ${json}`;
      // Whoever says yes has to have seen all that decides who somebody is.
      if (identity.includes(name)) throw new RefusedError(`${name} is too long to be shown for confirmation.`);
      return `It sets ${name} to ${json.slice(0, MAX_VALUE)}… (${json.length} characters)`;
    });
}

const MAX_NAME = 60;
const MAX_VALUE = 500;

const UNSEEN = /[^\P{C}]|[\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const NOT_ASCII = /[^ -~]/gu;

/** JSON, which tells where a text ends, with some characters written out. */
function toVisible(json: string, hidden: RegExp): string {
  return json.replace(hidden, (character) => {
    const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

/** Blanks of all kinds, those that count as letters or symbols too. */
const BLANKS = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]+/gu;
/** Quotes, and what looks like them. */
const QUOTES = /["\p{Pi}\p{Pf}„‟″‴‶‷〃〝〞〟＂ʺ˝״❝❞❠🙶🙷🙸]/gu;
/** Marks that are stacked until they cover what stands around them. */
const STACKS = /(\p{M}{2})\p{M}+/gu;

/** A name from outside on one line, with nothing that could pass for the words around it. */
function toShown(name: string): string {
  const line = name.replace(BLANKS, ' ').replace(QUOTES, "'").replace(STACKS, '$1').trim();
  const characters = [...line];
  return characters.length <= MAX_NAME ? line : `${characters.slice(0, MAX_NAME - 1).join('')}…`;
}

/** What people type when they only mean yes. */
const CONSENT = /^(ok|okay|yes|yeah|yep|y|true|sure|confirm|confirmed|accept|approve|proceed|delete|done)$/i;
