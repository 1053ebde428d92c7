import type { CallObserver } from '../call/caller.ts';
import type { Observer } from '../call/exchange.ts';
import type { LastCall } from '../console/agents-source.ts';

export type LastCalls = CallObserver & { readonly lastCallOf: (agent: string) => LastCall | undefined };

/** Agents and templates whose last call is kept: reloads may have named more than the file has now. */
const MAX_NAMES = 1_000;

/**
 * Keeps the last call of each agent and template of the file.
 * @param today milliseconds since 1970
 */
export function createLastCalls(today: () => number): LastCalls {
  const calls = new Map<string, LastCall>();
  return {
    countCall: (tool, outcome, _ms, agent) => {
      // Agents of the file have no dot in their names, and a template's agents have its name before the first.
      const [name = ''] = agent.split('.', 1);
      calls.delete(name);
      calls.set(name, { at: today(), tool, outcome });
      const [oldest] = calls.keys();
      if (calls.size > MAX_NAMES && oldest !== undefined) calls.delete(oldest);
    },
    lastCallOf: (agent) => calls.get(agent),
  };
}

type CallsAndRequests = Observer & CallObserver;

const ignore = () => {};
const UNCOUNTED: Observer = { countWait: ignore, countRetry: ignore, countLimited: ignore, countAttempt: ignore };

/** Tells both of each call; either is absent where nothing shows it. */
export function observeCalls(
  metrics: CallsAndRequests | undefined,
  lastCalls: CallObserver | undefined,
): CallsAndRequests | undefined {
  if (lastCalls === undefined) return metrics;
  return {
    ...(metrics ?? UNCOUNTED),
    countCall: (...call) => {
      metrics?.countCall(...call);
      lastCalls.countCall(...call);
    },
  };
}
