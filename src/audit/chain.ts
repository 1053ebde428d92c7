import { hash } from 'node:crypto';

/** What the first entry of a run follows from. */
export const NO_HASH = '0'.repeat(64);

/** The hash of an entry's line, which the next entry carries: of its exact bytes, without the line feed. */
export const hashOf = (line: string | Uint8Array): string => hash('sha256', line);

/** How far a run has come: whoever knows it can tell that entries were cut off the end. */
export type Head = { readonly run: string; readonly seq: number; readonly hash: string };

/** `RUN:SEQ:HASH`, as the log has it and `--head` takes it. */
export const toHeadText = ({ run, seq, hash }: Head): string => `${run}:${seq}:${hash}`;

/** Returns `undefined` for a text that is no head. */
export function parseHead(text: string): Head | undefined {
  const [, run, seq, hash] = /^([\w-]+):(\d{1,15}):([0-9a-f]{64})$/i.exec(text.trim()) ?? [];
  if (run === undefined || hash === undefined) return undefined;
  return { run, seq: Number(seq), hash: hash.toLowerCase() };
}

/** Members nested deeper than this do not tell one value from another. */
const MAX_DEPTH = 64;

/** JSON with members in the order of their names, so that equal values have equal text. */
export function canonicalJson(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (depth === MAX_DEPTH) return '"…"';
  if (Array.isArray(value)) return `[${value.map((element) => canonicalJson(element, depth + 1)).join(',')}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member, depth + 1)}`);
  return `{${members.join(',')}}`;
}
