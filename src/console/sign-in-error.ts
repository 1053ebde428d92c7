/** A sign-in that is refused. The message is for the person, the reason for the operator: words of the server's own. */
export class SignInError extends Error {
  override readonly name = 'SignInError';
  constructor(
    readonly status: 400 | 403 | 503,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}
