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

/** An approver's no to a call of an agent, or a note of what such noes have come to. */
export type NoOrNote<Kind extends string> = { readonly agent: string; readonly at: number; readonly what: 'no' | Kind };

/**
 * The noes of approvers, and the notes about agents, in the order of the record: as far back as a start can look, since what
 * noes began has no end of its own.
 * @param notes what each kind of note begins with
 */
export function readNoes<Kind extends string>(
  path: string,
  notes: Readonly<Record<Kind, string>>,
): readonly NoOrNote<Kind>[] {
  const kinds = Object.keys(notes) as Kind[]; // keys of a record
  const begins = kinds.map((kind) => `"text":${JSON.stringify(notes[kind]).slice(0, -1)}`);
  return readEntries(path, Number.NEGATIVE_INFINITY, [ruleIn(DECLINED.approver), ...begins]).flatMap(
    ({ kind, decision, rule, agent, text, at }) => {
      const isNo = decision === 'refused' && rule === DECLINED.approver;
      const note = kind === 'note' ? kinds.find((one) => String(text).startsWith(notes[one])) : undefined;
      const what = isNo ? 'no' : note;
      return typeof agent === 'string' && what !== undefined ? [{ agent, at, what }] : [];
    },
  );
}

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
