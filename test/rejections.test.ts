import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { EntryFields } from '../src/audit/entry.ts';
import { createRejectionCounter } from '../src/start/rejections.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const notes: EntryFields[] = [];
  const counter = createRejectionCounter({
    append: async (fields) => notes.push(fields),
  });
  return { notes, ...counter };
}

it('sums up a minute by agent and reason', () => {
  const { notes, count } = open();
  for (let index = 0; index < 1_000; index += 1) count({ reason: 'over-budget', agent: 'bot' });
  count({ reason: 'headers', agent: 'bot' });
  count({ reason: 'missing' });
  count({ reason: 'over-budget', agent: 'other' });
  vi.advanceTimersByTime(59_000);
  expect(notes).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(notes).toEqual([
    { kind: 'note', text: 'rejected requests of bot: 1000 over-budget, 1 headers', agent: 'bot' },
    { kind: 'note', text: 'rejected requests: 1 missing' },
    { kind: 'note', text: 'rejected requests of other: 1 over-budget', agent: 'other' },
  ]);
  vi.advanceTimersByTime(600_000);
  expect(notes).toHaveLength(3);
});

it('tells the rest at the end, and nothing after it', () => {
  const { notes, count, close } = open();
  count({ reason: 'over-budget', agent: 'bot' });
  close();
  vi.advanceTimersByTime(600_000);
  expect(notes).toHaveLength(1);
});

it('tells a bounded number of agents apart', () => {
  const { notes, count, tell } = open();
  for (let index = 0; index < 10_000; index += 1) count({ reason: 'over-budget', agent: `person-${index}` });
  tell();
  expect(notes).toHaveLength(101);
  expect(notes.at(-1)).toEqual({ kind: 'note', text: 'rejected requests: 9900 over-budget' });
});
