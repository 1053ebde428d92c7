import { type CallHalf, type Needles, type RecordPart, toJoinedRow, toLoneRow, toPart } from './record-part.ts';
import type { Row } from './rows.ts';
import { isBefore, type LineBlock, type LinePlace } from './series.ts';

export type RowsWanted = {
  /** What has to be in the lines of a row. The rows decide in any case. */
  readonly needles: Needles;
  readonly isShown: (row: Row) => boolean;
  /** Lines across which an outcome finds its decision, so that not all is kept in memory for a call that never ended. */
  readonly linesApart: number;
  /**
   * Only in the reverse order: no row from here on in the file is wanted. These lines are read for the outcomes of calls
   * whose decisions are earlier in the file.
   */
  readonly begin?: LinePlace | undefined;
  /** Where the rows end. After it only the rest of the calls that began before it is read. */
  readonly end: LinePlace;
};

/** The place of a row, whose call may still change it or take it to another place. */
type Placed = {
  row: Row | undefined;
  /** What the other half may follow of. */
  half: CallHalf | undefined;
  /** The number of its line, in the order of reading. */
  readonly line: number;
  /** Whether the row is wanted if the other half does not follow. */
  readonly isAlone: boolean;
};

/** Where a line is: ahead of the rows that are wanted, among them, or past their end. */
type Side = 'ahead' | 'within' | 'past';

/**
 * Joins decisions and outcomes to rows, in the order of the decisions, or in the reverse of it.
 * @param blocks the lines in order, or in the reverse of it
 */
export async function* joinRows(
  blocks: AsyncIterable<LineBlock>,
  { needles, isShown, linesApart, begin, end }: RowsWanted,
  newestFirst = false,
): AsyncGenerator<Row, void> {
  const queue: Placed[] = [];
  /** Those of the queue that wait for their other half, by its key. */
  const open = new Map<string, Placed>();
  let count = 0;

  const sideOf = (place: LinePlace): Side => {
    if (isBefore(place, end) === newestFirst) return 'past';
    return begin !== undefined && !isBefore(place, begin) ? 'ahead' : 'within';
  };
  const add = (row: Row | undefined): void => {
    if (row !== undefined && isShown(row)) queue.push({ row, half: undefined, line: count, isAlone: true });
  };
  /** The row of a half whose other half does not come. */
  const toRest = ({ row, half, isAlone }: Placed): Row | undefined =>
    half === undefined ? row : isAlone ? toLoneRow(half) : undefined;
  const addFirst = (half: CallHalf, isAlone: boolean): void => {
    const placed = { row: undefined, half, line: count, isAlone };
    const same = open.get(half.key);
    if (same?.half !== undefined) Object.assign(same, { row: toRest(same), half: undefined }); // the nearer one counts
    queue.push(placed);
    open.set(half.key, placed);
  };
  const addSecond = (half: CallHalf, side: Side): void => {
    const first = open.get(half.key);
    open.delete(half.key);
    if (first?.half === undefined || count - first.line > linesApart) {
      if (side === 'within') add(toLoneRow(half));
      return;
    }
    const row = side === 'ahead' ? undefined : toJoinedRow(first.half, half);
    const isHere = newestFirst; // where the decision is
    if (isHere) add(row);
    Object.assign(first, { row: isHere ? undefined : row, half: undefined });
  };
  const take = (part: RecordPart, side: Side): void => {
    if (part.kind === (newestFirst ? 'decision' : 'outcome')) addSecond(part, side);
    else if (side === 'past') return;
    else if (part.kind !== 'whole') addFirst(part, side === 'within');
    else if (side === 'within') add(part.row);
  };
  /** The rows at the beginning of the queue that nothing can change any more. */
  function* settled(isEnd = false): Generator<Row> {
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      const { half } = first;
      if (half !== undefined && !isEnd && count - first.line < linesApart) return;
      queue.shift();
      if (half !== undefined && open.get(half.key) === first) open.delete(half.key);
      const row = toRest(first);
      if (row !== undefined && isShown(row)) yield row;
    }
  }

  for await (const { file, lines } of blocks) {
    for (const { bytes, at } of lines) {
      count += 1;
      const side = sideOf({ file, at });
      if (side === 'past' && queue.length === 0) return;
      const part = toPart(bytes, needles);
      if (part === undefined) continue;
      take(part, side);
      yield* settled();
    }
    yield* settled();
  }
  yield* settled(true);
}
