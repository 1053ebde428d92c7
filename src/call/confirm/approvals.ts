import type { CancelSignal } from '../../cancel/cancel-signal.ts';
import { RefusedError } from '../../errors.ts';
import type { ShownCall } from './preview.ts';

/** A person as an issuer knows them. */
export type Person = { readonly issuer: string; readonly sub: string };

/**
 * A call that waits for an approver in the console. The agent holds its confirmation ID, the console its handle: neither
 * follows from the other without the server, and a handle confirms nothing.
 */
export type Approval = {
  readonly handle: string;
  readonly caller: string;
  /** Who made the call, where its token says so: a person, or the approver who owns the agent. */
  readonly requester?: Person | { readonly owner: string } | undefined;
  readonly tool: string;
  /** The environment by its name in the settings file, and as the record calls it. */
  readonly environment: string;
  readonly environmentLabel: string;
  /** Whether the call takes the credentials grant. */
  readonly takesCredentials: boolean;
  /** Digests of the arguments and of the preview. */
  readonly args: string;
  readonly basis: string;
  /** The IDs that the call is about: those of its arguments, and those that its object names. */
  readonly about: readonly string[];
  /** All of it, also what the agent may not read. It is for approvers alone. */
  readonly shown: ShownCall;
  /** What the agent gives as its reason: one line. */
  readonly reason?: string | undefined;
  /** Whether an approver who is also the requester may say yes. */
  readonly samePerson: 'allow' | 'refuse';
  /** Milliseconds since 1970. */
  readonly askedAt: number;
  readonly until: number;
};

/** How an approver has signed in: by an issuer, or by a link from the command line. */
export type SignedInBy = Person | 'link';

export type ApprovalAnswer = {
  readonly answer: 'yes' | 'no';
  /** The approver's name in the settings file, and how they had signed in. */
  readonly approver: string;
  readonly by: SignedInBy;
  /** Words for the agent: bounded, and never recorded. */
  readonly words?: string | undefined;
  /** The approver is also the requester. */
  readonly isSamePerson: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
};

export type Answered = { readonly approval: Approval; readonly answer?: ApprovalAnswer | undefined };

/**
 * The calls that wait for approvers, shared by all processes that serve the same callers. Every method that returns a
 * promise rejects with RefusedError if the store cannot be reached, but for `waitFor`, which waits on.
 */
export type ApprovalStore = {
  /**
   * Keeps it until its end. Resolves to false if its caller has MAX_PENDING already, or if the store is full. Rejects with
   * RefusedError if it is larger than MAX_APPROVAL_BYTES.
   */
  readonly put: (approval: Approval) => Promise<boolean>;
  /** Also one that was answered and not taken yet. */
  readonly find: (handle: string) => Promise<Answered | undefined>;
  /** Those without an answer, in the order in which they were asked. */
  readonly list: () => Promise<readonly Approval[]>;
  /** Also those that were answered and not taken yet. */
  readonly all: () => Promise<readonly Answered[]>;
  /** Resolves to false if it no longer waits. Only the first answer counts. */
  readonly answer: (handle: string, answer: ApprovalAnswer) => Promise<boolean>;
  /** Removes and returns one that was answered, once. */
  readonly take: (handle: string) => Promise<Answered | undefined>;
  /** Resolves when it has an answer or no longer waits, after `ms` milliseconds, or when the signal aborts. */
  readonly waitFor: (handle: string, ms: number, signal: CancelSignal) => Promise<void>;
  /** Counts a no. Calls of an agent with three within an hour are held until `lift`. */
  readonly countNo: (caller: string) => Promise<void>;
  readonly isHeld: (caller: string) => Promise<boolean>;
  /** The callers whose calls are held. */
  readonly heldCallers: () => Promise<readonly string[]>;
  readonly lift: (caller: string) => Promise<void>;
  /** Calls the listener whenever what the store holds may have changed. Returns the function that unsubscribes it. */
  readonly onChange: (listener: () => void) => () => void;
};

/** What a call needs to ask an approver. */
export type Approvals = {
  readonly store: ApprovalStore;
  /** Whether replicas share what waits. Otherwise it ends with this process, and a restart refuses it. */
  readonly isShared: boolean;
  /** Where the console is, for people. */
  readonly url: string;
  /** Whether the approver who said yes may do so still, by the configuration that holds now. */
  readonly stillApproves: (approval: Approval, answer: ApprovalAnswer) => boolean;
  /** Whether there is an approver who may say yes to it. */
  readonly hasApprover: (approval: Approval) => boolean;
};

/** What to know of a call that waits for an approver, beside its result. */
export type ApprovalWait = {
  /** The confirmation ID, with which the call goes on. */
  readonly id: string;
  readonly handle: string;
  /** Where approvers see the call. There is no secret in it. */
  readonly address: string;
  /** Waits at most `ms` milliseconds. Resolves to whether it no longer waits for an answer. */
  readonly isOver: (ms: number, signal: CancelSignal) => Promise<boolean>;
};

/** Milliseconds that a call waits for an approver before it is asked about anew. */
export const APPROVAL_MS = 60 * 60_000;
/** What the note of a lift begins with. After a restart it ends what earlier noes began. */
export const LIFTED = 'calls are asked about again';
/** What the note of a hold begins with, which a server leaves for the next one: the noes may be long ago. */
export const HELD = 'calls are held';
/** Characters of an approver's words. */
export const MAX_WORDS_CHARS = 500;
/** What is kept at a time, of all callers together: none is dropped before its time. */
export const MAX_APPROVALS = 1_000;
/** Bytes as JSON of one, and of all: what is shown has the values that a call changes. */
const MAX_APPROVAL_BYTES = 64 * 1024;
export const MAX_APPROVALS_BYTES = 16 * 1024 * 1024;

/** An approval as JSON, and its bytes. Throws RefusedError if it is too large to be kept. */
export function toKept(approval: Approval): { readonly json: string; readonly bytes: number } {
  const json = JSON.stringify(approval);
  const bytes = Buffer.byteLength(json);
  if (bytes <= MAX_APPROVAL_BYTES) return { json, bytes };
  throw new RefusedError(
    `This call is too large to be shown to an approver, with ${bytes} bytes; ${MAX_APPROVAL_BYTES} are possible. Nothing was sent to WorkOS. Change less in one call.`,
    'the call is too large to be shown to an approver',
  );
}

/** Those without an answer. */
export const unanswered = (all: readonly Answered[]): readonly Approval[] =>
  all.flatMap(({ approval, answer }) => (answer === undefined ? [approval] : []));
