import type { Area, Arguments, Limit } from './declaration.ts';
import type { Listing } from './listing.ts';
import { checkPrompts, type Prompt } from './prompt.ts';
import { type Tool, toTool } from './tool.ts';

/** Grants that belong together, and their purpose. */
export type Preset = { readonly meaning: string; readonly grants: readonly string[] };

/** All that the server is made from. */
export type Declarations = Omit<Catalog, 'areas' | 'tools'> & { readonly areas: readonly Area[] };

export type Catalog<T extends Listing = Tool> = {
  readonly areas: readonly Pick<Area, 'name' | 'title' | 'meaning' | 'signIn'>[];
  /** Every tool, in the order of the areas. */
  readonly tools: readonly T[];
  /** The limit on all requests of a key. */
  readonly general: Limit;
  /** By the name after `preset:`. */
  readonly presets: Readonly<Record<string, Preset>>;
  readonly prompts: readonly Prompt[];
  /** A harmless read, to tell whether a key works. */
  readonly probe: { readonly tool: string; readonly args: Arguments };
};

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** Derives the tools of all areas. Throws for a fault of the declarations, such as a name that two tools share. */
export function createCatalog(declarations: Declarations): Catalog {
  const { areas, probe } = declarations;
  const tools = areas.flatMap((area) => area.tools.map((declaration) => toTool(area, declaration)));
  const seen = new Set<string>();
  for (const { name, route, access, listed } of tools) {
    if (!NAME.test(name) || name.length > 40) throw new Error(`${name} is not a valid tool name`);
    if (seen.has(name) || seen.has(route)) throw new Error(`${name} (${route}) is declared twice`);
    if (listed && access === 'delete') throw new Error(`${name} is listed and deletes: agents have to find a delete`);
    seen.add(name).add(route);
  }
  for (const tool of tools) {
    const fault = faultOf(tool, tools);
    if (fault !== undefined) throw new Error(`${tool.name} ${fault}`);
  }
  if (!seen.has(probe.tool)) throw new Error(`the probe is ${probe.tool}, which is not a tool`);
  checkPrompts(declarations.prompts, tools);
  return { ...declarations, tools };
}

/** What is wrong with how a tool says that it asks, if something is. */
function faultOf(tool: Tool, tools: readonly Tool[]): string | undefined {
  const { preview, confirm, before, effect, access, path, input } = tool;
  const readers = [preview?.object ?? [], Object.keys(preview?.dependents ?? {})].flat();
  const looks = Object.values(before?.look ?? {}).map((look) => look.tool);
  const isRead = (name: string) => tools.find((other) => other.name === name)?.annotations.readOnlyHint === true;
  const unread = [...readers, ...looks].find((name) => !isRead(name));
  if (unread !== undefined) return `reads with ${unread}, which is not a tool that only reads`;
  if (preview === undefined) {
    if (access === 'delete' || confirm !== undefined || before !== undefined)
      return 'has a person asked, but has no preview';
  } else {
    const of = preview.of ?? path.match(/\{(\w+)\}/)?.[1];
    if (of === undefined) return 'does not say which argument its preview is of';
    if (input[of]?.safeParse(undefined).success) return `has a preview of ${of}, which is optional`;
  }
  if ((effect === 'none') !== (effect !== undefined && access === 'read'))
    return `has the effect "${effect}" as a ${access}`;
  const paceOf = ({ confirm: declared }: Tool) => (typeof declared === 'object' ? declared.beyond : undefined);
  const pace = paceOf(tool);
  const others = pace && tools.flatMap((other) => paceOf(other) ?? []).filter(({ group }) => group === pace.group);
  if (others?.some(({ calls }) => calls !== pace?.calls)) return `counts ${pace?.group} otherwise than another tool`;
  return undefined;
}
