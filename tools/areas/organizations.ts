import * as z from 'zod';
import { area, tool } from '../../src/catalog/declaration.ts';
import { deprecated, detail, explained } from '../../src/catalog/output.ts';
import {
  changedMetadata,
  clearable,
  domainConflict,
  externalId,
  metadata,
  organizationId,
  page,
  search,
} from '../arguments.ts';
import { organizationDeletes } from '../limits.ts';
import { kind, list, object, pairs, text, textOrNull, times } from '../members.ts';
import { organizationDomain } from './organization-domains.ts';

const organization = object({
  object: kind,
  id: text,
  name: text,
  domains: z.array(organizationDomain),
  // Up to 50 pairs of 600 characters.
  metadata: detail(pairs),
  external_id: textOrNull,
  stripe_customer_id: textOrNull,
  allow_profiles_outside_organization: deprecated(explained(z.boolean(), 'sign-in from other email domains')),
  ...times,
});

const fields = {
  allow_profiles_outside_organization: z.boolean().describe('Allow sign-in from other email domains').optional(),
};

const domainData = <State extends string>(states: readonly [State, ...State[]]) =>
  z.array(
    z.strictObject({
      domain: z.string().min(1).describe('E.g. example.com'),
      state: z.enum(states).describe('Whether its ownership is proven'),
    }),
  );

const newDomains = <State extends string>(...states: readonly [State, ...State[]]) =>
  domainData(states).describe('Its domains').optional();

export default area({
  name: 'organizations',
  title: 'Organizations',
  meaning: 'customers of your app (org_…); each has domains, connections and directories',
  signIn: true,
  tools: [
    tool({
      name: 'create_organization',
      route: 'POST /organizations',
      access: 'write',
      listed: true,
      words: 'add new customer company tenant workspace account onboard',
      description: 'Create an organization: a customer of your app.',
      toldBy: 'list_organizations',
      nextSteps: domainConflict,
      input: {
        name: z.string().min(1).describe('Display name'),
        ...fields,
        domain_data: newDomains('pending', 'verified'),
        external_id: externalId.optional(),
        metadata,
      },
      credentials: {
        identity: ['allow_profiles_outside_organization', 'domain_data'],
        // A pending domain does not vouch for any user.
        narrowed: { domain_data: newDomains('pending') },
      },
      output: organization,
    }),
    tool({
      name: 'get_organization',
      route: 'GET /organizations/{organization_id}',
      access: 'read',
      listed: true,
      words: 'look up show customer company tenant workspace details',
      description: 'Get one organization.',
      input: { organization_id: organizationId },
      output: organization,
    }),
    tool({
      name: 'get_organization_by_external_id',
      route: 'GET /organizations/external_id/{external_id}',
      access: 'read',
      description: 'Get one organization by the ID that your own system has for it.',
      words: 'crm own key look up customer company tenant',
      input: { external_id: externalId },
      output: organization,
    }),
    tool({
      name: 'list_organizations',
      route: 'GET /organizations',
      access: 'read',
      listed: true,
      words: 'search find customers companies tenants workspaces count',
      description: 'List organizations, or find them by name or domain.',
      input: {
        search,
        domains: z.array(z.string().min(1)).min(1).describe('Any of these domains').optional(),
        ...page,
      },
      output: list(organization),
      check: ({ domains }) => [
        domains?.some((domain) => domain.includes(',')) === true &&
          'domains: give one domain per item, without commas.',
      ],
    }),
    tool({
      name: 'update_organization',
      route: 'PUT /organizations/{organization_id}',
      access: 'write',
      listed: true,
      words: 'change edit rename customer company tenant name metadata stripe billing',
      description: 'Change the given fields of an organization; the others stay.',
      nextSteps: domainConflict,
      input: {
        organization_id: organizationId,
        name: z.string().min(1).describe('Display name').optional(),
        ...fields,
        domain_data: domainData(['pending', 'verified']).describe('Replaces all its domains').optional(),
        stripe_customer_id: z.string().min(1).describe('cus_…').optional(),
        external_id: clearable(externalId),
        metadata: changedMetadata,
      },
      credentials: {
        identity: ['allow_profiles_outside_organization', 'domain_data', 'external_id', 'stripe_customer_id'],
      },
      preview: {
        object: 'get_organization',
        named: 'name',
        replaces: { domain_data: { member: 'domains', by: 'domain' } },
      },
      output: organization,
    }),
    tool({
      name: 'delete_organization',
      route: 'DELETE /organizations/{organization_id}',
      access: 'delete',
      words: 'remove erase offboard customer company tenant churn close',
      description: 'Delete an organization for good, its connections, directories and memberships too; its users stay.',
      limits: [organizationDeletes],
      input: { organization_id: organizationId },
      preview: {
        object: 'get_organization',
        named: 'name',
        dependents: {
          list_connections: 'organization_id',
          list_directories: 'organization_id',
          list_users: 'organization_id',
        },
      },
    }),
  ],
});
