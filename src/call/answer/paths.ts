import { isObject, type JsonObject } from '../../json.ts';

/**
 * The values at a dotted path, through objects and the elements of arrays. A name may have dots of its own, as those of
 * metadata do.
 */
export function valuesAt(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((element) => valuesAt(element, path));
  if (path === '') return [value];
  if (!isObject(value)) return [];
  const [name, rest] = split(value, path);
  return Object.hasOwn(value, name) ? valuesAt(value[name], rest) : [];
}

/** The object with what is at the paths, in its place. A path that is there as a whole includes those beneath it. */
export function pick(value: JsonObject, paths: readonly string[]): JsonObject {
  const inner = new Map<string, string[]>();
  for (const path of paths) {
    const [name, rest] = split(value, path);
    if (Object.hasOwn(value, name)) inner.set(name, [...(inner.get(name) ?? []), rest]);
  }
  return Object.fromEntries(
    [...inner].map(([name, rests]) => [name, rests.includes('') ? value[name] : pickIn(value[name], rests)]),
  );
}

function pickIn(value: unknown, paths: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((element) => pickIn(element, paths));
  return isObject(value) ? pick(value, paths) : value;
}

/** The first name of a path in this object, and what is behind it. */
function split(value: JsonObject, path: string): readonly [name: string, rest: string] {
  const dot = path.indexOf('.');
  return dot === -1 || Object.hasOwn(value, path) ? [path, ''] : [path.slice(0, dot), path.slice(dot + 1)];
}
