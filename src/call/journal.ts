import { type ApproverFacts, type Confirmation, DECLINED, idsIn, type Outcome, UNKNOWN } from '../audit/entry.ts';
import { type AuditRecord, RecordError } from '../audit/record.ts';
import { type CallSubject, decisionSentence, outcomeSentence } from '../audit/sentence.ts';
import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import { isId } from '../ids.ts';
import { isObject, isTooDeep } from '../json.ts';
import type { Caller, Via } from './caller.ts';
import { identityOf } from './confirm/find-object.ts';

/** The facts of a call's end: shapes and numbers, never content. */
export type CallFacts = {
  readonly status: number | undefined;
  readonly request_id: string | undefined;
  readonly requests: number;
  readonly attempts: number;
  /** Duration in milliseconds. */
  readonly ms: number;
  /** The answer of WorkOS. Only IDs in it are recorded. */
  readonly answer: Record<string, unknown> | undefined;
};

/** The record of one call. */
export type CallJournal = {
  /** Takes the arguments as they were understood. Until then, those that the client sent are recorded. */
  readonly understand: (args: Arguments) => void;
  /** Takes who has answered in the console. The decisions that follow name them. */
  readonly answeredBy: (approver: ApproverFacts) => void;
  /**
   * Records the decision before anything is sent. For a write, resolves once the entry is on disk. Throws RefusedError
   * if the entry cannot be written.
   */
  readonly decide: (decision: 'allowed' | 'ask', rule: string, confirmation?: Confirmation) => Promise<void>;
  /**
   * Records the outcome, or the refusal if there was no decision before. Resolves to false if the outcome cannot be
   * written.
   * @param rule the reason of a refusal
   */
  readonly close: (outcome: Outcome, rule: string, facts: CallFacts) => Promise<boolean>;
};

/** Who called, and how. */
type CallOrigin = Pick<Caller, 'agent' | 'trace'> & { readonly via?: Pick<Via, 'tool'> | undefined };

type Called = Pick<Tool, 'name' | 'area' | 'input' | 'changes'> & { readonly access: string };

export type Journal = {
  readonly begin: (tool: Called, args: unknown, origin: CallOrigin) => CallJournal;
  /** Records a call that the protocol itself refuses; `tool` is `undefined` for an unknown name. */
  readonly refuse: (tool: Tool | undefined, args: unknown, rule: string, origin: CallOrigin) => Promise<void>;
  /** Records an approver's yes before it counts. Throws RefusedError if it cannot. */
  readonly approve: (tool: Tool, id: string, agent: string, approver: ApproverFacts) => Promise<void>;
  /** Records an approver's no to a call of an agent, about the object with this ID. */
  readonly decline: (tool: Tool, id: string, agent: string, approver: ApproverFacts) => Promise<void>;
};

export type JournalDeps = {
  readonly record: Pick<AuditRecord, 'append' | 'digest'>;
  readonly environment: string;
};

export function createJournal({ record, environment }: JournalDeps): Journal {
  const begin: Journal['begin'] = (tool, sent, { agent, trace, via }) => {
    const toSubject = (args: Arguments): CallSubject => {
      // Only declared arguments: any other name or value is content of the agent.
      const known = Object.keys(tool.input).filter((name) => Object.hasOwn(args, name));
      return { agent, tool, ids: idsIn(Object.fromEntries(known.map((name) => [name, args[name]]))), environment };
    };
    let toDigest = () => record.digest(toText(sent));
    let told = () => toSubject(isObject(sent) ? sent : {});
    /** The sequence number of the last decision. */
    let decided: number | undefined;
    let answeredBy: ApproverFacts | undefined;
    const write = (decision: 'allowed' | 'refused' | 'ask', rule: string, confirmation?: Confirmation) => {
      const subject = told();
      return record.append(
        {
          kind: 'decision',
          agent,
          tool: tool.name,
          via: via?.tool,
          area: tool.area,
          access: tool.access,
          environment,
          text: decisionSentence(subject, { decision, rule }),
          ids: subject.ids,
          arguments: toDigest(),
          decision,
          rule,
          confirmation,
          ...answeredBy,
          trace,
        },
        // The decision on a write has to survive a crash.
        { sync: decision !== 'refused' && tool.changes, ...(NOES.has(rule) && WAITS) },
      );
    };
    return {
      understand: (understood) => {
        // Without these, so that a question and the confirmed call have the same digest.
        toDigest = () => record.digest({ ...understood, confirm_token: undefined, confirm_reason: undefined });
        const subject = toSubject(understood);
        told = () => subject;
      },
      answeredBy: (approver) => {
        answeredBy = approver;
      },
      decide: async (decision, rule, confirmation) => {
        try {
          decided = await write(decision, rule, confirmation);
        } catch (error) {
          if (!(error instanceof RecordError)) throw error;
          throw new RefusedError(`${error.message} ${UNRECORDED}`, 'it could not be recorded');
        }
      },
      close: async (outcome, rule, { answer, status, requests, attempts, ms, request_id }) => {
        try {
          if (decided === undefined) {
            // Nothing was sent: a lost entry loses the trace of an attempt only. A no waits until it can be written.
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
            text: outcomeSentence(told(), { outcome, status, rule: reason }),
            outcome,
            rule: reason,
            object: isId(id) ? id : undefined,
            organization: isId(organization) ? organization : undefined,
            status,
            request_id,
            requests,
            attempts,
            ms,
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
    refuse: async (tool, args, rule, origin) => {
      const nothing: CallFacts = {
        status: undefined,
        request_id: undefined,
        requests: 0,
        attempts: 0,
        ms: 0,
        answer: undefined,
      };
      const known: Called = tool ?? { name: UNKNOWN, area: UNKNOWN, access: UNKNOWN, input: {}, changes: false };
      await begin(known, args, origin).close('not sent', rule, nothing);
    },
    approve: async (tool, id, agent, { approver }) => {
      const [known] = Object.values(idsIn({ [identityOf(tool).argument]: id }));
      const text = `${approver} said yes to ${tool.name}${known === undefined ? '' : ` ${known}`}`;
      try {
        await record.append({ kind: 'note', agent, text }, { sync: true, beforehand: true });
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        throw new RefusedError(`${error.message} A yes that cannot be recorded does not count.`);
      }
    },
    decline: async (tool, id, agent, approver) => {
      const { name, area, access } = tool;
      const ids = idsIn({ [identityOf(tool).argument]: id });
      const decided = { decision: 'refused', rule: DECLINED.approver } as const;
      const text = decisionSentence({ agent, tool, ids, environment }, decided);
      const fields = { agent, tool: name, area, access, environment, text, ids, ...decided, ...approver };
      await record.append({ kind: 'decision', ...fields }, WAITS).catch(() => {}); // the no holds all the same
    },
  };
}

/** The rules of a person's no. It has happened, and a start reads it back: where it cannot be written now, it is later. */
const NOES: ReadonlySet<string> = new Set(Object.values(DECLINED));
const WAITS = { beforehand: false } as const;

/** What was refused before it was parsed, as text: nothing takes it apart. */
const toText = (sent: unknown): string => (isTooDeep(sent) ? 'too deep' : (JSON.stringify(sent) ?? ''));

const UNRECORDED =
  'A call that cannot be recorded is not sent. Ask the operator of this server to check its audit log.';
