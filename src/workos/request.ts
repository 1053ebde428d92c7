import { API_KEY, type Arguments, CLIENT_ID } from '../catalog/declaration.ts';
import { placeOf, type Tool, wireName } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import type { KeyedEnvironment } from './environment.ts';
import type { ApiRequest } from './layer.ts';

/**
 * Builds the request of a call from arguments that the tool's schema has parsed.
 * @throws RefusedError for an ID that is not valid in a path, an update without a change, or a missing Client ID
 */
export function toRequest(tool: Tool, args: Arguments, environment: KeyedEnvironment): ApiRequest {
  const query: [name: string, value: string][] = [];
  const body: Record<string, unknown> = {};
  const headers: Record<string, string> = {};
  let path = tool.path;

  for (const [name, value] of Object.entries(args)) {
    if (value === undefined) continue;
    switch (placeOf(tool, name)) {
      case 'path':
        path = path.replace(`{${name}}`, () => toSegment(name, String(value)));
        break;
      case 'query':
        // The OpenAPI file declares arrays as form-style without explode (a,b). check() refuses items with commas.
        query.push([wireName(tool, name), Array.isArray(value) ? value.join(',') : String(value)]);
        break;
      case 'header':
        headers['idempotency-key'] = String(value);
        break;
      case 'server':
      case 'preview':
        break;
      case 'body':
        body[wireName(tool, name)] = value;
    }
  }
  if (isUpdate(tool) && Object.keys(body).length === 0) {
    throw new RefusedError('Nothing to change: give at least one field besides the ID.');
  }
  Object.assign(body, resolveConstants(tool, environment));

  const sendsBody = (tool.method !== 'GET' && tool.method !== 'DELETE') || Object.keys(body).length > 0;
  if (sendsBody) headers['content-type'] = 'application/json';
  return {
    method: tool.method,
    path: query.length === 0 ? path : `${path}?${new URLSearchParams(query)}`,
    headers,
    body: sendsBody ? JSON.stringify(body) : undefined,
  };
}

/** Whether a call without a body would change nothing. Some PUTs have none: their route says what they do. */
const isUpdate = (tool: Tool): boolean =>
  (tool.method === 'PUT' || tool.method === 'PATCH') &&
  Object.keys(tool.input).some((name) => placeOf(tool, name) === 'body');

/**
 * The members that the server sends itself, with the environment's Client ID and key filled in. Without a key, for what
 * stays here, it throws where one is asked for.
 */
export function resolveConstants(
  tool: Tool,
  { apiKey, clientId }: Pick<KeyedEnvironment, 'clientId'> & { readonly apiKey?: string },
): Record<string, string> {
  if (tool.needsClientId && clientId === undefined) {
    throw new RefusedError(
      `This tool needs the environment's Client ID. Ask the operator of this server to set WORKOS_CLIENT_ID; you cannot.`,
      'WORKOS_CLIENT_ID is not set',
    );
  }
  const resolved = Object.entries(tool.constants ?? {}).map(([name, value]) => {
    if (value === CLIENT_ID) return [name, clientId];
    if (value === API_KEY && apiKey === undefined) throw new Error(`${tool.name} is local and must not have the key`);
    return [name, value === API_KEY ? apiKey : value];
  });
  return Object.fromEntries(resolved);
}

/** One path segment. An ID that would change the path is refused rather than escaped. */
function toSegment(name: string, value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  if (value === '.' || value === '..' || value === '' || /[/\\?#%\s\x00-\x1f\x7f\p{Cs}]/u.test(value)) {
    throw new RefusedError(
      `${name}: ${JSON.stringify(value.slice(0, 60))} is not a valid ID. Give it exactly as WorkOS returned it.`,
    );
  }
  return encodeURIComponent(value);
}
