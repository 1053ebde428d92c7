/**
 * Milliseconds of one pause for a slow reader, and the number of pauses. They block the event loop, so both are small.
 */
const PAUSE_MS = 5;
const MAX_PAUSES = 10;

/** Whole lines on stderr. A client may start the server with a pipe there and never read it. */
export type Stderr = {
  /** Writes a line, and waits a little for a slow reader. Throws if it cannot; the line may then be torn. */
  readonly write: (line: string) => void;
  /** Writes a line at once, or drops and counts it. */
  readonly offer: (line: string) => void;
};

/**
 * @param send writes bytes and returns how many were written; throws EAGAIN, and does not wait, if the reader is behind
 * @param now wall-clock time
 */
export function openStderr(send: (bytes: Uint8Array) => number, now: () => Date): Stderr {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  /** What is left of a line that was written in part, and comes before any other. */
  let rest = NOTHING;
  let dropped = 0;
  /** The reader did not read during a whole wait. Until it has read something, nothing waits for it again. */
  let isStalled = false;

  const push = (pauses: number): void => {
    for (let left = pauses; rest.length > 0; ) {
      try {
        rest = rest.subarray(send(rest));
        isStalled = false;
      } catch (error) {
        if (Object(error).code !== 'EAGAIN' || left === 0) throw error;
        left -= 1;
        Atomics.wait(cell, 0, 0, PAUSE_MS);
      }
    }
  };

  /** Writes a line. Where it cannot, a line that was begun stays to be finished, and one that was not is forgotten. */
  const put = (line: string, pauses: number): WriteFault | undefined => {
    const bytes = Buffer.from(`${line}\n`);
    rest = Buffer.concat([rest, bytes]);
    try {
      push(pauses);
      return undefined;
    } catch (error) {
      const missing = Math.min(rest.length, bytes.length);
      if (missing === bytes.length) rest = rest.subarray(0, -missing);
      return { error, isBegun: missing < bytes.length, isWhole: missing === LINE_FEED.length };
    }
  };

  /** Tells whether every line that was dropped is accounted for. */
  const tellDropped = (): boolean => {
    if (dropped === 0) return true;
    const notice = { level: 40, time: now().toISOString(), dropped, msg: 'lines of the log were dropped' };
    const fault = put(JSON.stringify(notice), 0);
    if (fault === undefined || fault.isBegun) dropped = 0;
    return fault === undefined;
  };

  return {
    write: (line) => {
      const fault = put(line, isStalled ? 0 : MAX_PAUSES);
      if (fault === undefined) {
        tellDropped();
        return;
      }
      isStalled = Object(fault.error).code === 'EAGAIN';
      // The rest of it is not written: the caller decides whether the line is written again.
      if (fault.isBegun) rest = LINE_FEED;
      if (!fault.isWhole) throw fault.error;
    },
    offer: (line) => {
      const fault = tellDropped() ? put(line, 0) : UNBEGUN;
      if (fault?.isBegun === false) dropped += 1;
    },
  };
}

type WriteFault = { readonly error: unknown; readonly isBegun: boolean; readonly isWhole: boolean };

const UNBEGUN: WriteFault = { error: undefined, isBegun: false, isWhole: false };

const NOTHING = Buffer.alloc(0);
const LINE_FEED = Buffer.from('\n');

/** Holds lines back until they are released. They are written before any later line. */
export function holdLines(stderr: Stderr): Stderr & { readonly release: () => void } {
  const held: string[] = [];
  let isHeld = true;
  const writeHeld = () => {
    for (let line = held[0]; line !== undefined; line = held[0]) {
      stderr.write(line);
      held.shift();
    }
  };
  const through = (write: (line: string) => void) => (line: string) => {
    if (isHeld) return void held.push(line);
    writeHeld();
    write(line);
  };
  return {
    write: through(stderr.write),
    offer: through(stderr.offer),
    release: () => {
      isHeld = false;
    },
  };
}
