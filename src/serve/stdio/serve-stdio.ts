import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { RequestId } from '@modelcontextprotocol/server';

/** Milliseconds for calls in flight to finish once the client or the system asks the server to stop. */
const SHUTDOWN_GRACE_MS = 3_000;

const CLOSE_GRACE_MS = 500;

/** The part of a connection that the SDK serves. */
export type Session = {
  /** Takes bytes that the client has written. */
  readonly feed: (chunk: Buffer) => void;
  /** Resolves once every received request has been answered or cancelled. */
  readonly answered: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** How the fast path ended. */
export type Opened = {
  /** The ID of the initialize that was answered. The session is fed it as well. */
  readonly initializeId: RequestId | undefined;
};

/** Answers the first requests before the session is loaded, and then hands on all input. */
export type AnswerOpening = (stdin: Readable, stdout: Writable, handOn: (chunk: Buffer) => void) => Promise<Opened>;

type Stdio = {
  /** Without it, the session answers everything. */
  readonly answerOpening?: AnswerOpening | undefined;
  /**
   * Loads the session that takes over after the fast path.
   * @param initializeId the initialize that the session is fed but must not answer again
   */
  readonly connect: (initializeId: RequestId | undefined) => Promise<Session>;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Called when the first input has arrived. */
  readonly onInput?: (() => void) | undefined;
  /** Aborted when the process is asked to stop. */
  readonly stop: AbortSignal;
};

/**
 * Serves MCP over stdin and stdout, to clients of both protocol eras. Resolves once the client has closed either
 * stream, or `stop` is aborted, and the calls in flight have been answered or, after a grace period, aborted.
 */
export async function serveOverStdio({
  answerOpening = handOnAll,
  connect,
  stdin,
  stdout,
  onInput,
  stop,
}: Stdio): Promise<void> {
  let session: Session | undefined;
  /** Input that arrives before the session is loaded. */
  const early: Buffer[] = [];
  const handOn = (chunk: Buffer) => {
    if (session === undefined) early.push(chunk);
    else session.feed(chunk);
  };

  const over = new AbortController();
  const until = { signal: over.signal };
  const ended = once(stdin, 'end', until).then(nothing, nothing); // an error of stdin counts as its end
  const stopped = stop.aborted ? undefined : once(stop, 'abort', until).then(nothing, nothing);
  // Until the SDK listens for this error, it would end the process without a listener here.
  const gone = new Promise<undefined>((resolve) => {
    stdout.on('error', () => resolve(undefined));
  });

  const opening = answerOpening(stdin, stdout, handOn);
  // After the fast path listens: an earlier listener would set stdin flowing too soon.
  if (onInput !== undefined) stdin.once('data', onInput);
  const opened = await Promise.race([opening, gone, ended, stopped]);
  // The fast path answers each request at once, so no call is in flight.
  if (opened === undefined) return over.abort();

  // While the session loads, a client could write more than fits in memory.
  stdin.pause();
  const connected = await connect(opened.initializeId);
  for (const chunk of early.splice(0)) connected.feed(chunk);
  session = connected;
  stdin.resume();
  await Promise.race([gone, ended, stopped]);
  over.abort();

  // One turn of the event loop later, all input has been handed on. The last line may lack its line feed.
  await setImmediate();
  session.feed(LINE_FEED);
  await Promise.race([session.answered(), setTimeout(SHUTDOWN_GRACE_MS, undefined, { ref: false })]);
  // Closing waits for pending writes, which never finish if the client does not read.
  await Promise.race([session.close(), setTimeout(CLOSE_GRACE_MS, undefined, { ref: false })]);
}

const handOnAll: AnswerOpening = async (stdin, _, handOn) => {
  stdin.on('data', handOn);
  return { initializeId: undefined };
};

const LINE_FEED = Buffer.from('\n');

const nothing = (): undefined => undefined;
