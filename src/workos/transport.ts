import type { Dispatcher, Pool } from 'undici';
import { type BytePool, FREE_BYTES, type PoolPlace } from '../memory/byte-pool.ts';
import { TransportError } from './errors.ts';
import { toTransportError } from './faults.ts';
import type { Reply, Send } from './layer.ts';
import type { HttpProxy } from './proxy.ts';

export type Transport = {
  readonly send: Send;
  /** The `host:port` of the proxy that it goes through, if any. */
  readonly proxy?: string | undefined;
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
  /** Where the answers of all transports of the process find room. */
  readonly answers: BytePool;
  /** The clock that Context.deadline refers to. */
  readonly now: () => number;
  readonly proxy?: HttpProxy | undefined;
};

/**
 * Sends HTTP requests to one origin over keep-alive connections. It follows no redirects and connects only to
 * `baseUrl`, so the key cannot reach another host.
 */
export function createTransport(baseUrl: string, options: TransportOptions): Transport {
  const { origin, pathname } = new URL(baseUrl);
  const prefix = pathname.replace(/\/$/, '');
  const { attemptTimeout, maxReplyBytes, answers, now, proxy } = options;
  let opening: Promise<Pool> | undefined;
  // Loading undici takes longer than the rest of the start, and the server does not need it before the first call.
  const load = () => Promise.all([import('undici'), proxy && import('./tunnel.ts')]);
  const open = async () => {
    const [undici, tunnel] = await load();
    // Connecting gets half the time, which distinguishes an unreachable host from one that may have received the
    // request.
    const timeout = attemptTimeout / 2;
    const connect =
      proxy && tunnel ? tunnel.connectThrough(proxy, origin, undici.buildConnector({ timeout }), timeout) : { timeout };
    // The timer of each attempt covers headers and body together.
    return new undici.Pool(origin, { connect, headersTimeout: 0, bodyTimeout: 0 });
  };

  return {
    proxy: proxy?.address,
    send: async ({ method, path, headers, body }, { signal, deadline, agent }) => {
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
      const attempt = startAttempt(maxReplyBytes, (bytes, onRoom) => answers.enter(agent, bytes, onRoom));
      const cancel = () => attempt.abort('the call was cancelled');
      const timer = setTimeout(() => attempt.abort(attempt.whyLate(duration(timeout))), timeout);
      signal.addEventListener('abort', cancel);
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
        attempt.leave();
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
    if (value === undefined || (name === 'x-request-id' && !REQUEST_ID.test(String(value)))) continue;
    picked[name] = String(value);
  }
  return picked;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

type Attempt = {
  /** A raw handler, as undici's streams would cost as much as the rest of a call. */
  readonly handler: Dispatcher.DispatchHandler;
  /** The complete answer. Rejects with TransportError. */
  readonly reply: Promise<Reply>;
  readonly abort: (reason: string) => void;
  /** The reason to abort it after so long a time. */
  readonly whyLate: (time: string) => string;
  /** Makes room for other answers. */
  readonly leave: () => void;
};

/**
 * @param maxBytes limit of the body, for reading and for memory
 * @param enter claims room for the answer. Until there is some, the rest of the answer is not read.
 */
function startAttempt(maxBytes: number, enter: (bytes: number, onRoom: () => void) => PoolPlace): Attempt {
  let controller: Dispatcher.DispatchController | undefined;
  let fault: TransportError | undefined;
  let head: Pick<Reply, 'status' | 'headers'> = { status: 0, headers: {} };
  const body = createBody(maxBytes);
  let place: PoolPlace | undefined;
  let isWaiting = false;
  const claim = (bytes: number) => {
    isWaiting = true;
    place = enter(bytes, () => {
      isWaiting = false;
      controller?.resume();
    });
    if (isWaiting) controller?.pause();
  };
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
    whyLate: (time) =>
      isWaiting
        ? `this server holds too many large answers, and had no room for this one within ${time}`
        : `timeout, no complete answer within ${time}`,
    leave: () => place?.leave(),
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
        else if (body.declared() > FREE_BYTES) claim(body.declared());
      },
      onResponseData: (_, chunk) => {
        const refusal = body.take(chunk);
        if (refusal !== undefined) fail(new TransportError(refusal, true, { final: true }));
        else if (place === undefined && body.size() > FREE_BYTES) claim(maxBytes);
      },
      onResponseEnd: () => resolve({ status: head.status, headers: head.headers, body: body.text() }),
      onResponseError: (_, error) => reject(fault ?? toTransportError(error, controller !== undefined)),
    },
  };
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/** Collects a body. `expect` and `take` return the reason to stop reading, if any. */
function createBody(maxBytes: number) {
  let bytes = NO_BYTES;
  let size = 0;
  let length = Number.NaN;
  return {
    size: () => size,
    /** The declared bytes; not a number if they are not declared. */
    declared: () => length,
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
