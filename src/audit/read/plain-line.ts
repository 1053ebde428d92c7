import { cleanText } from '../../visible.ts';

/**
 * JSON in ASCII: a file may hold control sequences and characters that change how a terminal or an editor shows the rest.
 */
export const toAsciiJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, undefined, indent).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A text as one visible line: an altered file must not send control sequences to the reader's terminal. */
export const toPlain = (text: string): string => cleanText(text.replace(/[\t\n\r\v\f\u2028\u2029]/g, ' ')).text;
