import type { Area, Declaration, Route } from '../src/catalog/declaration.ts';
import { declarations as real } from '../tools/index.ts';

const TOOLS = 250;

/** The number of copies of all tools that are more than enough. */
const COPIES = Math.ceil(TOOLS / real.areas.flatMap(({ tools }) => tools).length);

const names: ReadonlySet<string> = new Set(real.areas.flatMap(({ tools }) => tools.map(({ name }) => name)));

/** What a declaration says of other tools, with their names changed. */
function renamed<T>(value: T, rename: (name: string) => string): T {
  const change = (inner: unknown): unknown => {
    if (typeof inner === 'string') return names.has(inner) ? rename(inner) : inner;
    if (Array.isArray(inner)) return inner.map(change);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, member]) => [change(key), change(member)]));
  };
  return change(value) as T; // the same shape
}

/** A copy of an area under another name. Its tools are not listed, and read copies themselves. */
function copy({ tools, limits: _, ...area }: Area, which: number): Area {
  const rename = (name: string) => `${name}_${which}`;
  return {
    ...area,
    name: rename(area.name),
    tools: tools.map(({ listed: __, name, route, preview, toldBy, before: ___, ...tool }): Declaration => {
      return {
        ...tool,
        name: renamed(name, rename),
        route: route.replace(' /', ` /copy${which}/`) as Route, // the same method, and a longer path
        ...(toldBy !== undefined && { toldBy: rename(toldBy) }),
        ...(preview && { preview: renamed(preview, rename) }),
      };
    }),
  };
}

let left = TOOLS;

/** As many tools as the whole API of WorkOS has: the real ones, and copies with the same arguments and answers. */
export const declarations = {
  ...real,
  areas: [real.areas, ...Array.from({ length: COPIES - 1 }, (_, which) => real.areas.map((area) => copy(area, which)))]
    .flat()
    .map((area) => {
      const tools = area.tools.slice(0, left);
      left -= tools.length;
      return { ...area, tools };
    })
    .filter(({ tools }) => tools.length > 0),
};
