import { EventEmitter } from 'node:events';
import type { Dispatcher, Pool } from 'undici';
import { TransportError } from '../errors.ts';
import type { Reply, Send } from './pipeline.ts';

export type Transport = {
  readonly send: Send;
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
  const open = async () => {
    const undici = await import('undici');
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
      const timeout = Math.max(1, Math.min(attemptTimeout, deadline - now()));
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
    close: async () => {
      const pool = await opening;
      await pool?.destroy();
    },
  };
}

const duration = (ms: number): string => (ms < 100 ? `${Math.ceil(ms)} ms` : `${Math.round(ms / 100) / 10} s`);

/** The headers that somebody here reads. */
const HEADERS = ['content-type', 'retry-after', 'x-request-id'];

function pick(headers: Dispatcher.ResponseData['headers']): Reply['headers'] {
  const picked: Record<string, string> = {};
  for (const name of HEADERS) {
    const value = headers[name];
    if (value !== undefined) picked[name] = String(value);
  }
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
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    body.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= maxBytes) return;
      body.destroy();
      const fault = `the answer is larger than ${maxBytes} bytes and was not read on`;
      reject(new TransportError(fault, true, { final: true }));
    });
    body.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    body.on('error', reject);
  });
}

/** Faults before a byte of the request could leave: resolving, connecting, TLS. */
const NOT_SENT: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about in time',
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be looked up',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};

const MAYBE_SENT: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'the connection broke off',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer broke off',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection broke off',
};

/** Says in our words what went wrong: driver messages can hold addresses and header values. */
function toTransportError(error: unknown): TransportError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const tls = /CERT|TLS|SSL|SELF_SIGNED/.test(code) ? `no trusted TLS connection (${code})` : undefined;
  const unsent = NOT_SENT[code] ?? tls;
  if (unsent !== undefined) return new TransportError(unsent, false, { final: tls !== undefined });
  return new TransportError(MAYBE_SENT[code] ?? 'the HTTP exchange failed', true);
}
