import type { Row } from '../../audit/read/show.ts';
import { readRows } from '../../audit/read/show.ts';

/** Rows that a page asks for. All that is given has to hold. */
export type RowFilter = {
  readonly agent?: string | undefined;
  /** `undefined` stands for rows of no agent, such as starts and stops. */
  readonly agents?: ((agent: string | undefined) => boolean) | undefined;
  readonly tool?: string | undefined;
  readonly state?: string | undefined;
  /** Any ID of the row. */
  readonly object?: string | undefined;
  readonly since?: Date | undefined;
  /** Rows from then on are left out. */
  readonly until?: Date | undefined;
};

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

export function createRecordReader(file: string): RecordReader {
  return {
    find: async (filter, { limit }) => {
      const rows: Row[] = [];
      const { agent, tool, since, until } = filter;
      const given = { agent, tool, since: since?.toISOString(), until: until?.toISOString() };
      for await (const row of readRows([file], given, () => new Date())) {
        if (filter.agents?.(row.agent) === false) continue;
        if (filter.state !== undefined && row.state !== filter.state) continue;
        if (
          filter.object !== undefined &&
          !row.entries.some((entry) => JSON.stringify(entry).includes(`"${filter.object}"`))
        )
          continue;
        rows.push(row);
      }
      return rows.reverse().slice(0, limit);
    },
    findEntry: async (run, seq) => {
      for await (const row of readRows([file], {}, () => new Date()))
        if (row.run === run && row.entries.some((entry) => entry.seq === seq)) return row;
      return undefined;
    },
  };
}
