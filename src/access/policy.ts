import type { Catalog } from '../catalog/catalog.ts';
import type { Listing } from '../catalog/listing.ts';
import { StartError } from '../errors.ts';
import {
  allowOnly,
  expand,
  type Grants,
  guardOf,
  nameOf,
  type Permission,
  parseGrant,
  type Rule,
  USUAL_GRANTS,
} from './grants.ts';

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

const WRITES = ['*:write', '*:delete', '*:credentials'];

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

/**
 * What both of two policies leave on, tool by tool and with its credentials apart. Comparing their grants as texts
 * could not tell that `*:full` within `users:read` is `users:read`.
 * @param reason why a tool is off that only the second keeps off
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
