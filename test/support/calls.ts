import type { Arguments } from '../../src/catalog/declaration.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import { cases } from '../areas/index.ts';
import { catalog } from './catalog.ts';
import { sampleCall } from './samples.ts';

/** Calls of every tool that WorkOS would take; together they fill every argument. */
export const CALLS: Readonly<Record<string, readonly Arguments[]>> = Object.fromEntries(
  catalog.tools.map((tool) => [tool.name, cases.get(tool.name)?.calls ?? [sampleCall(tool)]]),
);

/** A value for every argument of authenticate_user but grant_type, which decides on the others. */
export const SIGN_IN: Arguments = Object.fromEntries(
  (CALLS.authenticate_user ?? []).flatMap(Object.entries).filter(([name]) => name !== 'grant_type'),
);

/** The call with only what the tool's schema requires. */
export function requiredOf(tool: Tool, args: Arguments): Arguments {
  const isRequired = ([name]: [string, unknown]) => tool.input[name]?.safeParse(undefined).success === false;
  return Object.fromEntries(Object.entries(args).filter(isRequired));
}
