import type { Host, Loaded } from '../../start/host.ts';
import { connectAll, refuseFlat } from '../../start/http-settings.ts';
import { HTTP_SETTINGS } from '../../start/judge-http.ts';
import { type Finding, ok, toFailure } from './finding.ts';

const FIX = 'Set it right; workos-mcp --help lists every flag and variable.';

/** The settings of a server over HTTP, each as its start judges it. */
export function checkHttp(loaded: Loaded, host: Pick<Host, 'readFile' | 'variable'>): readonly Finding[] {
  const judges: typeof HTTP_SETTINGS = { ...HTTP_SETTINGS, environments: refuseFlat };
  const failures = Object.entries(judges).flatMap(([name, judge]) => {
    try {
      judge(loaded, host);
      return [];
    } catch (error) {
      return [toFailure(name, error, FIX)];
    }
  });
  return failures.length > 0 ? failures : [ok('HTTP', 'public URL, TLS, hosts and Redis URL fit together')];
}

/** What is wrong with the environments only side by side, and with the proxies to the issuers. */
export async function checkTogether(
  loaded: Loaded,
  host: Pick<Host, 'answers' | 'connect' | 'variable' | 'readFile'>,
): Promise<readonly Finding[]> {
  try {
    await connectAll(loaded, host);
    return [];
  } catch (error) {
    return [toFailure('environments', error, FIX)];
  }
}
