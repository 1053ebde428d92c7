import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isObject, parseJson } from '../../json.ts';

/** A call that a person declined, as the record has it. */
export type Decline = {
  readonly agent: string;
  readonly tool: string;
  readonly ids: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970. */
  readonly at: number;
};

/** Bytes at the end of the file that are looked at: some 10,000 entries. */
const MAX_TAIL_BYTES = 4_194_304;

/** The rule of the entry for a person's no. */
export const DECLINED_RULE = 'a person declined';

/**
 * What persons have declined since a time, from the end of the record's file. There is nothing in a file that cannot be
 * read: the record itself refuses to start over one.
 */
export function readDeclines(path: string, since: number): readonly Decline[] {
  return readTail(path)
    .split('\n')
    .filter((line) => line.includes(`"rule":"${DECLINED_RULE}"`))
    .flatMap((line) => {
      const parsed = parseJson(line);
      const entry = isObject(parsed) && isObject(parsed.value) ? parsed.value : {};
      const { decision, rule, agent, tool, ids, time } = entry;
      const at = Date.parse(String(time));
      if (decision !== 'refused' || rule !== DECLINED_RULE || !(at > since)) return [];
      return [{ agent: String(agent), tool: String(tool), ids: isObject(ids) ? ids : {}, at }];
    });
}

function readTail(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, MAX_TAIL_BYTES));
    const read = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, read);
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
