import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { RequestId } from '@modelcontextprotocol/server';

/** Milliseconds that calls under way get to finish once the client or the system asks the server to stop. */
const SHUTDOWN_GRACE_MS = 3_000;

const CLOSE_GRACE_MS = 500;

/** The part of a connection that the SDK has. */
export type Session = {
  /** Takes what the client has written. */
  readonly feed: (chunk: Buffer) => void;
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
   * Loads what takes over behind the opening.
   * @param greeted the initialize that it is fed all the same, and that needs no answer any more
   */
  readonly connect: (greeted: RequestId | undefined) => Promise<Session>;
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
  let session: Session | undefined;
  /** What comes before the session is there. */
  const early: Buffer[] = [];
  const handOn = (chunk: Buffer) => {
    if (session === undefined) early.push(chunk);
    else session.feed(chunk);
  };

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

  // The client can write more than memory holds while the session loads.
  stdin.pause();
  const opening = await connect(opened.greeted);
  for (const chunk of early.splice(0)) opening.feed(chunk);
  session = opening;
  stdin.resume();
  await Promise.race([gone, ended, stopped]);
  over.abort();

  // What stdin held has been handed on one turn of the loop later. The last line may lack its line feed.
  await setImmediate();
  session.feed(LINE_FEED);
  await Promise.race([session.answered(), setTimeout(SHUTDOWN_GRACE_MS, undefined, { ref: false })]);
  // Closing waits for what cannot be written when the client does not read.
  await Promise.race([session.close(), setTimeout(CLOSE_GRACE_MS, undefined, { ref: false })]);
}

const handOnAll: AnswerOpening = async (stdin, _, handOn) => {
  stdin.on('data', handOn);
  return { greeted: undefined };
};

const LINE_FEED = Buffer.from('\n');

const nothing = (): undefined => undefined;
