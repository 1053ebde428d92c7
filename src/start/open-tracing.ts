import { systemClock } from '../clock.ts';
import { StartError } from '../errors.ts';
import type { Log } from '../log.ts';
import { createBytePool } from '../memory/byte-pool.ts';
import type { Tracer } from '../tracing/tracer.ts';
import { TransportError } from '../workos/errors.ts';
import { proxyFor, type Variable } from '../workos/proxy.ts';
import { createTransport } from '../workos/transport.ts';

type TracingSettings = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly ratio: number;
};

/**
 * The settings of tracing, in OpenTelemetry's own variables: those that this server reads. `undefined` where no endpoint
 * is set.
 * @throws StartError that quotes no value, as URL and headers may hold a secret
 */
export function readTracing(variable: Variable): TracingSettings | undefined {
  const read = (name: string) => variable(name)?.trim() ?? '';
  const endpoint = read('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (endpoint === '') return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    `${url.username}${url.password}${url.search}${url.hash}` !== ''
  )
    throw new StartError(
      'OTEL_EXPORTER_OTLP_ENDPOINT is not a valid URL: use http://HOST:4318 or https://HOST, without user, password and query.',
    );
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  const protocol = read('OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol !== '' && protocol !== 'http/json')
    throw new StartError('OTEL_EXPORTER_OTLP_PROTOCOL must be http/json or unset: the server sends no other form.');
  const ratio = Number(read('OTEL_TRACES_SAMPLER_ARG') || 1);
  if (!(ratio >= 0 && ratio <= 1)) throw new StartError('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.');
  proxyFor(url.origin, variable);
  return {
    url,
    headers: parseHeaders(read('OTEL_EXPORTER_OTLP_HEADERS')),
    serviceName: read('OTEL_SERVICE_NAME') || 'workos-mcp',
    ratio,
  };
}

/** `name=value,name=value`, percent-encoded. */
function parseHeaders(text: string): Readonly<Record<string, string>> {
  const wrong = new StartError(
    'OTEL_EXPORTER_OTLP_HEADERS is not valid: write NAME=VALUE, several with commas, special characters percent-encoded.',
  );
  const entries = text.split(',').flatMap((item) => {
    if (item.trim() === '') return [];
    const [, name = '', value = ''] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=(.*)$/.exec(item) ?? [];
    if (name === '') throw wrong;
    const decoded = decode(value.trim());
    if (decoded === undefined || /[^\x20-\x7e]/.test(decoded)) throw wrong;
    return [[name.toLowerCase(), decoded] as const];
  });
  return Object.fromEntries(entries);
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** Milliseconds for one batch, also for the last one at a stop. */
const POST_TIMEOUT_MS = 3_000;
/** Bytes of a collector's answer that are read. */
const MAX_ANSWER_BYTES = 65_536;
/** Milliseconds between two lines of the log about dropped spans. */
const WARNING_INTERVAL_MS = 60_000;

/** Opens the export of traces, if the environment names a collector. Its code is loaded only then. */
export async function openTracing(variable: Variable, log: Log, version: string): Promise<Tracer | undefined> {
  const settings = readTracing(variable);
  if (settings === undefined) return undefined;
  const { url, headers, serviceName, ratio } = settings;
  const { createTracer } = await import('../tracing/tracer.ts');
  const { now } = systemClock;
  const transport = createTransport(url.origin, {
    attemptTimeout: POST_TIMEOUT_MS,
    maxReplyBytes: MAX_ANSWER_BYTES,
    answers: createBytePool(MAX_ANSWER_BYTES),
    now,
    proxy: proxyFor(url.origin, variable),
  });
  const post = async (body: string): Promise<void> => {
    const { status } = await transport.send(
      { method: 'POST', path: url.pathname, headers: { ...headers, 'content-type': 'application/json' }, body },
      {
        signal: AbortSignal.timeout(POST_TIMEOUT_MS),
        deadline: now() + POST_TIMEOUT_MS,
        agent: 'the server itself',
        repeat: 'never',
        slots: [],
      },
    );
    if (status >= 300) throw new TransportError(`it answered ${status}`, true);
  };
  let warnedAt = Number.NEGATIVE_INFINITY;
  let dropped = 0;
  const tracer = createTracer({
    serviceName,
    version,
    ratio,
    random: Math.random,
    post,
    toDate: (time) => Date.now() - (now() - time),
    onDropped: (spans, reason) => {
      dropped += spans;
      if (now() < warnedAt + WARNING_INTERVAL_MS) return;
      warnedAt = now();
      log.warn({ host: url.host, dropped, reason }, 'spans were dropped: the collector did not take them');
      dropped = 0;
    },
  });
  log.info({ host: url.host, ratio }, 'exporting traces');
  return {
    ...tracer,
    close: async () => {
      await tracer.close();
      await transport.close();
    },
  };
}
