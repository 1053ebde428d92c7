import type { ListToolsResult } from '@modelcontextprotocol/server';
import { kindsOf } from '../../access/call-kind.ts';
import { withConfirmToken } from '../../access/confirmation.ts';
import { ANSWER_TOOL } from '../../access/overview.ts';
import type { Tool } from '../../catalog/tool.ts';
import { type Offer, toDefinition } from '../offer.ts';
import { createAnswerTool } from './answer-tool.ts';

/** The view in which a person confirms a call. */
export const VIEW_URI = 'ui://workos-mcp/confirmation';

/** An offer, and what clients that show views get in its place. */
export type OfferWithViews = Offer & {
  /** Absent where no call of the agent waits for a confirmation. */
  readonly forViews?: (() => Offer) | undefined;
};

/** Adds the form of an offer for clients that show views. It is made when the first of them needs it. */
export function withViews(offer: Offer): OfferWithViews {
  let viewed: Offer | undefined;
  const asksClient = offer.confirm !== 'off' && (offer.confirm !== 'person' || offer.clientAsks === 'trusted');
  const waits = asksClient && !offer.dryRun && [...offer.tools.values()].some((tool) => tool.confirmable);
  if (!waits) return offer;
  // Not a copy: that would make the answer to tools/list before a client asks for it.
  return Object.assign(offer, {
    forViews: () => {
      viewed ??= toViewed(offer);
      return viewed;
    },
  });
}

/** The form of an offer in which a tool is found by this name: that of the view is in one of them alone. */
export const formWith = (offer: OfferWithViews, called: unknown): Offer =>
  (called === ANSWER_TOOL && offer.forViews?.()) || offer;

type Definition = ListToolsResult['tools'][number];

/**
 * Every tool whose call may wait names the view, and takes the confirmation ID with which a model asks what became of
 * the call. Call tools do so where a tool that they call may wait.
 */
function toViewed(offer: Offer): Offer {
  const answer = createAnswerTool();
  const tools = new Map([...offer.tools].map(([name, tool]) => [name, withConfirmToken(tool)]));
  const listed = new Set(offer.list.tools.map(({ name }) => name));
  const hidden = [...tools.values()].filter((tool) => tool.confirmable && !listed.has(tool.name));
  const kinds = new Set(hidden.flatMap((tool) => kindsOf(tool, offer.markerOf(tool) !== undefined)));
  const mayWait = (tool: Tool | undefined): tool is Tool => {
    const kind = offer.calls.get(tool?.name ?? '');
    return tool?.confirmable === true || (kind !== undefined && kinds.has(kind));
  };
  const toListed = (definition: Definition): Definition => {
    const tool = tools.get(definition.name);
    if (!mayWait(tool)) return definition;
    return { ...toDefinition(tool), _meta: { ui: { resourceUri: VIEW_URI } } };
  };
  const list = {
    tools: [...offer.list.tools.map(toListed), { ...toDefinition(answer), _meta: { ui: { visibility: ['app'] } } }],
  };
  const isAnswer = (name: unknown) => name === ANSWER_TOOL;
  return {
    ...offer,
    tools: tools.set(ANSWER_TOOL, answer),
    list,
    verdictOn: (tool) =>
      isAnswer(tool.name) ? { allowed: true, rule: "the server's own tool" } : offer.verdictOn(tool),
    whyRefused: (name) =>
      isAnswer(name) ? { tool: answer, rule: 'the request is malformed' } : offer.whyRefused(name),
  };
}
