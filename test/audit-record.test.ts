import { closeSync, openSync, writeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hashOf, NO_HASH } from '../src/audit/chain.ts';
import type { EntryFields } from '../src/audit/entry.ts';
import { configDigest, createAuditRecord, newRun, RecordError } from '../src/audit/record.ts';
import { createStderrSink } from '../src/audit/stderr-sink.ts';
import { openStderr } from '../src/stderr.ts';
import { clock, DECISION, failure, memorySink, outcome, START } from './support/audit.ts';

const NOTE: EntryFields = { kind: 'note', text: '3 failed logins' };
const full = failure('ENOSPC');

function setUp() {
  const memory = memorySink();
  return { ...memory, record: createAuditRecord({ sink: memory.sink, run: 'run-1', now: clock() }) };
}

describe('the chain', () => {
  it('numbers and dates entries, and each one carries the hash of the one before', async () => {
    const { record, lines, entries } = setUp();
    expect(record.head()).toEqual({ run: 'run-1', seq: 0, hash: NO_HASH });
    expect(await record.append(START)).toBe(1);
    expect(await record.append(DECISION, { sync: true })).toBe(2);
    expect(await record.append(outcome(2))).toBe(3);
    expect(entries()).toEqual([
      { v: 1, run: 'run-1', seq: 1, time: '2026-11-22T10:57:13.000Z', prev: NO_HASH, ...START },
      { v: 1, run: 'run-1', seq: 2, time: '2026-11-22T10:57:14.000Z', prev: hashOf(lines[0] ?? ''), ...DECISION },
      { v: 1, run: 'run-1', seq: 3, time: '2026-11-22T10:57:15.000Z', prev: hashOf(lines[1] ?? ''), ...outcome(2) },
    ]);
    expect(record.head()).toEqual({ run: 'run-1', seq: 3, hash: hashOf(lines[2] ?? '') });
  });

  it('has a place of its own for each of many calls at once', async () => {
    const { record, entries } = setUp();
    const seqs = await Promise.all(Array.from({ length: 50 }, () => record.append(DECISION, { sync: true })));
    expect(seqs).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(entries().map((entry) => entry.seq)).toEqual(seqs);
  });
});

describe('while nothing can be written', () => {
  it('refuses a decision and forgets it: its number goes to the next one', async () => {
    const { record, broken, entries } = setUp();
    broken.write = full;
    await expect(record.append(DECISION, { sync: true })).rejects.toEqual(
      new RecordError('The audit record cannot be written (the disk is full, ENOSPC).'),
    );
    broken.write = undefined;
    expect(await record.append({ ...DECISION, tool: 'get_user' }, { sync: true })).toBe(1);
    expect(entries()).toMatchObject([{ seq: 1, tool: 'get_user' }]);
  });

  it('keeps what happened, and writes it before anything later', async () => {
    const { record, broken, lines, entries } = setUp();
    await record.append(DECISION);
    broken.write = full;
    await expect(record.append(outcome(1))).rejects.toThrow(RecordError);
    await expect(record.append(DECISION)).rejects.toThrow(RecordError);
    await expect(record.append(NOTE)).rejects.toThrow(RecordError);
    expect(record.head()).toEqual({ run: 'run-1', seq: 1, hash: hashOf(lines[0] ?? '') });
    broken.write = undefined;
    expect(await record.append(DECISION)).toBe(4);
    expect(entries()).toMatchObject([{ seq: 1 }, { seq: 2, of: 1 }, { seq: 3, kind: 'note' }, { seq: 4 }]);
    expect(entries().map((entry) => entry.prev)).toEqual([NO_HASH, ...lines.slice(0, -1).map(hashOf)]);
  });

  it('forgets what was said beforehand, which then does not happen', async () => {
    const { record, broken, entries } = setUp();
    broken.write = full;
    await expect(record.append(NOTE, { beforehand: true })).rejects.toThrow(RecordError);
    broken.write = undefined;
    expect(await record.append(DECISION)).toBe(1);
    expect(await record.append(NOTE, { beforehand: true })).toBe(2);
    expect(entries()).toMatchObject([{ kind: 'decision' }, { kind: 'note' }]);
  });

  it('says how many entries were lost where it has to stop like that', async () => {
    const { record, broken } = setUp();
    broken.write = full;
    await expect(record.append(NOTE)).rejects.toThrow(RecordError);
    await expect(record.append({ kind: 'stop', reason: 'SIGTERM' })).rejects.toThrow(RecordError);
    await expect(record.close()).rejects.toEqual(
      new RecordError('The audit record cannot be written (the disk is full, ENOSPC). 2 entries were lost.'),
    );
  });

  it('does not fill the memory with what happens meanwhile', async () => {
    const { record, broken, lines } = setUp();
    broken.write = full;
    for (let count = 0; count < 10_000; count += 1) await record.append(NOTE).catch(() => {});
    await expect(record.append(NOTE)).rejects.toThrow('too many entries are waiting');
    broken.write = undefined;
    await record.append(DECISION);
    expect(lines.length).toBe(10_001);
  });
});

