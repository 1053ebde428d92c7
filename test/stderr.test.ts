import { describe, expect, it } from 'vitest';
import { createLog } from '../src/log.ts';
import { openStderr } from '../src/stderr.ts';
import { failure } from './support/audit.ts';

const NOW = () => new Date('2026-01-01T00:00:00.000Z');

/** Takes so many bytes until it is read again. */
function openPipe(room: number) {
  let left = room;
  let attempts = 0;
  const read = (bytes: number) => {
    left = bytes;
  };
  const pipe = { text: '', attempts: () => attempts, read };
  const stderr = openStderr((bytes) => {
    attempts += 1;
    if (left === 0) throw failure('EAGAIN');
    const taken = Math.min(left, bytes.length);
    pipe.text += Buffer.from(bytes.subarray(0, taken)).toString();
    left -= taken;
    return taken;
  }, NOW);
  return { stderr, pipe };
}

const NOTICE = (dropped: number) =>
  `{"level":40,"time":"2026-01-01T00:00:00.000Z","dropped":${dropped},"msg":"lines of the log were dropped"}\n`;

describe('a log on a stderr that is not read', () => {
  it('is dropped without a wait, counted, and the count told once it is read', () => {
    const { stderr, pipe } = openPipe(6);
    stderr.offer('first');
    const started = performance.now();
    for (let line = 0; line < 1_000; line += 1) stderr.offer('lost');
    expect(performance.now() - started).toBeLessThan(500);
    expect(pipe.text).toBe('first\n');
    pipe.read(1_000);
    stderr.offer('last');
    expect(pipe.text).toBe(`first\n${NOTICE(1_000)}last\n`);
  });

  it('tells the count also where only the record goes on', () => {
    const { stderr, pipe } = openPipe(0);
    stderr.offer('lost');
    pipe.read(1_000);
    stderr.write('{"v":1}');
    expect(pipe.text).toBe(`{"v":1}\n${NOTICE(1)}`);
  });

  it('has each line whole, also one that was begun', () => {
    const { stderr, pipe } = openPipe(3);
    stderr.offer('begun');
    stderr.offer('lost');
    pipe.read(10);
    stderr.offer('next');
    pipe.read(1_000);
    stderr.offer('last');
    expect(pipe.text).toBe(`begun\n${NOTICE(1)}${NOTICE(1)}last\n`);
  });

  it('is dropped where the pipe is closed', () => {
    const stderr = openStderr(() => {
      throw failure('EPIPE');
    }, NOW);
    expect(() => stderr.offer('lost')).not.toThrow();
    expect(() => stderr.write('{"v":1}')).toThrow('EPIPE');
  });
});

describe('a record on a stderr that is not read', () => {
  it('waits for the reader once, and not again before something was read', () => {
    const { stderr, pipe } = openPipe(0);
    expect(() => stderr.write('one')).toThrow('EAGAIN');
    expect(pipe.attempts()).toBe(11);
    for (let line = 0; line < 5; line += 1) expect(() => stderr.write('two')).toThrow('EAGAIN');
    expect(pipe.attempts()).toBe(16);
    pipe.read(6);
    stderr.write('three');
    expect(() => stderr.write('four')).toThrow('EAGAIN');
    expect(pipe.attempts()).toBe(28);
    expect(pipe.text).toBe('three\n');
  });
});

it('is what the log writes to', async () => {
  const lines: string[] = [];
  const log = createLog('info', { offer: (line) => lines.push(line) });
  log.info({ a: 1 }, 'said');
  log.debug({}, 'not said');
  await log.written();
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 30, a: 1, msg: 'said' }]);
});
