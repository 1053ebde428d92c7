import type { Sandbox } from '../../sandbox/index.ts';
import type { createContract } from './sandbox-contract.ts';

export type Json = Record<string, unknown>;

export type Asked = {
  /** In the place of the first placeholder. */
  id?: string;
  /** In the place of the route's own. */
  path?: string | undefined;
  query?: string;
  body?: Json | undefined;
  headers?: Record<string, string>;
  form?: string;
};

export type Reply = { status: number; body: Json; items: Json[]; ids: unknown[]; headers: Headers };

/** Sends a request to a sandbox and holds the answer against the official file(s). */
export type Send = (route: string, asked?: Asked) => Promise<Reply>;

/** What is expected of a route, over one request or several. */
export type Row = { readonly route: string; readonly says: string; run(send: Send, sandbox: Sandbox): Promise<void> };

export const createSender =
  (contract: ReturnType<typeof createContract>) =>
  (sandbox: Sandbox): Send =>
  async (route, { id = '', path, query = '', body, headers, form } = {}) => {
    const [method = '', template = ''] = route.split(' ');
    const url = `https://api.workos.com${path ?? template.replace(/\{[^}]*\}/, id)}${query && `?${query}`}`;
    const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
    const content = form ?? (body && JSON.stringify(body));
    const response = await sandbox.fetch(
      new Request(url, {
        method,
        headers: { authorization: `Bearer ${sandbox.apiKey}`, 'content-type': type, ...headers },
        ...(content !== undefined && { body: content }),
      }),
    );
    const text = await response.text();
    const parsed = text === '' ? undefined : JSON.parse(text);
    contract.check(route, response.status, parsed);
    const items: Json[] = Array.isArray(parsed?.data) ? parsed.data : [];
    return {
      status: response.status,
      body: parsed ?? {},
      items,
      ids: items.map((item) => item.id),
      headers: response.headers,
    };
  };
