import { expect, it } from 'vitest';
import { createCanceller, toAbortSignal } from '../src/cancel/cancel-signal.ts';

it('tells each listener once that the call was cancelled, but for those that have left', () => {
  const { signal, abort } = createCanceller();
  const told: string[] = [];
  const leave = () => told.push('left');
  signal.addEventListener('abort', leave);
  signal.addEventListener('abort', () => told.push('stayed'));
  signal.removeEventListener('abort', leave);
  expect([signal.aborted, told]).toEqual([false, []]);
  abort();
  abort();
  expect([signal.aborted, told]).toEqual([true, ['stayed']]);
});

it.each(['before', 'after'] as const)('becomes an AbortSignal %s it was cancelled', (when) => {
  const { signal, abort } = createCanceller();
  if (when === 'after') abort();
  const real = toAbortSignal(signal);
  expect(real.aborted).toBe(when === 'after');
  abort();
  expect(real.aborted).toBe(true);
});
