import { expect } from 'vitest';
import type organizationDomains from '../../tools/areas/organization-domains.ts';
import type { Cases } from '../support/case.ts';
import { PLAIN } from '../support/case-parts.ts';
import { ACME_PENDING_DOMAIN, CEDARWICK } from '../support/seeded.ts';

export default {
  create_organization_domain: {
    opens: 'organization_domains:write',
    plain: { organization_id: PLAIN.organization, domain: 'is pending until its DNS proves it' },
    sandbox: {
      args: { organization_id: CEDARWICK, domain: 'press.cedarwick.test' },
      sends: {
        method: 'POST',
        path: '/organization_domains',
        body: { organization_id: CEDARWICK, domain: 'press.cedarwick.test' },
      },
      status: 201,
      answers: { object: 'organization_domain', state: 'pending', verification_token: expect.any(String) },
    },
    examples: [{ args: { organization_id: CEDARWICK, domain: 'cedarwick-press.test' }, confirmed: true }],
  },
  get_organization_domain: {
    opens: 'organization_domains:read',
    sandbox: {
      args: { organization_domain_id: ACME_PENDING_DOMAIN },
      sends: { method: 'GET', path: `/organization_domains/${ACME_PENDING_DOMAIN}` },
      status: 200,
      answers: { domain: 'acme-labs.example.org' },
    },
  },
  delete_organization_domain: {
    opens: 'organization_domains:delete',
    examples: [{ args: { organization_domain_id: ACME_PENDING_DOMAIN }, confirmed: true }],
  },
  verify_organization_domain: {
    opens: 'organization_domains:write',
    sandbox: {
      args: { organization_domain_id: ACME_PENDING_DOMAIN },
      sends: { method: 'POST', path: `/organization_domains/${ACME_PENDING_DOMAIN}/verify`, body: {} },
      status: 201,
      answers: { domain: 'acme-labs.example.org' },
    },
    examples: [{ args: { organization_domain_id: ACME_PENDING_DOMAIN }, confirmed: true }],
  },
} satisfies Cases<typeof organizationDomains>;
