import type { ServerResponse } from 'node:http';
import { isLoopback, toHostGuard } from './guard.ts';
import { listen } from './listener.ts';

/** A value that is read when the metrics are. */
export type Gauge = {
  /** Without the prefix. */
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** All values there are now. */
  readonly read: () => readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
};

/** The metrics. IDs, names and addresses of users and clients never become labels. */
export type Metrics = {
  /** @param outcome from a fixed set of words */
  readonly countCall: (tool: string, outcome: string, ms: number, agent: string) => void;
  /** Counts an HTTP request. @param reason why it was turned away, from a fixed set of words */
  readonly countRequest: (status: number | undefined, reason: string | undefined) => void;
  /** Records how long one attempt of a request to WorkOS took. */
  readonly countAttempt: (route: string, ms: number) => void;
  /** Records how long a call waited under the rate limits. */
  readonly countWait: (tool: string, ms: number) => void;
  readonly countRetry: (tool: string) => void;
  /** Counts a 429: a request went over a limit of WorkOS. */
  readonly countLimited: (tool: string) => void;
  readonly addGauge: (gauge: Gauge) => void;
  /** All metrics in the Prometheus text format. */
  readonly text: () => Promise<string>;
};

/** Seconds: from an answer that sends no request to a walk over many pages. */
const BUCKETS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const PREFIX = 'workos_mcp_';

type MetricLabels = {
  /** The known names. Any other name counts as "unknown", so that clients cannot add labels without limit. */
  readonly tools: readonly string[];
  /** The label of an agent's calls. Without it, calls are not counted by agent. */
  readonly toAgentLabel?: ((agent: string) => string) | undefined;
};

/**
 * Creates the metrics, and the default ones that prom-client collects of Node. prom-client is loaded only here, because
 * stdio does not need it.
 */
export async function createMetrics({ tools, toAgentLabel }: MetricLabels): Promise<Metrics> {
  const { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } = await import('prom-client');
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
  const requests = new Counter({
    name: 'workos_mcp_http_requests_total',
    help: 'HTTP requests by status and, if they were turned away, by reason.',
    labelNames: ['status', 'reason'],
    registers,
  });
  const attempts = new Histogram({
    name: 'workos_mcp_upstream_seconds',
    help: 'Time that attempts of requests to WorkOS took, by route.',
    labelNames: ['route'],
    buckets: BUCKETS_S,
    registers,
  });
  const byAgent =
    toAgentLabel &&
    new Counter({
      name: 'workos_mcp_agent_calls_total',
      help: 'Tool calls by agent or template of the file, and outcome.',
      labelNames: ['agent', 'outcome'],
      registers,
    });

  const known = new Set(tools);
  const toTool = (name: string) => (known.has(name) ? name : 'unknown');
  return {
    countCall: (name, outcome, ms, agent) => {
      const tool = toTool(name);
      if (toAgentLabel !== undefined) byAgent?.inc({ agent: toAgentLabel(agent), outcome });
      calls.inc({ tool, outcome });
      durations.observe({ tool }, ms / 1_000);
    },
    countWait: (name, ms) => waits.observe({ tool: toTool(name) }, ms / 1_000),
    countRetry: (name) => retries.inc({ tool: toTool(name) }),
    countLimited: (name) => limited.inc({ tool: toTool(name) }),
    countRequest: (status, reason) => requests.inc({ status: status ?? 'none', reason: reason ?? 'none' }),
    countAttempt: (route, ms) => attempts.observe({ route }, ms / 1_000),
    addGauge: ({ name, help, labelNames = [], read }) => {
      new Gauge({
        name: `${PREFIX}${name}`,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const { labels = {}, value } of read()) this.set(labels, value);
        },
      });
    },
    text: () => registry.metrics(),
  };
}

/** A scraper sends one small request at a time. */
const LIMITS = {
  headerBytes: 8_192,
  connections: 32,
  requestTimeoutMs: 5_000,
  headersTimeoutMs: 5_000,
  keepAliveMs: 75_000,
};

/**
 * Serves the metrics at /metrics of a separate port, without authentication. On loopback, the Host check keeps out
 * pages that use DNS rebinding.
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
      listener.cut(); // a scrape in flight may fail
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
