import type { JsonObject } from '../../json.ts';
import { memoizeByName } from '../../memo.ts';

/** Where members of an answer stand that have a name of the server's own. */
const MOVED = 'from_workos';

/** The members that the server adds to a result. A model trusts them: what WorkOS answers must not pass for them. */
export const OWN_MEMBERS = ['notes', 'environment', 'confirmation', 'dry_run', MOVED] as const;

/** What the server adds to a result. No other member can be added to an answer. */
export type OwnMembers = { readonly [Name in (typeof OWN_MEMBERS)[number]]?: unknown };

/** A name as a reader takes it: without regard to case, style and form of its letters. */
const toPlainName = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');

const PLAIN_NAMES: ReadonlySet<string> = new Set(OWN_MEMBERS.map(toPlainName));

const isOwn = memoizeByName((name) => PLAIN_NAMES.has(toPlainName(name)));

/** The answer, in which members with a name of the server's own stand within one that says whose they are. */
export function withMoved(value: JsonObject): JsonObject {
  if (!Object.keys(value).some(isOwn)) return value;
  const moved = Object.entries(value).filter(([name]) => isOwn(name));
  const rest = Object.entries(value).filter(([name]) => !isOwn(name));
  return { ...Object.fromEntries(rest), [MOVED]: Object.fromEntries(moved) };
}

const MOVED_NOTE = `${MOVED} has members of WorkOS's answer whose names this server uses itself.`;

/** The result with members of the server's own, and with a note where some of the answer's were moved. */
export function withOwn(
  value: JsonObject,
  { notes = [], ...own }: OwnMembers & { readonly notes?: readonly string[] },
) {
  const told = Object.hasOwn(value, MOVED) ? [...notes, MOVED_NOTE] : notes;
  return { ...value, ...own, ...(told.length > 0 && { notes: told }) };
}
