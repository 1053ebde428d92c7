import { isDeepStrictEqual } from 'node:util';
import { StartError } from '../../errors.ts';
import { isObject } from '../../json.ts';

type Fields = Readonly<Record<string, unknown>>;

const MARK = '\uFEFF';

/**
 * A JSON configuration with what is missing of another one in it: members of its sections by their name, items of its
 * lists by their `id`. The text's indentation, line ends and byte order mark stay.
 * @returns `undefined` where nothing is missing
 * @throws StartError where that cannot be done without losing or replacing what is there
 */
export function addToJson(text: string, added: Fields): string | undefined {
  const plain = text.startsWith(MARK) ? text.slice(MARK.length) : text;
  const old = plain.trim() === '' ? {} : parse(plain);
  const after = { ...old };
  for (const [section, part] of Object.entries(added)) {
    const before = Object.hasOwn(old, section) ? old[section] : undefined;
    after[section] = Array.isArray(part) ? addItems(section, before, part) : addMembers(section, before, Object(part));
  }
  if (isDeepStrictEqual(old, after)) return undefined;
  const indent = /^[\t ]+(?=["[{}\]])/m.exec(plain)?.[0] ?? '  ';
  const lines = `${JSON.stringify(after, undefined, indent)}${plain === '' || /\n\s*$/.test(plain) ? '\n' : ''}`;
  const ended = plain.includes('\r\n') ? lines.replaceAll('\n', '\r\n') : lines;
  return plain === text ? ended : `${MARK}${ended}`;
}

function addMembers(section: string, before: unknown, part: Fields): Fields {
  if (before !== undefined && !isObject(before)) throw new StartError(`its "${section}" is no object`);
  const after = { ...before };
  for (const [name, value] of Object.entries(part)) {
    if (!Object.hasOwn(after, name)) after[name] = value;
    else if (!isSame(after[name], value)) throw new StartError(taken(`${section}.${name}`));
  }
  return after;
}

function addItems(section: string, before: unknown, part: readonly { readonly id: string }[]): readonly unknown[] {
  if (before !== undefined && !Array.isArray(before)) throw new StartError(`its "${section}" is no list`);
  const after: unknown[] = [...(before ?? [])];
  for (const item of part) {
    const found = after.find((other) => isObject(other) && other.id === item.id);
    if (found === undefined) after.push(item);
    else if (!isSame(found, item)) throw new StartError(taken(`${section} "${item.id}"`));
  }
  return after;
}

export const taken = (what: string): string =>
  `it has ${what} already, and that is another one: take another --name, or take that out first`;

/** Whoever has put the key where it belongs has the same entry still. */
function isSame(found: unknown, wanted: unknown): boolean {
  return isDeepStrictEqual(withoutKey(found), withoutKey(wanted));
}

function withoutKey(entry: unknown): unknown {
  if (!isObject(entry) || !isObject(entry.env) || typeof entry.env.WORKOS_API_KEY !== 'string') return entry;
  return { ...entry, env: { ...entry.env, WORKOS_API_KEY: '' } };
}

const STRING = /"(?:[^"\\]|\\.)*"/.source;

function parse(text: string): Fields {
  const value = tryParse(text);
  if (value === undefined) {
    const bare = text.replace(new RegExp(`${STRING}|//.*|/\\*[^]*?\\*/`, 'g'), (part) =>
      part.startsWith('"') ? part : ' ',
    );
    const plain = bare.replace(new RegExp(`${STRING}|,(?=\\s*[}\\]])`, 'g'), (part) =>
      part.startsWith('"') ? part : '',
    );
    const isLoose = tryParse(plain) !== undefined;
    throw new StartError(
      isLoose ? 'it has comments or trailing commas, which writing it anew would lose' : 'it is no valid JSON',
    );
  }
  if (!isObject(value)) throw new StartError('it is no JSON object');
  // What is read is what will be written: not so with a member that is there twice, or a number of many digits.
  const packed = text.replace(new RegExp(`${STRING}|\\s+`, 'g'), (part) =>
    part.startsWith('"') ? JSON.stringify(JSON.parse(part)) : '',
  );
  if (packed !== JSON.stringify(value)) {
    throw new StartError('it has a repeated member or an unusual number, which writing it anew would change');
  }
  return value;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
