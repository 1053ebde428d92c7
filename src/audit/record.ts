import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { type ChainHead, canonicalJson, hashOf, NO_HASH } from './chain.ts';
import { type Entry, type EntryFields, SCHEMA_VERSION, toLine } from './entry.ts';

/** The destination of the record's lines. */
export type Sink = {
  /**
   * Writes a line with its line feed in one piece. Throws if it cannot. The line may then be torn, which readers
   * detect.
   */
  readonly append: (line: string) => void;
  /** Resolves when all lines written so far are on disk. */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type AuditRecord = {
  /**
   * Appends an entry and resolves to its sequence number. With `sync` it resolves when the entry is on disk. Rejects
   * with RecordError if it cannot write. An entry that says `beforehand` what is about to happen is then dropped, as a
   * decision does unless it says otherwise. All other entries describe what already happened, so they are kept and
   * written before any later entry.
   */
  readonly append: (
    fields: EntryFields,
    options?: { readonly sync?: boolean; readonly beforehand?: boolean },
  ) => Promise<number>;
  /**
   * HMAC of the arguments, in hex. The key belongs to this run and never leaves memory. Member order does not matter.
   */
  readonly digest: (args: unknown) => string;
  /** The last entry written. */
  readonly head: () => ChainHead;
  /** Whether the last attempt to write failed. */
  readonly isFailing: () => boolean;
  /** Writes all waiting entries and closes the sink. Rejects with RecordError if it cannot write all of them. */
  readonly close: () => Promise<void>;
};

/** The record cannot be written. The message says why and may be shown to agents. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/** A new run ID. Each process has one. */
export const newRun = (): string => randomUUID();

/** A digest of the settings. Two starts with equal settings have equal digests. */
export const configDigest = (value: unknown): string => hashOf(canonicalJson(value));

type DecisionFields = Extract<EntryFields, { kind: 'decision' }>;

/** Entries that wait while the sink fails. Decisions never wait, so only calls in flight add entries. */
const MAX_WAITING_ENTRIES = 10_000;

/**
 * Creates the hash chain of a run.
 * @param now wall-clock time
 */
export function createAuditRecord({
  sink,
  run,
  now,
  onFailing,
}: {
  readonly sink: Sink;
  readonly run: string;
  readonly now: () => Date;
  /** Called when the record cannot be written any more, with a message that may be shown. */
  readonly onFailing?: ((message: string) => void) | undefined;
}): AuditRecord {
  const key = randomBytes(32);
  /** Entries that are part of the chain but not written yet, oldest first. */
  const waiting: { line: string; head: ChainHead }[] = [];
  let written: ChainHead = { run, seq: 0, hash: NO_HASH };
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

  const add = (fields: EntryFields, beforehand = fields.kind === 'decision'): number => {
    if (beforehand)
      flush(); // it must not wait behind other entries
    else if (waiting.length === MAX_WAITING_ENTRIES) throw new Error('too many entries are waiting to be written');
    const seq = last.seq + 1;
    const entry: Entry = { v: SCHEMA_VERSION, run, seq, time: now().toISOString(), prev: last.hash, ...fields };
    const line = toLine(entry);
    const head = { run, seq, hash: hashOf(line) };
    if (beforehand) {
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

  /**
   * Records that an allowed call was not sent: its decision was written, but its sync failed and the caller got an
   * error.
   */
  const addUnsent = ({ agent, tool, environment, text }: DecisionFields, of: number): void => {
    try {
      add({ kind: 'outcome', of, agent, tool, environment, text: `${text}: not sent`, outcome: 'not sent', ms: 0 });
    } catch {
      // The outcome waits until the sink works again.
    }
  };

  return {
    append: async (fields, { sync = false, beforehand } = {}) => {
      if (closed) throw new RecordError('The audit record is closed.');
      let seq: number | undefined;
      try {
        seq = add(fields, beforehand);
        if (sync) await sink.sync();
        failing = false;
        return seq;
      } catch (error) {
        const told = toRecordError(error);
        if (!failing) onFailing?.(told.message);
        failing = true;
        if (seq !== undefined && fields.kind === 'decision') addUnsent(fields, seq);
        throw told;
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
        await sink.close().catch(() => {}); // sync has already reported whether the entries are on disk
      }
    },
  };
}

const REASONS: Readonly<Record<string, string>> = {
  EAGAIN: 'its reader does not read',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EPIPE: 'its reader closed the pipe',
};

/**
 * Reports only the code of a system error, as its message names files and calls. Errors without a code are the server's
 * own.
 */
function toRecordError(error: unknown): RecordError {
  const { code, message } = Object(error);
  const reason = typeof code === 'string' ? [REASONS[code], code].filter(Boolean).join(', ') : message;
  return new RecordError(`The audit record cannot be written (${reason}).`);
}
