import { expect, it } from 'vitest';
import { createPolicy } from '../src/access/policy.ts';
import { createOwnTools } from '../src/start/own-tools.ts';
import { catalog, toGrants } from './support/catalog.ts';

/** What people ask of members, invitations and what belongs to them, in their words. */
const QUESTIONS: Readonly<Record<string, readonly [string, string]>> = {
  list_organization_memberships: ['which customers is Ada in', 'who belongs to Acme and with which role'],
  get_organization_membership: ['show one membership', 'what role does this member have'],
  create_organization_membership: ['add a person to a company', 'make somebody a member of Acme'],
  update_organization_membership: ['make Ben an admin', "change a member's role"],
  delete_organization_membership: ['remove a member from Acme for good', 'kick a person out of a company'],
  deactivate_organization_membership: ['suspend a member', 'lock a member out of Acme'],
  reactivate_organization_membership: ['bring a former member back', 'unsuspend a member'],
  list_invitations: ['who has not accepted yet', 'pending invitations of Acme'],
  get_invitation: ['has this invitation been accepted', 'when does an invitation expire'],
  get_invitation_by_token: ['whose invitation is this accept link', 'find an invitation by its token'],
  create_invitation: ['invite a teammate by email', 'invite a person to Acme'],
  resend_invitation: ['the invitation mail never arrived', 'send the invitation again'],
  accept_invitation: ['accept an invitation for them', 'let an invited person join on their behalf'],
  revoke_invitation: ['cancel an invitation', 'withdraw an invite'],
  list_user_identities: ['does she sign in with Google', 'which social accounts are linked'],
  get_user_by_external_id: ['find a user by our own id', 'the user with external id hr-1'],
  get_organization_by_external_id: ['find a customer by the id in our CRM', 'organization with external id crm-1001'],
  delete_organization_domain: ['take a domain away from a customer', 'remove an email domain'],
};

it('finds the tool of a question in the words of people, 95 times of 100 or more', async () => {
  const grants = toGrants('*:full *:credentials');
  const agent = { name: 'a', grants, policy: createPolicy(catalog, grants), confirm: 'auto' } as const;
  const { finding } = createOwnTools(catalog)(agent, { statusTool: true, isListed: () => false });
  const find = finding?.find ?? expect.fail('it can find');
  const asked = Object.entries(QUESTIONS).flatMap(([tool, questions]) => questions.map((query) => ({ tool, query })));
  const missed: string[] = [];
  for (const { tool, query } of asked) {
    const answer = await find.local?.(find.schema().parse({ query }), {
      label: 'staging',
      baseUrl: 'https://workos.test',
    });
    if (!new RegExp(`"${tool}[("]`).test(JSON.stringify(answer))) missed.push(`${query}: ${tool}`);
  }
  expect(missed.length / asked.length, missed.join('\n')).toBeLessThanOrEqual(0.05);
});
