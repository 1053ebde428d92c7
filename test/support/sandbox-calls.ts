import type { Arguments } from '../../src/catalog/declaration.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import { cases } from '../areas/index.ts';
import { CALLS, requiredOf } from './calls.ts';
import type { SandboxCall } from './case.ts';
import { catalog } from './catalog.ts';
import { theirsIn } from './differences.ts';
import { operationOf } from './openapi.ts';
import { sample } from './samples.ts';
import { VALUES } from './seeded.ts';
import type { Received } from './upstream.ts';

/** The call of a tool that succeeds in the sandbox, by its case; `undefined` where the sandbox does not serve it. */
export function sandboxCallOf(tool: Tool): SandboxCall | undefined {
  const { sandbox = { args: toArguments(tool) } } = cases.get(tool.name) ?? {};
  return sandbox === 'absent' ? undefined : sandbox;
}

/** The required arguments of the tool's first call. */
export const plainCallOf = (tool: Tool): Arguments => requiredOf(tool, CALLS[tool.name]?.[0] ?? {});

/** The required arguments, with the sandbox's values or else the official file's. */
function toArguments(tool: Tool): Arguments {
  const { area } = tool;
  const own = Object.entries(plainCallOf(tool)).map(([name, value]) => [
    name,
    VALUES[`${area}.${name}`] ?? VALUES[name] ?? value,
  ]);
  return Object.fromEntries(own);
}

/** Stands in for WorkOS where the sandbox lacks the route: answers what the case or the official file has. */
export function answer({ method, url }: Request): Response {
  const { pathname } = new URL(url);
  const matches = (tool: Tool): boolean =>
    tool.method === method && new RegExp(`^${tool.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(pathname);
  // A literal segment is a closer match than a placeholder.
  const [tool] = catalog.tools.filter(matches).sort((a, b) => a.path.split('{').length - b.path.split('{').length);
  if (tool === undefined) return Response.json({ message: 'Not Found' }, { status: 404 });
  const schema = operationOf(tool.route)?.answer;
  const body = cases.get(tool.name)?.answer ?? (schema && sample(schema));
  return body === undefined ? new Response(null, { status: 204 }) : Response.json(body);
}

/** The request that the official file makes of arguments. */
export function requestOf(tool: Tool, args: Arguments): Partial<Received> {
  const operation = operationOf(tool.route);
  const inPlace = (place: 'path' | 'query' | 'body') => {
    const theirs = operation && theirsIn(place, tool, operation).properties;
    return Object.entries(args).filter(([name]) => theirs?.has(name));
  };
  const [body, query] = [inPlace('body'), inPlace('query')];
  return {
    method: tool.route.replace(/ .*/, ''),
    path: inPlace('path').reduce((path, [name, value]) => path.replace(`{${name}}`, String(value)), tool.path),
    query: Object.fromEntries(query.map(([name, value]) => [name, String(value)])),
    ...(body.length > 0 && { body: Object.fromEntries(body) }),
  };
}
