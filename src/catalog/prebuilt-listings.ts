import type { Catalog } from './catalog.ts';
import { KEPT, type Listing } from './listing.ts';
import { converted } from './prebuilt.ts';
import type { Tool } from './tool.ts';

/** The tools of the server itself, by their part. */
type Own<T> = {
  readonly statusTool: T;
  /** Absent where no tool lists events. */
  readonly waitTool?: T | undefined;
  readonly findTool: T;
  readonly callTools: Readonly<Record<'read' | 'write' | 'delete' | 'credential', T>>;
};

/** What each tool costs a model. */
type Tokens = Readonly<Record<string, readonly [full: number, restricted: number, confirming: number]>>;

/** All that a start needs of the tools before the first call. */
export type Listings = Catalog<Listing> & Own<Listing> & { readonly tokens: Tokens };

type Members = Pick<Tool, (typeof KEPT)[number]>;

/** The serializable part of a listing. The schemas are stored separately, by form. */
type KeptTool = Members & Pick<KeptForms, 'restricted' | 'confirmed'>;

/** Of another form of a tool, only what differs from the tool: most members are the same in all forms. */
type KeptForms = Partial<Members> & { readonly restricted?: KeptForms; readonly confirmed?: KeptForms };

type KeptCatalog = Omit<Listings, 'tools' | keyof Own<Listing>> & {
  readonly tools: readonly KeptTool[];
  readonly own: Own<KeptTool>;
};

/** Filled in by the build: the JSON of a KeptCatalog. Deriving tools from declarations needs zod and is slow. */
declare const LISTINGS: string;

/** The text for `openListings` to read. */
export function keepListings({ areas, tools, ...catalog }: Catalog, own: Own<Tool>, tokens: Tokens): string {
  const kept: KeptCatalog = {
    ...catalog,
    areas: areas.map(({ name, title, meaning }) => ({ name, title, meaning })),
    tools: tools.map(keep),
    own: mapOwn(own, keep),
    tokens,
  };
  return JSON.stringify(kept);
}

// Object.fromEntries loses the types; each member has the type that it has in a tool.
const membersOf = (tool: Tool) => Object.fromEntries(KEPT.map((name) => [name, tool[name]])) as Members;

const keep = (tool: Tool): KeptTool => ({ ...membersOf(tool), ...formsOf(tool) });

function formsOf(tool: Tool): Pick<KeptForms, 'restricted' | 'confirmed'> {
  const { restricted, confirmed } = tool;
  return {
    ...(restricted && { restricted: { ...differences(restricted, tool), ...formsOf(restricted) } }),
    ...(confirmed && { confirmed: differences(confirmed, tool) }),
  };
}

function differences(form: Tool, tool: Tool): Partial<Members> {
  const members = Object.entries(membersOf(form));
  const same = new Map(Object.entries(membersOf(tool)).map(([name, value]) => [name, JSON.stringify(value)]));
  return Object.fromEntries(members.filter(([name, value]) => JSON.stringify(value) !== same.get(name)));
}

export function openListings(): Listings {
  const { tools, own, ...catalog }: KeptCatalog = JSON.parse(LISTINGS);
  return { ...catalog, tools: tools.map(open), ...mapOwn(own, open) };
}

function mapOwn<T, U>({ statusTool, waitTool, findTool, callTools }: Own<T>, change: (tool: T) => U): Own<U> {
  const { read, write, delete: remove, credential } = callTools;
  return {
    statusTool: change(statusTool),
    waitTool: waitTool && change(waitTool),
    findTool: change(findTool),
    callTools: { read: change(read), write: change(write), delete: change(remove), credential: change(credential) },
  };
}

function open({ restricted, confirmed, ...kept }: KeptTool): Listing {
  return {
    ...kept,
    jsonSchema: () => converted(kept.form, missing),
    ...(restricted && { restricted: open({ ...kept, ...restricted }) }),
    ...(confirmed && { confirmed: open({ ...kept, ...confirmed }) }),
  };
}

function missing(): never {
  throw new Error('the build has left out a schema');
}
