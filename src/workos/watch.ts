import type { ApiRequest, Context, Layer, Watch } from './layer.ts';

/**
 * Two layers for metrics, one above and one below the layer that makes requests wait for the rate limits.
 * @param now milliseconds of a monotonic clock
 */
export function watch(now: () => number): { readonly above: Layer; readonly below: Layer } {
  const since = new WeakMap<Context, number>();
  return {
    above: (next) => (request, context) => {
      if (context.watch === undefined) return next(request, context);
      if (since.has(context)) context.watch.repeated();
      since.set(context, now());
      return next(request, context);
    },
    below: (next) => {
      const observe = async (request: ApiRequest, context: Context, observer: Watch) => {
        const start = since.get(context);
        if (start !== undefined) observer.waited(now() - start);
        const begun = now();
        let status: number | undefined;
        try {
          const reply = await next(request, context);
          status = reply.status;
          if (status === 429) observer.limited();
          return reply;
        } finally {
          observer.attempted({ begun, ms: now() - begun, status });
        }
      };
      return (request, context) =>
        context.watch === undefined ? next(request, context) : observe(request, context, context.watch);
    },
  };
}
