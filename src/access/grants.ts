import type { Catalog } from '../catalog/catalog.ts';
import type { Access } from '../catalog/declaration.ts';
import type { Listing } from '../catalog/listing.ts';
import { StartError } from '../errors.ts';
import { didYouMean, nearestThree } from '../wording.ts';

/** The grants of the operator, as written. */
export type Grants = {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly readOnly: boolean;
  /** The key is a production key, and the operator has not set production-writes. */
  readonly productionGuard: boolean;
  /** They belong to an agent in a file, where setting names have no dashes in front. */
  readonly inFile?: boolean;
};

export type Permission = Access | 'credentials';

/** What one text allows or denies: permissions of one tool, of the tools of an area or, if the area is `*`, of all. */
export type Grant = { readonly text: string; readonly permissions: readonly Permission[] } & (
  | { readonly tool: string; readonly area?: undefined }
  | { readonly area: string; readonly tool?: undefined }
);

/** The names that grants can use. */
export type Names = {
  readonly tools: ReadonlyMap<string, Listing>;
  readonly areas: ReadonlyMap<string, readonly Listing[]>;
};

export function toNames({ areas, tools }: Catalog<Listing>): Names {
  const byArea = new Map<string, Listing[]>(areas.map(({ name }) => [name, []]));
  for (const tool of tools) byArea.get(tool.area)?.push(tool);
  return { tools: new Map(tools.map((tool) => [tool.name, tool])), areas: byArea };
}

/** The tools that a grant names. */
export function toolsOf({ tools, areas }: Names, { tool, area }: Grant): readonly Listing[] {
  if (area === '*') return [...tools.values()];
  return tool === undefined ? (areas.get(area) ?? []) : [tools.get(tool) ?? []].flat();
}

const EVERY_ACCESS = ['read', 'write', 'delete'] as const;

const ACCESS: Readonly<Record<string, readonly Permission[]>> = {
  read: ['read'],
  write: ['write'],
  delete: ['delete'],
  full: EVERY_ACCESS,
  credentials: ['credentials'],
};

export const guardOf = (grants: Grants): string => `the production key without ${nameOf(grants, 'production-writes')}`;

export type Rule = 'allow' | 'deny';

/** Grants that only allow. */
export const allowOnly = (allow: readonly string[]): Grants => ({
  allow,
  deny: [],
  readOnly: false,
  productionGuard: false,
});

/** The suggestions for an operator who has set no grants. The first is the one to begin with. */
export const USUAL_GRANTS: readonly (readonly [grant: string, meaning: string])[] = [
  ['--allow preset:support', 'look up customers, their people and how they sign in'],
  ["--allow '*:read'", 'read everything, that of later versions too, and change nothing'],
  ["--allow '*:read,users:write,organizations:write'", 'and create or update users and organizations'],
  ["--allow '*:full'", "everything except changes to a user's identity"],
  ["--allow '*:full,*:credentials'", 'everything, signing in as a user included'],
];

const PRESET = 'preset:';

/** The grants with each preset replaced by its own grants. */
export function expand({ presets }: Catalog<Listing>, { allow, deny, ...rest }: Grants): Grants {
  const replace = (rule: Rule) => (text: string) => {
    if (!text.startsWith(PRESET)) return [text];
    const name = text.slice(PRESET.length);
    const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
    if (preset !== undefined) return preset.grants;
    const names = Object.keys(presets);
    throw new StartError(
      `${nameOf(rest, rule)} ${text}: there is no preset "${name}".${didYouMean(name, names)} The presets are ${names.join(', ')}.`,
    );
  };
  return { ...rest, allow: allow.flatMap(replace('allow')), deny: deny.flatMap(replace('deny')) };
}

/** The name of a setting in the source of the grants: flag or file. */
export const nameOf = ({ inFile }: Pick<Grants, 'inFile'>, setting: string): string =>
  inFile ? setting : `--${setting}`;

