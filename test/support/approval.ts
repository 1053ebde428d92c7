import type { Approval } from '../../src/call/confirm/approvals.ts';
import type { ShownCall } from '../../src/call/confirm/preview.ts';

export const ASKED_AT = Date.UTC(2026, 10, 26, 2, 14, 5);
export const USER_ID = 'user_01KA3V6S9J8Q1W5Z6H7X4N2B0C';

/** A delete that waits for an approver. */
export const toApproval = (
  handle: string,
  { shown, ...others }: Partial<Omit<Approval, 'shown'>> & { readonly shown?: Partial<ShownCall> } = {},
): Approval => ({
  handle,
  caller: 'cleaner',
  tool: 'delete_user',
  environment: 'production',
  environmentLabel: 'production',
  takesCredentials: false,
  args: 'digest of the arguments',
  basis: 'digest of the preview',
  about: [USER_ID],
  samePerson: 'allow',
  askedAt: ASKED_AT,
  until: ASKED_AT + 60 * 60_000,
  ...others,
  shown: {
    environment: 'production',
    action: 'delete user',
    names: ['`ada@acme.test`'],
    id: USER_ID,
    changes: [],
    lines: [],
    linked: [{ what: 'organization memberships', count: '3' }],
    hidden: [],
    warnings: [],
    isFinal: true,
    typed: '4N2B0C',
    ...shown,
  },
});

/** A call that a button confirms. */
export const toUpdate = (handle: string): Approval => {
  const { shown, ...others } = toApproval(handle, { tool: 'update_user' });
  const { typed: _, ...button } = shown;
  const changes = [{ name: 'email', before: '"ada@acme.test"', after: '"eve@acme.test"' }];
  return { ...others, shown: { ...button, action: 'update user', isFinal: false, changes } };
};
