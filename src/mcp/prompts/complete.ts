import type { CompleteResult } from '@modelcontextprotocol/server';
import type { Arguments } from '../../catalog/declaration.ts';
import type { Lookup, PromptArgument } from '../../catalog/prompt.ts';
import { idIn } from '../../ids.ts';
import { isObject } from '../../json.ts';
import { type PromptValues, toLine } from './text.ts';

/** Characters that are needed before a lookup. Fewer match nearly everything, and each lookup costs a request. */
const MIN_TYPED_CHARS = 2;

/** Longer input is not a name, and does not fit into a URL. */
const MAX_TYPED_CHARS = 200;

/** The most values that MCP allows in a completion, and WorkOS on a page. */
const MAX_VALUES = 100;

/** Characters of a value. A longer one is not a name that a person could pick from a list. */
const MAX_VALUE_CHARS = 120;

const NO_VALUES: CompleteResult = { completion: { values: [] } };

/** Calls a list tool. Resolves to its answer, or to `undefined` if the call failed. */
export type List = (tool: string, args: Arguments) => Promise<unknown>;

/**
 * The values that match the typed text: from a fixed choice, or from one page of a list in WorkOS. A failed lookup
 * gives no values instead of an error: completion is optional, and an error would interrupt a person who types.
 */
export async function complete(
  { choices, lookup }: PromptArgument,
  typed: string,
  context: PromptValues,
  list: List,
): Promise<CompleteResult> {
  const text = toLine(typed);
  if (choices !== undefined) return toResult(choices.filter(fits(text)), false);
  if (lookup === undefined || text.length < MIN_TYPED_CHARS || text.length > MAX_TYPED_CHARS) return NO_VALUES;
  const answer = await list(lookup.tool, toQuery(lookup, text, context));
  if (!isObject(answer)) return NO_VALUES;
  const values = toValues(lookup, answer.data);
  const isMore = Boolean(Object(answer.list_metadata).after);
  return toResult(lookup.search === undefined ? values.filter(fits(text)) : values, isMore);
}

const fits = (typed: string) => (value: string) => value.toLowerCase().includes(typed.toLowerCase());

function toResult(values: readonly string[], isMore: boolean): CompleteResult {
  const all = [...new Set(values)];
  return { completion: { values: all.slice(0, MAX_VALUES), hasMore: isMore || all.length > MAX_VALUES } };
}

/** The arguments for one page that has the offered members only. */
function toQuery({ search, within = {}, member }: Lookup, typed: string, context: PromptValues): Arguments {
  const parents = Object.entries(within).flatMap(([argument, name]) => {
    const id = Object.hasOwn(context, name) ? idIn(context[name] ?? '') : undefined;
    return id === undefined ? [] : [[argument, id]];
  });
  const [field = ''] = member.split('.');
  return {
    ...(search !== undefined && { [search]: typed }),
    ...Object.fromEntries(parents),
    limit: MAX_VALUES,
    fields: ['id', field],
  };
}

/** An ID that is safe in a line of text. */
const SIMPLE = /^\w{1,64}$/;

function toValues({ member, withId }: Lookup, items: unknown): readonly string[] {
  const path = member.split('.');
  const isSimple = (id: unknown) => typeof id === 'string' && SIMPLE.test(id);
  const named = [items].flat().filter((item) => withId !== true || isSimple(Object(item).id));
  return named.flatMap((item) =>
    membersAt(item, path)
      .filter((value) => typeof value === 'string')
      .map(toLine)
      .filter((value) => value !== '' && value.length <= MAX_VALUE_CHARS)
      .map((value) => (withId === true ? `${value} (${Object(item).id})` : value)),
  );
}

function membersAt(value: unknown, path: readonly string[]): readonly unknown[] {
  const [first, ...rest] = path;
  if (Array.isArray(value)) return value.flatMap((element) => membersAt(element, path));
  return first === undefined ? [value] : membersAt(Object(value)[first], rest);
}
