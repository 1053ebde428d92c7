import * as z from 'zod';
import { area, tool } from '../../src/catalog/declaration.ts';
import { detail, explained } from '../../src/catalog/output.ts';
import { domainConflict, id, organizationId } from '../arguments.ts';
import { kind, object, text } from '../members.ts';

/** Lists show it within its organization only: what tells the domains of one organization apart is enough there. */
export const organizationDomain = object({
  object: kind,
  id: text,
  organization_id: detail(text),
  domain: text,
  state: explained(text, 'verified and legacy_verified are proven'),
  verification_prefix: detail(text),
  verification_token: detail(text),
  verification_strategy: detail(text),
  created_at: detail(text),
  updated_at: detail(text),
});

const organizationDomainId = id('org_domain_…, from get_organization');

export default area({
  name: 'organization_domains',
  title: 'Organization domains',
  meaning: 'email domains of an organization (org_domain_…) and the proof of owning them',
  tools: [
    tool({
      name: 'create_organization_domain',
      route: 'POST /organization_domains',
      access: 'write',
      listed: true,
      words: 'add claim email domain website customer company',
      description: 'Add a domain to an organization; returns the DNS TXT record to publish.',
      toldBy: 'get_organization',
      nextSteps: domainConflict,
      input: { organization_id: organizationId, domain: z.string().min(1).describe('E.g. example.com') },
      output: organizationDomain,
    }),
    tool({
      name: 'get_organization_domain',
      route: 'GET /organization_domains/{organization_domain_id}',
      access: 'read',
      words: 'dns txt record status proven ownership verified pending check',
      description: 'Get one domain.',
      input: { organization_domain_id: organizationDomainId },
      output: organizationDomain,
    }),
    tool({
      name: 'verify_organization_domain',
      route: 'POST /organization_domains/{organization_domain_id}/verify',
      access: 'write',
      listed: true,
      words: 'dns txt record prove ownership check confirm claim',
      description: 'Start verification: WorkOS looks for the TXT record until it finds it.',
      toldBy: 'get_organization_domain',
      input: { organization_domain_id: organizationDomainId },
      output: organizationDomain,
    }),
  ],
});
