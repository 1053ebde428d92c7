import { basename } from 'node:path';
import { findEntry, findOlderRows, findRows, type RowCursor, type RowFilter } from '../../audit/read/find-rows.ts';
import type { Row } from '../../audit/read/rows.ts';

/** Finds rows of the record, the newest first. Rejects with StartError if a file cannot be read. */
export type RecordReader = {
  /** @param options `before`: the row that they follow. Resolves to `undefined` if the record does not have that one. */
  readonly find: (
    filter: RowFilter,
    options: {
      readonly limit: number;
      readonly before?: RowCursor | undefined;
      readonly signal?: AbortSignal;
    },
  ) => Promise<readonly Row[] | undefined>;
  readonly findEntry: (
    run: string,
    seq: number,
    options: { readonly signal?: AbortSignal },
  ) => Promise<Row | undefined>;
};

/** Errors name a file without its folder: approvers need not know where the server keeps its files. */
export const createRecordReader = (file: string): RecordReader => ({
  find: (filter, { before, ...options }) =>
    before === undefined
      ? findRows([file], filter, { ...options, nameOf: basename, newestFirst: true })
      : findOlderRows(file, filter, { ...options, nameOf: basename, before }),
  findEntry: (run, seq, options) => findEntry([file], run, seq, { ...options, nameOf: basename }),
});

/** Aborts with the signal, or after so many milliseconds: a filter that few rows meet may have to read all of the record. */
export const within = (signal: AbortSignal, ms: number): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(ms)]);
