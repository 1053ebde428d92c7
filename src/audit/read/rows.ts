import type { Entry, Outcome } from '../entry.ts';

/** One line of the page: a call with its decision and outcome, or any other entry. */
export type Row = {
  readonly time: string;
  readonly run: string;
  readonly state: string;
  readonly text: string;
  readonly agent: string | undefined;
  /** Of a call. */
  readonly tool?: string | undefined;
  /** Shown in parentheses after the text: the grant, milliseconds, the request ID. */
  readonly details: readonly string[];
  readonly entries: readonly Entry[];
};

export type DecisionEntry = Extract<Entry, { kind: 'decision' }>;
export type OutcomeEntry = Extract<Entry, { kind: 'outcome' }>;

/** The states of calls, and whether an entry of a call in that state has the same word. */
const CALL_STATES: Readonly<Record<Exclude<Outcome, 'asked'> | 'refused' | 'confirmation', boolean>> = {
  ok: true,
  error: true,
  refused: true,
  confirmation: false,
  'not sent': true,
  cancelled: true,
  'dry run': true,
  unknown: false, // also of a call without an outcome
};

export const STATES: readonly string[] = Object.keys(CALL_STATES);

export const WRITTEN_STATES: ReadonlySet<string> = new Set(
  Object.entries(CALL_STATES).flatMap(([state, isWritten]) => (isWritten ? [state] : [])),
);

/** The row of an entry that is not of a call. */
export function toRow(entry: Exclude<Entry, DecisionEntry | OutcomeEntry>): Row {
  const common = { time: entry.time, run: entry.run, entries: [entry], details: [`run ${entry.run.slice(0, 8)}`] };
  switch (entry.kind) {
    case 'start': {
      const by = entry.agent === undefined ? '' : ` for ${entry.agent}`;
      const text = `workos-mcp ${entry.version} serves ${entry.environment} over ${entry.transport}${by}: ${entry.tools} tools, confirmation ${entry.confirm}`;
      const details = [`settings ${String(entry.config).slice(0, 12)}`, ...common.details];
      return { ...common, agent: entry.agent, state: 'start', text, details };
    }
    case 'stop':
      return { ...common, agent: undefined, state: 'stop', text: String(entry.reason) };
    default:
      return { ...common, agent: entry.agent, state: 'note', text: String(entry.text) };
  }
}

/** The row of a call without an outcome. */
export function toDecisionRow(entry: DecisionEntry): Row {
  const { time, run, agent, tool, text, decision, rule, approver } = entry;
  const common = { time, run, agent, tool, entries: [entry] };
  switch (decision) {
    case 'refused':
      // The sentence ends with the rule.
      return { ...common, state: 'refused', text, details: approver === undefined ? [] : [`approver ${approver}`] };
    case 'ask':
      return { ...common, state: 'confirmation', text, details: [] };
    default:
      return { ...common, state: 'unknown', text: `${text}: outcome unknown`, details: [rule] };
  }
}

/** The row of a call with its outcome. The decision can be missing, such as in an older file that was not given. */
export function toOutcomeRow(decision: DecisionEntry | undefined, entry: OutcomeEntry): Row {
  const { run, agent, text, outcome, ms, request_id: requestId } = entry;
  const by = decision?.approver === undefined ? '' : ` by ${decision.approver}`;
  const confirmation = decision?.confirmation === undefined ? [] : [`confirmation ${decision.confirmation}${by}`];
  const request = requestId === undefined || outcome === 'ok' ? [] : [`request ${requestId}`];
  const via = decision?.via === undefined ? [] : [`via ${decision.via}`];
  return {
    time: decision?.time ?? entry.time,
    run,
    agent,
    tool: decision?.tool ?? entry.tool,
    state: outcome === 'asked' ? 'confirmation' : String(outcome),
    text,
    details: [...(decision === undefined ? [] : [decision.rule]), ...via, ...confirmation, `${ms} ms`, ...request],
    entries: decision === undefined ? [entry] : [decision, entry],
  };
}
