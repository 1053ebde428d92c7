import type { Catalog } from '../catalog/catalog.ts';
import type { Access, Environment } from '../catalog/declaration.ts';
import type { Listing } from '../catalog/listing.ts';
import type { Tool } from '../catalog/tool.ts';
import { didYouMean, inShort } from '../wording.ts';
import { type Grants, nearestAreas } from './grants.ts';
import type { ListMode } from './list-mode.ts';
import { decide, type Policy } from './policy.ts';

/** The access of an agent: the one source for `check`, `explain` and `get_access_status`. */

/** The tool of the view in which a person confirms a call. */
export const ANSWER_TOOL = 'answer_confirmation';

/** The parts of an agent that decide its access. */
export type Agent = {
  readonly name: string;
  /** `undefined` while there is no key. */
  readonly environment: Environment['label'] | undefined;
  readonly grants: Grants;
  /** Replaces the policy of the grants alone, which a ceiling or the request may narrow. */
  readonly policy?: Policy | undefined;
  /** The confirmation mode. */
  readonly confirm?: string | undefined;
  /** Under `person`: whether an answer that the client brings counts, and whether the requester may answer. */
  readonly clientAsks?: 'trusted' | undefined;
  readonly samePerson?: 'allow' | 'refuse';
  /** Writes are answered with their request, and not sent. */
  readonly dryRun?: boolean;
  /** Which of its tools are listed. */
  readonly list?: ListMode;
  /** Where the agent's calls are recorded. */
  readonly record?: string | undefined;
};

export const toPolicy = (catalog: Catalog, { grants, policy }: Agent): Policy => policy ?? decide(catalog, grants);

export const ACCESSES = ['read', 'write', 'delete'] as const satisfies readonly Access[];

export type Count = { readonly on: number; readonly total: number };

/** Whether an agent sees an area's credentials; `none` if the area handles none. */
export type Credentials =
  | { readonly state: 'none' | 'shown' }
  | { readonly state: 'withheld'; readonly reason: string };

export type AreaAccess = Readonly<Record<Access, Count>> & {
  readonly name: string;
  readonly credentials: Credentials;
  readonly on: readonly { readonly name: string; readonly grant: string }[];
  readonly off: readonly { readonly name: string; readonly reason: string }[];
};

/** The result of a policy, by area and in total. */
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

export const isOn = (policy: Policy) => (tool: Listing) => policy.whyOff(tool) === undefined;

/** Without a tool that is on and handles credentials, a credentials grant shows nothing. */
function credentialsOf(tools: readonly Tool[], policy: Policy): Credentials {
  const handling = tools.filter((tool) => tool.handlesCredentials);
  if (handling.length === 0) return { state: 'none' };
  const on = handling.filter(isOn(policy));
  const [reason] = (on.length > 0 ? on : handling).flatMap((tool) => policy.whyRestricted(tool) ?? []);
  if (on.some((tool) => policy.whyRestricted(tool) === undefined)) return { state: 'shown' };
  return { state: 'withheld', reason: reason ?? 'no tool that handles them is on' };
}

/** The server's own tools, outside the catalogue, besides those that call others. */
export const STATUS_TOOL = 'get_access_status';
export const FIND_TOOL = 'find_tools';

/** The message for an unknown name of a tool or area. */
export function noSuch({ tools, areas }: Catalog, name: string): string {
  const areaNames = areas.map((area) => area.name);
  const meant = didYouMean(name, [...tools.map((tool) => tool.name), ...areaNames]);
  return `There is no tool or area "${inShort(name)}".${meant}${nearestAreas(name, areaNames)}`;
}
