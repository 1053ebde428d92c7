import type { Dispatcher, Pool } from 'undici';
import { TransportError } from './errors.ts';
import type { Reply, Send } from './layer.ts';

export type Transport = {
  readonly send: Send;
  /** Begins to load what the first request takes. */
  readonly prepare?: () => void;
  /** Cuts off what is still under way and closes the connections. */
  readonly close: () => Promise<void>;
};

export type TransportOptions = {
  /** Milliseconds for one attempt, the answer's last byte included. */
  readonly attemptTimeout: number;
  /** Bytes of the largest answer that is read to its end. */
  readonly maxReplyBytes: number;
  /** The clock of Context.deadline. */
  readonly now: () => number;
};

/**
 * HTTP to one origin over kept-alive connections. It follows no redirect and holds connections to nothing but
 * `baseUrl`, so the key cannot reach another host.
 */
export function createTransport(baseUrl: string, options: TransportOptions): Transport {
  const { origin, pathname } = new URL(baseUrl);
  const prefix = pathname.replace(/\/$/, '');
  const { attemptTimeout, maxReplyBytes, now } = options;
  let opening: Promise<Pool> | undefined;
  // undici takes longer to load than the rest of the start; nothing needs it before the first call.
  const load = () => import('undici');
  const open = async () => {
    const undici = await load();
    // Connecting gets half the time, so that a host out of reach is told from one that may have got the request.
    const connect = { timeout: attemptTimeout / 2 };
    // The signal of each attempt bounds headers and body together.
    return new undici.Pool(origin, { connect, headersTimeout: 0, bodyTimeout: 0 });
  };

  return {
    send: async ({ method, path, headers, body }, { signal, deadline }) => {
      if (signal.aborted) throw new TransportError('the call was cancelled', false);
      opening ??= open();
      const pool = await opening.catch(() => {
        opening = undefined;
        throw new TransportError('this server could not load one of its modules', false, { final: true });
      });
      if (signal.aborted) throw new TransportError('the call was cancelled', false);
      if (deadline <= now())
        throw new TransportError('the call timed out before the request was sent', false, { final: true });
      const timeout = Math.min(attemptTimeout, deadline - now());
      const attempt = startAttempt(maxReplyBytes);
      const cancel = () => attempt.abort('the call was cancelled');
      const timer = setTimeout(() => attempt.abort(`no complete answer within ${duration(timeout)}`), timeout);
      signal.addEventListener('abort', cancel, { once: true });
      try {
        pool.dispatch(
          {
            method,
            path: `${prefix}${path}`,
            // An answer that is not compressed cannot be a bomb.
            headers: { ...headers, 'accept-encoding': 'identity' },
            body: body ?? null,
          },
          attempt.handler,
        );
        return await attempt.reply;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', cancel);
      }
    },
    prepare: () => {
      load().catch(() => {}); // whoever sends something is told
    },
    close: async () => {
      const pool = await opening?.catch(() => undefined);
      await pool?.destroy();
    },
  };
}

const duration = (ms: number): string => (ms < 100 ? `${Math.ceil(ms)} ms` : `${Math.round(ms / 100) / 10} s`);

/** The headers that somebody here reads. */
const HEADERS = ['content-type', 'date', 'retry-after', 'x-request-id'];

/** Request IDs go to logs as they are: what is not shaped like one is none. */
const REQUEST_ID = /^[\w-]{1,64}$/;

