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
      const reply = await next({ ...request, headers }, context);
      const received: Record<string, string> = {};
      for (const [name, value] of Object.entries(reply.headers)) received[name] = withhold(value);
      return { ...reply, headers: received, body: withhold(reply.body) };
    };
  };
