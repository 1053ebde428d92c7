import { type Confirmation, idsIn, type Outcome, UNKNOWN } from '../audit/entry.ts';
import { type AuditRecord, RecordError } from '../audit/record.ts';
import { decisionSentence, outcomeSentence, type Told } from '../audit/sentence.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import { isId } from '../ids.ts';

/** What is known of a call's end, in shapes and numbers. */
export type Facts = {
  readonly status: number | undefined;
  readonly request_id: string | undefined;
  readonly requests: number;
  readonly attempts: number;
  /** Milliseconds that it took. */
  readonly ms: number;
  /** WorkOS's answer, of which only IDs are recorded. */
  readonly answer: Record<string, unknown> | undefined;
};

/** The record of one call. */
export type CallJournal = {
  /**
   * Records what was decided, before anything is sent; of what is no read, resolves once that is on disk. Throws
   * RefusedError where it cannot.
   */
  readonly decide: (decision: 'allowed' | 'ask', rule: string, confirmation?: Confirmation) => Promise<void>;
  /**
   * Records what became of it: an outcome, or the refusal where nothing was decided before. Resolves to false where the
   * outcome cannot be recorded.
   * @param rule behind the refusal
   */
  readonly close: (outcome: Outcome, rule: string, facts: Facts) => Promise<boolean>;
};

type Called = Pick<Tool, 'name' | 'area' | 'input' | 'method'> & { readonly access: string };

export type Journal = {
  readonly begin: (tool: Called, agent: string, args: unknown, trace?: string) => CallJournal;
  /** A call that the protocol itself refuses; without a tool where there is none of that name. */
  readonly refuse: (
    tool: Tool | undefined,
    args: unknown,
    agent: string,
    rule: string,
    trace?: string,
  ) => Promise<void>;
};

export type JournalDeps = {
  readonly record: Pick<AuditRecord, 'append' | 'digest'>;
  readonly environment: string;
};

export function createJournal({ record, environment }: JournalDeps): Journal {
  const begin: Journal['begin'] = (tool, agent, args, trace) => {
    // Only arguments that there are: whatever else is called, its name and value are the agent's own content.
    const known = Object.entries(Object(args)).filter(([name]) => Object.hasOwn(tool.input, name));
    const told: Told = { agent, tool, ids: idsIn(Object.fromEntries(known)), environment };
    /** Sequence number of the last decision. */
    let decided: number | undefined;
    const write = (decision: 'allowed' | 'refused' | 'ask', rule: string, confirmation?: Confirmation) =>
      record.append(
        {
          kind: 'decision',
          agent,
          tool: tool.name,
          area: tool.area,
          access: tool.access,
          environment,
          text: decisionSentence(told, { decision, rule }),
          ids: told.ids,
          // Without the confirmation, so that a question and the call that it led to can be told to be one.
          arguments: record.digest({ ...Object(args), confirm_token: undefined }),
          decision,
          rule,
          confirmation,
          trace,
        },
        // What may be asked about later has to outlive a crash.
        { sync: decision !== 'refused' && tool.method !== 'GET' },
      );
    return {
      decide: async (decision, rule, confirmation) => {
        try {
          decided = await write(decision, rule, confirmation);
        } catch (error) {
          if (!(error instanceof RecordError)) throw error;
          throw new RefusedError(`${error.message} ${UNRECORDED}`, 'it could not be recorded');
        }
      },
      close: async (outcome, rule, { answer, ...facts }) => {
        try {
          if (decided === undefined) {
            // Nothing was done, so that nothing is lost but the trace of a try.
            await write('refused', rule).catch(() => {});
            return true;
          }
          const { id, organization_id: organization } = answer ?? {};
          const reason = outcome === 'not sent' ? rule : undefined;
          await record.append({
            kind: 'outcome',
            of: decided,
            agent,
            tool: tool.name,
            environment,
            text: outcomeSentence(told, { outcome, status: facts.status, rule: reason }),
            outcome,
            rule: reason,
            object: isId(id) ? id : undefined,
            organization: isId(organization) ? organization : undefined,
            ...facts,
          });
          return true;
        } catch {
          return false;
        }
      },
    };
  };

  return {
    begin,
    refuse: async (tool, args, agent, rule, trace) => {
      const nothing: Facts = {
        status: undefined,
        request_id: undefined,
        requests: 0,
        attempts: 0,
        ms: 0,
        answer: undefined,
      };
      const known: Called = tool ?? { name: UNKNOWN, area: UNKNOWN, access: UNKNOWN, input: {}, method: 'GET' };
      await begin(known, agent, args, trace).close('not sent', rule, nothing);
    },
  };
}

const UNRECORDED =
  'A call that cannot be recorded is not sent. Ask the operator of this server to check its audit log.';
