import type directorySync from '../../tools/areas/directory-sync.ts';
import type { Cases } from '../support/case.ts';
import { deprecated, PAGE } from '../support/case-parts.ts';
import { ACME, ACME_DIRECTORY, ADA_IN_DIRECTORY, BLUEFERN_DIRECTORY, ENGINEERS } from '../support/seeded.ts';

export default {
  list_directories: {
    opens: 'directory_sync:read',
    differs: { 'domain: absent': deprecated('organization_id') },
    sandbox: {
      args: { organization_id: ACME },
      sends: { method: 'GET', path: '/directories', query: { organization_id: ACME } },
      status: 200,
      answers: { data: [{ id: ACME_DIRECTORY }] },
    },
    examples: [{ args: {} }],
  },
  get_directory: {
    opens: 'directory_sync:read',
    sandbox: {
      args: { directory_id: ACME_DIRECTORY },
      sends: { method: 'GET', path: `/directories/${ACME_DIRECTORY}` },
      status: 200,
      answers: { object: 'directory', name: 'Acme Okta' },
    },
    examples: [{ args: { directory_id: BLUEFERN_DIRECTORY } }],
  },
  delete_directory: {
    opens: 'directory_sync:delete',
    sandbox: {
      args: { directory_id: ACME_DIRECTORY },
      sends: { method: 'DELETE', path: `/directories/${ACME_DIRECTORY}` },
      status: 202,
      answers: { ok: true },
    },
    examples: [{ args: { directory_id: BLUEFERN_DIRECTORY }, confirmed: true }],
  },
  list_directory_users: {
    opens: 'directory_sync:read',
    calls: [
      {
        ...PAGE,
        directory: 'directory_01ECAZ4NV9QMV47GW873HDCX74',
        group: 'directory_group_01E64QTDNS0EGJ0FMCVY9BWGZT',
        email: 'ada@example.com',
        idp_id: '1902',
      },
    ],
    newer: ['email', 'idp_id'],
    sandbox: {
      args: { directory: ACME_DIRECTORY, email: 'ada.hart@acme.example.com' },
      sends: {
        method: 'GET',
        path: '/directory_users',
        query: { directory: ACME_DIRECTORY, email: 'ada.hart@acme.example.com' },
      },
      status: 200,
      answers: { data: [{ id: ADA_IN_DIRECTORY }] },
    },
    examples: [
      { args: { directory: ACME_DIRECTORY, email: 'ada.hart@acme.example.com' } },
      {
        says: 'All of them, as far as `max_items` goes, with two `fields`:',
        args: { directory: ACME_DIRECTORY, max_items: 100, fields: ['email', 'state'] },
      },
    ],
  },
  get_directory_user: {
    opens: 'directory_sync:read',
    sandbox: {
      args: { directory_user_id: ADA_IN_DIRECTORY },
      sends: { method: 'GET', path: `/directory_users/${ADA_IN_DIRECTORY}` },
      status: 200,
      answers: { object: 'directory_user', email: 'ada.hart@acme.example.com' },
    },
  },
  list_directory_groups: {
    opens: 'directory_sync:read',
    sandbox: {
      args: { user: ADA_IN_DIRECTORY },
      sends: { method: 'GET', path: '/directory_groups', query: { user: ADA_IN_DIRECTORY } },
      status: 200,
      answers: { data: [{ name: 'Leads' }, { name: 'Engineering' }] },
    },
  },
  get_directory_group: {
    opens: 'directory_sync:read',
    sandbox: {
      args: { directory_group_id: ENGINEERS },
      sends: { method: 'GET', path: `/directory_groups/${ENGINEERS}` },
      status: 200,
      answers: { object: 'directory_group', name: 'Engineering' },
    },
  },
} satisfies Cases<typeof directorySync>;
