import type { Row } from './rows.ts';

/** What calls can be counted by. */
export const COUNTED = ['agent', 'tool', 'outcome'] as const;

export type CountedBy = (typeof COUNTED)[number];

/** Names that are told apart: an altered file may have any number of them. */
const MAX_NAMES = 10_000;
const OTHERS = '(others)';

/** The number of calls of each agent, of each tool or with each outcome, most first. Other rows are not calls. */
export async function countRows(
  rows: AsyncIterable<Row>,
  by: CountedBy,
): Promise<readonly { readonly name: string; readonly calls: number }[]> {
  const counts = new Map<string, number>();
  for await (const row of rows) {
    if (row.tool === undefined) continue;
    const name = by === 'outcome' ? row.state : String(row[by]);
    const key = counts.has(name) || counts.size < MAX_NAMES ? name : OTHERS;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, calls]) => ({ name, calls }))
    .sort((one, other) => other.calls - one.calls || (one.name < other.name ? -1 : 1));
}
