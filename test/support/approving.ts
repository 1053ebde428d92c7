import { expect } from 'vitest';
import { createApprovalStore } from '../../src/call/confirm/approval-store.ts';
import type { Approval, ApprovalAnswer } from '../../src/call/confirm/approvals.ts';
import { type OnAnswer, toBinding } from '../../src/call/confirm/binding-answers.ts';
import { createPendingStore } from '../../src/call/confirm/pending.ts';
import { systemClock } from '../../src/clock.ts';
import type { ApiRequest } from '../../src/workos/layer.ts';

/** What the pages of the console do, without pages. `pass` moves its clock on. */
export function openApprovers() {
  let passed = 0;
  const now = () => Date.now() + passed;
  const pending = createPendingStore(now);
  /** What a no does, which the agent's own server knows. */
  const bound: { onAnswer: OnAnswer } = { onAnswer: async () => expect.fail('no server') };
  const store = toBinding(createApprovalStore(now), (...given) => bound.onAnswer(...given));
  /** Who may approve what. A test may change it. */
  const rules = { mayApprove: (_approval: Approval, _approver: string): boolean => true };
  const approvals = {
    store,
    url: 'https://console.test',
    stillApproves: (approval: Approval, { approver }: ApprovalAnswer) => rules.mayApprove(approval, approver),
    hasApprover: (approval: Approval) => rules.mayApprove(approval, 'ann'),
    isShared: false,
  };
  return {
    clock: { ...systemClock, date: now },
    bound,
    rules,
    pending,
    approvals,
    store,
    /** Answers as the approver ann, who came by a link. */
    answer: (handle: string, answer: 'yes' | 'no', more: Partial<ApprovalAnswer> = {}) =>
      store.answer(handle, { answer, approver: 'ann', by: 'link', isSamePerson: false, at: now(), ...more }),
    /** The only call that waits, once one does. */
    next: async (): Promise<Approval> => {
      await expect.poll(() => store.list()).toHaveLength(1);
      const [approval] = await store.list();
      return approval ?? expect.fail('no call waits');
    },
    pass: (ms: number) => {
      passed += ms;
    },
  };
}

export type Approvers = ReturnType<typeof openApprovers>;

/** A WorkOS in which everything has the same name, and what was sent to it. */
export function openNamedWorkos() {
  const sent: string[] = [];
  const names = new Map<string, string>();
  return {
    sent,
    names,
    changes: () => sent.filter((line) => !line.startsWith('GET ')),
    workos: ({ method, path }: ApiRequest): unknown => {
      sent.push(`${method} ${path}`);
      const id = path.split('?')[0]?.split('/').at(-1) ?? '';
      if (!id.includes('_01J')) return { object: 'list', data: [{ id: 'x_1' }], list_metadata: {} };
      return { id, email: names.get(id) ?? 'ada@acme.test', name: names.get(id) ?? 'Acme' };
    },
  };
}
