import { EventEmitter } from 'node:events';
import type { Dispatcher, Pool } from 'undici';
import { TransportError } from '../errors.ts';
import type { Reply, Send } from './pipeline.ts';

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
      const pool = await opening;
      if (signal.aborted) throw new TransportError('the call was cancelled', false);
      if (deadline <= now()) throw new TransportError('no time was left to send it', false, { final: true });
      const timeout = Math.min(attemptTimeout, deadline - now());
      // undici takes an emitter for a signal, at a fraction of the price of AbortSignal.any and AbortSignal.timeout.
      const attempt = new EventEmitter();
      const end = () => attempt.emit('abort');
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        end();
      }, timeout);
      signal.addEventListener('abort', end, { once: true });
      try {
        const reply = await pool.request({
          method,
          path: `${prefix}${path}`,
          // An answer that is not compressed cannot be a bomb.
          headers: { ...headers, 'accept-encoding': 'identity' },
          body: body ?? null,
          signal: attempt,
        });
        return { status: reply.statusCode, headers: pick(reply.headers), body: await read(reply, maxReplyBytes) };
      } catch (error) {
        if (error instanceof TransportError) throw error;
        if (signal.aborted) throw new TransportError('the call was cancelled', true);
        if (late) throw new TransportError(`no whole answer within ${duration(timeout)}`, true);
        throw toTransportError(error);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
      }
    },
    prepare: () => {
      load().catch(() => {}); // whoever sends something is told
    },
    close: async () => {
      const pool = await opening;
      await pool?.destroy();
    },
  };
}

const duration = (ms: number): string => (ms < 100 ? `${Math.ceil(ms)} ms` : `${Math.round(ms / 100) / 10} s`);

/** The headers that somebody here reads. */
const HEADERS = ['content-type', 'date', 'retry-after', 'x-request-id'];

/** Request IDs go to logs as they are: what is not shaped like one is none. */
const REQUEST_ID = /^[\w-]{1,64}$/;

function pick(headers: Dispatcher.ResponseData['headers']): Reply['headers'] {
  const picked: Record<string, string> = {};
  for (const name of HEADERS) {
    const value = headers[name];
    if (value !== undefined) picked[name] = String(value);
  }
  if (!REQUEST_ID.test(picked['x-request-id'] ?? '')) delete picked['x-request-id'];
  return picked;
}

/** The body as text. Stops reading, and holds no more in memory, once it is larger than an answer may be. */
async function read({ headers, body }: Dispatcher.ResponseData, maxBytes: number): Promise<string> {
  const encoding = headers['content-encoding'];
  const tooLarge = Number(headers['content-length']) > maxBytes;
  if (tooLarge || (encoding !== undefined && encoding !== 'identity')) {
    // A body that is destroyed before its end emits an error, which would end the process if nobody listened.
    body.on('error', () => {}).destroy();
    const fault = tooLarge ? `larger than ${maxBytes} bytes` : 'compressed, which was not asked for,';
    throw new TransportError(`the answer is ${fault} and was not read`, true, { final: true });
  }
  // One buffer that grows: a body in chunks of a byte would otherwise take a hundred times its size.
  let bytes = Buffer.allocUnsafe(Number(headers['content-length'] ?? Math.min(maxBytes, 16_384)));
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    body.on('data', (chunk: Buffer) => {
      const end = size + chunk.length;
      if (end > maxBytes) {
        body.destroy();
        const fault = `the answer is larger than ${maxBytes} bytes and was not read on`;
        reject(new TransportError(fault, true, { final: true }));
        return;
      }
      if (end > bytes.length) {
        const larger = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(end, bytes.length * 2)));
        bytes.copy(larger, 0, 0, size);
        bytes = larger;
      }
      chunk.copy(bytes, size);
      size = end;
    });
    body.on('end', resolve);
    body.on('error', reject);
  });
  return bytes.toString('utf8', 0, size);
}

/** Faults before a byte of the request could leave, where resolving or connecting reports them. */
const NOT_SENT: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about in time',
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be looked up',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};

/** A certificate that is not accepted ends the connection before the request; other TLS faults may come later. */
const CERTIFICATE = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_ALTNAME_INVALID)/;

const MAYBE_SENT: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'the connection broke off',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer broke off',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection broke off',
};

/** Says in our words what went wrong: driver messages can hold addresses and header values. */
export function toTransportError(error: unknown): TransportError {
  const { code = '', syscall } = Object(error);
  // On a connection that was open before, the same codes come after the request left.
  const early = syscall === 'connect' || syscall === 'getaddrinfo' || code === 'UND_ERR_CONNECT_TIMEOUT';
  if (early) return new TransportError(NOT_SENT[code] ?? 'no connection came about', false);
  if (CERTIFICATE.test(code)) return new TransportError(`no trusted TLS connection (${code})`, false, { final: true });
  return new TransportError(MAYBE_SENT[code] ?? 'the HTTP exchange failed', true);
}
