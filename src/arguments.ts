import { RefusedError } from './errors.ts';
import { didYouMean } from './nearest.ts';
import { closed } from './problem.ts';
import type { Arguments, Tool } from './tool.ts';

/**
 * The arguments as the tool's schema reads them.
 * @throws RefusedError with a sentence for each fault, naming its field
 */
export function parseArguments(tool: Tool, args: unknown, { maxItems }: { readonly maxItems: number }): Arguments {
  // zod drops members of this name without a word.
  if (hasProto(args)) throw new RefusedError('__proto__ is no name that an argument or its members may have.');
  const parsed = tool.schema().safeParse(args ?? {});
  if (!parsed.success) {
    const known = Object.keys(tool.input);
    const faults = parsed.error.issues.flatMap((issue) => {
      const where = issue.path.join('.');
      if (issue.code !== 'unrecognized_keys' && where !== '' && valueAt(args, issue.path) === undefined) {
        return [`${where} is required.`];
      }
      if (issue.code !== 'unrecognized_keys')
        return [`${where === '' ? 'arguments' : where}: ${closed(issue.message)}${moreWith(tool, issue.path[0])}`];
      return issue.keys.map((key) => {
        const field = where === '' ? key : `${where}.${key}`;
        if (tool.lacking.includes(field))
          return `${field}: takes the grant ${tool.area}:credentials, which you were not given.`;
        return `${field}: there is no such argument.${where === '' ? didYouMean(key, known) : ''}`;
      });
    });
    throw new RefusedError(faults.join(' '));
  }
  const own = parsed.data;
  const broken = [
    own.max_items !== undefined && own.limit !== undefined && 'Give either limit or max_items, not both.',
    own.max_items !== undefined &&
      own.before !== undefined &&
      own.after !== undefined &&
      'Give max_items with before or after, not both.',
    Number(own.max_items) > maxItems && `max_items: Too big: at most ${maxItems}.`,
    ...(tool.check?.(own) ?? []),
  ].filter((fault) => fault !== false);
  if (broken.length > 0) throw new RefusedError(broken.join(' '));
  return own;
}

/** What to say of a value that another grant would have allowed. */
function moreWith({ narrowed, area }: Tool, argument: PropertyKey | undefined): string {
  if (!narrowed.includes(String(argument))) return '';
  return ` Other values take the grant ${area}:credentials, which you were not given.`;
}

function hasProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProto);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => Object(inner)[key], value);
}
