import { isObject } from '../../json.ts';
import { DECLINED } from '../entry.ts';
import { readEntry } from './lines.ts';
import { recentLines } from './recent.ts';

/** A call that a person or an approver declined, as the record has it. */
export type Declined = {
  readonly agent: string;
  readonly tool: string;
  readonly ids: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970. */
  readonly at: number;
};

/** What was declined since a time. */
export const readDeclines = (path: string, since: number): readonly Declined[] =>
  readEntries(path, since, Object.values(DECLINED).map(ruleIn)).flatMap(({ decision, rule, agent, tool, ids, at }) =>
    decision === 'refused' && RULES.has(rule)
      ? [{ agent: String(agent), tool: String(tool), ids: isObject(ids) ? ids : {}, at }]
      : [],
  );

/** An approver's no to a call of an agent, or a note that ends what such noes began. */
export type NoOrLift = { readonly agent: string; readonly at: number; readonly isLift: boolean };

/**
 * The noes of approvers, and the notes about agents that begin with a text, in the order of the record: as far back as a
 * start can look, since what noes began has no end of its own.
 */
export const readNoes = (path: string, lifted: string): readonly NoOrLift[] =>
  readEntries(path, Number.NEGATIVE_INFINITY, [
    ruleIn(DECLINED.approver),
    `"text":${JSON.stringify(lifted).slice(0, -1)}`,
  ]).flatMap(({ kind, decision, rule, agent, text, at }) => {
    const isNo = decision === 'refused' && rule === DECLINED.approver;
    const isLift = kind === 'note' && String(text).startsWith(lifted);
    return typeof agent === 'string' && (isNo || isLift) ? [{ agent, at, isLift }] : [];
  });

const RULES: ReadonlySet<unknown> = new Set(Object.values(DECLINED));

const ruleIn = (rule: string): string => `"rule":${JSON.stringify(rule)}`;

/** The members of an entry, which may have been altered, and its time in milliseconds since 1970. */
type TimedEntry = Readonly<Record<string, unknown>> & { readonly at: number };

/** The entries since a time whose lines have one of the texts. */
const readEntries = (path: string, since: number, texts: readonly string[]) =>
  recentLines(path, since, texts).flatMap((line): readonly TimedEntry[] => {
    const read = readEntry(Buffer.from(line)); // finds one behind a torn line, too
    const at = read.what === 'entry' ? Date.parse(read.entry.time) : Number.NaN;
    return read.what === 'entry' && at > since ? [{ ...read.entry, at }] : [];
  });