describe('where a sync fails', () => {
  it('refuses the decision, and records that nothing was sent', async () => {
    const { record, broken, entries } = setUp();
    broken.sync = failure('EIO');
    await expect(record.append(DECISION, { sync: true })).rejects.toEqual(
      new RecordError('The audit record cannot be written (EIO).'),
    );
    expect(entries()).toMatchObject([
      { seq: 1, kind: 'decision' },
      { seq: 2, kind: 'outcome', of: 1, outcome: 'not sent', text: `${DECISION.text}: not sent` },
    ]);
  });

  it('does not wait for one that nobody asked for', async () => {
    const { record, broken } = setUp();
    broken.sync = failure('EIO');
    expect(await record.append(outcome(1))).toBe(1);
  });
});

it('writes nothing once it is closed', async () => {
  const { record, lines } = setUp();
  await record.close();
  await record.close();
  await expect(record.append(NOTE)).rejects.toThrow(RecordError);
  expect(lines).toEqual([]);
});

describe('digests', () => {
  it('are the same for the same arguments of a run, and tell nothing without its key', () => {
    const { record } = setUp();
    const other = setUp().record;
    const digest = record.digest({ user_id: 'u', metadata: { a: 1, b: 2 } });
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(record.digest({ metadata: { b: 2, a: 1 }, user_id: 'u' })).toBe(digest);
    expect(record.digest({ metadata: { b: 2, a: 2 }, user_id: 'u' })).not.toBe(digest);
    expect(other.digest({ user_id: 'u', metadata: { a: 1, b: 2 } })).not.toBe(digest);
  });

  it('of settings are the same in every run', () => {
    expect(configDigest({ b: 1, a: [true] })).toBe(hashOf('{"a":[true],"b":1}'));
    expect(newRun()).not.toBe(newRun());
  });
});

describe('to stderr', () => {
  /** Writes as scripted: so many bytes, or an error; then everything. */
  function setUpStderr(...script: (number | Error)[]) {
    const chunks: string[] = [];
    const stderr = openStderr((bytes) => {
      const next = script.shift() ?? bytes.length;
      if (next instanceof Error) throw next;
      chunks.push(Buffer.from(bytes.subarray(0, next)).toString());
      return Math.min(next, bytes.length);
    }, clock());
    return { sink: createStderrSink(stderr), stderr, chunks };
  }

  it('writes a line at once', () => {
    const { sink, chunks } = setUpStderr();
    sink.append('{"v":1}');
    expect(chunks).toEqual(['{"v":1}\n']);
  });

  it('goes on where a write was short, and waits for a reader that is behind', () => {
    const { sink, chunks } = setUpStderr(3, failure('EAGAIN'), failure('EAGAIN'), 2);
    sink.append('{"v":1}');
    expect(chunks).toEqual(['{"v', '":', '1}\n']);
  });

  it('gives up on one that stays behind, within a tenth of a second', () => {
    const { sink, chunks } = setUpStderr(3, ...Array.from({ length: 11 }, () => failure('EAGAIN')));
    const start = performance.now();
    expect(() => sink.append('{"v":1}')).toThrow('EAGAIN');
    expect(performance.now() - start).toBeLessThan(500);
    sink.append('{"v":2}');
    expect(chunks).toEqual(['{"v', '\n{"v":2}\n']);
  });

  it('has a line that lacks only its line feed, and has it once', () => {
    const { sink, chunks } = setUpStderr(7, failure('EPIPE'));
    sink.append('{"v":1}');
    sink.append('{"v":2}');
    expect(chunks).toEqual(['{"v":1}', '\n{"v":2}\n']);
  });

  it.runIf(process.platform === 'linux')('refuses calls on a device that is full', async () => {
    const device = openSync('/dev/full', 'a');
    try {
      const sink = createStderrSink(openStderr((bytes) => writeSync(device, bytes), clock()));
      const record = createAuditRecord({ sink, run: 'run-1', now: clock() });
      await expect(record.append(DECISION, { sync: true })).rejects.toThrow('the disk is full, ENOSPC');
    } finally {
      closeSync(device);
    }
  });
});
