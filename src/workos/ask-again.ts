import type { Layer } from './layer.ts';

/** Asks right before a request is sent whether its call is still allowed: it may have waited since that was decided. */
export const askAgain: Layer = (next) => (request, context) => {
  const asked = context.stillAllowed?.();
  return asked === undefined ? next(request, context) : asked.then(() => next(request, context));
};
