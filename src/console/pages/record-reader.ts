import { findEntry, findRows, type RowFilter } from '../../audit/read/find-rows.ts';
import type { Row } from '../../audit/read/rows.ts';

/** Finds rows of the record, the newest first. Rejects with StartError if a file cannot be read. */
export type RecordReader = {
  readonly find: (
    filter: RowFilter,
    options: { readonly limit: number; readonly signal?: AbortSignal },
  ) => Promise<readonly Row[]>;
  readonly findEntry: (
    run: string,
    seq: number,
    options: { readonly signal?: AbortSignal },
  ) => Promise<Row | undefined>;
};

export const createRecordReader = (file: string): RecordReader => ({
  find: (filter, options) => findRows([file], filter, { ...options, newestFirst: true }),
  findEntry: (run, seq, options) => findEntry([file], run, seq, options),
});
