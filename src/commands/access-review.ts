import { type Agent, type Count, type Credentials, toAccess, toPolicy } from '../access/overview.ts';
import { confirmationOf } from '../access/tool-access.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Access } from '../catalog/declaration.ts';
import type { ReviewedApprover } from './approvers-report.ts';

/**
 * What agents may do, as `check --json` prints it. It is the same on every machine: agents, areas and tools stand in the
 * order of their names, and nothing of the machine is in it.
 */
export type Review = {
  readonly format: 1;
  readonly agents: readonly ReviewedAgent[];
  /** Absent where the file has none. */
  readonly approvers?: readonly ReviewedApprover[];
};

export type ReviewedAgent = Readonly<Record<Access, Count>> & {
  readonly name: string;
  readonly environment: string | null;
  readonly confirm: string | null;
  /** Under `person`, where they are set. */
  readonly clientAsks?: 'trusted';
  readonly samePerson?: 'refuse';
  readonly dryRun: boolean;
  readonly record: 'stderr' | 'file' | null;
  readonly grants: {
    readonly allow: readonly string[];
    readonly deny: readonly string[];
    readonly readOnly: boolean;
    readonly productionGuard: boolean;
  };
  readonly tools: Count;
  readonly areas: readonly ReviewedArea[];
  readonly tokens: number;
};

type ReviewedArea = Readonly<Record<Access, Count>> & {
  readonly name: string;
  readonly credentials: Credentials;
  readonly on: readonly ReviewedTool[];
  readonly off: readonly { readonly name: string; readonly reason: string }[];
};

/** A tool that is on. */
export type ReviewedTool = {
  readonly name: string;
  readonly grant: string;
  /** Whether its credentials arguments exist and its secrets are shown; absent where it handles none. */
  readonly credentials?: 'shown' | 'withheld';
  /** Which of its calls wait for a confirmation. */
  readonly confirmed: 'always' | 'sometimes' | 'never';
};

/** @param agents each with what `tools/list` costs a model */
export function toReview(
  catalog: Catalog,
  agents: readonly { readonly agent: Agent; readonly cost: number }[],
  approvers: readonly ReviewedApprover[] = [],
): Review {
  const reviewed = agents.map(({ agent, cost }) => toReviewed(catalog, agent, cost)).toSorted(byName);
  return { format: 1, agents: reviewed, ...(approvers.length > 0 && { approvers }) };
}

function toReviewed(catalog: Catalog, agent: Agent, tokens: number): ReviewedAgent {
  const policy = toPolicy(catalog, agent);
  const { areas, ...counts } = toAccess(catalog, policy);
  const { name, environment = null, confirm = null, dryRun = false, record, grants } = agent;
  const { allow, deny, readOnly, productionGuard } = grants;
  const byTool = new Map(catalog.tools.map((tool) => [tool.name, tool]));
  const toOn = (one: { readonly name: string; readonly grant: string }): ReviewedTool => {
    const tool = byTool.get(one.name);
    if (tool === undefined) throw new Error(`${one.name} is not in the catalog`);
    const { confirmed, occasions } = confirmationOf(agent, policy, tool);
    const isSometimes = typeof confirmed === 'object' && confirmed.length + occasions.length > 0;
    const isShown = policy.whyRestricted(tool) === undefined;
    return {
      ...one,
      ...(tool.handlesCredentials && { credentials: isShown ? 'shown' : 'withheld' }),
      confirmed: confirmed === true ? 'always' : isSometimes ? 'sometimes' : 'never',
    };
  };
  return {
    name,
    environment,
    confirm,
    ...(agent.clientAsks && { clientAsks: agent.clientAsks }),
    ...(agent.samePerson === 'refuse' && { samePerson: agent.samePerson }),
    dryRun,
    record: record === undefined ? null : record === 'stderr' ? 'stderr' : 'file',
    grants: { allow, deny, readOnly, productionGuard },
    ...counts,
    areas: areas
      .map(({ on, off, ...area }) => ({
        ...area,
        on: on.map(toOn).toSorted(byName),
        off: off.toSorted(byName),
      }))
      .toSorted(byName),
    tokens,
  };
}

/** By code point, so that no locale of a machine decides. */
const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
