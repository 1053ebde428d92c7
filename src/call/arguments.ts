import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import { closed, didYouMean, inShort, MAX_REPORTED_FAULTS } from '../wording.ts';
import { understand } from './understand.ts';

/** The arguments that a tool's schema has parsed, and what to tell the client of how they were understood. */
export type ParsedArguments = { readonly args: Arguments; readonly notes: readonly string[] };

/**
 * Parses the arguments with the tool's schema.
 * @throws RefusedError with a sentence for each fault, which names its field
 */
export function parseArguments(tool: Tool, sent: unknown, settings: { readonly maxItems: number }): ParsedArguments {
  const { args, notes } = understand(tool, sent);
  const parsed = tool.schema().safeParse(args);
  if (!parsed.success) {
    const faults = parsed.error.issues.flatMap((issue): readonly ArgumentFault[] => {
      const { path, message, code } = issue;
      if (code !== 'unrecognized_keys') return [{ path, message, code, key: undefined }];
      return issue.keys.map((key) => ({ path, message, code, key }));
    });
    const told = faults.slice(0, MAX_REPORTED_FAULTS).map((fault) => toSentence(fault, tool, args));
    const more = faults.length - told.length;
    throw new RefusedError([...told, ...(more === 0 ? [] : [`And ${more} more.`])].join(' '));
  }
  const broken = brokenRules(tool, parsed.data, settings.maxItems);
  if (broken.length > 0) throw new RefusedError(broken.join(' '));
  return { args: parsed.data, notes };
}

/** A sentence for each rule across arguments that is broken. */
function brokenRules(tool: Tool, args: Arguments, maxItems: number): readonly string[] {
  const { exactlyOne, atLeastOne, exclusive = [] } = tool;
  const count = (names: readonly string[]) => names.filter((name) => args[name] !== undefined).length;
  return [
    args.max_items !== undefined && args.limit !== undefined && 'Give either limit or max_items, not both.',
    args.max_items !== undefined &&
      args.before !== undefined &&
      args.after !== undefined &&
      'Give max_items with before or after, not both.',
    Number(args.max_items) > maxItems && `max_items is too large: at most ${maxItems}.`,
    exactlyOne !== undefined && count(exactlyOne) !== 1 && `Give exactly one of ${exactlyOne.join(', ')}.`,
    atLeastOne !== undefined &&
      count(atLeastOne) === 0 &&
      `Give ${atLeastOne.join(' or ')}: WorkOS demands one of them.`,
    ...exclusive.map((names) => count(names) > 1 && toExclusion(names)),
    ...(tool.check?.(args) ?? []),
  ].filter((fault) => fault !== false);
}

const toExclusion = (names: readonly string[]): string =>
  names.length === 2 ? `Give either ${names.join(' or ')}, not both.` : `Give at most one of ${names.join(', ')}.`;

type ArgumentFault = {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code: string;
  /** The unknown member. */
  readonly key: string | undefined;
};

function toSentence({ path, message, code, key }: ArgumentFault, tool: Tool, args: unknown): string {
  const where = path.join('.');
  if (key === undefined) {
    const value = valueAt(args, path);
    const argument = String(path[0]);
    if (typeof value === 'string' && tool.lacking.includes(`${argument}.${value}`)) {
      return `${argument}: ${value} ${needsGrant(tool)}`;
    }
    if (where !== '' && value === undefined) return `${inShort(where)} is required.`;
    return `${where === '' ? 'arguments' : inShort(where)}: ${closed(message)}${moreWith(tool, path[0])}${pagesHint(tool, path[0], code)}`;
  }
  const field = where === '' ? key : `${where}.${key}`;
  if (tool.lacking.includes(field)) return `${field} ${needsGrant(tool)}`;
  const hint = where !== '' ? '' : takesCall(tool) ? WITHIN : didYouMean(inShort(key), Object.keys(tool.input));
  return `${inShort(field)}: there is no such argument.${hint}`;
}

/** Whether it is a call tool: models give the arguments of the inner tool beside its name. */
const takesCall = ({ input }: Tool): boolean => Object.hasOwn(input, 'arguments');

const WITHIN = ' The arguments of the tool go into "arguments".';

const needsGrant = ({ area }: Tool): string => `needs the grant ${area}:credentials, which you do not have.`;

/** The hint for a value that another grant would have allowed. */
function moreWith({ narrowed, area }: Tool, argument: PropertyKey | undefined): string {
  if (!narrowed.includes(String(argument))) return '';
  return ` Other values need the grant ${area}:credentials, which you do not have.`;
}

/** The hint for a page that would be too long. */
function pagesHint({ paginated }: Tool, argument: PropertyKey | undefined, code: string): string {
  if (!paginated || argument !== 'limit' || code !== 'too_big') return '';
  return ' For more items, give max_items instead of limit: the server follows the pages.';
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => Object(inner)[key], value);
}

/** The arguments with an Idempotency-Key if the tool sends one: the same for all attempts, and shown if all fail. */
export function withKey({ idempotencyKey }: Tool, args: Arguments, newKey: () => string): Arguments {
  if (idempotencyKey === undefined || args[idempotencyKey] !== undefined) return args;
  return { ...args, [idempotencyKey]: newKey() };
}
