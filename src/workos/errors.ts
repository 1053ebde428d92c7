import type { Reply } from './layer.ts';

/** WorkOS answered with something other than a usable success. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
  /**
   * @param fault what is wrong with the answer itself, where its status does not say so
   * @param advice what to do about it
   */
  constructor(
    readonly reply: Reply,
    readonly fault?: string,
    readonly advice?: string,
  ) {
    super(`WorkOS answered ${reply.status}`);
  }
}

/** No whole answer came. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** Another attempt would end the same way. */
  readonly final: boolean;
  readonly attempts: number;
  /** @param sent whether WorkOS may have received the request */
  constructor(
    message: string,
    readonly sent: boolean,
    { final = false, attempts = 1 }: { final?: boolean; attempts?: number } = {},
  ) {
    super(message);
    this.final = final;
    this.attempts = attempts;
  }
}
