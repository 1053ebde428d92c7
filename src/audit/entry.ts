import { isId } from '../ids.ts';
import { looksLikeSecret } from '../secrets.ts';

/** What happened, as whoever records it tells it. Strings are the server's own words and names, or shaped like IDs. */
export type Fields =
  | {
      readonly kind: 'start';
      readonly version: string;
      readonly environment: string;
      readonly agent?: string | undefined;
      /** Digest of the settings. */
      readonly config: string;
      /** How many tools are on. */
      readonly tools: number;
      readonly confirm: string;
      readonly transport: string;
    }
  | {
      readonly kind: 'decision';
      readonly agent: string;
      /** The tool's name, or `UNKNOWN` for one outside the catalogue; area and access likewise. */
      readonly tool: string;
      readonly area: string;
      readonly access: string;
      readonly environment: string;
      /** The call in plain English. */
      readonly text: string;
      /** IDs by the argument that they were given as. */
      readonly ids: Readonly<Record<string, string>>;
      /** IDs that the entry had no room for. */
      readonly more_ids?: number | undefined;
      /** HMAC of the arguments, in hex. */
      readonly arguments?: string | undefined;
      /** An allowed call is sent, and has an outcome. */
      readonly decision: 'allowed' | 'refused' | 'ask';
      /** The grant or rule behind it. */
      readonly rule: string;
      readonly confirmation?: Confirmation | undefined;
      readonly trace?: string | undefined;
    }
  | {
      readonly kind: 'outcome';
      /** Sequence number of the decision. */
      readonly of: number;
      readonly agent: string;
      readonly tool: string;
      readonly environment: string;
      readonly text: string;
      readonly outcome: Outcome;
      /** Why it was not sent all the same. */
      readonly rule?: string | undefined;
      readonly object?: string | undefined;
      readonly organization?: string | undefined;
      readonly status?: number | undefined;
      readonly requests?: number | undefined;
      readonly attempts?: number | undefined;
      readonly ms: number;
      readonly request_id?: string | undefined;
    }
  | { readonly kind: 'note'; readonly text: string; readonly agent?: string | undefined }
  | { readonly kind: 'stop'; readonly reason: string };

export type Confirmation = 'client prompt' | 'repeated by the model' | 'off';

export type Outcome = 'ok' | 'error' | 'unknown' | 'not sent' | 'asked' | 'cancelled' | 'dry run';

/** The version of the schema. Readers refuse to judge entries of another one. */
export const SCHEMA = 1;

/** One line of the record. */
export type Entry = {
  readonly v: typeof SCHEMA;
  /** The process that wrote it. */
  readonly run: string;
  /** 1, 2, 3, … within the run. */
  readonly seq: number;
  /** ISO 8601 in UTC. */
  readonly time: string;
  /** SHA-256 of the run's entry before, as hex; zeros for the first one. */
  readonly prev: string;
} & Fields;

/** The name of what is outside the catalogue: what an agent calls it is its own content. */
export const UNKNOWN = '(unknown)';

/** Bytes of an entry with its line feed: what a pipe takes in one piece (PIPE_BUF), and so what never mixes. */
export const MAX_LINE = 4_096;

/** Arguments that take IDs of WorkOS's. In any other, what looks like one is content. */
const NAME = /^(?!external_id$|idp_id$)[a-z_]{0,39}_id$|^(organization|connection|directory|group|user|before|after)$/;

/** The arguments that are IDs. All others are content, and so is whatever is called like a secret. */
export function idsIn(args: Readonly<Record<string, unknown>>): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const [name, value] of Object.entries(args)) {
    if (isId(value) && NAME.test(name) && !looksLikeSecret(name)) ids[name] = value;
  }
  return ids;
}

/** The line of an entry, without its line feed and always short enough: what is too long is cut, and seen to be. */
export function toLine(entry: Entry): string {
  for (const room of [undefined, 1_000, 300, 64, 16]) {
    const line = JSON.stringify(room === undefined ? entry : shorten(entry, room));
    if (Buffer.byteLength(line) + 1 < MAX_LINE) return line;
  }
  throw new Error('an audit entry does not fit into a line'); // its type has a dozen
}

/** IDs that a shortened entry keeps. */
const HANDFUL = 5;

/** Members that readers tell entries apart by. All are short. */
const WHOLE: ReadonlySet<string> = new Set(['run', 'time', 'prev', 'kind', 'decision', 'outcome', 'confirmation']);

function shorten(entry: Entry, room: number): unknown {
  const cut = (text: string) => (text.length > room ? `${text.slice(0, room - 1)}…` : text);
  const short = Object.fromEntries(
    Object.entries(entry).map(([name, value]) => [
      name,
      typeof value === 'string' && !WHOLE.has(name) ? cut(value) : value,
    ]),
  );
  if (entry.kind !== 'decision') return short;
  const ids = Object.entries(entry.ids);
  const kept = ids.slice(0, HANDFUL).map(([name, id]) => [cut(name), cut(id)]);
  const more = ids.length - kept.length;
  return { ...short, ids: Object.fromEntries(kept), ...(more > 0 && { more_ids: more }) };
}
