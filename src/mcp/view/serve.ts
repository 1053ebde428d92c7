import { type McpServer, ProtocolError, ProtocolErrorCode, type ServerContext } from '@modelcontextprotocol/server';
import { type ClientFeatures, VIEW_TYPE } from '../client-features.ts';
import { VIEW_URI } from './offer.ts';

/**
 * Serves the view to clients that show views. For all other clients there are no resources: neither the capability, nor
 * the methods. It stands in no list, since the tools name it.
 */
export function serveView(
  { server }: McpServer,
  featuresOf: (request?: ServerContext['mcpReq']) => ClientFeatures | undefined,
): void {
  const capabilities = server.getCapabilities.bind(server);
  server.getCapabilities = () => {
    const { resources, ...others } = capabilities();
    // Over stdio a client of 2026-07-28 is not known yet when it asks what the server can do.
    return featuresOf()?.canShow === false ? others : { ...others, ...(resources && { resources }) };
  };
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
    if (uri !== VIEW_URI) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no resource ${VIEW_URI}`);
    const { page } = await import('../../view/page.ts');
    return { contents: [{ uri, mimeType: VIEW_TYPE, text: page, _meta: { ui: { prefersBorder: true } } }] };
  });
}
