/** A text without keys and tokens, which must not show in what is said about the place they were put in. */
export function withoutKeys(text: string): string {
  return text.replace(/\b(sk|wmcp)_\w{6,}|\beyJ[\w-]{6,}[\w.-]*/g, (_, kind = 'eyJ') =>
    kind === 'eyJ' ? 'eyJ…' : `${kind}_…`,
  );
}

/** The server cannot start as it was asked to. The message is for the person who starts it. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** The call was refused before anything was sent. The message names the fields and is for the agent. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  /** @param rule what the record says of the reason: without anything that the agent has sent */
  constructor(
    message: string,
    readonly rule = 'the arguments do not fit',
  ) {
    super(message);
  }
}
