import type { Layer } from './layer.ts';

/** Adds the headers of every request to WorkOS, and removes the key from the answer, in case WorkOS ever echoes it. */
export const authorize =
  (apiKey: string, userAgent: string): Layer =>
  (next) => {
    const withhold = (text: string) => text.replaceAll(apiKey, '[API key withheld]');
    return async (request, context) => {
      const headers = {
        ...request.headers,
        accept: 'application/json',
        authorization: `Bearer ${apiKey}`,
        'user-agent': userAgent,
      };
      const { method, path, body } = request;
      const reply = await next({ method, path, headers, body }, context);
      if (!reply.body.includes(apiKey) && !Object.values(reply.headers).some((value) => value.includes(apiKey)))
        return reply;
      const received = Object.entries(reply.headers).map(([name, value]) => [name, withhold(value)] as const);
      return { ...reply, headers: Object.fromEntries(received), body: withhold(reply.body) };
    };
  };
