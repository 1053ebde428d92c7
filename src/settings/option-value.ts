import { StartError } from '../errors.ts';
import { didYouMean } from '../wording.ts';
import type { Option } from './options.ts';

/** Settings by option, each in the same form as its flag would give it. */
export type Given = Readonly<Record<string, readonly string[] | undefined>>;

/** A placeholder such as `${user_config.x}` that a host has not filled in. */
export const isPlaceholder = (value: string): boolean => /^\s*\$\{[^}]*\}\s*$/.test(value);

/** For an option that restricts: without it, more would be allowed than the operator meant. */
export const unfilled = (where: string, raw: string): StartError =>
  new StartError(`${where} is "${raw.trim()}", a placeholder that was not filled in: fill it in or remove it.`);

const QUOTE = /^["'\u2018-\u201F\u00AB\u00BB]/;

/**
 * A value without the quotes around it: `docker --env-file` keeps those of a line KEY="…", and cmd.exe passes single
 * quotes on.
 * @throws StartError for a quote that does not enclose the whole value
 */
export function unquoted(where: string, raw: string): string {
  const text = raw.trim();
  const [, quote = '', inner] = /^(["'])(.*)\1$/s.exec(text) ?? [];
  if (inner !== undefined && !inner.includes(quote)) return inner;
  const [found] = QUOTE.exec(text) ?? [];
  if (found === undefined) return raw;
  throw new StartError(`${where} begins with a quote (${found}) that the shell or env file kept: remove the quotes.`);
}

/** A value's texts as its kind of option takes them. Throws StartError that begins with `where`. */
export function parseValue(where: string, option: Option, raw: string, blankIsNone = false): readonly string[] {
  switch (option.kind) {
    case 'list': {
      if (blankIsNone && raw.trim() === '') return [];
      const items = raw.split(',').map((item) => item.trim());
      if (items.includes('')) throw new StartError(`${where} has an empty item: "${raw}".`);
      return items;
    }
    case 'switch': {
      const value = raw.trim().toLowerCase();
      if (value === 'true' || value === '1') return ['true'];
      if (value === 'false' || value === '0') return ['false'];
      throw new StartError(`${where} is "${raw}": use true or false.`);
    }
    case 'choice':
      if (option.choices?.includes(raw.trim())) return [raw.trim()];
      throw new StartError(
        `${where} is "${raw}".${didYouMean(raw, option.choices ?? [])} It is one of ${option.choices?.join(', ')}.`,
      );
    case 'number':
    case 'whole': {
      const { kind, range: [min, max] = [0, Number.MAX_SAFE_INTEGER] } = option;
      const value = raw.trim();
      const isRight = (kind === 'whole' ? /^\d+$/ : /^\d+(\.\d+)?$/).test(value);
      if (isRight && Number(value) >= min && Number(value) <= max) return [value];
      throw new StartError(
        `${where} is "${raw}": use a ${kind === 'whole' ? 'whole ' : ''}number from ${min} to ${max}.`,
      );
    }
    case 'text':
      if (raw.trim() === '') throw new StartError(`${where} is blank.`);
      if (option.value?.startsWith('FILE') && /^~([\\/]|$)/.test(raw.trim())) {
        throw new StartError(`${where} begins with "~", which only a shell replaces: write the whole path.`);
      }
      return [raw.trim()];
    case 'secret':
      return [raw];
  }
}
