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

export const report =
  'Report the likely cause, the evidence (IDs, states, dates) and who can fix it: the administrator of the customer’s identity provider, or a person in the WorkOS Dashboard. Change nothing yourself.';
