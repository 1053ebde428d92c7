import { afterEach, expect, it } from 'vitest';
import { type Approval, type ApprovalAnswer, createApprovalStore, toBinding } from '../src/call/confirm/approvals.ts';
import { declinedOf } from '../src/call/confirm/declined.ts';
import { createPendingStore } from '../src/call/confirm/pending.ts';
import type { ApiRequest } from '../src/workos/layer.ts';
import { type Calling, type CallingOptions, connectCalling } from './support/calling.ts';

const USER = 'user_01J00000000000000000000001';

const URL = 'https://console.test';
const HANDLE = /^[\w-]{43}$/;

const opened: { readonly close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** A console without pages, whose approvers a test may change. */
function openConsole() {
  let now = 1_000_000;
  const pending = createPendingStore(() => now);
  const store = toBinding(
    createApprovalStore(() => now),
    ({ caller, tool, shown }) => pending.decline(caller, declinedOf(tool, shown.id)),
  );
  const can = { approve: (_approval: Approval, _approver: string): boolean => true };
  const approvals = {
    store,
    url: URL,
    stillApproves: (approval: Approval, { approver }: ApprovalAnswer) => can.approve(approval, approver),
    hasApprover: (approval: Approval) => can.approve(approval, 'ann'),
  };
  const answer = (handle: string, answer: 'yes' | 'no', more: Partial<ApprovalAnswer> = {}) =>
    store.answer(handle, { answer, approver: 'ann', by: 'link', isSamePerson: false, at: now, ...more });
  /** The call that waits, once one does. */
  const next = async (): Promise<Approval> => {
    await expect.poll(() => store.list()).toHaveLength(1);
    const [approval] = await store.list();
    return approval ?? expect.fail('no call waits');
  };
  return {
    can,
    pending,
    approvals,
    store,
    answer,
    next,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

type Console = ReturnType<typeof openConsole>;

/** WorkOS with one name for everything, and what was sent to it. */
function openWorkos() {
  const sent: string[] = [];
  const names = new Map<string, string>();
  return {
    sent,
    names,
    changes: () => sent.filter((line) => !line.startsWith('GET ')),
    workos: ({ method, path }: ApiRequest) => {
      sent.push(`${method} ${path}`);
      const id = path.split('?')[0]?.split('/').at(-1) ?? '';
      if (!id.includes('_01J')) return { object: 'list', data: [], list_metadata: {} };
      return { id, email: names.get(id) ?? 'ada@acme.test', name: 'Acme' };
    },
  };
}

async function connect(
  console: Console,
  { workos }: Pick<ReturnType<typeof openWorkos>, 'workos'>,
  options: Partial<CallingOptions> = {},
): Promise<Calling> {
  const { approvals, pending } = console;
  const calling = await connectCalling({ confirm: 'person', asks: false, approvals, pending, workos, ...options });
  opened.push(calling);
  return calling;
}

it('sends a call once an approver has said yes, on record with their name', async () => {
  const [console, workos] = [openConsole(), openWorkos()];
  const agent = await connect(console, workos);
  const calling = agent.call('delete_user', { user_id: USER });
  const approval = await console.next();
  expect(workos.changes()).toEqual([]);
  expect(approval).toMatchObject({
    handle: expect.stringMatching(HANDLE),
    caller: 'agent',
    tool: 'delete_user',
    environment: 'north',
    environmentLabel: 'staging',
    takesCredentials: false,
    about: [USER],
    shown: { id: USER, names: ['`ada@acme.test`'], isFinal: true, hidden: [] },
    samePerson: 'allow',
  });
  await console.answer(approval.handle, 'yes');
  const result = await calling;
  expect(result.isError, result.text).toBeUndefined();
  expect(workos.changes()).toEqual([`DELETE /user_management/users/${USER}`]);
  expect(agent.record()).toMatchObject([
    { kind: 'decision', decision: 'ask' },
    { kind: 'outcome', outcome: 'asked' },
    { kind: 'decision', decision: 'allowed', confirmation: 'console', approver: 'ann', approver_by: 'link' },
    { kind: 'outcome', outcome: 'ok' },
  ]);
  expect(await console.store.find(approval.handle)).toBeUndefined();
});
