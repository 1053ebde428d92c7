import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import { isTooDeep, MAX_DEPTH } from '../json.ts';
import { closed, didYouMean, inShort, MAX_REPORTED_FAULTS } from '../wording.ts';

/**
 * Parses the arguments with the tool's schema.
 * @throws RefusedError with a sentence for each fault, which names its field
 */
export function parseArguments(tool: Tool, args: unknown, { maxItems }: { readonly maxItems: number }): Arguments {
  if (isTooDeep(args))
    throw new RefusedError(`The arguments are nested too deeply: at most ${MAX_DEPTH} levels are allowed.`);
  // zod silently drops members of this name.
  if (hasProto(args)) throw new RefusedError('__proto__ is not a valid name for an argument or any of its members.');
  const parsed = tool.schema().safeParse(args ?? {});
  if (!parsed.success) {
    const faults = parsed.error.issues.flatMap((issue): readonly ArgumentFault[] => {
      const { path, message } = issue;
      if (issue.code !== 'unrecognized_keys') return [{ path, message, key: undefined }];
      return issue.keys.map((key) => ({ path, message, key }));
    });
    const told = faults.slice(0, MAX_REPORTED_FAULTS).map((fault) => toSentence(fault, tool, args));
    const more = faults.length - told.length;
    throw new RefusedError([...told, ...(more === 0 ? [] : [`And ${more} more.`])].join(' '));
  }
  const own = parsed.data;
  const broken = [
    own.max_items !== undefined && own.limit !== undefined && 'Give either limit or max_items, not both.',
    own.max_items !== undefined &&
      own.before !== undefined &&
      own.after !== undefined &&
      'Give max_items with before or after, not both.',
    Number(own.max_items) > maxItems && `max_items is too large: at most ${maxItems}.`,
    ...(tool.check?.(own) ?? []),
  ].filter((fault) => fault !== false);
  if (broken.length > 0) throw new RefusedError(broken.join(' '));
  return own;
}

type ArgumentFault = {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The unknown member. */
  readonly key: string | undefined;
};

function toSentence({ path, message, key }: ArgumentFault, tool: Tool, args: unknown): string {
  const where = path.join('.');
  if (key === undefined) {
    if (where !== '' && valueAt(args, path) === undefined) return `${inShort(where)} is required.`;
    return `${where === '' ? 'arguments' : inShort(where)}: ${closed(message)}${moreWith(tool, path[0])}`;
  }
  const field = where === '' ? key : `${where}.${key}`;
  if (tool.lacking.includes(field)) return `${field} needs the grant ${tool.area}:credentials, which you do not have.`;
  const hint = where === '' ? didYouMean(inShort(key), Object.keys(tool.input)) : '';
  return `${inShort(field)}: there is no such argument.${hint}`;
}

/** The hint for a value that another grant would have allowed. */
function moreWith({ narrowed, area }: Tool, argument: PropertyKey | undefined): string {
  if (!narrowed.includes(String(argument))) return '';
  return ` Other values need the grant ${area}:credentials, which you do not have.`;
}

function hasProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProto);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => Object(inner)[key], value);
}
