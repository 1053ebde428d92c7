import type { Approval, SignedInBy } from '../call/confirm/approvals.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { AgentsConfig, ApproverConfig } from '../settings/agents-config.ts';

/** Who may say yes to what, by one configuration. */
export type ApproverRules = {
  /** The approver that a sign-in stands for now. A link names its approver; an issuer's subject belongs to one at most. */
  readonly find: (by: SignedInBy, name?: string) => ApproverConfig | undefined;
  /** Whether an approver sees an agent, by the name that a call or the record has. */
  readonly sees: (approver: ApproverConfig, agent: string) => boolean;
  /** Why an approver may not say yes to a call, or `undefined` where they may. */
  readonly whyNot: (approver: ApproverConfig, approval: Approval) => string | undefined;
  /** Whether an approver is the person for whom a call was made. */
  readonly isRequester: (approver: ApproverConfig, approval: Approval) => boolean;
};

export function createApproverRules(_catalog: Catalog, config: AgentsConfig): ApproverRules {
  return {
    find: (by, name) =>
      config.approvers.find((approver) =>
        by === 'link'
          ? approver.person === undefined && approver.name === name
          : approver.person?.issuer === by.issuer && approver.person.sub === by.sub,
      ),
    sees: ({ agents }, agent) => agents.some((name) => name === '*' || name === agent || agent.startsWith(`${name}.`)),
    whyNot: () => 'the rules are not written yet',
    isRequester: () => false,
  };
}
