import type { PromptArgument } from '../../src/catalog/prompt.ts';

// Arguments and steps that several jobs have.

export const organization: PromptArgument<never> = {
  description: 'Name or ID of the organization',
  lookup: { tool: 'list_organizations', search: 'search', member: 'name', withId: true },
};

export const email: PromptArgument<'organization'> = {
  description: 'Email address of the user',
  lookup: { tool: 'list_users', within: { organization_id: 'organization' }, member: 'email' },
};

export const findOrganization = [
  'Unless its ID (org_…) is given, find the organization with {list_organizations}, by search for a name or by domains. If several match, ask which one is meant.',
  'Unless its ID (org_…) is given, ask for the ID of the organization.',
];

export const findUser = 'Find the user with {list_users} by email. If there is none, report that and stop.';

export const report =
  'Report the likely cause, the evidence (IDs, states, dates) and who can fix it: the administrator of the customer’s identity provider, or a person in the WorkOS Dashboard. Change nothing yourself.';

/** How the customer's own administrator is asked to set up sign-in, and what shows that it is done. */
export const inviteContact = [
  [
    'Look for the customer’s IT contact with {list_it_contacts}. If the right one is missing, add the contact with {create_it_contact}.',
    'Look for the customer’s IT contact with {list_it_contacts}. If the right one is missing, a person adds them in the WorkOS Dashboard: wait for that.',
    'Ask for the ID of the customer’s IT contact (it_contact_…), which a person finds or adds in the WorkOS Dashboard.',
  ],
  [
    'Invite that contact with {invite_it_contact}, with the intents sso and directory_sync as far as they are wanted. WorkOS emails them a link. An organization has one invitation at a time: if one is active, ask whether to wait for it.',
    'Leave the invitation to a person: they send the contact a link to the Admin Portal from the WorkOS Dashboard.',
  ],
];

export const waitForSetup = [
  'Wait with {wait_for_events} for connection.activated and, for directory sync, dsync.activated, by organization_id. Call again with after of the answer. The contact may take days: after three empty answers, tell the person what is open, and stop.',
  'Wait with {wait_for_events} for connection.activated, by organization_id. Call again with after of the answer. The contact may take days: after three empty answers, tell the person what is open, and stop.',
  'Once the person says that the contact is done, go on.',
];
