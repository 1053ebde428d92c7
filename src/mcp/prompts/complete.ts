import type { CompleteResult } from '@modelcontextprotocol/server';
import type { Arguments } from '../../catalog/declaration.ts';
import type { Lookup, PromptArgument } from '../../catalog/prompt.ts';
import { idIn } from '../../ids.ts';
import { isObject } from '../../json.ts';
import { type Given, toLine } from './text.ts';

/** Characters from which on something is looked up. Fewer would fit nearly everything, at the price of a request. */
const MIN_TYPED = 2;

/** A longer one is no name, and has no room in an address. */
const MAX_TYPED = 200;

/** As many values as MCP lets a completion have, and WorkOS a page. */
const MAX_VALUES = 100;

/** Characters of a value. A longer one is no name to pick from a list. */
const MAX_VALUE = 120;

const NOTHING: CompleteResult = { completion: { values: [] } };

/** Calls a tool that lists. Resolves to its answer, `undefined` where that is no success. */
export type List = (tool: string, args: Arguments) => Promise<unknown>;

/**
 * The values that fit what was typed: of a fixed choice, or out of one page of what there is in WorkOS. Where that cannot
 * be looked up there are none: nobody has to pick one, so that a fault is no reason to interrupt somebody who types.
 */
export async function complete(
  { choices, lookup }: PromptArgument,
  typed: string,
  context: Given,
  list: List,
): Promise<CompleteResult> {
  const text = toLine(typed);
  if (choices !== undefined) return toResult(choices.filter(fits(text)), false);
  if (lookup === undefined || text.length < MIN_TYPED || text.length > MAX_TYPED) return NOTHING;
  const answer = await list(lookup.tool, toQuery(lookup, text, context));
  if (!isObject(answer)) return NOTHING;
  const values = toValues(lookup, answer.data);
  const isMore = Boolean(Object(answer.list_metadata).after);
  return toResult(lookup.search === undefined ? values.filter(fits(text)) : values, isMore);
}

const fits = (typed: string) => (value: string) => value.toLowerCase().includes(typed.toLowerCase());

function toResult(values: readonly string[], isMore: boolean): CompleteResult {
  const all = [...new Set(values)];
  return { completion: { values: all.slice(0, MAX_VALUES), hasMore: isMore || all.length > MAX_VALUES } };
}

/** One page with nothing in it but what is offered. */
function toQuery({ search, within = {}, member }: Lookup, typed: string, context: Given): Arguments {
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

/** An ID that can stand in a line of text. */
const SIMPLE = /^\w{1,64}$/;

function toValues({ member, withId }: Lookup, items: unknown): readonly string[] {
  const path = member.split('.');
  const isSimple = (id: unknown) => typeof id === 'string' && SIMPLE.test(id);
  const named = [items].flat().filter((item) => withId !== true || isSimple(Object(item).id));
  return named.flatMap((item) =>
    membersAt(item, path)
      .filter((value) => typeof value === 'string')
      .map(toLine)
      .filter((value) => value !== '' && value.length <= MAX_VALUE)
      .map((value) => (withId === true ? `${value} (${Object(item).id})` : value)),
  );
}

function membersAt(value: unknown, path: readonly string[]): readonly unknown[] {
  const [first, ...rest] = path;
  if (Array.isArray(value)) return value.flatMap((element) => membersAt(element, path));
  return first === undefined ? [value] : membersAt(Object(value)[first], rest);
}
