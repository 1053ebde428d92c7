import {
  CLIENT_CAPABILITIES_META_KEY,
  inputResponse,
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Call, Caller } from './call.ts';
import type { Answer } from './confirm/gate.ts';
import { PENDING_MS } from './confirm/pending.ts';
import type { Offer } from './offer.ts';

/** A process never changes its tools, but the next one may be started with other grants. */
const CACHE = { ttlMs: 60_000, cacheScope: 'private' } as const;

/**
 * Makes the server of one caller: it has the tools that the caller is offered, and no trace of the others. `call` parses
 * arguments and cuts answers itself, so that each refusal is worded and recorded in one place: nothing is registered
 * with the SDK but the two requests.
 */
export function createServer(
  offer: Offer,
  call: Call,
  version: string,
  caller: Pick<Caller, 'trace' | 'spendDelete'> = {},
): McpServer {
  const mcp = new McpServer(
    { name: 'workos-mcp', title: 'WorkOS', version },
    {
      instructions: offer.instructions,
      capabilities: { tools: { listChanged: false } },
      cacheHints: { 'tools/list': CACHE },
      inputRequired: { roundTimeoutMs: PENDING_MS },
    },
  );
  const { server } = mcp;
  server.setRequestHandler('tools/list', () => offer.list);
  server.setRequestHandler('tools/call', ({ params }, { mcpReq }) => {
    const tool = offer.tools.get(params.name);
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Tool ${params.name} not found`);
    const { signal, _meta, notify } = mcpReq;
    const progressToken = _meta?.progressToken;
    return call(tool, params.arguments, {
      ...caller,
      agent: offer.agent,
      confirm: offer.confirm,
      verdictOn: offer.verdictOn,
      markerOf: offer.markerOf,
      answer: toAnswer(mcpReq, server.getClientCapabilities()),
      signal,
      ...(progressToken !== undefined && {
        onProgress: (progress, total) => {
          // Nobody waits for it, and a client that has gone is noticed elsewhere.
          notify({ method: 'notifications/progress', params: { progressToken, progress, total } }).catch(() => {});
        },
      }),
    });
  });
  return mcp;
}

/** @param declared what the client said of itself when it connected, if it did */
function toAnswer({ envelope, requestState, inputResponses }: ServerContext['mcpReq'], declared: unknown): Answer {
  const { elicitation } = Object(Object(envelope)[CLIENT_CAPABILITIES_META_KEY] ?? declared);
  const response = inputResponse(inputResponses, 'confirm');
  return {
    // Without a word about forms or URLs, a client means forms.
    canAsk: elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined),
    state: requestState(),
    response: response.kind === 'elicit' ? response : undefined,
  };
}
