/** Masks keys and tokens: an operator may have put one where a message quotes it. */
export function withoutKeys(text: string): string {
  return text.replace(SECRET, (_, prefix = 'eyJ') => (prefix === 'eyJ' ? 'eyJ…' : `${prefix}_…`));
}

/** An agent's token holds dashes; all of these may stand behind an underscore, as in the name of a variable. */
const SECRET = /(?<![A-Za-z0-9])(?:(sk|wmcp)_[\w-]{6,}(?:[.+=~]+[\w-]+)*|eyJ[\w-]{6,}(?:[.+=~]+[\w-]+)*)/g;

/** The server cannot start with its settings. The message is for the operator. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** The server refused the call before it sent anything. The message names the fields and is for the agent. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  /**
   * @param rule the reason as the record states it, without anything that the agent sent
   * @param question for the view in which a person confirms a call: that they declined it, or that it no longer waits
   */
  constructor(
    message: string,
    readonly rule = 'the arguments do not fit',
    readonly question?: 'declined' | 'over',
  ) {
    super(message);
  }
}
