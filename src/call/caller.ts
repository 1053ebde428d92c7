import type { CallToolResult, InputRequiredResult } from '@modelcontextprotocol/server';
import type { CallKind } from '../access/call-kind.ts';
import type { ConfirmMode } from '../access/confirmation.ts';
import type { CancelSignal } from '../cancel/cancel-signal.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Approval, ApprovalWait } from './confirm/approvals.ts';
import type { Elicitation } from './confirm/person-answer.ts';
import type { WaitOutside } from './outside-waits.ts';
import type { Verdict } from './verdict.ts';

/** The call tool through which a call came. */
export type Via = {
  /** Its name. */
  readonly tool: string;
  readonly kind: CallKind;
  /** The kinds for which the agent has a call tool. */
  readonly kinds: ReadonlySet<CallKind>;
  /** What to tell the client of how the arguments of the call tool were understood. */
  readonly notes: readonly string[];
};

/** Names each tool in a text as the agent has to call it. Absent where all are called by their own names. */
export type Named = (text: string) => string;

/** The agent that calls, and how to reach its client during the call. */
export type Caller = {
  readonly agent: string;
  /** Checked at every call, not only when tools are listed: the grants may have been reduced since. */
  readonly verdictOn: (tool: Tool) => Verdict;
  /**
   * Whether the call is still allowed, after it has waited. `undefined` if nothing has changed since it was identified;
   * otherwise it rejects with RefusedError if the configuration that holds now does not allow the call.
   */
  readonly stillAllowed?: ((tool: Tool) => Promise<void> | undefined) | undefined;
  /** The placeholder for a tool's secrets, if the caller may not see them. */
  readonly markerOf: (tool: Tool) => string | undefined;
  /** How calls are confirmed, and the client's part in that. */
  readonly confirm: ConfirmMode;
  /** Under confirm: person, whether an answer that the client brings counts as well. */
  readonly clientAsks?: 'trusted' | undefined;
  /** Whether an approver may say yes to a call of their own. Allowed unless set. */
  readonly samePerson?: Approval['samePerson'] | undefined;
  readonly requester?: Approval['requester'];
  /** Learns that the call waits for an approver. It has ended then: a call with its confirmation ID goes on. */
  readonly onWaiting?: ((wait: ApprovalWait) => void) | undefined;
  /** Absent if the tool was called by its own name. */
  readonly via?: Via | undefined;
  readonly named?: Named | undefined;
  readonly elicitation: Elicitation;
  /** Whether a write returns the request that it would send, and sends nothing. */
  readonly dryRun: boolean;
  readonly signal: CancelSignal;
  /** Milliseconds that the call waited for its turn before it began. They count towards its timeout. */
  readonly waitedMs?: number | undefined;
  readonly waitOutside: WaitOutside;
  /** The W3C trace context that the client is in. */
  readonly trace?: string | undefined;
  /** Counts one delete against the agent's limit. Throws RefusedError if the limit is reached. */
  readonly spendDelete?: (() => Promise<void>) | undefined;
  /**
   * Counts one request against the agent's limit, for each page of a list after the first: the call itself counts for
   * the first. Throws RefusedError if the limit is reached.
   */
  readonly spendPage?: (() => Promise<void>) | undefined;
  /** Reports the progress of a walk over pages, if the client asked for progress. */
  readonly onProgress?: ((progress: number, total?: number) => void) | undefined;
};

export type CallResult = CallToolResult | InputRequiredResult;

/** Makes one tool call, from the client's raw arguments to a result or a question to a person. Never throws. */
export type Call = (tool: Tool, args: unknown, caller: Caller) => Promise<CallResult>;

/** Counts how calls end. */
export type CallObserver = {
  readonly countCall: (tool: string, outcome: string, ms: number, agent: string) => void;
};
