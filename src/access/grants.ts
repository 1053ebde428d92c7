import type { Catalog } from '../catalog/catalog.ts';
import type { Access } from '../catalog/declaration.ts';
import type { Listing } from '../catalog/listing.ts';
import { StartError } from '../errors.ts';
import { didYouMean } from '../wording.ts';

/** What the person who starts the server allows, as they wrote it. */
export type Grants = {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly readOnly: boolean;
  /** The key is a production one, and nobody said that it may be written with. */
  readonly productionGuard: boolean;
  /** They are an agent's of a file, where settings have no dashes. */
  readonly inFile?: boolean;
};

export type Permission = Access | 'credentials';

type Grant = { readonly text: string; readonly covers: (tool: Listing, permission: Permission) => boolean };

const ACCESS: Readonly<Record<string, readonly Permission[]>> = {
  read: ['read'],
  write: ['write'],
  delete: ['delete'],
  full: ['read', 'write', 'delete'],
  credentials: ['credentials'],
};

export const guardOf = (grants: Grants): string => `the production key without ${nameOf(grants, 'production-writes')}`;

export type Rule = 'allow' | 'deny';

/** Grants that allow and take nothing back. */
export const allowOnly = (allow: readonly string[]): Grants => ({
  allow,
  deny: [],
  readOnly: false,
  productionGuard: false,
});

/** What a blank start offers; the first is the one to begin with. */
export const USUAL_GRANTS: readonly (readonly [grant: string, meaning: string])[] = [
  ["--allow '*:read'", 'read everything, change nothing'],
  ["--allow '*:read,users:write,organizations:write'", 'and create or update users and organizations'],
  ["--allow '*:full'", 'everything but deciding who somebody is'],
  ["--allow '*:full,*:credentials'", 'everything, signing in as a user included'],
];

const PRESET = 'preset:';

/** The grants with each preset replaced by what it stands for. */
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

/** What a setting is called where the grants stand. */
export const nameOf = ({ inFile }: Pick<Grants, 'inFile'>, setting: string): string =>
  inFile ? setting : `--${setting}`;

/** @param flag what the rule is called, for errors */
export function parseGrant(catalog: Catalog<Listing>, text: string, rule: Rule, flag: string = rule): Grant {
  if (text.includes('@')) throw new StartError(`${flag} ${text}: "@" is kept for later and grants nothing yet.`);
  const names = catalog.tools.map((tool) => tool.name);
  const areas = catalog.areas.map((area) => area.name);
  const [area = '', access, ...rest] = text.split(':');

  if (access === undefined) {
    if (names.includes(area)) {
      return {
        text,
        covers: (tool, permission) => tool.name === area && (rule === 'deny' || permission !== 'credentials'),
      };
    }
    if (area === '*' || areas.includes(area)) {
      throw new StartError(`${flag} ${text}: say which access, e.g. ${area}:read (${Object.keys(ACCESS).join(', ')}).`);
    }
    throw new StartError(`${flag} ${text}: there is no tool "${area}".${didYouMean(area, [...names, ...areas])}`);
  }

  if (rest.length > 0) throw new StartError(`${flag} ${text}: a grant is AREA:ACCESS, *:ACCESS or a tool's name.`);
  if (area !== '*' && !areas.includes(area)) {
    const meant = names.includes(area) ? ` A tool's name stands alone: "${area}".` : didYouMean(area, areas);
    throw new StartError(`${flag} ${text}: there is no area "${area}".${meant} The areas are ${areas.join(', ')}.`);
  }
  const permissions = Object.hasOwn(ACCESS, access) ? ACCESS[access] : undefined;
  if (permissions === undefined) {
    const known = Object.keys(ACCESS);
    throw new StartError(
      `${flag} ${text}: there is no access "${access}".${didYouMean(access, known)} Access is ${known.join(', ')}.`,
    );
  }
  // Whoever takes everything of an area away does not mean to leave the riskiest part.
  const covered = rule === 'deny' && access === 'full' ? [...permissions, 'credentials'] : permissions;
  return {
    text,
    covers: (tool, permission) => (area === '*' || tool.area === area) && covered.includes(permission),
  };
}
