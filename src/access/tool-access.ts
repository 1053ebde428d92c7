import type { Catalog } from '../catalog/catalog.ts';
import type { Tool } from '../catalog/tool.ts';
import { occasionsOf } from './confirmation.ts';
import { type Grants, nameOf } from './grants.ts';
import { type Agent, toPolicy } from './overview.ts';
import { decide, type Policy } from './policy.ts';

/** The changes to the grants that would switch a tool on. */
export type Remedy = {
  /** Grants to add to --allow. */
  readonly grants: readonly string[];
  /** Flags to add to the start. */
  readonly flags: readonly string[];
  /** Settings to add to the agent, if it is in a file. */
  readonly settings: readonly string[];
  /** Rules to remove, as written. */
  readonly remove: readonly string[];
};

/** The smallest change that switches a tool on, by area and access; empty if it is on. */
export function howToSwitchOn(catalog: Catalog, grants: Grants, tool: Tool): Remedy {
  return toRemedy(catalog, grants, tool, (policy) => policy.whyOff(tool) === undefined);
}

/** The smallest change that switches a tool on with its credentials arguments and the secrets in its answers. */
export function howToShowCredentials(catalog: Catalog, grants: Grants, tool: Tool): Remedy {
  const holds = (policy: Policy) => policy.whyOff(tool) === undefined && policy.whyRestricted(tool) === undefined;
  return toRemedy(catalog, grants, tool, holds);
}

const EVERYTHING: Grants = { allow: ['*:full', '*:credentials'], deny: [], readOnly: false, productionGuard: false };

/** Asks the policy itself, rule by rule, so that the answer cannot differ from the effect of a start with it. */
function toRemedy(catalog: Catalog, grants: Grants, tool: Tool, holds: (policy: Policy) => boolean): Remedy {
  const stops = (rule: Partial<Grants>) => !holds(decide(catalog, { ...EVERYTHING, ...rule }));
  const [own, credentials] = [`${tool.area}:${tool.access}`, `${tool.area}:credentials`];
  const [other] = catalog.tools.filter(({ name }) => tool.needsOneOf?.includes(name));
  const others = other === undefined ? [] : [`${other.area}:${other.access}`];
  const ways = [[], [own], [credentials], others, [own, ...others]];
  const least = ways.find((more) => !stops({ allow: [...grants.allow, ...more] }));
  const productionWrites = stops({ productionGuard: grants.productionGuard })
    ? [nameOf(grants, 'production-writes')]
    : [];
  const denials = new Set(grants.deny.filter((text) => stops({ deny: [text] })));
  return {
    grants: least ?? [own, credentials],
    flags: grants.inFile ? [] : productionWrites,
    settings: grants.inFile ? productionWrites : [],
    remove: [
      ...[...denials].map((text) => `${nameOf(grants, 'deny')} ${text}`),
      ...(stops({ readOnly: grants.readOnly }) ? [nameOf(grants, 'read-only')] : []),
    ],
  };
}

/** The effect of the credentials grant on a tool that handles credentials. */
export type ToolCredentials = {
  readonly needed: boolean;
  /** Why the whole tool needs it, where no required argument tells. */
  readonly whole: string | undefined;
  /** Arguments that exist only with the grant. */
  readonly arguments: readonly string[];
  /** Arguments that take more values with the grant. */
  readonly widened: readonly string[];
  /** Secret members of answers, as dotted paths. */
  readonly secrets: readonly string[];
  /** Why the agent does not have the grant, or `undefined` if it does. */
  readonly rule: string | undefined;
  readonly way: Remedy;
};

/** The access of an agent to one tool. */
export type ToolAccess = {
  /** Of the form of the tool that the agent has, or would have. */
  readonly description: string;
  /** The grant that switches it on, or the rule that keeps it off. */
  readonly grant: string | undefined;
  readonly rule: string | undefined;
  readonly way: Remedy;
  readonly credentials: ToolCredentials | undefined;
  /** Which calls need a confirmation: `true` for all, or those with one of these arguments. */
  readonly confirmed: boolean | readonly string[];
  /** When others do, as clauses after "where". */
  readonly occasions: readonly string[];
};

/** Which calls of a tool wait for a confirmation, in the form that the agent has. */
export function confirmationOf(
  { confirm }: Pick<Agent, 'confirm'>,
  policy: Policy,
  tool: Tool,
): Pick<ToolAccess, 'confirmed' | 'occasions'> {
  const form = (policy.whyRestricted(tool) !== undefined && tool.restricted) || tool;
  if (!form.confirmable || confirm === 'off') return { confirmed: false, occasions: [] };
  if (form.alwaysConfirmed) return { confirmed: true, occasions: [] };
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  const guarded = [...secrets, ...identity].filter((name) => !form.lacking.includes(name));
  return { confirmed: guarded, occasions: occasionsOf(tool) };
}

export function toToolAccess(catalog: Catalog, agent: Agent, tool: Tool): ToolAccess {
  const { grants } = agent;
  const policy = toPolicy(catalog, agent);
  /** If the grants alone would allow the tool, the rule that keeps it off is what has to go. */
  const way = (rule: string | undefined, ofGrants: Remedy): Remedy => {
    const isEmpty = Object.values(ofGrants).every((steps) => steps.length === 0);
    return rule !== undefined && isEmpty ? { ...ofGrants, remove: [rule] } : ofGrants;
  };
  const rule = policy.whyOff(tool);
  const withheld = policy.whyRestricted(tool);
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  const guarded = [...secrets, ...identity];
  const widened = tool.restricted?.narrowed ?? [];
  const { description } = (withheld !== undefined && tool.restricted) || tool;
  return {
    description,
    grant: policy.grantOf(tool),
    rule,
    way: way(rule, howToSwitchOn(catalog, grants, tool)),
    credentials: tool.handlesCredentials
      ? {
          needed: tool.needsCredentials,
          whole: tool.credentials?.whole,
          arguments: guarded.filter((name) => !widened.includes(name)),
          widened,
          secrets: [...tool.declared().secrets],
          rule: withheld,
          way: way(withheld, howToShowCredentials(catalog, grants, tool)),
        }
      : undefined,
    ...confirmationOf(agent, policy, tool),
  };
}
