import type { Arguments } from '../../catalog/declaration.ts';
import { memberAt } from '../../catalog/output.ts';
import type { Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { isWithheldAt } from '../../secrets/withhold.ts';
import { inShort } from '../../wording.ts';
import type { Confidential } from '../confidential.ts';
import { checkKnown } from './fields.ts';
import { valuesAt } from './paths.ts';

/**
 * One condition of `where`: `member=value`, `member=value,value` for one of several, and the same with `!=` for none of
 * them. A member may be a dotted path; of an array any element counts. `null`, or no value, stands for a member without
 * one. A value with a comma or with quotes is written as JSON text.
 */
type Condition = {
  readonly member: string;
  readonly isNegated: boolean;
  readonly values: ReadonlySet<string | null>;
};

/** What `where` says of the items of a list, as the agent is shown them. */
export type ItemFilter = {
  readonly matches: (item: JsonObject) => boolean;
  /** The members that it compares, each once. */
  readonly members: readonly string[];
};

const CONDITION = /^\s*([^\s=!<>~]+)\s*(!?)==?([^=].*|)$/s;
const VALUE = /\s*("(?:[^"\\]|\\.)*"|[^,"]*)(?:,|$)/sy;

/** Whether a call goes through pages rather than asking for one. */
export const isWalk = ({ max_items, where, count_only }: Arguments): boolean =>
  max_items !== undefined || where !== undefined || count_only === true;

/**
 * The filter of a call, if it has one.
 * @throws RefusedError for what is not a condition, for a member that is not known or that the agent is not shown, and
 * for arguments that do not go together
 */
export function toFilter(tool: Tool, args: Arguments, confidential: Confidential): ItemFilter | undefined {
  const { where, count_only, limit, max_items, fields } = args;
  const broken = [
    limit !== undefined && where !== undefined && 'Give max_items with where, not limit: it counts what matches.',
    count_only === true &&
      (limit ?? max_items ?? fields) !== undefined &&
      'count_only counts all: leave out limit, max_items and fields.',
  ].filter((fault) => fault !== false);
  if (broken.length > 0) throw new RefusedError(broken.join(' '));
  return where === undefined ? undefined : toConditions(tool, [where].flat().map(String), confidential);
}

function toConditions(tool: Tool, where: readonly string[], confidential: Confidential): ItemFilter {
  const conditions = where.map(toCondition);
  const members = [...new Set(conditions.map(({ member }) => member))];
  checkKnown(tool, 'where', members);
  for (const member of members) {
    if (confidential.withheld && isWithheldAt(`data.${member}`, confidential.withheld.declared))
      throw new RefusedError(`where: "${inShort(member)}" is withheld from you, so it cannot be compared.`);
    if (tool.output !== undefined && memberAt(tool.output, member) === 'object')
      throw new RefusedError(`where: ${member} has members of its own: name one of them, as ${member}.NAME.`);
  }
  return {
    members,
    matches: (item) =>
      conditions.every(
        ({ member, isNegated, values }) => textsAt(item, member).some((text) => values.has(text)) !== isNegated,
      ),
  };
}

function toCondition(text: string): Condition {
  const [, member, not, list] = CONDITION.exec(text) ?? [];
  const values = list === undefined ? undefined : toValues(list);
  if (member === undefined || values === undefined) {
    throw new RefusedError(
      `where: ${JSON.stringify(inShort(text))} is not a condition. Write "member=value", "member=value,value" or "member!=value"; a value with a comma goes in quotes.`,
    );
  }
  return { member, isNegated: not === '!', values };
}

/** The values behind the sign; `undefined` where quotes are not closed, or something follows them. */
function toValues(list: string): ReadonlySet<string | null> | undefined {
  const values = new Set<string | null>();
  VALUE.lastIndex = 0;
  for (let isLast = false; !isLast; ) {
    const found = VALUE.exec(list);
    if (found === null) return undefined;
    const value = toValue(found[1] ?? '');
    if (value === undefined) return undefined;
    for (const each of value) values.add(each);
    isLast = !found[0].endsWith(',');
  }
  return values;
}

function toValue(text: string): readonly (string | null)[] | undefined {
  if (!text.startsWith('"')) {
    const value = text.trim();
    return value === 'null' ? [null] : value === '' ? ['', null] : [value];
  }
  try {
    return [String(JSON.parse(text))];
  } catch {
    return undefined;
  }
}

/** The values of a member as texts; `null` where it has none. What has members of its own equals nothing. */
export function textsAt(item: JsonObject, member: string): readonly (string | null)[] {
  const values = valuesAt(item, member).filter((value) => value === null || typeof value !== 'object');
  return values.length === 0 ? [null] : values.map((value) => (value === null ? null : String(value)));
}
