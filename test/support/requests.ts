import type { Tool } from '../../src/catalog/tool.ts';
import { catalog } from './catalog.ts';

/** Which tool a request is of, so that what a call reads first can be answered by its own route, and told from the call. */

type Sent = { readonly method: string; readonly path: string };

const routes = catalog.tools
  .map((tool) => ({ tool, pattern: new RegExp(`${tool.path.replace(/\{\w+\}/g, '[^/]+')}$`) }))
  // What a route spells out comes before what its placeholders allow.
  .toSorted(({ tool: one }, { tool: other }) => placeholders(one.path) - placeholders(other.path));

function placeholders(path: string): number {
  return path.split('{').length;
}

export const toolOf = ({ method, path }: Sent): Tool | undefined => {
  const [own = ''] = path.split('?');
  return routes.find(({ tool, pattern }) => tool.method === method && pattern.test(own))?.tool;
};

/** The requests that are of the tool itself. */
export const ofTool = <T extends Sent>(name: string, requests: readonly T[]): readonly T[] =>
  requests.filter((request) => toolOf(request)?.name === name);

/** Answers every tool in the form that it declares, with one object that has something of each answer. */
export function inForm(object: Readonly<Record<string, unknown>>): (request: Request) => Response {
  return ({ method, url }) => {
    const tool = toolOf({ method, path: new URL(url).pathname });
    if (tool?.answersArray) return Response.json([object]);
    const others = Object.keys(tool?.output?.shape ?? {}).map((name) => [name, null]);
    if (!tool?.isList) return Response.json({ ...Object.fromEntries(others), ...object });
    return Response.json({ object: 'list', data: [object], list_metadata: { before: null, after: null } });
  };
}
