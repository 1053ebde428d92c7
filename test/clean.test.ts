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

  it.each([
    ['ZWNJ between Persian letters', '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645'],
    ['ZWNJ behind a vowel sign', '\u0646\u064e\u200c\u0645'],
    ['ZWJ behind a Sinhala virama', '\u0dc1\u0dca\u200d\u0dbb\u0dd3'],
    ['ZWJ before a Bengali virama', '\u09b0\u200d\u09cd\u09af'],
    ['ZWNJ in Devanagari', '\u0915\u094d\u200c\u0937'],
    ['ZWJ that ends a Malayalam word', '\u0d05\u0d35\u0d28\u0d4d\u200d'],
    ['an ideographic variation', '\u845b\u{e0100}\u57ce'],
    ['a standardized variation', '\u795e\ufe00'],
    ['a Mongolian variation', '\u1820\u180b\u1821'],
    ['an emoji sequence', '\u{1f469}\u200d\u{1f4bb} Co'],
    ['one with a colour of skin', '\u{1f469}\u{1f3fd}\u200d\u{1f4bb}'],
    ['one with a selector', '\u2764\ufe0f\u200d\u{1f525}'],
    ['an emoji with VS16', 'I \u2764\ufe0f Co'],
    ['a sign shown as text', '\u2122\ufe0e'],
    ['a keycap', '1\ufe0f\u20e3'],
    ['the flag of Scotland', '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
  ])('keeps %s', (_, text) => {
    expect(cleanText(text)).toEqual({ text, removed: 0 });
  });

  it.each([
    ['ZWJ between Latin letters', 'ad\u200dmin', 'admin'],
    ['ZWNJ between Cyrillic letters', '\u0434\u200c\u0430', '\u0434\u0430'],
    ['ZWNJ before a Persian letter', 'a\u200c\u0645', 'a\u0645'],
    ['ZWNJ at the end of a Persian word', '\u0645\u200c x', '\u0645 x'],
    ['two joiners in a row', '\u0645\u200c\u200d\u0645', '\u0645\u0645'],
    ['ZWJ at the end of an emoji', '\u{1f469}\u200d', '\u{1f469}'],
    ['a second selector', '\u2764\ufe0f\ufe0e', '\u2764\ufe0f'],
    ['a second ideographic selector', '\u845b\u{e0100}\u{e0101}', '\u845b\u{e0100}'],
    ['an ideographic selector behind a letter', 'a\u{e0100}', 'a'],
    ['a selector behind a digit', '1\ufe0f2', '12'],
    ['tags behind a flag that has none', '\u{1f3f4}\u{e0061}\u{e0062}\u{e007f}', '\u{1f3f4}'],
    [
      'tags behind the flag of Wales',
      '\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}\u{e0041}',
      '\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}',
    ],
  ])('removes %s', (_, text, visible) => {
    expect(cleanText(text).text).toBe(visible);
  });

  it('takes a millionth of the time for each of a million characters', () => {
    const time = (text: string) => {
      const start = process.cpuUsage().user;
      cleanText(text);
      return process.cpuUsage().user - start;
    };
    for (const unit of ['\u0645\u200c', '\u2764\ufe0f\u200d', '\u200b', '\u{1f3f4}\u{e0067}\u{e0062}', '\u001b]']) {
      time(unit.repeat(20_000));
      expect(time(unit.repeat(200_000)), JSON.stringify(unit)).toBeLessThan(30 * (time(unit.repeat(20_000)) + 5_000));
    }
  });

  it('is cleaned in every string and name of a value, and the value is left alone', () => {
    const value = { 'na\u200bme': ['a\u200b', { b: 'c\u202e', d: 1, e: null }] };
    expect(cleanValue(value)).toEqual({
      value: { name: ['a', { b: 'c', d: 1, e: null }] },
      removed: 3,
      places: ['', 'name', 'name.b'],
    });
    expect(Object.keys(value)).toEqual(['na\u200bme']);
  });

  it('does not change when cleaned again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = cleanText(text).text;
        expect(cleanText(once)).toEqual({ text: once, removed: 0 });
      }),
    );
    const units =
      'a|1|\u0645|\u064e|\u0d28|\u0d4d|\u845b|\u1820|\u2764|\u{1f469}|\u{1f3fd}|\u20e3|\u{1f3f4}|\u200b|\u200c|\u200d|\ufe00|\ufe0e|\ufe0f|\u180b|\u{e0100}|\u{e0067}|\u{e0062}|\u{e007f}|\u001b[|\u001b]|\ud83d'.split(
        '|',
      );
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...units), { maxLength: 12 }), (parts) => {
        const once = cleanText(parts.join('')).text;
        expect(cleanText(once)).toEqual({ text: once, removed: 0 });
      }),
      { numRuns: 3_000 },
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
