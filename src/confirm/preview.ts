import type { Success } from '../result.ts';
import type { Arguments, Environment, Tool } from '../tool.ts';

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
  const lists = await Promise.all(
    Object.entries(dependents).map(async ([name, argument]) => {
      const list = toolOf(name);
      const what = name.replace(/^list_/, '').replaceAll('_', ' ');
      if (list === undefined || !mayRead(list)) return { what };
      const page = await read(list, { [argument]: id, limit: PAGE });
      return { what, count: toCount(page.value) };
    }),
  );

  const name = typeof value[named] === 'string' ? value[named] : '';
  const shown = toShown(name, MAX_NAME);
  const isAltered = removed > 0 || shown !== name || name === '';
  const isNamed = mayRead(reader);
  const [verb = '', ...noun] = tool.name.split('_');
  const counts = lists.flatMap(({ what, count }) => (count === undefined ? [] : [`${what}: ${count}`]));
  const hidden = [
    isNamed ? [] : ['its name'],
    lists.filter(({ count }) => count === undefined).map(({ what }) => what),
  ];
  const lines = [
    `In ${environment}: ${verb} ${noun.join(' ')} ${isNamed ? `"${shown}" ` : ''}(${id})?`,
    toChanges(tool, args),
    counts.length === 0 ? '' : `On it hang ${counts.join(', ')}.`,
    hidden.flat().length === 0 ? '' : `Not shown, since the agent may not read it: ${hidden.flat().join(', ')}.`,
    tool.access === 'delete' ? 'There is no way back.' : '',
  ];
  return {
    text: lines.filter((line) => line !== '').join('\n'),
    expected: isNamed && !isAltered ? [id, name] : [id],
    basis: { id, name, lists },
  };
}

function toCount(page: Record<string, unknown>): string {
  const count = Array.isArray(page.data) ? page.data.length : 0;
  return Object(page.list_metadata).after ? `${count} or more` : `${count}`;
}

/** What an update would set; secrets by name alone. */
function toChanges(tool: Tool, args: Arguments): string {
  const { secrets = [] } = tool.credentials ?? {};
  const changes = Object.entries(args)
    .filter(([name]) => !tool.path.includes(`{${name}}`))
    .map(([name, value]) => {
      if (secrets.includes(name)) return `${name} (not shown)`;
      return `${name} to ${typeof value === 'string' ? `"${toShown(value, MAX_VALUE)}"` : toShown(JSON.stringify(value), MAX_VALUE)}`;
    });
  return changes.length === 0 ? '' : `It sets ${changes.join(', ')}.`;
}

const MAX_NAME = 60;
const MAX_VALUE = 200;

/** A text from outside on one line, with nothing that could pass for the words around it. */
function toShown(text: string, max: number): string {
  const line = text.replace(/[\p{C}\p{Z}]+/gu, ' ').replaceAll(/["“”„‟«»]/g, "'");
  const characters = [...line];
  return characters.length <= max ? line : `${characters.slice(0, max - 1).join('')}…`;
}
