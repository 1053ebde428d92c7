import type { Catalog } from '../catalog/catalog.ts';
import type { Listing } from '../catalog/listing.ts';
import type { ListMode } from './list-mode.ts';
import { isOn } from './overview.ts';
import type { Policy } from './policy.ts';
import { type TokenCounts, tokenCost } from './token-cost.ts';

export type IsListed = (tool: Listing) => boolean;

/** What decides the list, besides grants. */
export type ListSettings = {
  readonly mode: ListMode;
  readonly tokens: TokenCounts;
  readonly budget: number;
  readonly statusTool: boolean;
  /** Whether tools that wait for a confirmation take its token. */
  readonly confirmToken: boolean;
};

/** Tells which tools are listed; `undefined` where all that are on are. */
export function toIsListed(
  catalog: Catalog<Listing>,
  policy: Policy,
  { mode, tokens, budget, ...besides }: ListSettings,
): IsListed | undefined {
  if (mode === 'all') return undefined;
  if (mode === 'auto' && tokenCost(catalog, policy, tokens, besides) <= budget) return undefined;
  const isListed: IsListed = ({ listed = false }) => listed;
  return catalog.tools.filter(isOn(policy)).every(isListed) ? undefined : isListed;
}
