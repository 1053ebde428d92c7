import { randomBytes } from 'node:crypto';
import { type Span, type SpanDeps, type TracedCall, toAttributes, toSpans } from './spans.ts';

export type Tracer = {
  /** Takes a call that has ended. Never waits, never throws. */
  readonly endCall: (call: TracedCall) => void;
  /** Sends what is waiting. */
  readonly close: () => Promise<void>;
};

export type TracerDeps = Pick<SpanDeps, 'toDate'> & {
  readonly serviceName: string;
  readonly version: string;
  /** The part of the calls that is traced, 0 to 1. */
  readonly ratio: number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Sends a body of JSON to the collector. Rejects if the collector does not take it. */
  readonly post: (body: string) => Promise<void>;
  /** Called when spans were dropped, with a reason that may be logged. */
  readonly onDropped: (spans: number, reason: string) => void;
};

/** Spans that wait to be sent. Where calls make more, they are dropped: no call waits for a collector. */
const MAX_WAITING_SPANS = 2_048;
const MAX_BATCH_SPANS = 512;
const INTERVAL_MS = 5_000;

/**
 * Exports spans as OTLP/JSON. The official packages would take more room than this package has left, and instrument what
 * they find by URL; here a span is made of a call's facts when it has ended, so that nothing else can get into it.
 */
export function createTracer(deps: TracerDeps): Tracer {
  const { serviceName, version, ratio, random, post, onDropped } = deps;
  const newId = (bytes: number) => randomBytes(bytes).toString('hex');
  let waiting: Span[] = [];
  let sending: Promise<void> | undefined;

  const toBody = (spans: readonly Span[]): string =>
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: toAttributes({ 'service.name': serviceName, 'service.version': version }) },
          scopeSpans: [{ scope: { name: 'workos-mcp', version }, spans }],
        },
      ],
    });

  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH_SPANS);
      waiting = waiting.slice(MAX_BATCH_SPANS);
      try {
        await post(toBody(batch));
      } catch (error) {
        onDropped(batch.length, error instanceof Error ? error.message : 'it failed');
      }
    }
  };
  const send = (): Promise<void> => {
    sending ??= flush().finally(() => {
      sending = undefined;
    });
    return sending;
  };
  const timer = setInterval(send, INTERVAL_MS).unref();

  return {
    endCall: (call) => {
      if (random() >= ratio) return;
      const spans = toSpans(call, { newId, toDate: deps.toDate });
      if (waiting.length + spans.length > MAX_WAITING_SPANS) {
        onDropped(spans.length, 'too many spans are waiting');
        return;
      }
      waiting.push(...spans);
      if (waiting.length >= MAX_BATCH_SPANS) void send();
    },
    close: async () => {
      clearInterval(timer);
      await send();
      await send(); // what came while the first was under way
    },
  };
}