function pick(headers: Headers): Reply['headers'] {
  const picked: Record<string, string> = {};
  for (const name of HEADERS) {
    const value = headers[name];
    if (value !== undefined) picked[name] = String(value);
  }
  if (!REQUEST_ID.test(picked['x-request-id'] ?? '')) delete picked['x-request-id'];
  return picked;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

type Attempt = {
  /** Hears what becomes of the request: undici's streams cost as much as the rest of a call. */
  readonly handler: Dispatcher.DispatchHandler;
  /** The whole answer. Rejects with TransportError. */
  readonly reply: Promise<Reply>;
  readonly abort: (reason: string) => void;
};

/** @param maxBytes of the body: no more is read, or held in memory */
function startAttempt(maxBytes: number): Attempt {
  let controller: Dispatcher.DispatchController | undefined;
  let fault: TransportError | undefined;
  let head: Pick<Reply, 'status' | 'headers'> = { status: 0, headers: {} };
  const body = createBody(maxBytes);
  let resolve: (reply: Reply) => void;
  let reject: (error: TransportError) => void;
  const reply = new Promise<Reply>((...settle) => {
    [resolve, reject] = settle;
  });
  /** Ends the connection, so that nothing more comes; nobody waits for it. */
  const fail = (error: TransportError) => {
    fault = error;
    reject(error);
    // Not within its parser, which would go on to end what was aborted.
    queueMicrotask(() => controller?.abort(error));
  };
  return {
    reply,
    // A request that still waits for a connection has not left.
    abort: (reason) => fail(new TransportError(reason, controller !== undefined)),
    handler: {
      onRequestStart: (started) => {
        if (fault !== undefined) return started.abort(fault);
        controller = started;
      },
      onResponseStart: (_, status, headers) => {
        if (status < 200) return; // there is more to come
        head = { status, headers: pick(headers) };
        const refusal = body.expect(headers);
        if (refusal !== undefined) fail(new TransportError(refusal, true, { final: true }));
      },
      onResponseData: (_, chunk) => {
        const refusal = body.take(chunk);
        if (refusal !== undefined) fail(new TransportError(refusal, true, { final: true }));
      },
      onResponseEnd: () => resolve({ ...head, body: body.text() }),
      onResponseError: (_, error) => reject(fault ?? toTransportError(error, controller !== undefined)),
    },
  };
}

/** Gathers a body. `expect` and `take` return why it is not to be read on. */
function createBody(maxBytes: number) {
  let bytes: Buffer = Buffer.alloc(0);
  let size = 0;
  let length = Number.NaN;
  return {
    expect: (headers: Headers): string | undefined => {
      const encoding = headers['content-encoding'];
      length = Number(headers['content-length'] ?? Number.NaN);
      const tooLarge = length > maxBytes;
      if (!tooLarge && (encoding === undefined || encoding === 'identity')) return undefined;
      const fault = tooLarge ? `larger than ${maxBytes} bytes` : 'compressed, which the server did not ask for';
      return `the answer is ${fault}, so it was not read`;
    },
    take: (chunk: Buffer): string | undefined => {
      const end = size + chunk.length;
      if (end > maxBytes) return `the answer is larger than ${maxBytes} bytes, so the rest was not read`;
      if (chunk.length === length) bytes = chunk;
      else {
        // One buffer that grows: a body in chunks of a byte would otherwise take a hundred times its size.
        if (end > bytes.length) {
          const larger = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(end, bytes.length * 2, length || 16_384)));
          bytes.copy(larger, 0, 0, size);
          bytes = larger;
        }
        chunk.copy(bytes, size);
      }
      size = end;
      return undefined;
    },
    text: () => bytes.toString('utf8', 0, size),
  };
}

/** Faults before a byte of the request could leave, where resolving or connecting reports them. */
const NOT_SENT: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'no connection was established in time',
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be looked up',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};

/** A certificate that is not accepted ends the connection before the request; other TLS faults may come later. */
const CERTIFICATE = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_ALTNAME_INVALID)/;

const MAYBE_SENT: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'the connection was dropped',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was truncated',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was dropped',
};

/**
 * Says in our words what went wrong: driver messages can hold addresses and header values.
 * @param hasBegun whether a connection had the request
 */
export function toTransportError(error: unknown, hasBegun = true): TransportError {
  const { code = '', syscall } = Object(error);
  if (CERTIFICATE.test(code))
    return new TransportError(`the TLS certificate is not trusted (${code})`, false, { final: true });
  // On a connection that was open before, the same codes come after the request left.
  const early = !hasBegun || syscall === 'connect' || syscall === 'getaddrinfo' || code === 'UND_ERR_CONNECT_TIMEOUT';
  if (early) return new TransportError(NOT_SENT[code] ?? 'no connection was established', false);
  return new TransportError(MAYBE_SENT[code] ?? 'the HTTP exchange failed', true);
}
