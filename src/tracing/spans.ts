/** One attempt of a request to WorkOS. Times are in milliseconds of the clock of the call. */
export type TracedAttempt = {
  /** The template of the route, such as `GET /users/{user_id}`. */
  readonly route: string;
  readonly begun: number;
  readonly ms: number;
  /** `undefined` if no complete answer came. */
  readonly status: number | undefined;
};

/** A tool call that has ended: shapes and numbers, never content. */
export type TracedCall = {
  readonly tool: string;
  readonly outcome: string;
  readonly begun: number;
  readonly ms: number;
  readonly attempts: readonly TracedAttempt[];
  /** The W3C trace context of the client. */
  readonly trace: string | undefined;
};

type Value = string | number;

/** A span as OTLP/JSON has it. */
export type Span = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number };
};

type Attribute = {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
};

export type SpanDeps = {
  /** Random hexadecimal digits of so many bytes. */
  readonly newId: (bytes: number) => string;
  /** Milliseconds since 1970 of a time of the call's clock. */
  readonly toDate: (time: number) => number;
};

/** Values that OTLP defines. */
const SERVER_KIND = 2;
const CLIENT_KIND = 3;
const UNSET = 0;
const ERROR = 2;

/** Outcomes that an operator may have to look into. */
const FAILED: readonly string[] = ['error', 'unknown'];

/**
 * The spans of a call: its own, and one for each attempt. They continue the client's trace, but whether they are sampled
 * is not the client's to decide, so its flag is ignored.
 */
export function toSpans(call: TracedCall, { newId, toDate }: SpanDeps): readonly Span[] {
  const [, given, parent] = call.trace?.split('-') ?? [];
  const traceId = given ?? newId(16);
  const own = newId(8);
  const between = ({ begun, ms }: { readonly begun: number; readonly ms: number }) => ({
    startTimeUnixNano: toNanoseconds(toDate(begun)),
    endTimeUnixNano: toNanoseconds(toDate(begun + ms)),
  });
  return [
    {
      traceId,
      spanId: own,
      ...(parent !== undefined && { parentSpanId: parent }),
      name: `tools/call ${call.tool}`,
      kind: SERVER_KIND,
      ...between(call),
      attributes: toAttributes({
        'mcp.method.name': 'tools/call',
        'gen_ai.tool.name': call.tool,
        'workos_mcp.outcome': call.outcome,
      }),
      status: { code: FAILED.includes(call.outcome) ? ERROR : UNSET },
    },
    ...call.attempts.map((attempt) => {
      const [method = '', path = ''] = attempt.route.split(' ');
      const { status } = attempt;
      return {
        traceId,
        spanId: newId(8),
        parentSpanId: own,
        name: attempt.route,
        kind: CLIENT_KIND,
        ...between(attempt),
        attributes: toAttributes({
          'http.request.method': method,
          'url.template': path,
          ...(status !== undefined && { 'http.response.status_code': status }),
        }),
        status: { code: status === undefined || status >= 400 ? ERROR : UNSET },
      };
    }),
  ];
}

export const toAttributes = (values: Readonly<Record<string, Value>>): readonly Attribute[] =>
  Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));

/** Microseconds are as exact as the clock is, and a number still holds them. */
const toNanoseconds = (date: number): string => `${Math.round(date * 1_000)}000`;
