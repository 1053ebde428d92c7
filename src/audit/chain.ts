import { hash } from 'node:crypto';

/** The `prev` of a run's first entry. */
export const NO_HASH = '0'.repeat(64);

/** The hash of an entry's line, which the next entry carries. It covers the exact bytes without the line feed. */
export const hashOf = (line: string | Uint8Array): string => hash('sha256', line);

/** The last entry of a run. With a head kept elsewhere, a verifier can detect that later entries were removed. */
export type ChainHead = { readonly run: string; readonly seq: number; readonly hash: string };

/** `RUN:SEQ:HASH`, the form that the log prints and `--head` accepts. */
export const toHeadText = ({ run, seq, hash }: ChainHead): string => `${run}:${seq}:${hash}`;

/** Returns `undefined` if the text is not a valid head. */
export function parseHead(text: string): ChainHead | undefined {
  const [, run, seq, hash] = /^([\w-]+):(\d{1,15}):([0-9a-f]{64})$/i.exec(text.trim()) ?? [];
  if (run === undefined || hash === undefined) return undefined;
  return { run, seq: Number(seq), hash: hash.toLowerCase() };
}

/** Members that nest deeper than this are not part of the canonical JSON. */
const MAX_DEPTH = 64;

/** JSON with members sorted by name, so that equal values have equal text. */
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
