import type { Catalog } from '../catalog/catalog.ts';
import { WAIT_TOOL } from '../catalog/declaration.ts';
import type { Listing } from '../catalog/listing.ts';
import type { Tool } from '../catalog/tool.ts';
import { withConfirmToken } from './confirmation.ts';
import { isOn, STATUS_TOOL } from './overview.ts';
import type { Policy } from './policy.ts';

/**
 * The tokens that each tool costs a model, by name: with its credentials arguments, without them (for agents without
 * the grant), and what the argument confirm_token adds.
 */
export type TokenCounts = Readonly<Record<string, readonly [full: number, restricted: number, confirming: number]>>;

/** Counts the tokens of the tools. The build does it: no tokenizer is fast enough for a start. */
export function toTokenCounts(tools: readonly Tool[], count: (text: string) => number): TokenCounts {
  const cost = ({ name, description, jsonSchema }: Tool) =>
    count(JSON.stringify({ name, description, inputSchema: jsonSchema() }));
  const costs = (tool: Tool) => {
    const full = cost(tool);
    return [full, cost(tool.restricted ?? tool), cost(withConfirmToken(tool)) - full] as const;
  };
  return Object.fromEntries(tools.map((tool) => [tool.name, costs(tool)]));
}

export type CostOptions = {
  readonly statusTool?: boolean;
  /** Whether tools that wait for a confirmation take its token. */
  readonly confirmToken?: boolean;
  /** Which of the tools that are on are counted; all of them where it is not given. */
  readonly isListed?: ((tool: Listing) => boolean) | undefined;
  /** The names of other tools of the server itself that are listed. */
  readonly finding?: readonly string[];
};

/**
 * The tokens that the enabled tools cost a model. The options add the server's own tools and the argument
 * confirm_token.
 */
export function tokenCost(
  catalog: Catalog<Listing>,
  policy: Policy,
  tokens: TokenCounts,
  { statusTool = false, confirmToken = false, isListed = () => true, finding = [] }: CostOptions = {},
): number {
  const cost = (tool: { readonly name: string } & Partial<Listing>, isRestricted: boolean) => {
    const counts = tokens[tool.name];
    if (counts === undefined) throw new Error(`the build counted no tokens of ${tool.name}`);
    const [full, restricted, confirming] = counts;
    const { confirmable } = (isRestricted && tool.restricted) || tool;
    return (isRestricted ? restricted : full) + (confirmToken && confirmable ? confirming : 0);
  };
  const waits = catalog.tools.some((tool) => tool.needsOneOf !== undefined && isOn(policy)(tool));
  const own = [...(statusTool ? [STATUS_TOOL] : []), ...(waits ? [WAIT_TOOL] : []), ...finding];
  return [
    ...catalog.tools
      .filter(isOn(policy))
      .filter(isListed)
      .map((tool) => cost(tool, policy.whyRestricted(tool) !== undefined)),
    ...own.map((name) => cost({ name }, false)),
  ].reduce((sum, tokens) => sum + tokens, 0);
}
