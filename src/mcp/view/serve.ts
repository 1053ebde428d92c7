import { type McpServer, ProtocolError, ProtocolErrorCode, type ServerContext } from '@modelcontextprotocol/server';
import { type ClientFeatures, VIEW_TYPE } from '../client-features.ts';
import { VIEW_URI } from './offer.ts';

/** The form in which the SDK sets its own handlers. Others are passed on as they are. */
type SetHandler = (
  method: string,
  handler: (request: unknown, context: ServerContext) => unknown,
  ...more: unknown[]
) => void;

/**
 * Serves the view to clients that show views. For all other clients there are no resources: neither the capability, nor
 * the methods. It stands in no list, since the tools name it.
 */
export function serveView(
  { server }: McpServer,
  featuresOf: (request?: ServerContext['mcpReq']) => ClientFeatures | undefined,
): void {
  let discovering: ServerContext['mcpReq'] | undefined;
  const capabilities = server.getCapabilities.bind(server);
  server.getCapabilities = () => {
    const { resources, ...others } = capabilities();
    return featuresOf(discovering)?.canShow ? { ...others, ...(resources && { resources }) } : others;
  };
  // The SDK answers server/discover at once with the capabilities, and does not say who asks.
  const set = server.setRequestHandler.bind(server) as SetHandler;
  const setWithClient: SetHandler = (method, handler, ...more) => {
    if (method !== 'server/discover') return set(method, handler, ...more);
    return set(method, (request, context) => {
      discovering = context.mcpReq;
      try {
        return handler(request, context);
      } finally {
        discovering = undefined;
      }
    });
  };
  server.setRequestHandler = setWithClient as typeof server.setRequestHandler;
  const requireShowing = (request: ServerContext['mcpReq']) => {
    if (featuresOf(request)?.canShow !== true)
      throw new ProtocolError(ProtocolErrorCode.MethodNotFound, 'Method not found');
  };
  server.setRequestHandler('resources/list', (_, { mcpReq }) => {
    requireShowing(mcpReq);
    return { resources: [] };
  });
  server.setRequestHandler('resources/read', async ({ params: { uri } }, { mcpReq }) => {
    requireShowing(mcpReq);
    if (uri !== VIEW_URI)
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `There is no resource of that URI. The only one is ${VIEW_URI}.`,
      );
    const { page } = await import('../../view/page.ts');
    return { contents: [{ uri, mimeType: VIEW_TYPE, text: page, _meta: { ui: { prefersBorder: true } } }] };
  });
}
