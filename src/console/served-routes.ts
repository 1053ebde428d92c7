import type { SignedIn } from './console-session.ts';
import type { ConsolePage, ConsoleRoute, PageRequest } from './routes.ts';

/** What a client is answered. `session` and `attempt` are tokens that it is to keep, or `null` for none any more. */
export type ConsoleAnswer = (
  | (ConsolePage & { readonly goesTo?: string })
  | { readonly to: string }
  | { readonly type: string; readonly text: string }
) & { readonly session?: string | null; readonly attempt?: string | null };

/** A request as a route without a sign-in has it. */
export type Visit = Pick<PageRequest, 'params' | 'query' | 'signal'> & {
  /** The sealed attempt to sign in that the client keeps. */
  readonly attempt: string | undefined;
};

/** Without a sign-in, and so without a token in its forms. */
export type OpenRoute = {
  readonly isOpen: true;
  readonly path: string;
  readonly show?: (visit: Visit) => Promise<ConsoleAnswer>;
  readonly act?: (visit: Visit & { readonly form: URLSearchParams }) => Promise<ConsoleAnswer>;
};

/** For approvers. */
export type ClosedRoute = Omit<ConsoleRoute, 'act'> & {
  readonly isOpen?: never;
  readonly act?: (request: PageRequest & SignedIn & { readonly form: URLSearchParams }) => Promise<ConsoleAnswer>;
};

export type ServedRoute = OpenRoute | ClosedRoute;

export type MatchedRoute = { readonly route: ServedRoute; readonly params: Readonly<Record<string, string>> };

const toText = (segment: string): string | undefined => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined; // not a valid encoding
  }
};

/** What stands in the place of each `:name`; `undefined` where a path is not one of the pattern. */
function paramsOf(pattern: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== path.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = path[index] ?? '';
    if (!part.startsWith(':')) {
      if (segment !== part) return undefined;
      continue;
    }
    const text = toText(segment);
    if (text === undefined || text === '') return undefined;
    params[part.slice(1)] = text;
  }
  return params;
}

/** Finds the route of a path. The first that fits counts. */
export function toMatcher(routes: readonly ServedRoute[]): (path: string) => MatchedRoute | undefined {
  const known = routes.map((route) => ({ route, pattern: route.path.split('/') }));
  return (path) => {
    const segments = path.split('/');
    for (const { route, pattern } of known) {
      const params = paramsOf(pattern, segments);
      if (params !== undefined) return { route, params };
    }
    return undefined;
  };
}
