import type { CallObserver } from '../call/caller.ts';
import type { createOutsideWaits } from '../call/outside-waits.ts';
import { type ClientFeatures, toFeatures } from '../mcp/client-features.ts';
import { toServerInfo } from '../mcp/offer.ts';
import { type CallerParts, createServer, mayAsk, toDirectTool, toRefusal } from '../mcp/server.ts';
import { toDirectAnswers } from '../serve/direct/http-calls.ts';
import type { RequestOrigin } from '../serve/http/handler.ts';
import { outOfLine } from '../serve/http/in-flight.ts';
import type { serveOverHttp } from '../serve/http/serve-http.ts';
import type { openSessions } from './http-secrets.ts';
import type { ServedAgent } from './served-agents.ts';

export type McpOverHttpDeps = {
  readonly version: string;
  /** Whether plain calls are answered past the SDK. */
  readonly isDirect: boolean;
  readonly waitOutside: ReturnType<typeof createOutsideWaits>;
  readonly sessions: ReturnType<typeof openSessions>;
  readonly observer: CallObserver | undefined;
};

type HttpOptions = Parameters<typeof serveOverHttp<ServedAgent>>[0];

/** How an agent that was identified is served: what the HTTP server, which knows no MCP tool, is handed. */
export function toMcpOverHttp({ version, isDirect, waitOutside, sessions, observer }: McpOverHttpDeps) {
  const toParts = (
    { agent, budget, stillAllowed, requester }: ServedAgent,
    { traceparent, place }: RequestOrigin,
  ): CallerParts => ({
    trace: traceparent,
    waitedMs: place.waitedMs,
    waitOutside: (wait) => waitOutside(agent.name)(() => outOfLine(place, wait)),
    stillAllowed,
    requester,
    ...budget,
  });
  const featuresOf = ({ session }: RequestOrigin): ClientFeatures | undefined =>
    session && { canAsk: session.form, canShow: session.apps && !session.form, canOpen: session.url };
  return {
    keyOf: ({ agent }) => agent.name,
    factory: (caller, from) =>
      createServer(caller.offer, caller.opened.call, version, toParts(caller, from), featuresOf(from)),
    answerDirectly: isDirect
      ? toDirectAnswers((caller: ServedAgent, from) => {
          const features = featuresOf(from) ?? toFeatures(from.capabilities);
          if (features.canShow && from.session === undefined) return undefined; // the SDK knows what a view needs
          const calling = { ...features, ...toParts(caller, from) };
          return toDirectTool(caller.offer, { name: from.tool, arguments: from.args }, caller.opened.call, calling);
        }, toServerInfo(version))
      : undefined,
    onRefused: ({ offer, opened }, name, { args: sent, traceparent }) => {
      const { tool, rule, args, via } = toRefusal(offer, name, sent);
      observer?.countCall(tool?.name ?? 'unknown', 'refused', 0, offer.agent);
      void opened.journal.refuse(tool, args, rule, { agent: offer.agent, trace: traceparent, via });
    },
    issueSession: sessions && (({ agent }, params) => sessions.issue(agent.name, params)),
    readSession: ({ agent }, id) => sessions?.read(agent.name, id),
    mayAsk: ({ offer }, params) => mayAsk(offer, params),
  } satisfies Partial<HttpOptions>;
}
