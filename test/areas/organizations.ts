import type organizations from '../../tools/areas/organizations.ts';
import type { Cases } from '../support/case.ts';
import { deprecated, ORGANIZATION, PAGE, PAIR_OF_NULL, PAIRS, PLAIN } from '../support/case-parts.ts';
import { ACME, CEDARWICK } from '../support/seeded.ts';

export default {
  create_organization: {
    opens: 'organizations:write',
    guarded: ['allow_profiles_outside_organization'],
    narrowed: {
      path: ['domain_data', 'items', 'properties', 'state'],
      with: ['pending', 'verified'],
      without: ['pending'],
    },
    plain: {
      name: PLAIN.describes,
      external_id:
        'is unique, so that it cannot be taken from an organization that has it; changing one takes the grant',
      metadata: PLAIN.metadata,
    },
    calls: [
      {
        name: 'Example',
        allow_profiles_outside_organization: false,
        domain_data: [{ domain: 'example.com', state: 'pending' }],
        external_id: 'crm-2',
        metadata: PAIRS,
      },
    ],
    differs: { 'domains: absent': deprecated('domain_data') },
    sandbox: {
      args: { name: 'Newcomers', domain_data: [{ domain: 'newcomers.test', state: 'pending' }] },
      sends: {
        method: 'POST',
        path: '/organizations',
        body: { name: 'Newcomers', domain_data: [{ domain: 'newcomers.test', state: 'pending' }] },
      },
      status: 201,
      answers: { object: 'organization', name: 'Newcomers', domains: [{ domain: 'newcomers.test' }] },
    },
    examples: [
      {
        args: {
          name: 'Elderhill Foods',
          domain_data: [{ domain: 'elderhill.example.org', state: 'pending' }],
          external_id: 'crm-1005',
          metadata: { plan: 'business' },
        },
      },
    ],
  },
  get_organization: {
    opens: 'organizations:read',
    sandbox: {
      args: { organization_id: ACME },
      sends: { method: 'GET', path: `/organizations/${ACME}` },
      status: 200,
      answers: { object: 'organization', id: ACME, name: 'Acme' },
    },
  },
  get_organization_by_external_id: { opens: 'organizations:read' },
  list_organizations: {
    opens: 'organizations:read',
    calls: [{ ...PAGE, search: 'exam', domains: ['example.com', 'example.org'] }],
    sandbox: {
      args: { domains: ['acme.example.com', 'bluefern.test'], limit: 1 },
      sends: {
        method: 'GET',
        path: '/organizations',
        query: { domains: 'acme.example.com,bluefern.test', limit: '1' },
      },
      status: 200,
      answers: { object: 'list', data: [{ name: 'Bluefern Health' }] },
    },
    examples: [{ args: { search: 'blue' } }, { says: 'By domain:', args: { domains: ['acme.example.com'] } }],
  },
  update_organization: {
    opens: 'organizations:write',
    guarded: ['allow_profiles_outside_organization', 'domain_data', 'external_id', 'stripe_customer_id'],
    plain: { name: PLAIN.describes, metadata: PLAIN.metadata },
    calls: [
      {
        organization_id: ORGANIZATION,
        name: 'Example',
        allow_profiles_outside_organization: true,
        domain_data: [{ domain: 'example.com', state: 'verified' }],
        stripe_customer_id: 'cus_1',
        clear: ['external_id', 'metadata'],
      },
      { organization_id: ORGANIZATION, external_id: 'crm-2', metadata: PAIRS },
    ],
    differs: { 'domains: absent': deprecated('domain_data'), 'metadata: accepts': PAIR_OF_NULL },
    sandbox: {
      args: { organization_id: ACME, name: 'Acme Works', clear: ['metadata'] },
      sends: { method: 'PUT', path: `/organizations/${ACME}`, body: { name: 'Acme Works', metadata: null } },
      status: 200,
      answers: { id: ACME, name: 'Acme Works', metadata: {} },
    },
    examples: [{ args: { organization_id: CEDARWICK, metadata: { plan: 'trial' } } }],
  },
  delete_organization: {
    opens: 'organizations:delete',
    sandbox: {
      args: { organization_id: ACME },
      sends: { method: 'DELETE', path: `/organizations/${ACME}`, body: undefined },
      status: 202,
      answers: { ok: true },
    },
    examples: [{ args: { organization_id: CEDARWICK }, typed: CEDARWICK.slice(-6) }],
  },
} satisfies Cases<typeof organizations>;
