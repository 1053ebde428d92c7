import type { Catalog } from '../catalog/catalog.ts';
import type { Tool } from '../catalog/tool.ts';
import { type Grants, nameOf } from './grants.ts';
import { type Agent, toPolicy } from './overview.ts';
import { decide, type Policy } from './policy.ts';

/** What a person would have to change in the grants. */
export type Way = {
  /** To add to --allow. */
  readonly grants: readonly string[];
  /** To start with besides, or to say of the agent where it stands in a file. */
  readonly flags: readonly string[];
  readonly settings: readonly string[];
  /** Rules to take away, as written. */
  readonly remove: readonly string[];
};

/** The least that switches a tool on, by area and access; nothing where it is on. */
export function howToSwitchOn(catalog: Catalog, grants: Grants, tool: Tool): Way {
  return toWay(catalog, grants, tool, (policy) => policy.whyOff(tool) === undefined);
}

/** The least that switches a tool on with its credentials arguments and the secrets in its answers. */
export function howToShowCredentials(catalog: Catalog, grants: Grants, tool: Tool): Way {
  const holds = (policy: Policy) => policy.whyOff(tool) === undefined && policy.whyRestricted(tool) === undefined;
  return toWay(catalog, grants, tool, holds);
}

const EVERYTHING: Grants = { allow: ['*:full', '*:credentials'], deny: [], readOnly: false, productionGuard: false };

/** Asks the policy itself, rule by rule, so that the answer cannot differ from what a start with it would do. */
function toWay(catalog: Catalog, grants: Grants, tool: Tool, holds: (policy: Policy) => boolean): Way {
  const stops = (rule: Partial<Grants>) => !holds(decide(catalog, { ...EVERYTHING, ...rule }));
  const [own, credentials] = [`${tool.area}:${tool.access}`, `${tool.area}:credentials`];
  const least = [[], [own], [credentials]].find((more) => !stops({ allow: [...grants.allow, ...more] }));
  const besides = stops({ productionGuard: grants.productionGuard }) ? [nameOf(grants, 'production-writes')] : [];
  const denials = new Set(grants.deny.filter((text) => stops({ deny: [text] })));
  return {
    grants: least ?? [own, credentials],
    flags: grants.inFile ? [] : besides,
    settings: grants.inFile ? besides : [],
    remove: [
      ...[...denials].map((text) => `${nameOf(grants, 'deny')} ${text}`),
      ...(stops({ readOnly: grants.readOnly }) ? [nameOf(grants, 'read-only')] : []),
    ],
  };
}

/** What the credentials grant does for a tool that it makes a difference to. */
export type ToolCredentials = {
  readonly needed: boolean;
  /** Arguments that exist with the grant alone, and those that take more values with it. */
  readonly arguments: readonly string[];
  readonly widened: readonly string[];
  /** Members of answers, as dotted paths. */
  readonly secrets: readonly string[];
  /** Why it does not hold, or `undefined` where it does. */
  readonly rule: string | undefined;
  readonly way: Way;
};

/** All that there is to say of one tool under some grants. */
export type ToolAccess = {
  /** The grant that switches it on, or the rule that keeps it off. */
  readonly grant: string | undefined;
  readonly rule: string | undefined;
  readonly way: Way;
  readonly credentials: ToolCredentials | undefined;
  /** Which of its calls wait for a confirmation: `true` for all of them, or those that carry one of these arguments. */
  readonly confirmed: boolean | readonly string[];
};

export function toToolAccess(catalog: Catalog, agent: Agent, tool: Tool): ToolAccess {
  const { grants, confirm } = agent;
  const policy = toPolicy(catalog, agent);
  /** No grant helps against what keeps it off besides the grants. */
  const way = (rule: string | undefined, ofGrants: Way): Way => {
    const isEmpty = Object.values(ofGrants).every((steps) => steps.length === 0);
    return rule !== undefined && isEmpty ? { ...ofGrants, remove: [rule] } : ofGrants;
  };
  const rule = policy.whyOff(tool);
  const withheld = policy.whyRestricted(tool);
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  const guarded = [...secrets, ...identity];
  const widened = tool.restricted?.narrowed ?? [];
  const { confirmable } = (withheld !== undefined && tool.restricted) || tool;
  return {
    grant: policy.grantOf(tool),
    rule,
    way: way(rule, howToSwitchOn(catalog, grants, tool)),
    credentials: tool.handlesCredentials
      ? {
          needed: tool.needsCredentials,
          arguments: guarded.filter((name) => !widened.includes(name)),
          widened,
          secrets: [...tool.declared().secrets],
          rule: withheld,
          way: way(withheld, howToShowCredentials(catalog, grants, tool)),
        }
      : undefined,
    confirmed: confirmable && confirm !== 'off' && (tool.access === 'delete' || guarded),
  };
}
