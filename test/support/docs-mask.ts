/** A value on which two runs agree, with `…` in the place of what they do not; IDs keep their prefix. */
export function mask(one: unknown, other: unknown): unknown {
  if (typeof one === 'string' && typeof other === 'string') return maskText(withoutTokens(one), withoutTokens(other));
  if (Array.isArray(one) && Array.isArray(other)) return one.map((item, index) => mask(item, other[index]));
  if (typeof one === 'object' && one !== null) {
    return Object.fromEntries(Object.entries(one).map(([name, member]) => [name, mask(member, Object(other)[name])]));
  }
  return one === other ? one : '…';
}

/** What varies within a text: IDs and moments. */
const VARYING = /\b([a-z]+(?:_[a-z]+)*_)[0-9A-HJKMNP-TV-Z]{26}\b|\b\d{4}-\d\d-\d\dT[\d:.]+Z/g;

/** Two tokens that were signed within a second share their payload. */
const withoutTokens = (text: string): string => text.replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '….….…');

function maskText(one: string, other: string): string {
  if (one === other) return one;
  const without = (text: string, shared: string) =>
    text.replace(VARYING, (found, prefix = '') => (shared.includes(found) ? found : `${prefix}…`));
  const [mine, theirs] = [without(one, other), without(other, one)].map((text) => text.split(/([^\w…+/=-]+)/));
  // Random texts, in base64 too, are words of their own. Where even the number of words differs, nothing is shared.
  if (mine === undefined || mine.length !== theirs?.length) return '…';
  return mine.map((word, index) => (word === theirs[index] ? word : '…')).join('');
}
