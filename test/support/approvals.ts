import {
  APPROVAL_MS,
  type Approval,
  type ApprovalAnswer,
  type ApprovalStore,
} from '../../src/call/confirm/approvals.ts';
import { createRedisApprovals, type RedisApprovalsDeps } from '../../src/redis/approvals.ts';
import type { Redis } from '../../src/redis/connect.ts';
import { toApproval as toWaitingDelete } from './approval.ts';

export const ASKED_AT = 1_750_000_000_000;

/** A delete of `user_01` that waits, asked at ASKED_AT. */
export const toApproval = (handle: string, other: Partial<Approval> = {}): Approval =>
  toWaitingDelete(handle, {
    caller: 'support',
    about: ['user_01'],
    shown: {
      names: ['`Ann Müller`'],
      id: 'user_01',
      linked: [{ what: 'organization memberships', count: '2' }],
      typed: 'ser_01',
    },
    reason: 'she asked for it',
    askedAt: ASKED_AT,
    until: ASKED_AT + APPROVAL_MS,
    ...other,
  });

export const toAnswer = (answer: 'yes' | 'no', other: Partial<ApprovalAnswer> = {}): ApprovalAnswer => ({
  answer,
  approver: 'grace',
  by: { issuer: 'workos', sub: 'user_grace' },
  isSamePerson: false,
  at: ASKED_AT + 1_000,
  ...other,
});

/** A store as each replica of one deployment opens it. It looks for what others did every 5 ms. */
export const openReplica = (
  redis: Redis,
  scope: string,
  today: () => number,
  other: Partial<RedisApprovalsDeps> = {},
): ApprovalStore =>
  createRedisApprovals({
    redis,
    scope,
    key: Buffer.alloc(32, 1),
    today,
    clock: { now: () => performance.now() },
    log: { warn: () => {} },
    pollMs: 5,
    ...other,
  });
