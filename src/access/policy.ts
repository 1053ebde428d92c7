import type { Catalog } from '../catalog/catalog.ts';
import type { Listing } from '../catalog/listing.ts';
import { StartError } from '../errors.ts';
import {
  allowOnly,
  expand,
  type FindGrant,
  type Grant,
  type Grants,
  guardOf,
  type Names,
  nameOf,
  type Permission,
  parseGrant,
  type Rule,
  toFindGrant,
  toNames,
  toolsOf,
  USUAL_GRANTS,
} from './grants.ts';

/** What one agent may do. */
export type Policy = {
  /** Why a tool is off, or `undefined` if it is on. */
  readonly whyOff: (tool: Listing) => string | undefined;
  /** The grant that enables a tool, or `undefined` if it is off. */
  readonly grantOf: (tool: Listing) => string | undefined;
  /** The grant of its credentials, or `undefined` if there is none. */
  readonly credentialsGrantOf: (tool: Listing) => string | undefined;
  /** Why a tool has no credentials arguments and its secrets are withheld, or `undefined` if it has and shows them. */
  readonly whyRestricted: (tool: Listing) => string | undefined;
};

/**
 * Turns grants into a decision per tool: deny overrides allow, read-only is a deny, and a tool without an allow grant
 * is off. Throws StartError for a grant that is misspelt or opens nothing, and if no tool would be on.
 */
export function createPolicy(catalog: Catalog<Listing>, grants: Grants): Policy {
  return compileGrants(catalog, grants)(grants.productionGuard);
}

/**
 * The same, for grants that are checked before the kind of the key is known. The returned function makes the policy for
 * a key with or without the production guard, and throws StartError if that leaves no tool on.
 */
export function compileGrants(catalog: Catalog<Listing>, given: Grants): (productionGuard: boolean) => Policy {
  const compiled = compile(catalog, given);
  const { grants, names, allowed, denied, findAllowed } = compiled;
  if (allowed.length === 0) {
    const choices = USUAL_GRANTS.map(([grant, meaning]) => `  ${grant.padEnd(50)} ${meaning}`);
    throw new StartError(
      [
        'Nothing is allowed until you say so. Start with one of these, or name areas and tools:',
        ...choices,
        'In the settings of the Claude Desktop extension: fill in "Jobs and exact grants", or switch on "Allow reading".',
      ].join('\n'),
    );
  }
  const byAllow = decideBy({ grants: allowOnly(grants.allow), names, findAllowed, findDenied: () => undefined });
  const isOn = (tool: Listing) => byAllow.whyOff(tool) === undefined;
  for (const grant of allowed) {
    const { text } = grant;
    const tools = toolsOf(names, grant);
    const [named] = grant.tool === undefined ? [] : tools;
    const why = named && byAllow.whyOff(named);
    if (why !== undefined) {
      throw new StartError(`${nameOf(grants, 'allow')} ${text}: ${why}. Add that grant, or leave ${text} out.`);
    }
    if (!tools.some((tool) => isOn(tool) && matters(grant, tool)))
      throw new StartError(opensNothing(catalog, text, 'allow', grants));
  }
  for (const grant of denied) {
    if (!toolsOf(names, grant).some((tool) => matters(grant, tool)))
      throw new StartError(opensNothing(catalog, grant.text, 'deny', grants));
  }
  const policy = toPolicy(catalog, compiled);
  return (productionGuard) =>
    productionGuard === grants.productionGuard
      ? policy
      : toPolicy(catalog, { ...compiled, grants: { ...grants, productionGuard } });
}

/** Whether a grant makes a difference to a tool that is on. */
const matters = ({ permissions }: Grant, tool: Listing): boolean =>
  permissions.includes(tool.access) || (tool.handlesCredentials && permissions.includes('credentials'));

/** Makes the policy. Throws StartError if it leaves no tool on. */
function toPolicy({ tools }: Catalog<Listing>, compiled: Compiled): Policy {
  const policy = decideBy(compiled);
  if (tools.some((tool) => policy.whyOff(tool) === undefined)) return policy;
  const { grants } = compiled;
  const rules = [
    ...grants.deny.map((text) => `${nameOf(grants, 'deny')} ${text}`),
    ...(grants.readOnly ? [nameOf(grants, 'read-only')] : []),
    ...(grants.productionGuard ? [guardOf(grants)] : []),
  ];
  throw new StartError(
    `No tool is left on: everything that ${nameOf(grants, 'allow')} grants is removed by ${rules.join(' and ')}.`,
  );
}

/** Grants in a form that is fast to search. */
type Compiled = {
  /** Without presets. */
  readonly grants: Grants;
  readonly names: Names;
  readonly findAllowed: FindGrant;
  readonly findDenied: FindGrant;
};

function compile(catalog: Catalog<Listing>, given: Grants) {
  const grants = expand(catalog, given);
  const names = toNames(catalog);
  const parse = (rule: Rule) => grants[rule].map((text) => parseGrant(names, text, rule, nameOf(grants, rule)));
  const [allowed, denied] = [parse('allow'), parse('deny')];
  return { grants, names, allowed, denied, findAllowed: toFindGrant(allowed), findDenied: toFindGrant(denied) };
}

