import * as z from 'zod';
import { area, tool } from '../../src/catalog/declaration.ts';
import { secret } from '../../src/catalog/output.ts';
import { email, id, organizationId } from '../arguments.ts';
import { endings } from '../limits.ts';
import { kind, object, text, times, wholeList } from '../members.ts';

const portalLink = object({ link: secret(text) });

const itContact = object({ object: kind, id: text, email: text, ...times });

const itContactId = id('it_contact_…, from list_it_contacts');

const url = z.url().optional();

export default area({
  name: 'admin_portal',
  title: 'Admin Portal',
  meaning: "the self-service pages where a customer's IT contacts (it_contact_…) set up SSO and the like",
  signIn: true,
  tools: [
    tool({
      name: 'create_portal_link',
      route: 'POST /portal/generate_link',
      access: 'write',
      description: 'Make a link to the Admin Portal of an organization, valid 5 minutes.',
      words: 'setup self-service configure sso scim url customer admin generate',
      input: {
        organization: organizationId,
        intent: z
          .enum([
            'sso',
            'dsync',
            'audit_logs',
            'log_streams',
            'domain_verification',
            'certificate_renewal',
            'bring_your_own_key',
          ])
          .describe('What to set up')
          .optional(),
        return_url: url.describe('Where the logo leads'),
        success_url: url.describe('Where the setup ends'),
        it_contact_emails: z.array(email).min(1).describe('Whom WorkOS notifies').optional(),
      },
      output: portalLink,
      credentials: {
        whole:
          'its link sets up single sign-on, which decides who signs in as whom; invite_it_contact emails one instead',
        identity: ['it_contact_emails'],
      },
    }),
    tool({
      name: 'list_it_contacts',
      route: 'GET /organizations/{organization_id}/it_contacts',
      access: 'read',
      description: 'List the IT contacts of an organization.',
      words: 'customer admin technical administrator setup who email',
      input: { organization_id: organizationId },
      output: wholeList(itContact),
    }),
    tool({
      name: 'create_it_contact',
      route: 'POST /organizations/{organization_id}/it_contacts',
      access: 'write',
      description: 'Add an IT contact to an organization; no invitation is sent.',
      words: 'customer admin technical administrator setup add email',
      toldBy: 'list_it_contacts',
      input: { organization_id: organizationId, email },
      output: itContact,
      // Invited, the owner of that inbox sets up single sign-on.
      credentials: { identity: ['email'] },
      confirm: 'always',
      preview: { object: 'get_organization', named: 'name' },
    }),
    tool({
      name: 'invite_it_contact',
      route: 'POST /organizations/{organization_id}/it_contacts/{it_contact_id}/invite',
      access: 'write',
      description: 'Email an IT contact a link to set up SSO, directory sync or the like.',
      words: 'send setup link self-service configure saml scim okta onboard customer admin mail',
      input: {
        organization_id: organizationId,
        it_contact_id: itContactId,
        intents: z
          .array(z.enum(['sso', 'directory_sync', 'log_streams', 'domain_verification', 'bring_your_own_key']))
          .min(1)
          .describe('What to set up'),
      },
      nextSteps: {
        it_contact_invitation_already_active:
          'An organization has one invitation at a time: revoke_it_contact_invitation ends it.',
      },
    }),
    tool({
      name: 'revoke_it_contact_invitation',
      route: 'POST /organizations/{organization_id}/it_contacts/{it_contact_id}/revoke',
      access: 'write',
      effect: 'ends',
      description: "Revoke the active Admin Portal invitation of an organization, whichever contact's it is.",
      words: 'cancel withdraw setup link self-service customer admin',
      input: { organization_id: organizationId, it_contact_id: itContactId },
      confirm: endings,
      preview: { object: 'list_it_contacts', named: 'email' },
    }),
    tool({
      name: 'delete_it_contact',
      route: 'DELETE /organizations/{organization_id}/it_contacts/{it_contact_id}',
      access: 'delete',
      description: 'Remove an IT contact and revoke their setup links.',
      words: 'customer admin technical administrator remove',
      input: { organization_id: organizationId, it_contact_id: itContactId },
      preview: { object: 'list_it_contacts', named: 'email' },
    }),
  ],
});
