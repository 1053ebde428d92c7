import * as z from 'zod';
import type { Input, Method } from './declaration.ts';
import { toClear } from './server-arguments.ts';

/**
 * The members of an update that WorkOS clears by null: those declared optional and nullable. Some clients send null for
 * every argument that a model left out, so agents ask for clearing by name.
 */
export function clearableIn(method: Method, input: Input): readonly string[] {
  if (method !== 'PUT' && method !== 'PATCH') return [];
  return Object.keys(input).filter((name) => input[name] !== withoutNull(input[name]));
}

/** The input with the argument that clears, where there is something to clear. */
export const withClear = (input: Input, clearable: readonly string[]): Input =>
  clearable.length === 0 ? input : { ...input, clear: toClear(clearable) };

/** The input as clients see it: null clears nothing, so it is not shown. */
export function asPublished(input: Input, clearable: readonly string[]): Input {
  const shown = clearable.flatMap((name): [string, z.ZodType][] => {
    const member = withoutNull(input[name]);
    return member === undefined ? [] : [[name, member]];
  });
  return { ...input, ...Object.fromEntries(shown) };
}

function withoutNull(member: z.ZodType | undefined): z.ZodType | undefined {
  if (!(member instanceof z.ZodOptional)) return member;
  const inner = member.unwrap();
  if (!(inner instanceof z.ZodNullable)) return member;
  return z.optional(inner.unwrap());
}
