import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import type { KeyedEnvironment } from '../workos/environment.ts';
import { toRequest } from '../workos/request.ts';

const MASK = '[withheld]';

/**
 * The request that a call would send, with its secrets masked. Throws RefusedError for one that cannot be sent.
 * @param lookedAt what was read first says of it, if something was
 */
export function toDryRun(
  tool: Tool,
  args: Arguments,
  environment: KeyedEnvironment,
  lookedAt?: { readonly because: string | undefined },
): Record<string, unknown> {
  const secrets = tool.credentials?.secrets ?? [];
  const masked = Object.entries(args).map(([name, value]) => [name, secrets.includes(name) ? MASK : value]);
  const request = toRequest(tool, Object.fromEntries(masked), { ...environment, apiKey: MASK });
  const { method, path, headers, body } = request;
  return {
    dry_run: true,
    environment: environment.label,
    request: {
      method,
      url: `${environment.baseUrl}${path}`,
      headers,
      ...(body !== undefined && { body: JSON.parse(body) }),
    },
    notes: [
      lookedAt === undefined
        ? 'Nothing was sent: the server was started with --dry-run.'
        : 'Only reads were sent: the server was started with --dry-run.',
      ...(lookedAt?.because === undefined ? [] : [`A person would be asked, because ${lookedAt.because}.`]),
    ],
  };
}
