import { configDigest } from '../audit/record.ts';
import type { Loaded } from './host.ts';

/**
 * The digest of all settings and agents without secrets. `check` prints it, and the record has it at a start and at a
 * reload, so that replicas can be compared. What only says which command runs, and how it prints, is left out.
 */
export function digestOf({ config, agents }: Loaded): string {
  const { command: _, subject, json, keyless, isHttp, against, apiKey, http, agent, ...settings } = config;
  const { redisUrl, ...httpSettings } = http;
  // Over HTTP agents have their names in the file, and `check --agent` selects one of them.
  return configDigest({ ...settings, ...(http.anonymous && { agent }), http: httpSettings, agents });
}

/** As much of the digest as people compare. */
export const shortDigestOf = (loaded: Loaded): string => digestOf(loaded).slice(0, 12);
