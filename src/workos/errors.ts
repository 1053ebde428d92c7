import type { Reply } from './layer.ts';

/** WorkOS answered with something other than a usable success. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
  /**
   * @param fault what is wrong with the answer, if its status does not say so
   * @param advice what the agent can do about it
   */
  constructor(
    readonly reply: Reply,
    readonly fault?: string,
    readonly advice?: string,
  ) {
    super(`WorkOS answered ${reply.status}`);
  }
}

/** WorkOS gave no complete answer. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** Whether another attempt would fail in the same way. */
  readonly final: boolean;
  readonly attempts: number;
  /** What the operator has to do before a call can succeed, as "set X". */
  readonly remedy: string | undefined;
  /** Milliseconds that all attempts took, where several were made. */
  readonly ms: number | undefined;
  /** @param sent whether WorkOS may have received the request */
  constructor(
    message: string,
    readonly sent: boolean,
    {
      final = false,
      attempts = 1,
      remedy,
      ms,
    }: { final?: boolean | undefined; attempts?: number; remedy?: string | undefined; ms?: number } = {},
  ) {
    super(message);
    this.final = final;
    this.attempts = attempts;
    this.remedy = remedy;
    this.ms = ms;
  }
}

/**
 * Whether a status leaves open what became of a request, so that another attempt may fare better. 501 does not: what is
 * not served had no effect, and never has one.
 */
export const isFault = (status: number): boolean => status === 408 || (status >= 500 && status !== 501);