/** What people write for a grant that holds in all areas. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  read: "'*:read'",
  write: "'*:write'",
  delete: "'*:delete'",
  credentials: "'*:credentials'",
  full: "'*:full'",
  all: "'*:read' to read everything, '*:full' to change it too",
  everything: "'*:read' to read everything, '*:full' to change it too",
};

/** ` The nearest areas are x, y and z.`, with its leading space: there may be too many to list them all. */
export const nearestAreas = (name: string, areas: readonly string[]): string =>
  ` The nearest areas are ${nearestThree(name, areas)
    .join(', ')
    .replace(/, (?=[^,]*$)/, ' and ')}.`;

/** @param flag the name of the rule in error messages */
export function parseGrant(names: Names, text: string, rule: Rule, flag: string): Grant {
  if (text.includes('@')) throw new StartError(`${flag} ${text}: "@" is reserved and not supported yet.`);
  const [area = '', access, ...rest] = text.split(':');
  const isArea = area === '*' || names.areas.has(area);

  if (access === undefined) {
    if (names.tools.has(area)) {
      return { text, tool: area, permissions: rule === 'deny' ? [...EVERY_ACCESS, 'credentials'] : EVERY_ACCESS };
    }
    if (isArea) {
      throw new StartError(`${flag} ${text}: add the access, e.g. ${area}:read (${Object.keys(ACCESS).join(', ')}).`);
    }
    const everywhere = EVERYWHERE[area.toLowerCase()];
    if (everywhere !== undefined) {
      throw new StartError(`${flag} ${text}: a grant names an area and an access. For all areas, write ${everywhere}.`);
    }
    const known = [...names.tools.keys(), ...names.areas.keys()];
    throw new StartError(`${flag} ${text}: there is no tool "${area}".${didYouMean(area, known)}`);
  }

  if (rest.length > 0) throw new StartError(`${flag} ${text}: a grant is AREA:ACCESS, *:ACCESS or a tool's name.`);
  if (!isArea) {
    const areas = [...names.areas.keys()];
    const meant = names.tools.has(area) ? ` A tool's name stands alone: "${area}".` : didYouMean(area, areas);
    throw new StartError(`${flag} ${text}: there is no area "${area}".${meant}${nearestAreas(area, areas)}`);
  }
  const permissions = Object.hasOwn(ACCESS, access) ? ACCESS[access] : undefined;
  if (permissions === undefined) {
    const known = Object.keys(ACCESS);
    throw new StartError(
      `${flag} ${text}: there is no access "${access}".${didYouMean(access, known)} Access is ${known.join(', ')}.`,
    );
  }
  // Denying all access to an area includes its riskiest part.
  const covered = rule === 'deny' && access === 'full' ? [...permissions, 'credentials' as const] : permissions;
  return { text, area, permissions: covered };
}

/** Finds the first grant, in the order written, that covers a permission of a tool. */
export type FindGrant = (tool: Listing, permission: Permission) => Grant | undefined;

/** Compiles grants, so that a search takes three lookups for any number of grants. */
export function toFindGrant(grants: readonly Grant[]): FindGrant {
  type Positions = Partial<Record<Permission, number>>;
  const tools = new Map<string, Positions>();
  const areas = new Map<string, Positions>();
  for (const [position, { tool, area, permissions }] of grants.entries()) {
    const [map, name] = tool === undefined ? [areas, area] : [tools, tool];
    const first = map.get(name) ?? {};
    for (const permission of permissions) first[permission] ??= position;
    map.set(name, first);
  }
  const everywhere = areas.get('*');
  return ({ name, area }, permission) => {
    const own = tools.get(name)?.[permission] ?? NONE;
    const ofArea = areas.get(area)?.[permission] ?? NONE;
    return grants[Math.min(own, ofArea, everywhere?.[permission] ?? NONE)];
  };
}

const NONE = Number.POSITIVE_INFINITY;
