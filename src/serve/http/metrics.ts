import type { ServerResponse } from 'node:http';
import { isLoopback, toHostGuard } from './guard.ts';
import { listen } from './listener.ts';

/** What is counted. Nobody's ID, name or address becomes a label. */
export type Metrics = {
  /** @param outcome one of a few words of ours */
  readonly countCall: (tool: string, outcome: string, ms: number) => void;
  /** Time that a call waited for its turn under the limits of what it calls. */
  readonly countWait: (tool: string, ms: number) => void;
  readonly countRetry: (tool: string) => void;
  /** What a call calls answered 429: its limits were not kept to. */
  readonly countLimited: (tool: string) => void;
  /** All of it in the text format of Prometheus. */
  readonly text: () => Promise<string>;
};

/** Seconds. From an answer out of memory to a walk over many pages. */
const BUCKETS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Makes the counters, beside those Node has of itself. prom-client is loaded only here: stdio has no use for it.
 * @param tools the names there are. Another one counts as "unknown", so that nobody can add labels without end.
 */
export async function createMetrics(tools: readonly string[]): Promise<Metrics> {
  const { Counter, Histogram, Registry, collectDefaultMetrics } = await import('prom-client');
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const calls = new Counter({
    name: 'workos_mcp_calls_total',
    help: 'Tool calls by tool and outcome.',
    labelNames: ['tool', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'workos_mcp_call_duration_seconds',
    help: 'Time that tool calls took, waits and retries included.',
    labelNames: ['tool'],
    buckets: BUCKETS_S,
    registers,
  });
  const waits = new Histogram({
    name: 'workos_mcp_wait_seconds',
    help: 'Time that requests waited for their turn under the rate limits.',
    labelNames: ['tool'],
    buckets: BUCKETS_S,
    registers,
  });
  const retries = new Counter({
    name: 'workos_mcp_retries_total',
    help: 'Requests that were repeated.',
    labelNames: ['tool'],
    registers,
  });
  const limited = new Counter({
    name: 'workos_mcp_rate_limited_total',
    help: 'Requests that were answered 429.',
    labelNames: ['tool'],
    registers,
  });

  const known = new Set(tools);
  const toTool = (name: string) => (known.has(name) ? name : 'unknown');
  return {
    countCall: (name, outcome, ms) => {
      const tool = toTool(name);
      calls.inc({ tool, outcome });
      durations.observe({ tool }, ms / 1_000);
    },
    countWait: (name, ms) => waits.observe({ tool: toTool(name) }, ms / 1_000),
    countRetry: (name) => retries.inc({ tool: toTool(name) }),
    countLimited: (name) => limited.inc({ tool: toTool(name) }),
    text: () => registry.metrics(),
  };
}

/** A scraper sends one small request after the other. */
const LIMITS = {
  headerBytes: 8_192,
  connections: 32,
  requestTimeoutMs: 5_000,
  headersTimeoutMs: 5_000,
  keepAliveMs: 75_000,
};

/**
 * Serves the metrics at /metrics of a port of their own, to whoever can reach it: on loopback, not to a page that has
 * rebound its name.
 */
export async function serveMetrics({ host, port, metrics }: { host: string; port: number; metrics: Metrics }) {
  const isHost = isLoopback(host) ? toHostGuard([]) : () => true;
  const listener = await listen({
    host,
    port,
    limits: LIMITS,
    onRequest: (request, response) => {
      response.setHeader('cache-control', 'no-store');
      response.setHeader('x-content-type-options', 'nosniff');
      if (!isHost(request.headers.host)) response.writeHead(403).end();
      else if (request.url?.split('?', 1)[0] !== '/metrics') response.writeHead(404).end();
      else if (request.method !== 'GET') response.writeHead(405, { allow: 'GET' }).end();
      else sendText(response, metrics);
    },
  });
  return {
    url: `${listener.url}/metrics`,
    close: async (): Promise<void> => {
      const drained = listener.drain();
      listener.cut(); // nobody misses half a scrape
      await drained;
    },
  };
}

function sendText(response: ServerResponse, { text }: Metrics): void {
  text().then(
    (body) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body),
    () => response.writeHead(500).end(),
  );
}
