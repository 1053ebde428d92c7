import { isId } from '../ids.ts';
import { looksLikeSecret } from '../secrets/names.ts';

/** An event to record. Its strings are the server's own words and names, or have the shape of an ID. */
export type EntryFields =
  | {
      readonly kind: 'start';
      readonly version: string;
      readonly environment: string;
      readonly agent?: string | undefined;
      /** Digest of the settings. */
      readonly config: string;
      /** Number of tools that are on. */
      readonly tools: number;
      readonly confirm: string;
      readonly transport: string;
    }
  | {
      readonly kind: 'decision';
      readonly agent: string;
      /** The tool's name, or `UNKNOWN` if the catalogue has no such tool. The same holds for area and access. */
      readonly tool: string;
      /** The call tool through which it was called, if not by its own name. */
      readonly via?: string | undefined;
      readonly area: string;
      readonly access: string;
      readonly environment: string;
      /** The call in plain English. */
      readonly text: string;
      /** IDs among the arguments, by argument name. */
      readonly ids: Readonly<Record<string, string>>;
      /** Number of IDs that did not fit into the entry. */
      readonly more_ids?: number | undefined;
      /** HMAC of the arguments, in hex. */
      readonly arguments?: string | undefined;
      /** Only an allowed call is sent and gets an outcome. */
      readonly decision: 'allowed' | 'refused' | 'ask';
      /** The grant or rule that decided. */
      readonly rule: string;
      readonly confirmation?: Confirmation | undefined;
      readonly approver?: string | undefined;
      readonly approver_by?: ApproverFacts['approver_by'] | undefined;
      readonly same_person?: true | undefined;
      readonly trace?: string | undefined;
    }
  | {
      readonly kind: 'outcome';
      /** Sequence number of the decision entry. */
      readonly of: number;
      readonly agent: string;
      readonly tool: string;
      readonly environment: string;
      readonly text: string;
      readonly outcome: Outcome;
      /** Why the server did not send an allowed call. */
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

export type Confirmation = 'client prompt' | 'client view' | 'console' | 'repeated by the model' | 'off';

/** The rule of the entry for a call that was declined. A no is found by it after a restart. */
export const DECLINED = { client: 'the client passed on a no', approver: 'an approver declined' } as const;

/** Who has answered in the console. The server knows an account there, not a person. */
export type ApproverFacts = {
  /** The approver's name in the settings file. */
  readonly approver: string;
  /** How the approver had signed in: with an issuer, or by a link from the command line. */
  readonly approver_by: 'issuer' | 'link';
  /** Set where the approver had made the call as well. */
  readonly same_person?: true | undefined;
};

export type Outcome = 'ok' | 'error' | 'unknown' | 'not sent' | 'asked' | 'cancelled' | 'dry run';

/** The version of the schema. Readers do not judge entries of another version. */
export const SCHEMA_VERSION = 1;

/** One line of the record. */
export type Entry = {
  readonly v: typeof SCHEMA_VERSION;
  /** ID of the process that wrote it. */
  readonly run: string;
  /** 1, 2, 3, … within the run. */
  readonly seq: number;
  /** ISO 8601 in UTC. */
  readonly time: string;
  /** SHA-256 of the run's previous entry, in hex. Zeros for the first entry. */
  readonly prev: string;
} & EntryFields;

/** Replaces the name of a tool that does not exist: the name that the agent sent is content. */
export const UNKNOWN = '(unknown)';

/** Bytes of an entry with its line feed. Writes of this size to a pipe are atomic (PIPE_BUF) and never interleave. */
export const MAX_LINE_BYTES = 4_096;

/** Arguments that take WorkOS IDs. In other arguments, a value with the shape of an ID is content. */
const NAME = /^(?!external_id$|idp_id$)[a-z_]{0,39}_id$|^(organization|connection|directory|group|user|before|after)$/;

/**
 * The arguments that are WorkOS IDs. All others are content, and so is any argument with the name of a secret: but for an
 * ID of the kind that it is called after, `session_…` for `session_id`.
 */
export function idsIn(args: Readonly<Record<string, unknown>>): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const [name, value] of Object.entries(args)) {
    if (!isId(value) || !NAME.test(name)) continue;
    if (value.replace(/[^_]*$/, 'id') === name || !looksLikeSecret(name)) ids[name] = value;
  }
  return ids;
}

/** The line of an entry, without its line feed. Texts that do not fit are truncated and end in an ellipsis. */
export function toLine(entry: Entry): string {
  const whole = JSON.stringify(entry);
  if (fits(whole)) return whole;
  for (const maxLength of [1_000, 300, 64, 16]) {
    const line = JSON.stringify(shorten(entry, maxLength));
    if (fits(line)) return line;
  }
  throw new Error('an audit entry does not fit into a line'); // impossible: the type has about a dozen members
}

/** Without a look at the bytes where the characters tell: UTF-8 takes at most three for each. */
const fits = (line: string): boolean =>
  line.length * 3 + 1 < MAX_LINE_BYTES || Buffer.byteLength(line) + 1 < MAX_LINE_BYTES;

/** IDs that a shortened entry keeps. */
const MAX_KEPT_IDS = 5;

/** Members that readers match exactly. They are short and never truncated. */
const UNSHORTENED: ReadonlySet<string> = new Set([
  'run',
  'time',
  'prev',
  'kind',
  'decision',
  'outcome',
  'confirmation',
  'approver',
  'approver_by',
]);

function shorten(entry: Entry, maxLength: number): unknown {
  const cut = (text: string) => (text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text);
  const short = Object.fromEntries(
    Object.entries(entry).map(([name, value]) => [
      name,
      typeof value === 'string' && !UNSHORTENED.has(name) ? cut(value) : value,
    ]),
  );
  if (entry.kind !== 'decision') return short;
  const ids = Object.entries(entry.ids);
  const kept = ids.slice(0, MAX_KEPT_IDS).map(([name, id]) => [cut(name), cut(id)]);
  const more = ids.length - kept.length;
  return { ...short, ids: Object.fromEntries(kept), ...(more > 0 && { more_ids: more }) };
}
