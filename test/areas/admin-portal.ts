import { expect } from 'vitest';
import type adminPortal from '../../tools/areas/admin-portal.ts';
import type { Cases } from '../support/case.ts';
import { NEWEST_ROUTE, ORGANIZATION } from '../support/case-parts.ts';
import { ACME, ACME_CONTACT, BLUEFERN, BLUEFERN_CONTACT } from '../support/seeded.ts';

const CONTACT = {
  object: 'it_contact',
  id: 'it_contact_01EHZNVPK3SFK441A1RGBFSHRT',
  email: 'it@example.com',
  created_at: '2026-01-15T12:00:00.000Z',
  updated_at: '2026-01-15T12:00:00.000Z',
};
const OF_ONE = { organization_id: ORGANIZATION, it_contact_id: CONTACT.id };
const CONTACTS = '/organizations/{organization_id}/it_contacts';
const ofAcme = `/organizations/${ACME}/it_contacts`;
const ofBluefern = `/organizations/${BLUEFERN}/it_contacts`;
const bluefern = { organization_id: BLUEFERN, it_contact_id: BLUEFERN_CONTACT };

export default {
  create_portal_link: {
    opens: 'admin_portal:write',
    needsCredentials: true,
    untold: true,
    gone: ['intent_options'],
    calls: [
      {
        organization: ORGANIZATION,
        intent: 'sso',
        return_url: 'https://app.example.com/settings',
        success_url: 'https://app.example.com/settings?done',
        it_contact_emails: ['it@example.com'],
      },
    ],
    sandbox: {
      args: { organization: ACME, intent: 'sso' },
      sends: { method: 'POST', path: '/portal/generate_link', body: { organization: ACME, intent: 'sso' } },
      status: 201,
      answers: { link: expect.any(String) },
    },
  },
  list_it_contacts: {
    opens: 'admin_portal:read',
    calls: [{ organization_id: ORGANIZATION }],
    answer: { object: 'list', data: [CONTACT], list_metadata: { before: null, after: null } },
    differs: { [`GET ${CONTACTS}: route`]: NEWEST_ROUTE },
    sandbox: {
      args: { organization_id: ACME },
      sends: { method: 'GET', path: ofAcme },
      status: 200,
      answers: { data: [expect.objectContaining({ id: ACME_CONTACT })] },
    },
  },
  create_it_contact: {
    opens: 'admin_portal:write',
    needsCredentials: true,
    calls: [{ organization_id: ORGANIZATION, email: 'it@example.com' }],
    answer: CONTACT,
    differs: { [`POST ${CONTACTS}: route`]: NEWEST_ROUTE },
    sandbox: {
      args: { organization_id: ACME, email: 'second@acme.example.com' },
      sends: { method: 'POST', path: ofAcme, body: { email: 'second@acme.example.com' } },
      status: 201,
      answers: { object: 'it_contact', email: 'second@acme.example.com' },
    },
    examples: [{ args: { organization_id: ACME, email: 'helpdesk@acme.example.com' }, confirmed: true }],
  },
  invite_it_contact: {
    opens: 'admin_portal:write',
    untold: true,
    plain: { intents: 'say what the contact sets up, whom an agent with the credentials has chosen' },
    calls: [{ ...OF_ONE, intents: ['sso', 'directory_sync'] }],
    differs: { [`POST ${CONTACTS}/{it_contact_id}/invite: route`]: NEWEST_ROUTE },
    sandbox: {
      args: { ...bluefern, intents: ['sso', 'directory_sync'] },
      sends: {
        method: 'POST',
        path: `${ofBluefern}/${BLUEFERN_CONTACT}/invite`,
        body: { intents: ['sso', 'directory_sync'] },
      },
      status: 204,
      answers: {},
    },
    examples: [{ args: { ...bluefern, intents: ['sso'] } }],
  },
  revoke_it_contact_invitation: {
    opens: 'admin_portal:write',
    untold: true,
    calls: [OF_ONE],
    differs: { [`POST ${CONTACTS}/{it_contact_id}/revoke: route`]: NEWEST_ROUTE },
    sandbox: {
      args: bluefern,
      sends: { method: 'POST', path: `${ofBluefern}/${BLUEFERN_CONTACT}/revoke` },
      status: 204,
      answers: {},
    },
  },
  delete_it_contact: {
    opens: 'admin_portal:delete',
    calls: [OF_ONE],
    differs: { [`DELETE ${CONTACTS}/{it_contact_id}: route`]: NEWEST_ROUTE },
    sandbox: {
      args: bluefern,
      sends: { method: 'DELETE', path: `${ofBluefern}/${BLUEFERN_CONTACT}` },
      status: 204,
      answers: {},
    },
  },
} satisfies Cases<typeof adminPortal>;
