import type { Catalog } from '../catalog/catalog.ts';
import type { Listing } from '../catalog/prebuilt-listings.ts';
import type { Access } from '../catalog/tool.ts';
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

/** What one agent may do. */
export type Policy = {
  /** Why a tool is off, or `undefined` where it is on. */
  readonly whyOff: (tool: Listing) => string | undefined;
  /** The grant that switches a tool on, or `undefined` where it is off. */
  readonly grantOf: (tool: Listing) => string | undefined;
  /** The grant of its credentials, or `undefined` where there is none. */
  readonly credentialsGrantOf: (tool: Listing) => string | undefined;
  /** Why a tool's credentials arguments do not exist and its secrets are withheld, or `undefined` where they are shown. */
  readonly whyRestricted: (tool: Listing) => string | undefined;
};

type Permission = Access | 'credentials';
type Grant = { readonly text: string; readonly covers: (tool: Listing, permission: Permission) => boolean };

const ACCESS: Readonly<Record<string, readonly Permission[]>> = {
  read: ['read'],
  write: ['write'],
  delete: ['delete'],
  full: ['read', 'write', 'delete'],
  credentials: ['credentials'],
};

const WRITES = ['*:write', '*:delete', '*:credentials'];

const guardOf = (grants: Grants): string => `the production key without ${nameOf(grants, 'production-writes')}`;

type Rule = 'allow' | 'deny';

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

/**
 * Turns grants into a decision per tool: deny beats allow, read-only is a deny, and what nothing allows is off.
 * Throws StartError for a grant that is misspelt or opens nothing, and where no tool at all would be on.
 */
export function createPolicy(catalog: Catalog<Listing>, given: Grants): Policy {
  const grants = expand(catalog, given);
  const policy = decide(catalog, grants);
  if (grants.allow.length === 0) {
    const choices = USUAL_GRANTS.map(([grant, meaning]) => `  ${grant.padEnd(50)} ${meaning}`);
    throw new StartError(
      [
        'Nothing is allowed until you say so. Start with one of these, or name areas and tools:',
        ...choices,
        'In the settings of the Claude Desktop extension: switch on "Allow reading", or fill in "Exact grants".',
      ].join('\n'),
    );
  }
  const allowed = decide(catalog, allowOnly(grants.allow));
  for (const text of grants.allow) {
    const named = catalog.tools.find((tool) => tool.name === text);
    if (named !== undefined && allowed.whyOff(named) !== undefined) {
      throw new StartError(
        `${nameOf(grants, 'allow')} ${text}: ${allowed.whyOff(named)}. Add that grant, or leave ${text} out.`,
      );
    }
    if (!opensSomething(catalog, grants.allow, text))
      throw new StartError(opensNothing(catalog, text, 'allow', grants));
  }
  for (const text of grants.deny) {
    const grant = parseGrant(catalog, text, 'deny');
    const covers = (tool: Listing) =>
      grant.covers(tool, tool.access) || (tool.handlesCredentials && grant.covers(tool, 'credentials'));
    if (!catalog.tools.some(covers)) throw new StartError(opensNothing(catalog, text, 'deny', grants));
  }
  if (catalog.tools.every((tool) => policy.whyOff(tool) !== undefined)) {
    const rules = [
      ...grants.deny.map((text) => `${nameOf(grants, 'deny')} ${text}`),
      ...(grants.readOnly ? [nameOf(grants, 'read-only')] : []),
      ...(grants.productionGuard ? [guardOf(grants)] : []),
    ];
    throw new StartError(
      `No tool is left on: all that ${nameOf(grants, 'allow')} gives is taken away by ${rules.join(' and ')}.`,
    );
  }
  return policy;
}

const PRESET = 'preset:';

/** The grants with each preset replaced by what it stands for. */
function expand({ presets }: Catalog<Listing>, { allow, deny, ...rest }: Grants): Grants {
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

/** The decision alone, also for grants that a start would refuse for opening nothing. */
export function decide(catalog: Catalog<Listing>, grants: Grants): Policy {
  const { allow, deny, readOnly, productionGuard } = expand(catalog, grants);
  const parse = (rule: Rule) => (text: string) => parseGrant(catalog, text, rule, nameOf(grants, rule));
  const allowed = allow.map(parse('allow'));
  const denied = deny.map(parse('deny'));
  const writes = WRITES.map(parse('deny'));

  const whyNot = (tool: Listing, permission: Permission): string | undefined => {
    const isWrite = writes.some((rule) => rule.covers(tool, permission));
    if (isWrite && readOnly) return `${nameOf(grants, 'read-only')} keeps it off`;
    if (isWrite && productionGuard) return `${guardOf(grants)} keeps it off`;
    const rule = denied.find((grant) => grant.covers(tool, permission));
    if (rule !== undefined) return `${nameOf(grants, 'deny')} ${rule.text} keeps it off`;
    if (allowed.some((grant) => grant.covers(tool, permission))) return undefined;
    return `needs the grant ${tool.area}:${permission}`;
  };

  const grantOf = (tool: Listing, permission: Permission) =>
    allowed.find((grant) => grant.covers(tool, permission))?.text;
  const whyOff = (tool: Listing) =>
    whyNot(tool, tool.access) ?? (tool.needsCredentials ? whyNot(tool, 'credentials') : undefined);
  return {
    whyOff,
    grantOf: (tool) => (whyOff(tool) === undefined ? grantOf(tool, tool.access) : undefined),
    credentialsGrantOf: (tool) =>
      whyNot(tool, 'credentials') === undefined ? grantOf(tool, 'credentials') : undefined,
    whyRestricted: (tool) => whyNot(tool, 'credentials'),
  };
}

/** @param flag what the rule is called, for errors */
function parseGrant(catalog: Catalog<Listing>, text: string, rule: Rule, flag: string = rule): Grant {
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

/** Whether some tool that the allow grants switch on needs this one for it. */
function opensSomething(catalog: Catalog<Listing>, allow: readonly string[], text: string): boolean {
  const policy = decide(catalog, allowOnly(allow));
  const grant = parseGrant(catalog, text, 'allow');
  return catalog.tools.some(
    (tool) =>
      policy.whyOff(tool) === undefined &&
      (grant.covers(tool, tool.access) || (tool.handlesCredentials && grant.covers(tool, 'credentials'))),
  );
}

function opensNothing(catalog: Catalog<Listing>, text: string, rule: Rule, grants: Grants): string {
  const flag = `${nameOf(grants, rule)} ${text} ${rule === 'allow' ? 'opens' : 'closes'} nothing`;
  const [area = '', access] = text.split(':');
  const tools = catalog.tools.filter((tool) => area === '*' || tool.area === area);
  if (access === 'credentials') {
    const own = tools
      .filter((tool) => tool.handlesCredentials)
      .map((tool) => `${tool.name} needs ${tool.area}:${tool.access}`);
    return own.length === 0
      ? `${flag}: no tool of ${area} handles credentials.`
      : `${flag} by itself: ${own.join(', ')} besides.`;
  }
  const closed = tools.find((tool) => tool.access === access);
  if (closed !== undefined) return `${flag} by itself: ${closed.name} needs ${area}:credentials besides.`;
  const offered = [...new Set(tools.map((tool) => `${area}:${tool.access}`))];
  return `${flag}: ${area} has no ${access} tools. It has ${offered.join(', ')}.`;
}
