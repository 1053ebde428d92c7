import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { RequestId } from '@modelcontextprotocol/server';
import { NEWLINE } from './newline.ts';

/** Milliseconds that calls under way get to finish once the client or the system asks the server to stop. */
const SHUTDOWN_GRACE_MS = 3_000;

const CLOSE_GRACE_MS = 500;

/** The part of a connection that the SDK has. */
export type Session = {
  /** Settles when the wire closes by itself, as it does when the client no longer reads. */
  readonly closed: Promise<void>;
  /** Takes a chunk of whole lines past the SDK, and tells whether it did. */
  readonly take?: ((chunk: Buffer) => boolean) | undefined;
  /** Resolves once every request that came in has been answered or cancelled. */
  readonly answered: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** How an opening ended. */
export type Opened = {
  /** The initialize that was answered, and handed on all the same. */
  readonly greeted: RequestId | undefined;
};

/** Answers what it can before the session is there, and from some point on hands on all that comes in. */
export type AnswerOpening = (stdin: Readable, stdout: Writable, handOn: (chunk: Buffer) => void) => Promise<Opened>;

type Stdio = {
  /** Without it, the session answers everything. */
  readonly answerOpening?: AnswerOpening | undefined;
  /**
   * Loads what takes over behind the opening, and has it read the input.
   * @param greeted the initialize in it that needs no answer any more
   */
  readonly connect: (input: Readable, greeted: RequestId | undefined) => Promise<Session>;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Aborted when the process is asked to stop. */
  readonly stop: AbortSignal;
};

/**
 * Serves MCP over stdin and stdout, of either protocol era. Resolves once the client has closed either, or `stop` is
 * aborted, and the calls then under way have been answered or, after a grace period, aborted.
 */
export async function serveOverStdio({
  answerOpening = handOnAll,
  connect,
  stdin,
  stdout,
  stop,
}: Stdio): Promise<void> {
  // The SDK aborts what is under way as soon as its input ends; this one ends only after the calls were answered.
  const input = new Readable({ read: () => void stdin.resume() });
  let session: Session | undefined;
  /** Whether what was handed on so far ends with a line. */
  let isWhole = true;
  const handOn = (chunk: Buffer) => {
    const isNext = isWhole && input.readableLength === 0;
    isWhole = chunk.at(-1) === NEWLINE;
    if (isNext && isWhole && session?.take?.(chunk)) return;
    if (!input.push(chunk)) stdin.pause();
  };
  // Each answer that waits for the client to read listens for the stream to drain or fail.
  stdout.setMaxListeners(0);

  const over = new AbortController();
  const until = { signal: over.signal };
  const ended = once(stdin, 'end', until).then(nothing, nothing); // a broken stdin ends it as well
  const stopped = stop.aborted ? undefined : once(stop, 'abort', until).then(nothing, nothing);
  // Until the SDK listens, nobody else would hear of it.
  const gone = new Promise<undefined>((resolve) => {
    stdout.on('error', () => resolve(undefined));
  });

  const opened = await Promise.race([answerOpening(stdin, stdout, handOn), gone, ended, stopped]);
  // In the opening, whatever is asked is answered at once.
  if (opened === undefined) return over.abort();

  session = await connect(input, opened.greeted);
  await Promise.race([session.closed, gone, ended, stopped]);
  over.abort();

  // What stdin held has been handed on one turn of the loop later.
  await setImmediate();
  await Promise.race([session.answered(), setTimeout(SHUTDOWN_GRACE_MS, undefined, { ref: false })]);
  // Closing waits for what cannot be written when the client does not read.
  await Promise.race([session.close(), setTimeout(CLOSE_GRACE_MS, undefined, { ref: false })]);
}

const handOnAll: AnswerOpening = async (stdin, _, handOn) => {
  stdin.on('data', handOn);
  return { greeted: undefined };
};

const nothing = (): undefined => undefined;
