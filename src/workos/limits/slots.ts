import type { Arguments, Limit } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import { StartError } from '../../errors.ts';
import { didYouMean } from '../../wording.ts';
import type { Slot } from '../layer.ts';

/** Requests and seconds by a limit's name, for accounts whose limits are not the documented ones. */
export type LimitSettings = Readonly<Record<string, { readonly requests: number; readonly seconds: number }>>;

/**
 * Reads `NAME=REQUESTS/SECONDS`.
 * @throws StartError for a name that no limit has, or numbers that are none
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

/** Every documented limit, that of the key first. */
export const limitsOf = ({
  general,
  tools,
}: {
  general: Limit;
  tools: readonly Pick<Tool, 'allLimits'>[];
}): readonly Limit[] => [general, ...tools.flatMap((tool) => tool.allLimits)];

/** Which window an object belongs to, as answers have told: by `limit name, object ID`. */
export type Owners = { readonly get: (limit: string, id: string) => string | undefined };

/** The rate-limit windows that a call counts in, the most specific one last. */
export function toSlots(tool: Tool, args: Arguments, general: Limit, settings: LimitSettings, owners: Owners): Slot[] {
  return [general, ...tool.allLimits].flatMap((limit) => {
    const key = toKey(limit, args, owners);
    const { requests, seconds } = settings[limit.name] ?? limit;
    return key === undefined ? [] : [{ name: limit.name, requests, seconds, key }];
  });
}

/** The window's key: '' for the only one, '*' for all of them, `undefined` where the limit does not apply. */
function toKey({ name, by, within }: Limit, args: Arguments, owners: Owners): string | undefined {
  if (by === undefined) return '';
  // E-mail addresses are one and the same in any case; two IDs that differ in case alone are not worth a window each.
  const chosen = by.map((argument) => args[argument]).find((value) => value !== undefined);
  if (chosen !== undefined) return String(chosen).toLowerCase();
  if (within === undefined) return undefined;
  const inside = within.arguments.map((argument) => args[argument]).find((value) => value !== undefined);
  return (inside === undefined ? undefined : owners.get(name, String(inside))) ?? '*';
}

/** What an answer tells of the windows that objects belong to. */
export function* ownersIn(
  limits: readonly Limit[],
  answer: unknown,
): Generator<[limit: string, id: string, key: string]> {
  for (const { name, within } of limits) {
    if (within === undefined) continue;
    for (const object of objectsIn(answer)) {
      const owner = object[within.member];
      if (typeof object.id === 'string' && typeof owner === 'string') yield [name, object.id, owner.toLowerCase()];
    }
  }
}

/** The object of an answer, or the objects of its list. */
function objectsIn(answer: unknown): readonly Record<string, unknown>[] {
  const { data } = Object(answer);
  return (Array.isArray(data) ? data : [answer]).map(Object);
}

/** Remembers so many objects; the ones learned first are forgotten first. */
const MEMORY = 50_000;

export function createOwners(): Owners & { learn: (limits: readonly Limit[], answer: unknown) => void } {
  const owners = new Map<string, string>();
  return {
    get: (limit, id) => owners.get(`${limit} ${id}`),
    learn: (limits, answer) => {
      for (const [limit, id, key] of ownersIn(limits, answer)) owners.set(`${limit} ${id}`, key);
      for (const oldest of owners.keys()) {
        if (owners.size <= MEMORY) break;
        owners.delete(oldest);
      }
    },
  };
}
