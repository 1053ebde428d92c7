import type { Area, Declaration, Route } from '../src/catalog/declaration.ts';
import { declarations as real } from '../tools/index.ts';

const TOOLS = 250;

/** The number of copies of all tools that are more than enough. */
const COPIES = Math.ceil(TOOLS / real.areas.flatMap(({ tools }) => tools).length);

/** A copy of an area under another name. Its tools are not listed, and their previews read copies. */
function copy({ tools, limits: _, ...area }: Area, which: number): Area {
  const renamed = (name: string) => `${name}_${which}`;
  return {
    ...area,
    name: renamed(area.name),
    tools: tools.map(({ listed: __, name, route, preview, toldBy, ...tool }): Declaration => {
      const { dependents, object, ...rest } = preview ?? { object: '', named: [] };
      const names = Object.entries(dependents ?? {}).map(([list, by]) => [renamed(list), by]);
      return {
        ...tool,
        name: renamed(name),
        route: route.replace(' /', ` /copy${which}/`) as Route, // the same method, and a longer path
        ...(toldBy !== undefined && { toldBy: renamed(toldBy) }),
        ...(preview && { preview: { ...rest, object: renamed(object), dependents: Object.fromEntries(names) } }),
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
