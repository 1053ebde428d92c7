import { isDeepStrictEqual } from 'node:util';
import { StartError } from '../../errors.ts';
import { isObject } from '../../json.ts';
import { type Change, changeText, type Format } from '../edit/change.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A configuration with what it lacks of another one in it: members of its sections by their name, items of its lists by
 * their `id`. All else stays in the form it had.
 * @returns `undefined` where nothing is missing
 * @throws StartError where it is malformed, has something else in such a place, or cannot be changed without harm
 */
export async function addMissing(text: string, added: Fields, format: Format): Promise<string | undefined> {
  const old = (await format.read(text)) ?? {};
  if (!isObject(old)) throw new StartError('it is not an object');
  const changes = Object.entries(added).flatMap(([section, part]) => {
    const before = Object.hasOwn(old, section) ? old[section] : undefined;
    return Array.isArray(part) ? missingItems(section, before, part) : missingMembers(section, before, Object(part));
  });
  return changes.length === 0 ? undefined : changeText(text, changes, format);
}

function missingMembers(section: string, before: unknown = {}, part: Fields): readonly Change[] {
  if (!isObject(before)) throw new StartError(`its "${section}" is not an object`);
  return Object.entries(part).flatMap(([name, value]) => {
    if (!Object.hasOwn(before, name)) return [{ path: [section, name], value }];
    return isSame(before[name], value) ? [] : refuse(`${section}.${name}`);
  });
}

function missingItems(section: string, before: unknown, part: readonly { readonly id: string }[]): readonly Change[] {
  if (before !== undefined && !Array.isArray(before)) throw new StartError(`its "${section}" is not a list`);
  const old: readonly unknown[] = before ?? [];
  const lacking = part.filter((item) => {
    const found = old.find((other) => isObject(other) && other.id === item.id);
    return found === undefined || (isSame(found, item) ? false : refuse(`${section} "${item.id}"`));
  });
  if (before === undefined && lacking.length > 0) return [{ path: [section], value: lacking }];
  return lacking.map((value, index) => ({ path: [section, old.length + index], value }));
}

function refuse(what: string): never {
  throw new StartError(`it has ${what} already, with other settings: use another --name, or remove that entry first`);
}

/** Once a person has put the key where it belongs, it is still the same entry. */
function isSame(found: unknown, wanted: unknown): boolean {
  return isDeepStrictEqual(withoutKey(found), withoutKey(wanted));
}

function withoutKey(entry: unknown): unknown {
  if (!isObject(entry) || !isObject(entry.env) || typeof entry.env.WORKOS_API_KEY !== 'string') return entry;
  return { ...entry, env: { ...entry.env, WORKOS_API_KEY: '' } };
}
