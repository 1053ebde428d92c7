import type { LookFirst } from '../../catalog/asking.ts';
import type { Arguments } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { Verdict } from '../verdict.ts';
import { readList, type SideRead } from './find-object.ts';
import type { Occasion } from './preview.ts';

export const notRead = (why: string) =>
  new RefusedError(
    `This call depends on what is in WorkOS now, which could not be read. ${why}`,
    'what decides on the call could not be read',
  );

export type LookDeps = {
  readonly read: SideRead;
  readonly toolOf: (name: string) => Tool | undefined;
  /** On the call itself, and on any tool. */
  readonly verdict: Verdict | undefined;
  readonly mayRead: (tool: Tool) => boolean;
};

/** What was found out: why a person is asked, if one is, and whether the call takes the credentials grant. */
export type LookEnd = { readonly occasion?: Occasion; readonly takesCredentials?: true };

/**
 * Reads what a tool's declaration wants to know before a call, and lets it decide.
 * @throws RefusedError if it decides against the call, or if something cannot be read in full
 */
export async function lookFirst(
  { area, before }: Tool & { readonly before: LookFirst },
  args: Arguments,
  { read, toolOf, verdict, mayRead }: LookDeps,
): Promise<LookEnd> {
  const found: Record<string, readonly JsonObject[]> = {};
  const about: JsonObject[] = [];
  let isReadable = true;
  for (const [name, look] of Object.entries(before.look)) {
    const given = look.with(args, found);
    const tool = toolOf(look.tool);
    if (tool === undefined) throw new Error(`${look.tool} is read first, but is not a tool`);
    if (!mayRead(tool)) isReadable = false;
    const items = given === undefined ? [] : await readAll(read, tool, given);
    found[name] = items;
    // One page tells whether there are any. Those on it are not whom the call is about.
    if (given?.limit === undefined) about.push(...items);
  }
  const ruling = before.decide(found, args);
  if (ruling === 'plain') return {};
  if ('refuse' in ruling) {
    throw new RefusedError(`This call is not possible, because ${ruling.refuse}.`, ruling.refuse);
  }
  const facts = ruling.shows ?? {};
  if ('confirm' in ruling) return { occasion: { because: ruling.confirm, facts, isReadable, about } };
  const grant = `${area}:credentials`;
  if (verdict?.credentials === undefined) {
    throw new RefusedError(
      `This call needs the grant ${grant}, which you do not have, because ${ruling.credentials}.`,
      `needs the grant ${grant}`,
    );
  }
  return { occasion: { because: ruling.credentials, facts, isReadable, about }, takesCredentials: true };
}

async function readAll(read: SideRead, tool: Tool, args: Arguments): Promise<readonly JsonObject[]> {
  if (!tool.isList) return [(await read(tool, args)).value];
  const { limit, ...filters } = args;
  const isPage = limit !== undefined;
  const readPage: SideRead = (one, page) => read(one, isPage ? { ...page, limit } : page);
  const listed = await readList(readPage, tool, filters, () => isPage);
  if (listed === undefined) throw notRead(`${tool.name} returned something unexpected.`);
  const { items, isWhole } = listed;
  if (!isPage && !isWhole) throw notRead(`${tool.name} has more than ${items.length} items.`);
  return items;
}
