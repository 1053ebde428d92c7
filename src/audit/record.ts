import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { canonicalJson, type Head, hashOf, NO_HASH } from './chain.ts';
import { type Entry, type Fields, SCHEMA, toLine } from './entry.ts';

/** Where lines go. */
export type Sink = {
  /** Writes a line and its line feed as one piece. Throws where it cannot; the line may be torn then, never lost unseen. */
  readonly append: (line: string) => void;
  /** Resolves once all lines so far are on disk. */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type AuditRecord = {
  /**
   * Appends an entry and resolves to its sequence number; with `sync`, once it is on disk. Rejects with RecordError
   * where it cannot: a decision is forgotten then, all else did happen and is written before anything later.
   */
  readonly append: (fields: Fields, options?: { readonly sync?: boolean }) => Promise<number>;
  /** HMAC of the arguments, in hex, under a key of this run that never leaves memory. Members may be in any order. */
  readonly digest: (args: unknown) => string;
  /** The last entry that was written. */
  readonly head: () => Head;
  /** Whether the last attempt to write failed. */
  readonly isFailing: () => boolean;
  /** Writes what is still waiting and closes the sink. Rejects with RecordError where something stays unwritten. */
  readonly close: () => Promise<void>;
};

/** The record cannot be written. The message says why, and is fit for agents. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/** The ID of a process's run. */
export const newRun = (): string => randomUUID();

/** A digest of the settings, by which two starts can be seen to have the same ones. */
export const configDigest = (value: unknown): string => hashOf(canonicalJson(value));

type Decision = Extract<Fields, { kind: 'decision' }>;

/** Entries that wait while nothing can be written. Decisions do not, so that only what is under way adds to them. */
const MAX_WAITING = 10_000;

/**
 * A run's chain of entries.
 * @param now the time of day
 */
export function createAuditRecord({
  sink,
  run,
  now,
}: {
  readonly sink: Sink;
  readonly run: string;
  readonly now: () => Date;
}): AuditRecord {
  const key = randomBytes(32);
  /** Entries that have their place in the chain and are not written yet, the oldest first. */
  const waiting: { line: string; head: Head }[] = [];
  let written: Head = { run, seq: 0, hash: NO_HASH };
  let last = written;
  let closed = false;
  let failing = false;

  const flush = (): void => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      sink.append(next.line);
      waiting.shift();
      written = next.head;
    }
  };

  const add = (fields: Fields): number => {
    const isDecision = fields.kind === 'decision';
    if (isDecision)
      flush(); // a decision must not wait behind others
    else if (waiting.length === MAX_WAITING) throw new Error('too many entries are waiting to be written');
    const seq = last.seq + 1;
    const entry: Entry = { v: SCHEMA, run, seq, time: now().toISOString(), prev: last.hash, ...fields };
    const line = toLine(entry);
    const head = { run, seq, hash: hashOf(line) };
    if (isDecision) {
      sink.append(line);
      written = head;
      last = head;
    } else {
      waiting.push({ line, head });
      last = head;
      flush();
    }
    return seq;
  };

  /** Tells of a decision that was written, perhaps not to disk: whoever made it is told that it was not recorded. */
  const addUnsent = ({ agent, tool, environment, text }: Decision, of: number): void => {
    try {
      add({ kind: 'outcome', of, agent, tool, environment, text: `${text}: not sent`, outcome: 'not sent', ms: 0 });
    } catch {
      // It waits, as every outcome does.
    }
  };

  return {
    append: async (fields, { sync = false } = {}) => {
      if (closed) throw new RecordError('The audit record is closed.');
      let seq: number | undefined;
      try {
        seq = add(fields);
        if (sync) await sink.sync();
        failing = false;
        return seq;
      } catch (error) {
        failing = true;
        if (seq !== undefined && fields.kind === 'decision') addUnsent(fields, seq);
        throw toRecordError(error);
      }
    },
    digest: (args) => createHmac('sha256', key).update(canonicalJson(args)).digest('hex'),
    head: () => written,
    isFailing: () => failing,
    close: async () => {
      if (closed) return;
      closed = true;
      try {
        flush();
        await sink.sync();
      } catch (error) {
        const lost = waiting.length === 0 ? '' : ` ${waiting.length} entries were lost.`;
        throw new RecordError(`${toRecordError(error).message}${lost}`);
      } finally {
        await sink.close().catch(() => {}); // what was written is on disk, or the error says that it is not
      }
    },
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EPIPE: 'its reader closed the pipe',
};

/** A driver's message names files and calls; its code says enough. Messages without one are this server's own. */
function toRecordError(error: unknown): RecordError {
  const { code, message } = Object(error);
  const reason = typeof code === 'string' ? [REASONS[code], code].filter(Boolean).join(', ') : message;
  return new RecordError(`The audit record cannot be written (${reason}).`);
}
