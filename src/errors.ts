/** The server cannot start as it was asked to. The message is for the person who starts it. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** The call was refused before anything was sent. The message names the fields and is for the agent. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** WorkOS answered with something other than success. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
  constructor(readonly reply: { status: number; headers: Readonly<Record<string, string>>; body: string }) {
    super(`WorkOS answered ${reply.status}`);
  }
}

/** No usable answer came. `sent` says whether WorkOS may have received the request. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  constructor(
    message: string,
    readonly sent: boolean,
  ) {
    super(message);
  }
}
