import { describe, expect, it } from 'vitest';
import { createBytePool, FREE_BYTES } from '../src/memory/byte-pool.ts';

const MIB = 1_048_576;

/** A pool of 8 MiB, and which claims have got room, in order. */
function open() {
  const pool = createBytePool(8 * MIB);
  const got: string[] = [];
  const enter = (name: string, bytes: number, owner = name) => pool.enter(owner, bytes, () => got.push(name));
  return { enter, got };
}

describe('a pool of bytes', () => {
  it('has room at once, up to its size, and then in the order of arrival', () => {
    const { enter, got } = open();
    const [first, second] = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => enter(name, 2 * MIB));
    expect(got).toEqual(['a', 'b', 'c', 'd']);
    second?.leave();
    expect(got).toEqual(['a', 'b', 'c', 'd', 'e']);
    first?.leave();
    expect(got.at(-1)).toBe('f');
  });

  it('gives an owner a quarter, and lets others pass its further claims', () => {
    const { enter, got } = open();
    const first = enter('a1', 2 * MIB, 'a');
    enter('a2', MIB, 'a');
    enter('b', MIB);
    expect(got).toEqual(['a1', 'b']);
    first.leave();
    expect(got).toEqual(['a1', 'b', 'a2']);
  });

  it('lets no smaller claim pass a larger one that waits for room', () => {
    const { enter, got } = open();
    const places = ['a', 'b', 'c'].map((name) => enter(name, 2 * MIB));
    enter('d', MIB);
    enter('large', 2 * MIB);
    enter('small', 0.5 * MIB);
    expect(got).toEqual(['a', 'b', 'c', 'd']);
    places[0]?.leave();
    expect(got).toEqual(['a', 'b', 'c', 'd', 'large', 'small']);
  });

  it('takes a claim over its size once it is empty', () => {
    const { enter, got } = open();
    const first = enter('a', MIB);
    const large = enter('large', 100 * MIB);
    enter('b', MIB);
    expect(got).toEqual(['a']);
    first.leave();
    expect(got).toEqual(['a', 'large']);
    large.leave();
    expect(got).toEqual(['a', 'large', 'b']);
  });

  it('does not count small claims', () => {
    const { enter, got } = open();
    enter('large', 100 * MIB);
    for (let index = 0; index < 1_000; index += 1) enter('small', FREE_BYTES, 'a');
    expect(got).toHaveLength(1_001);
  });

  it('is left once, and also by a claim that still waits', () => {
    const { enter, got } = open();
    const places = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => enter(name, 2 * MIB));
    places[4]?.leave();
    for (let again = 0; again < 3; again += 1) places[0]?.leave();
    expect(got).toEqual(['a', 'b', 'c', 'd', 'f']);
  });
});
