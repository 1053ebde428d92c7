import type { Arguments, Environment } from '../../catalog/declaration.ts';
import { placeOf, type Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import type { Answer } from '../answer/accept-reply.ts';

/** What a person is shown of a call before it is sent. */
export type Preview = {
  readonly text: string;
  /** The texts that confirm the call: the ID, and the name if it is shown unaltered. */
  readonly expected: readonly string[];
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

/** The first page is enough for a count. */
const PREVIEW_PAGE_ITEMS = 100;

/**
 * Reads the object of a call and the objects linked to it, and describes both. The object itself is always read,
 * because a confirmation holds only while it stays the same. Anything that the caller may not read is not shown.
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
      const page = await read(list, { [argument]: id, limit: PREVIEW_PAGE_ITEMS });
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

/** The rule under which a call is refused if its object cannot be shown. */
export const NO_PREVIEW = 'no preview could be made';

/** The changes of an update, one per line; secrets by name only. */
function toChanges(tool: Tool, args: Arguments): readonly string[] {
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  return Object.entries(args)
    .filter(([name]) => placeOf(tool, name) === 'body')
    .map(([name, value]) => {
      if (secrets.includes(name)) return `It sets ${name} to a value that is not shown.`;
      // Look-alike letters could make one domain look like another.
      const json = toVisible(JSON.stringify(value), identity.includes(name) ? NOT_ASCII : UNSEEN);
      if (json.length <= MAX_VALUE_CHARS) return `It sets ${name} to ${json}`;
      // A person has to see a value in full if it decides a user's identity.
      if (identity.includes(name)) throw new RefusedError(`${name} is too long to be shown for confirmation.`);
      return `It sets ${name} to ${json.slice(0, MAX_VALUE_CHARS)}… (${json.length} characters)`;
    });
}

const MAX_NAME_CHARS = 60;
const MAX_VALUE_CHARS = 500;

const UNSEEN = /[^\P{C}]|[\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const NOT_ASCII = /[^ -~]/gu;

/** JSON with some characters escaped. JSON shows where a text ends. */
function toVisible(json: string, hidden: RegExp): string {
  return json.replace(hidden, (character) => {
    const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

/** Blanks of all kinds, including those that Unicode counts as letters or symbols. */
const BLANKS = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]+/gu;
/** Quotes, and characters that look like quotes. */
const QUOTES = /["\p{Pi}\p{Pf}„‟″‴‶‷〃〝〞〟＂ʺ˝״❝❞❠🙶🙷🙸]/gu;
/** Stacked combining marks, which could cover the text around them. */
const STACKS = /(\p{M}{2})\p{M}+/gu;

/** A name from outside on one line, with nothing that could pass for the text around it. */
function toShown(name: string): string {
  const line = name.replace(BLANKS, ' ').replace(QUOTES, "'").replace(STACKS, '$1').trim();
  const characters = [...line];
  return characters.length <= MAX_NAME_CHARS ? line : `${characters.slice(0, MAX_NAME_CHARS - 1).join('')}…`;
}

/** Words that people type when they only mean yes: a name like that must not confirm. */
const CONSENT = /^(ok|okay|yes|yeah|yep|y|true|sure|confirm|confirmed|accept|approve|proceed|delete|done)$/i;
