import * as z from 'zod';
import { type Found, type LookFirst, lookFirst } from '../../src/catalog/asking.ts';
import { area, tool } from '../../src/catalog/declaration.ts';
import { detail, explained } from '../../src/catalog/output.ts';
import type { JsonObject } from '../../src/json.ts';
import { admissionFacts } from '../admission.ts';
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

const preview = { object: 'get_organization_domain', named: ['domain', 'organization_id'] } as const;

type OrganizationId = (args: JsonObject, found: Found) => unknown;

/** People with an inbox on a domain may be let in. Where there is something to be let into, a person decides. */
const ifInUse = (idOf: OrganizationId, domain: LookFirst['look'] = {}) => {
  const isInUse = ({ members = [], connections = [] }: Found) => members.length + connections.length > 0;
  const ofOrganization = (args: JsonObject, found: Found) =>
    isInUse(found) ? { organization_id: idOf(args, found) } : undefined;
  const first = (args: JsonObject, found: Found) => ({ organization_id: idOf(args, found), limit: 1 });
  return lookFirst({
    look: {
      ...domain,
      members: { tool: 'list_users', with: first },
      connections: { tool: 'list_connections', with: first },
      organization: { tool: 'get_organization', with: ofOrganization },
      roles: { tool: 'list_organization_roles', with: ofOrganization },
    },
    waits: 'the organization has members or a connection',
    decide: ({ organization = [], roles = [], ...found }) =>
      isInUse(found)
        ? {
            confirm: 'the organization has members or a connection',
            shows: admissionFacts([], { organization, roles }),
          }
        : 'plain',
  });
};

export default area({
  name: 'organization_domains',
  title: 'Organization domains',
  meaning: 'email domains of an organization (org_domain_…) and the proof of owning them',
  signIn: true,
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
      preview: { object: 'get_organization', of: 'organization_id', named: 'name' },
      before: ifInUse(({ organization_id }) => organization_id),
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
      name: 'delete_organization_domain',
      route: 'DELETE /organization_domains/{organization_domain_id}',
      access: 'delete',
      description: 'Take a domain from an organization for good: sign-in by it stops.',
      words: 'remove unclaim release email domain customer company',
      input: { organization_domain_id: organizationDomainId },
      preview,
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
      preview,
      before: ifInUse((_, { domain = [] }) => domain[0]?.organization_id, {
        domain: {
          tool: 'get_organization_domain',
          with: ({ organization_domain_id }) => ({ organization_domain_id }),
        },
      }),
    }),
  ],
});
