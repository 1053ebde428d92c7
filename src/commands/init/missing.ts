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
export async function addMissing(
  text: string,
  added: Fields,
  format: Format,
  isReplacing = false,
): Promise<string | undefined> {
  const old = (await format.read(text)) ?? {};
  if (!isObject(old)) throw new StartError('it is not an object');
  const changes = Object.entries(added).flatMap(([section, part]) => {
    const before = Object.hasOwn(old, section) ? old[section] : undefined;
    return Array.isArray(part)
      ? missingItems(section, before, part, isReplacing)
      : missingMembers(section, before, Object(part), isReplacing);
  });
  return changes.length === 0 ? undefined : changeText(text, changes, format);
}

function missingMembers(section: string, before: unknown = {}, part: Fields, isReplacing: boolean): readonly Change[] {
  if (!isObject(before)) throw new StartError(`its "${section}" is not an object`);
  return Object.entries(part).flatMap(([name, value]) => {
    if (!Object.hasOwn(before, name)) return [{ path: [section, name], value }];
    if (isSame(before[name], value)) return [];
    if (isReplacing) return [{ path: [section, name], value: withSecretsOf(before[name], value) }];
    return refuse(`${section}.${name}`);
  });
}

function missingItems(
  section: string,
  before: unknown,
  part: readonly { readonly id: string }[],
  isReplacing: boolean,
): readonly Change[] {
  if (before !== undefined && !Array.isArray(before)) throw new StartError(`its "${section}" is not a list`);
  const old: readonly unknown[] = before ?? [];
  const indexOf = (id: string) => old.findIndex((other) => isObject(other) && other.id === id);
  const lacking = part.filter((item) => indexOf(item.id) < 0);
  const others = part.filter((item) => indexOf(item.id) >= 0 && !isSame(old[indexOf(item.id)], item));
  const [first] = others;
  if (first !== undefined && !isReplacing) return refuse(`${section} "${first.id}"`);
  if (before === undefined && lacking.length > 0) return [{ path: [section], value: lacking }];
  return [
    ...others.map((value) => ({ path: [section, indexOf(value.id)], value })),
    ...lacking.map((value, index) => ({ path: [section, old.length + index], value })),
  ];
}

function refuse(what: string): never {
  throw new StartError(
    `it has ${what} already, with other settings: use another --name, or --replace, which keeps a copy of the file`,
  );
}

/** Where an entry holds a key or token, or says where it comes from. */
const SECRETS: readonly (readonly [part: string, name: string])[] = [
  ['env', 'WORKOS_API_KEY'],
  ['headers', 'Authorization'],
];

/** Once a person has put the key where it belongs, it is still the same entry. */
function isSame(found: unknown, wanted: unknown): boolean {
  return isDeepStrictEqual(found, withSecretsOf(found, wanted));
}

/** An entry with the key or token of the one that it replaces. */
function withSecretsOf(found: unknown, wanted: unknown): unknown {
  if (!isObject(found) || !isObject(wanted)) return wanted;
  const entry: Record<string, unknown> = { ...wanted };
  for (const [part, name] of SECRETS) {
    const [old, fresh] = [found[part], entry[part]];
    if (isObject(old) && isObject(fresh) && typeof old[name] === 'string' && fresh[name] !== undefined) {
      entry[part] = { ...fresh, [name]: old[name] };
    }
  }
  return entry;
}
