import { type ParseError, parse, stripComments } from 'jsonc-parser';

/**
 * JSON as editors write it, with comments and trailing commas: the same text, at the same offsets, with blanks for the
 * comments. `undefined` for other text.
 */
export function withoutComments(text: string): string | undefined {
  // Other YAML can begin with a brace as well, but then it does not parse as this.
  if (!/^\s*(\{|\/[/*])/.test(text)) return undefined;
  const faults: ParseError[] = [];
  parse(text, faults, { allowTrailingComma: true });
  return faults.length === 0 ? stripComments(text, ' ') : undefined;
}
