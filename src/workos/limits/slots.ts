import type { Arguments, Limit } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import { StartError } from '../../errors.ts';
import { didYouMean } from '../../wording.ts';
import type { Slot } from '../layer.ts';

/** Requests and seconds by limit name, for accounts whose limits differ from the documented ones. */
export type LimitSettings = Readonly<Record<string, { readonly requests: number; readonly seconds: number }>>;

/**
 * Parses `NAME=REQUESTS/SECONDS`.
 * @throws StartError for an unknown name or for numbers that are not valid
 */
export function toLimitSettings(texts: readonly string[], limits: readonly Limit[]): LimitSettings {
  const names = [...new Set(limits.map((limit) => limit.name))];
  const settings = texts.map((text) => {
    const [, name = '', requests = '', seconds = ''] = /^(\w+)=(\d+)\/(\d+(?:\.\d+)?)$/.exec(text) ?? [];
    if (Number(requests) < 1 || Number(seconds) <= 0) {
      throw new StartError(`--limit ${text}: write a limit as NAME=REQUESTS/SECONDS, e.g. directory_users=8/1.`);
    }
    if (!names.includes(name)) {
      throw new StartError(
        `--limit ${text}: there is no limit "${name}".${didYouMean(name, names)} The limits are ${names.join(', ')}.`,
      );
    }
    return [name, { requests: Number(requests), seconds: Number(seconds) }] as const;
  });
  return Object.fromEntries(settings);
}

/** All documented limits, the general one of the key first. */
export const limitsOf = ({
  general,
  tools,
}: {
  general: Limit;
  tools: readonly Pick<Tool, 'allLimits'>[];
}): readonly Limit[] => [general, ...tools.flatMap((tool) => tool.allLimits)];

/** The window key of an object, by limit name and object ID, as learned from answers. */
export type Owners = { readonly get: (limit: string, id: string) => string | undefined };

/** The rate-limit windows that a call counts in, the most specific one last. */
export function toSlots(tool: Tool, args: Arguments, general: Limit, settings: LimitSettings, owners: Owners): Slot[] {
  const toSlot = (limit: Limit, key: string): Slot => {
    const { requests, seconds } = settings[limit.name] ?? limit;
    return { name: limit.name, requests, seconds, key };
  };
  const own = tool.allLimits.flatMap((limit) => {
    const key = toKey(limit, args, owners);
    return key === undefined ? [] : [toSlot(limit, key)];
  });
  const all = toSlot(general, '');
  // So that a 429 shuts a window of the route's, and not that of all requests.
  return [all, ...(own.length > 0 ? own : [{ ...all, name: tool.name, isUndocumented: true } as const])];
}

/** The window's key: '' for a single window, '*' for all windows, `undefined` if the limit does not apply. */
function toKey({ name, by, within }: Limit, args: Arguments, owners: Owners): string | undefined {
  if (by === undefined) return '';
  const chosen = by.map((argument) => args[argument]).find((value) => value !== undefined);
  if (chosen !== undefined) return keyOf(String(chosen));
  if (within === undefined) return undefined;
  const inside = within.arguments.map((argument) => args[argument]).find((value) => value !== undefined);
  return (inside === undefined ? undefined : owners.get(name, String(inside))) ?? '*';
}

/** Characters of the longest text that is a key as it stands: over the length of an ID. */
const MAX_KEY_CHARS = 64;

/**
 * The key of the window of an object or an address. E-mail addresses are case-insensitive; IDs that differ only in case
 * do not need separate windows. Keys are kept for as long as their windows, so a checksum takes the place of a long one.
 * Texts with the same checksum share a window: they wait longer, and no limit is exceeded.
 */
function keyOf(text: string): string {
  const key = text.toLowerCase();
  return key.length <= MAX_KEY_CHARS ? key : `${key.length} ${checksum(key)}`;
}

/** FNV-1a, 32 bits. */
function checksum(text: string): number {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  return sum >>> 0;
}

/** The window keys of the objects in an answer. */
export function* ownersIn(
  limits: readonly Limit[],
  answer: unknown,
): Generator<[limit: string, id: string, key: string]> {
  for (const { name, within } of limits) {
    if (within === undefined) continue;
    for (const object of objectsIn(answer)) {
      const owner = object[within.member];
      if (typeof object.id === 'string' && typeof owner === 'string') yield [name, object.id, keyOf(owner)];
    }
  }
}

/** The object in an answer, or the objects of its list. */
function objectsIn(answer: unknown): readonly Record<string, unknown>[] {
  const { data } = Object(answer);
  return (Array.isArray(data) ? data : [answer]).map(Object);
}

/**
 * Objects that are remembered, the oldest dropped first, and characters of the longest ID: 6 MiB in all. A request for
 * an object that is not remembered counts in all windows of its limit, so that no limit is exceeded.
 */
const MAX_OWNERS = 20_000;
const MAX_ID_CHARS = 100;

export function createOwners(): Owners & { learn: (limits: readonly Limit[], answer: unknown) => void } {
  const owners = new Map<string, string>();
  return {
    get: (limit, id) => owners.get(`${limit} ${id}`),
    learn: (limits, answer) => {
      for (const [limit, id, key] of ownersIn(limits, answer))
        if (id.length <= MAX_ID_CHARS) owners.set(`${limit} ${id}`, key);
      for (const oldest of owners.keys()) {
        if (owners.size <= MAX_OWNERS) break;
        owners.delete(oldest);
      }
    },
  };
}
