import { cleanText, withoutStacks } from '../visible.ts';

const MADE: unique symbol = Symbol('made by html');

/** HTML that was made by `html` alone: every value from outside in it is escaped. No JSON from outside can pass for it. */
export type Html = { readonly html: string; readonly [MADE]: true };

type HtmlPart = Html | string | number | undefined | false | readonly HtmlPart[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const toEscaped = (text: string): string =>
  withoutStacks(cleanText(text).text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

function toText(part: HtmlPart): string {
  if (part === undefined || part === false) return '';
  if (typeof part === 'string') return toEscaped(part);
  if (typeof part === 'number') return `${part}`;
  return MADE in part ? part.html : part.map(toText).join('');
}

/**
 * A template whose values are put in as text, so that nothing from outside becomes HTML or hides what stands around it. In
 * attributes they have to stand within quotes.
 */
export const html = (strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html => ({
  html: strings.map((string, index) => `${string}${toText(parts[index])}`).join(''),
  [MADE]: true,
});
