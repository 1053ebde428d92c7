import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../src/json.ts';
import { cleanText, cleanValue, isPlain } from '../src/visible.ts';

describe('what a model reads of text from outside', () => {
  it.each([
    ['plain', 'Zoë & 王 👍 a\tb\nc', 'Zoë & 王 👍 a\tb\nc', 0],
    ['zero-width', 'ad\u200bmin\u200d\ufeff', 'admin', 3],
    ['bidi', '\u202eevil\u202c \u2066x\u2069', 'evil x', 4],
    ['tag characters', 'hi\u{e0041}\u{e007f}', 'hi', 4],
    ['variation selectors', 'a\ufe0f\u{e0101}', 'a', 3],
    ['terminal colours', '\u001b[31mred\u001b[0m', 'red', 9],
    ['terminal titles', '\u001b]0;title\u0007x', 'x', 10],
    ['controls', 'a\u0000b\rc\u0085d\u007f', 'abcd', 4],
    ['soft hyphens and fillers', 'a\u00adb\u3164c', 'abc', 2],
    ['line separators', 'a\u2028b', 'ab', 1],
    ['half a surrogate pair', 'a\ud83dz', 'az', 1],
  ])('%s', (_, text, visible, removed) => {
    expect(cleanText(text)).toEqual({ text: visible, removed });
  });

  it('is cleaned in every string and name of a value, and the value is left alone', () => {
    const value = { 'na\u200bme': ['a\u200b', { b: 'c\u202e', d: 1, e: null }] };
    expect(cleanValue(value)).toEqual({ value: { name: ['a', { b: 'c', d: 1, e: null }] }, removed: 3 });
    expect(Object.keys(value)).toEqual(['na\u200bme']);
  });

  it('does not change when cleaned again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = cleanText(text).text;
        expect(cleanText(once)).toEqual({ text: once, removed: 0 });
      }),
    );
  });
});

describe('JSON that nests', () => {
  const nest = (depth: number, inside = '') => '['.repeat(depth) + inside + ']'.repeat(depth);
  const long = `"${'x'.repeat(300_000)}"`;
  it.each([
    ['64 deep', nest(64), 'read'],
    ['65 deep', nest(65), 'too deep'],
    ['65 deep in objects', '{"a":'.repeat(65) + 1 + '}'.repeat(65), 'too deep'],
    ['wide', `[${'[],'.repeat(1_000)}[]]`, 'read'],
    ['in a string only', JSON.stringify(nest(100)), 'read'],
    ['64 deep and long', nest(64, long), 'read'],
    ['65 deep and long', nest(65, long), 'too deep'],
    ['in a long string only', JSON.stringify(`\\"${nest(200_000)}`), 'read'],
    ['millions deep, and never ends', '['.repeat(4_000_000), 'too deep'],
    ['not at all, since it is none', '{"a"', undefined],
    ['not at all, since it is empty', '', undefined],
  ])('%s', (_, json, expected) => {
    const parsed = parseJson(json);
    expect(typeof parsed === 'object' ? 'read' : parsed).toBe(expected);
  });
});

it('knows which JSON can hold nothing invisible', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      if (isPlain(json)) expect(cleanValue(JSON.parse(json)).removed).toBe(0);
    }),
  );
  expect(['{"a":"b"}', '"\u200b"', '"\u00e9"', '"\\u200b"'].map(isPlain)).toEqual([true, false, false, false]);
});
