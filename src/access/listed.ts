import type { Catalog } from '../catalog/catalog.ts';
import type { Listing } from '../catalog/listing.ts';
import { callToolOf, kindsOfAll } from './call-kind.ts';
import { takesToken } from './confirmation.ts';
import { LIST_BUDGET_TOKENS, type ListMode } from './list-mode.ts';
import { type Agent, FIND_TOOL, isOn, toPolicy } from './overview.ts';
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

/** What tools/list shows an agent, and what that costs a model. */
export type ListReport = {
  /** `undefined` where all tools that are on are listed. */
  readonly isListed: IsListed | undefined;
  readonly listed: number;
  readonly found: number;
  readonly tokens: number;
};

/** The list of an agent, for operators. */
export function toListReport(
  catalog: Catalog,
  agent: Agent & { readonly statusTool?: boolean },
  tokens: TokenCounts,
): ListReport {
  const policy = toPolicy(catalog, agent);
  const { list: mode = 'auto', statusTool = true } = agent;
  const besides = { statusTool, confirmToken: takesToken(agent.confirm) };
  const isListed = toIsListed(catalog, policy, { mode, tokens, budget: LIST_BUDGET_TOKENS, ...besides });
  const on = catalog.tools.filter(isOn(policy));
  const hidden = isListed === undefined ? [] : on.filter((tool) => !isListed(tool));
  const isRestricted = (tool: Listing) => policy.whyRestricted(tool) !== undefined;
  const forms = hidden.map((tool) => (isRestricted(tool) && tool.restricted) || tool);
  const finding = hidden.length === 0 ? [] : [FIND_TOOL, ...kindsOfAll(forms, isRestricted).map(callToolOf)];
  const cost = tokenCost(catalog, policy, tokens, { ...besides, isListed, finding });
  return { isListed, listed: on.length - hidden.length, found: hidden.length, tokens: cost };
}
