import { expect } from 'vitest';
import type apiKeys from '../../tools/areas/api-keys.ts';
import type { Cases } from '../support/case.ts';
import { ORGANIZATION, PAGE, USER } from '../support/case-parts.ts';
import { ACME, ACME_KEY, ACME_KEY_VALUE, ACME_WAREHOUSE_KEY, ADA, BEN, BEN_KEY } from '../support/seeded.ts';

const KEY = 'api_key_01EHZNVPK3SFK441A1RGBFSHRT';
const NEW = { name: 'CI', permissions: ['posts:read'], expires_at: '2030-01-01T00:00:00.000Z' };
const FOUND_IN_LIST = [
  { api_key_id: KEY, organization_id: ORGANIZATION },
  { api_key_id: KEY, user_id: USER },
];

export default {
  list_organization_api_keys: {
    opens: 'api_keys:read',
    sandbox: {
      args: { organization_id: ACME },
      sends: { method: 'GET', path: `/organizations/${ACME}/api_keys` },
      status: 200,
      answers: { data: expect.arrayContaining([expect.objectContaining({ id: ACME_KEY })]) },
    },
  },
  list_user_api_keys: {
    opens: 'api_keys:read',
    calls: [{ ...PAGE, user_id: USER, organization_id: ORGANIZATION }],
    sandbox: {
      args: { user_id: BEN, organization_id: ACME },
      sends: { method: 'GET', path: `/user_management/users/${BEN}/api_keys`, query: { organization_id: ACME } },
      status: 200,
      answers: { data: [expect.objectContaining({ id: BEN_KEY })] },
    },
    examples: [{ args: { user_id: BEN } }],
  },
  create_organization_api_key: {
    opens: 'api_keys:write',
    needsCredentials: true,
    newer: ['expires_at'],
    calls: [{ ...NEW, organization_id: ORGANIZATION }],
    sandbox: {
      args: { organization_id: ACME, name: 'CI', permissions: ['invoices:read'] },
      sends: {
        method: 'POST',
        path: `/organizations/${ACME}/api_keys`,
        body: { name: 'CI', permissions: ['invoices:read'] },
      },
      status: 201,
      answers: { object: 'api_key', name: 'CI', value: expect.any(String) },
    },
  },
  create_user_api_key: {
    opens: 'api_keys:write',
    needsCredentials: true,
    newer: ['expires_at'],
    calls: [{ ...NEW, user_id: USER, organization_id: ORGANIZATION }],
    sandbox: {
      args: { user_id: ADA, organization_id: ACME, name: 'Laptop' },
      sends: {
        method: 'POST',
        path: `/user_management/users/${ADA}/api_keys`,
        body: { organization_id: ACME, name: 'Laptop' },
      },
      status: 201,
      answers: { object: 'api_key', name: 'Laptop', value: expect.any(String) },
    },
  },
  validate_api_key: {
    opens: 'api_keys:read',
    needsCredentials: true,
    sandbox: {
      args: { value: ACME_KEY_VALUE },
      sends: { method: 'POST', path: '/api_keys/validations', body: { value: ACME_KEY_VALUE } },
      status: 200,
      answers: { api_key: expect.objectContaining({ id: ACME_KEY }) },
    },
  },
  expire_api_key: {
    opens: 'api_keys:delete',
    guarded: ['expires_at'],
    newer: ['POST /api_keys/{api_key_id}/expire'],
    calls: FOUND_IN_LIST.map((args) => ({ ...args, expires_at: '2030-01-01T00:00:00.000Z' })),
    sandbox: {
      args: { api_key_id: BEN_KEY, user_id: BEN },
      sends: { method: 'POST', path: `/api_keys/${BEN_KEY}/expire`, body: {} },
      status: 200,
      answers: { id: BEN_KEY, expires_at: expect.any(String) },
    },
    // Ben's ends with his membership.
    examples: [{ args: { api_key_id: ACME_WAREHOUSE_KEY, organization_id: ACME }, confirmed: true }],
  },
  delete_api_key: {
    opens: 'api_keys:delete',
    calls: FOUND_IN_LIST,
    sandbox: {
      args: { api_key_id: ACME_KEY, organization_id: ACME },
      sends: { method: 'DELETE', path: `/api_keys/${ACME_KEY}`, query: {} },
      status: 204,
      answers: {},
    },
  },
} satisfies Cases<typeof apiKeys>;
