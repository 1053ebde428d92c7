import type { Catalog } from '../catalog/catalog.ts';
import type { Access, Environment, Tool } from '../catalog/tool.ts';
import { withConfirmToken } from '../confirm/confirmable.ts';
import { decide, type Grants, nameOf, type Policy } from './policy.ts';

/** What access is: the one source of what `check` and `explain` tell people and `get_access_status` tells agents. */

/** An agent as far as its access goes. */
export type Agent = {
  readonly name: string;
  /** Not known where there is no key yet. */
  readonly environment: Environment['label'] | undefined;
  readonly grants: Grants;
  /** What holds in place of the grants alone: they may be cut by a ceiling, or by the request. */
  readonly policy?: Policy | undefined;
  /** The mode of confirmation. */
  readonly confirm?: string | undefined;
  /** Its writes are answered, and not sent. */
  readonly dryRun?: boolean;
  /** Where its calls are recorded. */
  readonly record?: string | undefined;
};

export const toPolicy = (catalog: Catalog, { grants, policy }: Agent): Policy => policy ?? decide(catalog, grants);

export const ACCESSES = ['read', 'write', 'delete'] as const satisfies readonly Access[];

export type Count = { readonly on: number; readonly total: number };

/** Whether an area's credentials are open to an agent; `none` where it handles none. */
export type Credentials =
  | { readonly state: 'none' | 'shown' }
  | { readonly state: 'withheld'; readonly reason: string };

export type AreaAccess = Readonly<Record<Access, Count>> & {
  readonly name: string;
  readonly credentials: Credentials;
  readonly on: readonly { readonly name: string; readonly grant: string }[];
  readonly off: readonly { readonly name: string; readonly reason: string }[];
};

/** What a policy comes to, area by area and in all. */
export type Overview = Readonly<Record<Access, Count>> & {
  readonly tools: Count;
  readonly areas: readonly AreaAccess[];
};

export function toAccess(catalog: Catalog, policy: Policy): Overview {
  const count = (tools: readonly Tool[]): Count => ({ on: tools.filter(isOn(policy)).length, total: tools.length });
  const byAccess = (tools: readonly Tool[]) => {
    const [read, write, remove] = ACCESSES.map((access) => count(tools.filter((tool) => tool.access === access)));
    const none = { on: 0, total: 0 };
    return { read: read ?? none, write: write ?? none, delete: remove ?? none };
  };
  const areas = catalog.areas.map(({ name }) => {
    const tools = catalog.tools.filter((tool) => tool.area === name);
    return {
      name,
      ...byAccess(tools),
      credentials: credentialsOf(tools, policy),
      on: tools.filter(isOn(policy)).map((tool) => ({ name: tool.name, grant: policy.grantOf(tool) ?? '' })),
      off: tools.flatMap((tool) => {
        const reason = policy.whyOff(tool);
        return reason === undefined ? [] : [{ name: tool.name, reason }];
      }),
    };
  });
  return { tools: count(catalog.tools), ...byAccess(catalog.tools), areas };
}

const isOn = (policy: Policy) => (tool: Tool) => policy.whyOff(tool) === undefined;

/** A grant of credentials that no tool that is on makes use of shows nothing. */
function credentialsOf(tools: readonly Tool[], policy: Policy): Credentials {
  const handling = tools.filter((tool) => tool.handlesCredentials);
  if (handling.length === 0) return { state: 'none' };
  const on = handling.filter(isOn(policy));
  const [reason] = (on.length > 0 ? on : handling).flatMap((tool) => policy.whyRestricted(tool) ?? []);
  if (on.some((tool) => policy.whyRestricted(tool) === undefined)) return { state: 'shown' };
  return { state: 'withheld', reason: reason ?? 'no tool that handles them is on' };
}

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

/** The server's own tool, outside the catalogue. */
export const STATUS_TOOL = 'get_access_status';

/**
 * What each tool costs a model, by name: with its credentials arguments, as agents without that grant have it, and what
 * the argument adds by which a model confirms.
 */
export type TokenCounts = Readonly<Record<string, readonly [full: number, restricted: number, confirming: number]>>;

/** Counts what models see of tools. The build does, since no counter is fast enough for a start. */
export function toTokenCounts(tools: readonly Tool[], count: (text: string) => number): TokenCounts {
  const cost = ({ name, description, jsonSchema }: Tool) =>
    count(JSON.stringify({ name, description, inputSchema: jsonSchema() }));
  const costs = (tool: Tool) => {
    const full = cost(tool);
    return [full, cost(tool.restricted ?? tool), cost(withConfirmToken(tool)) - full] as const;
  };
  return Object.fromEntries(tools.map((tool) => [tool.name, costs(tool)]));
}

/**
 * Tokens that the tools which are on cost a model.
 * @param besides what it sees besides: the server's own tool, and the argument by which it confirms
 */
export function tokenCost(
  catalog: Catalog,
  policy: Policy,
  tokens: TokenCounts,
  { statusTool = false, confirmToken = false }: { statusTool?: boolean; confirmToken?: boolean } = {},
): number {
  const cost = (tool: { readonly name: string } & Partial<Tool>, isRestricted: boolean) => {
    const counts = tokens[tool.name];
    if (counts === undefined) throw new Error(`the build counted no tokens of ${tool.name}`);
    const [full, restricted, confirming] = counts;
    const { confirmable } = (isRestricted && tool.restricted) || tool;
    return (isRestricted ? restricted : full) + (confirmToken && confirmable ? confirming : 0);
  };
  return catalog.tools
    .filter(isOn(policy))
    .reduce(
      (sum, tool) => sum + cost(tool, policy.whyRestricted(tool) !== undefined),
      statusTool ? cost({ name: STATUS_TOOL }, false) : 0,
    );
}
