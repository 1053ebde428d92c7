import { type Entry, MAX_LINE_BYTES, SCHEMA_VERSION } from '../entry.ts';
import { readEntry, START } from './lines.ts';
import { type DecisionEntry, type OutcomeEntry, type Row, toDecisionRow, toOutcomeRow, toRow } from './rows.ts';

/** Texts that have to be among the strings of a row's entries, as JSON has them. */
export type Needles = readonly Buffer[];

/** A decision or an outcome. It is parsed only where its row may be wanted. */
export type CallHalf = {
  readonly kind: 'decision' | 'outcome';
  /** The run and number of the decision. */
  readonly key: string;
  /** The needles that are not in its line. Its row is wanted only if they are in that of the other half. */
  readonly missing: Needles;
  readonly read: () => DecisionEntry | OutcomeEntry | undefined;
};

/** What a line is of a row: the whole, or a half. */
export type RecordPart = { readonly kind: 'whole'; readonly row: Row } | CallHalf;

/** Leaves out texts that JSON writes in more than one way. */
export const toNeedles = (texts: readonly (string | undefined)[]): Needles =>
  texts.flatMap((text) =>
    text !== undefined && /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(text) ? [Buffer.from(`"${text}"`)] : [],
  );

const NONE: Needles = [];
const BACKSLASH = 0x5c;
const CLOSING_BRACE = 0x7d;

/** A text can stand in another form in a line with a backslash. */
function missingIn(line: Buffer, needles: Needles): Needles {
  if (needles.length === 0) return NONE;
  const missing = needles.filter((needle) => !line.includes(needle));
  return missing.length === 0 || line.includes(BACKSLASH) ? NONE : missing;
}

/** `undefined` for a line that is not an entry, or whose row is not wanted. */
export function toPart(line: Buffer, needles: Needles): RecordPart | undefined {
  const missing = missingIn(line, needles);
  if (missing.length > 0 && isPlain(line)) {
    const [header, run, seq, kind, of] = HEADER.exec(line.toString('latin1', 0, MAX_HEADER_BYTES)) ?? [];
    if (kind === 'decision')
      return line.includes(REFUSED) ? undefined : toUnreadHalf(kind, `${run} ${seq}`, line, missing);
    if (kind === 'outcome' && of !== undefined) return toUnreadHalf(kind, `${run} ${of}`, line, missing);
    if (header !== undefined && kind !== 'outcome') return undefined;
  }
  const read = readEntry(line);
  if (read.what !== 'entry') return undefined; // "audit verify" reports such lines
  const { entry } = read;
  if (entry.kind === 'outcome') return { kind: 'outcome', key: `${entry.run} ${entry.of}`, missing, read: () => entry };
  if (entry.kind !== 'decision') return { kind: 'whole', row: toRow(entry) };
  if (entry.decision === 'refused') return { kind: 'whole', row: toDecisionRow(entry) };
  return { kind: 'decision', key: `${entry.run} ${entry.seq}`, missing, read: () => entry };
}

/** The beginning of every entry that this server writes. */
const HEADER = new RegExp(
  `^\\{"v":${SCHEMA_VERSION},"run":"([\\w-]{1,100})","seq":(\\d{1,15}),"time":"[^"]*","prev":"[^"]*","kind":"(\\w+)"(?:,"of":(\\d{1,15}),)?`,
);

/** Longer than any such beginning. */
const MAX_HEADER_BYTES = 400;

const REFUSED = Buffer.from('"decision":"refused"');
const BEGINNING_OF_ENTRY = Buffer.from(START);

/** Whether a line begins with an entry that is neither torn nor followed by another. */
const isPlain = (line: Buffer): boolean =>
  line.at(-1) === CLOSING_BRACE && line.length < MAX_LINE_BYTES && line.lastIndexOf(BEGINNING_OF_ENTRY) === 0;

function toUnreadHalf(kind: CallHalf['kind'], key: string, line: Buffer, missing: Needles): CallHalf {
  const copy = Buffer.from(line);
  const read = () => {
    const { entry } = { entry: undefined, ...readEntry(copy) };
    return entry !== undefined && isOfCall(entry) ? entry : undefined;
  };
  return { kind, key, missing, read };
}

const isOfCall = (entry: Entry): entry is DecisionEntry | OutcomeEntry =>
  entry.kind === 'decision' || entry.kind === 'outcome';

/** The row of a half whose other half is not on record. `undefined` if it is not wanted. */
export function toLoneRow(half: CallHalf): Row | undefined {
  if (half.missing.length > 0) return undefined;
  const entry = half.read();
  return entry?.kind === 'decision' ? toDecisionRow(entry) : entry && toOutcomeRow(undefined, entry);
}

/** The row of two halves. `undefined` if it is not wanted. */
export function toJoinedRow(one: CallHalf, other: CallHalf): Row | undefined {
  if (one.missing.some((needle) => other.missing.includes(needle))) return undefined;
  const entries = [one.read(), other.read()];
  const decision = entries.find((entry) => entry?.kind === 'decision');
  const outcome = entries.find((entry) => entry?.kind === 'outcome');
  return outcome === undefined ? decision && toDecisionRow(decision) : toOutcomeRow(decision, outcome);
}
