/// <reference lib="dom" />

/** The host of a view, as the view reaches it. */
export type ViewHost = {
  /** Sends a request and resolves to its result. Rejects if the host answers with an error. */
  readonly request: (method: string, params: object) => Promise<unknown>;
  readonly notify: (method: string, params: object) => void;
};

/**
 * Connects to the host by JSON-RPC over messages between windows. Its text is put into the page, so it uses nothing from
 * outside of itself.
 * @param hear called with each notification of the host
 */
export function connectHost(hear: (method: string, params: unknown) => void): ViewHost {
  const waiting = new Map<unknown, (message: Record<string, unknown>) => void>();
  let last = 0;
  // The host's origin is not known to the view. What is sent has no secret that the host does not have.
  const send = (message: object) => window.parent.postMessage({ jsonrpc: '2.0', ...message }, '*');
  window.addEventListener('message', ({ source, data }: MessageEvent) => {
    if (source !== window.parent || Object(data).jsonrpc !== '2.0') return;
    const { id, method, params } = data;
    if (method === undefined) {
      waiting.get(id)?.(data);
      waiting.delete(id);
    } else if (id === undefined) hear(method, params);
    else if (method === 'ping' || method === 'ui/resource-teardown') send({ id, result: {} });
    else send({ id, error: { code: -32601, message: 'Method not found' } });
  });
  return {
    request: (method, params) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, ({ result, error }) =>
          error === undefined ? resolve(result) : reject(new Error(String(Object(error).message))),
        );
        send({ id: last, method, params });
      }),
    notify: (method, params) => send({ method, params }),
  };
}
