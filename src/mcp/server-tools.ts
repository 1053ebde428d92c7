import { CALL_KINDS, type CallKind, callToolOf } from '../access/call-kind.ts';
import type { IsListed } from '../access/listed.ts';
import { ANSWER_TOOL, FIND_TOOL, STATUS_TOOL } from '../access/overview.ts';
import { WAIT_TOOL } from '../catalog/declaration.ts';
import type { Listing } from '../catalog/listing.ts';

/** A call tool of each kind. */
export type CallTools<T extends Listing> = Readonly<Record<CallKind, T>>;

/** The tools of the server itself, outside catalogue and policy. */
export type ServerTools<T extends Listing> = {
  readonly statusTool?: T | undefined;
  /** Offered where the tool is on that lists events. */
  readonly waitTool?: T | undefined;
  /** Absent where every tool that is on is listed. */
  readonly finding?: FindingTools<T> | undefined;
};

export type FindingTools<T extends Listing> = {
  readonly isListed: IsListed;
  readonly find: T;
  readonly calls: CallTools<T>;
};

const NAMES: ReadonlySet<string> = new Set([
  STATUS_TOOL,
  WAIT_TOOL,
  FIND_TOOL,
  ANSWER_TOOL,
  ...CALL_KINDS.map(callToolOf),
]);

export const isServerTool = (name: string): boolean => NAMES.has(name);