/** The policy without the checks of a start: also for grants that open nothing. */
export const decide = (catalog: Catalog<Listing>, grants: Grants): Policy => decideBy(compile(catalog, grants));

/** What was decided about one tool. */
type Decision = { readonly [What in keyof Policy]: ReturnType<Policy[What]> };

/**
 * For each permission that a tool needs, the rules are evaluated in this order, and the first that matches decides:
 * read-only, the production guard, the deny grants in the order written, the allow grants in the order written. A
 * permission that none of them allows is off. A tool needs its own access and, if it cannot be called without them, the
 * credentials of its area. One that shows what other tools read needs one of those, too.
 */
function decideBy({ grants, names, findAllowed, findDenied }: Compiled): Policy {
  const whyNot = (tool: Listing, permission: Permission): string | undefined => {
    const isWrite = permission !== 'read';
    if (isWrite && grants.readOnly) return `${nameOf(grants, 'read-only')} keeps it off`;
    if (isWrite && grants.productionGuard) return `${guardOf(grants)} keeps it off`;
    const denied = findDenied(tool, permission);
    if (denied !== undefined) return `${nameOf(grants, 'deny')} ${denied.text} keeps it off`;
    return findAllowed(tool, permission) === undefined ? `needs the grant ${tool.area}:${permission}` : undefined;
  };
  const whyAlone = ({ needsOneOf }: Listing): string | undefined => {
    const others = needsOneOf?.flatMap((name) => names.tools.get(name) ?? []) ?? [];
    if (needsOneOf === undefined || others.some((other) => about(other).whyOff === undefined)) return undefined;
    return `shows nothing without a grant that reads what it is about${others[0] ? `, such as ${others[0].area}:read` : ''}`;
  };
  const toDecision = (tool: Listing): Decision => {
    const whyRestricted = whyNot(tool, 'credentials');
    const whyOff = whyNot(tool, tool.access) ?? (tool.needsCredentials ? whyRestricted : undefined) ?? whyAlone(tool);
    return {
      whyOff,
      grantOf: whyOff === undefined ? findAllowed(tool, tool.access)?.text : undefined,
      whyRestricted,
      credentialsGrantOf: whyRestricted === undefined ? findAllowed(tool, 'credentials')?.text : undefined,
    };
  };
  /** By tool name, each made on first use: all forms and listings of a tool share its name. */
  const decisions = new Map<string, Decision>();
  const about = (tool: Listing): Decision => {
    const known = decisions.get(tool.name);
    if (known !== undefined) return known;
    const decision = toDecision(tool);
    decisions.set(tool.name, decision);
    return decision;
  };
  return {
    whyOff: (tool) => about(tool).whyOff,
    grantOf: (tool) => about(tool).grantOf,
    credentialsGrantOf: (tool) => about(tool).credentialsGrantOf,
    whyRestricted: (tool) => about(tool).whyRestricted,
  };
}

function opensNothing(catalog: Catalog<Listing>, text: string, rule: Rule, grants: Grants): string {
  const flag = `${nameOf(grants, rule)} ${text} ${rule === 'allow' ? 'opens' : 'closes'} nothing`;
  const [area = '', access] = text.split(':');
  const tools = catalog.tools.filter((tool) => area === '*' || tool.area === area);
  if (access === 'credentials') {
    const own = tools
      .filter((tool) => tool.handlesCredentials)
      .map((tool) => `${tool.name} also needs ${tool.area}:${tool.access}`);
    return own.length === 0
      ? `${flag}: no tool of ${area} handles credentials.`
      : `${flag} by itself: ${own.join(', ')}.`;
  }
  const alone = tools.find((tool) => tool.access === access && tool.needsOneOf !== undefined);
  if (alone !== undefined) {
    return `${flag} by itself: ${alone.name} shows only what the agent may read, so it also needs a grant such as users:read.`;
  }
  const closed = tools.find((tool) => tool.access === access);
  if (closed !== undefined) return `${flag} by itself: ${closed.name} also needs ${area}:credentials.`;
  const offered = [...new Set(tools.map((tool) => `${area}:${tool.access}`))];
  return `${flag}: ${area} has no ${access} tools. It has ${offered.join(', ')}.`;
}

/**
 * The intersection of two policies, by tool, with credentials separate. A comparison of grants as text could not tell
 * that the intersection of `*:full` and `users:read` is `users:read`.
 * @param reason why a tool is off if only the second policy turns it off
 */
export function narrow(policy: Policy, by: Policy, reason: string): Policy {
  const whyOff: Policy['whyOff'] = (tool) => policy.whyOff(tool) ?? (by.whyOff(tool) && reason);
  return {
    whyOff,
    grantOf: (tool) => (whyOff(tool) === undefined ? policy.grantOf(tool) : undefined),
    credentialsGrantOf: (tool) => (by.whyRestricted(tool) === undefined ? policy.credentialsGrantOf(tool) : undefined),
    whyRestricted: (tool) => policy.whyRestricted(tool) ?? (by.whyRestricted(tool) && reason),
  };
}
