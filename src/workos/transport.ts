import type { Dispatcher, Pool } from 'undici';
import { TransportError } from './errors.ts';
import type { Reply, Send } from './layer.ts';

export type Transport = {
  readonly send: Send;
  /** Starts to load the modules that the first request needs. */
  readonly prepare?: () => void;
  /** Aborts requests in flight and closes the connections. */
  readonly close: () => Promise<void>;
};

export type TransportOptions = {
  /** Milliseconds for one attempt, up to the last byte of the answer. */
  readonly attemptTimeout: number;
  /** Bytes of the largest answer that is accepted. */
  readonly maxReplyBytes: number;
  /** The clock that Context.deadline refers to. */
  readonly now: () => number;
};

/**
 * Sends HTTP requests to one origin over keep-alive connections. It follows no redirects and connects only to
 * `baseUrl`, so the key cannot reach another host.
 */
export function createTransport(baseUrl: string, options: TransportOptions): Transport {
  const { origin, pathname } = new URL(baseUrl);
  const prefix = pathname.replace(/\/$/, '');
  const { attemptTimeout, maxReplyBytes, now } = options;
  let opening: Promise<Pool> | undefined;
  // Loading undici takes longer than the rest of the start, and the server does not need it before the first call.
  const load = () => import('undici');
  const open = async () => {
    const undici = await load();
    // Connecting gets half the time, which distinguishes an unreachable host from one that may have received the
    // request.
    const connect = { timeout: attemptTimeout / 2 };
    // The timer of each attempt covers headers and body together.
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
            // An uncompressed answer cannot be a decompression bomb.
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
      load().catch(() => {}); // the first request reports the error
    },
    close: async () => {
      const pool = await opening?.catch(() => undefined);
      await pool?.destroy();
    },
  };
}

const duration = (ms: number): string => (ms < 100 ? `${Math.ceil(ms)} ms` : `${Math.round(ms / 100) / 10} s`);

/** The headers that the server uses. */
const HEADERS = ['content-type', 'date', 'retry-after', 'x-request-id'];

/** Request IDs are logged unchanged, so any other value is dropped. */
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
  /** A raw handler, as undici's streams would cost as much as the rest of a call. */
  readonly handler: Dispatcher.DispatchHandler;
  /** The complete answer. Rejects with TransportError. */
  readonly reply: Promise<Reply>;
  readonly abort: (reason: string) => void;
};

/** @param maxBytes limit of the body, for reading and for memory */
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
  /** Rejects the reply and aborts the request in the background. */
  const fail = (error: TransportError) => {
    fault = error;
    reject(error);
    // Deferred: within its parser, undici would go on to complete the aborted request.
    queueMicrotask(() => controller?.abort(error));
  };
  return {
    reply,
    // A request without a connection has not been sent.
    abort: (reason) => fail(new TransportError(reason, controller !== undefined)),
    handler: {
      onRequestStart: (started) => {
        if (fault !== undefined) return started.abort(fault);
        controller = started;
      },
      onResponseStart: (_, status, headers) => {
        if (status < 200) return; // an informational response precedes the final one
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

/** Collects a body. `expect` and `take` return the reason to stop reading, if any. */
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
        // One growing buffer: a body in one-byte chunks would otherwise take a hundred times its size in memory.
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

/** Errors of resolving or connecting, before any byte of the request was sent. */
const NOT_SENT: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'no connection was established in time',
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be looked up',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};

/** Certificate errors end the connection before the request is sent. Other TLS errors may come later. */
const CERTIFICATE = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_ALTNAME_INVALID)/;

const MAYBE_SENT: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'the connection was dropped',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was truncated',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was dropped',
};

/**
 * Describes an error in the server's own words, as messages of the driver can contain addresses and header values.
 * @param hasBegun whether the request was assigned to a connection
 */
export function toTransportError(error: unknown, hasBegun = true): TransportError {
  const { code = '', syscall } = Object(error);
  if (CERTIFICATE.test(code))
    return new TransportError(`the TLS certificate is not trusted (${code})`, false, { final: true });
  // On an open connection the same codes can occur after the request was sent.
  const early = !hasBegun || syscall === 'connect' || syscall === 'getaddrinfo' || code === 'UND_ERR_CONNECT_TIMEOUT';
  if (early) return new TransportError(NOT_SENT[code] ?? 'no connection was established', false);
  return new TransportError(MAYBE_SENT[code] ?? 'the HTTP exchange failed', true);
}
