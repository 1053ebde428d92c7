import type { ApiRequest, Context, Layer, Watch } from './layer.ts';

/**
 * Two layers, one above and one below the one that makes requests wait.
 * @param now milliseconds of a clock that only goes forward
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
      const tell = async (request: ApiRequest, context: Context, told: Watch) => {
        const start = since.get(context);
        if (start !== undefined) told.waited(now() - start);
        const reply = await next(request, context);
        if (reply.status === 429) told.limited();
        return reply;
      };
      return (request, context) =>
        context.watch === undefined ? next(request, context) : tell(request, context, context.watch);
    },
  };
}
