import type { CallToolResult } from '@modelcontextprotocol/server';
import type { ConfirmMode } from '../../access/confirmation.ts';
import type { ApproverFacts, Confirmation } from '../../audit/entry.ts';
import type { Arguments } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import type { RefusedError } from '../../errors.ts';
import type { Caller, Named } from '../caller.ts';
import type { Approvals } from './approvals.ts';
import type { PendingStore } from './pending.ts';
import type { Elicitation } from './person-answer.ts';

export type ConfirmationRequest = {
  /** Whether this call has to be confirmed. */
  readonly isNeeded: boolean;
  readonly tool: Tool;
  readonly args: Arguments;
  readonly caller: string;
  /** The name by which the client called the tool: its own, or that of a call tool. */
  readonly called: string;
  readonly mode: ConfirmMode;
  readonly elicitation: Elicitation;
  readonly named?: Named | undefined;
  readonly takesCredentials: boolean;
  /** What the agent gives as its reason. */
  readonly reason?: string | undefined;
} & Pick<Caller, 'clientAsks' | 'samePerson' | 'requester' | 'onWaiting'>;

/**
 * Either the call may be sent, if the object is unchanged since the preview, or it has to be confirmed first, or it is
 * the repetition of one that a person confirms elsewhere, or it is refused though an approver has answered it.
 */
export type ConfirmationOutcome =
  | {
      readonly open: true;
      readonly confirmation?: Confirmation;
      readonly shown?: string;
      readonly by?: ApproverFacts;
      /**
       * Asked right before the call is sent. Rejects with RefusedError if the same call was declined meanwhile, or if its
       * approver may no longer confirm it.
       */
      readonly requireStill?: () => Promise<void>;
      /** Takes the result of a call that was confirmed in a view. Never rejects. */
      readonly settle?: (result: object) => Promise<void>;
    }
  /** `seesAll`: the preview is for an approver, and shows what the agent may not read as well. */
  | { readonly open: false; readonly repeated?: CallToolResult; readonly seesAll?: true }
  | { readonly open: false; readonly refusal: RefusedError; readonly by: ApproverFacts };

export type GateDeps = {
  readonly store: PendingStore;
  /** Absent without a console. */
  readonly approvals?: Approvals | undefined;
  /** Its name in the settings file, and in the record. */
  readonly environment: { readonly name: string; readonly label: string };
  /** 128 random bits. */
  readonly newId: () => string;
  /** A keyed digest, equal in all processes that share the store. */
  readonly digest: (value: unknown) => string;
  /** Milliseconds since 1970. */
  readonly today: () => number;
};
