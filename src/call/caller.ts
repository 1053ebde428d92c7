import type { CallToolResult, InputRequiredResult } from '@modelcontextprotocol/server';
import type { ConfirmMode } from '../access/confirmation.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Elicitation } from './confirm/person-answer.ts';

/** Whether an agent may make a call, and by which grant or rule. */
export type Verdict = {
  readonly allowed: boolean;
  readonly rule: string;
  /** The grant of its credentials, where there is one. */
  readonly credentials?: string | undefined;
};

/** Who calls, and how to reach them while the call goes on. */
export type Caller = {
  readonly agent: string;
  /** Asked at every call, whatever was listed: access may have been cut since. */
  readonly verdictOn: (tool: Tool) => Verdict;
  /** What stands in the place of a tool's secrets, where the caller may not see them. */
  readonly markerOf: (tool: Tool) => string | undefined;
  /** How calls are confirmed, and what the client brings of that. */
  readonly confirm: ConfirmMode;
  readonly elicitation: Elicitation;
  readonly signal: AbortSignal;
  /** The W3C trace context that the client is in. */
  readonly trace?: string | undefined;
  /** Takes one of the deletes that the agent may do. Throws RefusedError where none is left. */
  readonly spendDelete?: (() => Promise<void>) | undefined;
  /**
   * Takes one of the requests that the agent may make, for each page of a list behind the first, which its own request
   * paid for. Throws RefusedError where none is left.
   */
  readonly spendPage?: (() => Promise<void>) | undefined;
  /** Tells the client how far a walk has come, where it asked to be told. */
  readonly onProgress?: (progress: number, total?: number) => void;
};

export type CallResult = CallToolResult | InputRequiredResult;

/** One tool call from arguments as the client sent them to a result, or to a question to a person. Never throws. */
export type Call = (tool: Tool, args: unknown, caller: Caller) => Promise<CallResult>;

/** Counts how calls end. */
export type CallObserver = { readonly countCall: (tool: string, outcome: string, ms: number) => void };
