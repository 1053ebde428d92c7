import { listen } from './upstream.ts';

/** A WorkOS that has whatever it is asked for, with names that a test may change. */
export async function openWorkosStandIn() {
  const names = new Map<string, string>();
  const state = { isDown: false };
  const upstream = await listen(({ method, url }) => {
    if (state.isDown) return Response.json({ message: 'down' }, { status: 400 });
    if (method !== 'GET') return Response.json({ object: 'done' });
    const id = new URL(url).pathname.split('/').at(-1) ?? '';
    if (!id.includes('_01J')) return Response.json({ object: 'list', data: [], list_metadata: {} });
    const name = names.get(id);
    return Response.json({ id, name: name ?? 'Acme', email: name ?? 'ada@acme.test' });
  });
  let count = 0;
  return {
    env: { WORKOS_API_KEY: 'sk_test_1', WORKOS_BASE_URL: upstream.url, WORKOS_CLIENT_ID: 'client_1' },
    names,
    /** Whether it refuses all that it is asked for. */
    setDown: (isDown: boolean) => {
      state.isDown = isDown;
    },
    /** The changes that arrived. */
    changes: () => upstream.received.flatMap(({ method, path }) => (method === 'GET' ? [] : [`${method} ${path}`])),
    reset: () => {
      names.clear();
      state.isDown = false;
      upstream.received.length = 0;
    },
    /** An ID that no test had before: a "no" holds for ten minutes. */
    newId: (prefix: string): string => {
      count += 1;
      return `${prefix}_01J${String(count).padStart(23, '0')}`;
    },
    close: upstream.close,
  };
}

export type WorkosStandIn = Awaited<ReturnType<typeof openWorkosStandIn>>;
