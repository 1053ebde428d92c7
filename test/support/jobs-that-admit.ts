import { expect } from 'vitest';
import { first, type Job, NOT_YET } from './jobs.ts';

// The jobs of prompts that let people and organizations in.

const ACME = 'org_01JACME00000000000006Y6V1G';
const CEDARWICK = 'org_01JCEDAR0000000000002EMKRD';

function onboard(): Job {
  let [organization, domain, contact] = [NOT_YET, NOT_YET, NOT_YET];
  return {
    grants: 'preset:onboarding,admin_portal:credentials,create_it_contact',
    args: {
      name: 'Elmgate',
      domain: 'elmgate.test',
      first_user: 'ida@elmgate.test',
      sign_in: 'SSO and directory sync',
    },
    unused: ['create_organization_membership', 'list_organization_roles'],
    // In the sandbox a domain is verified as soon as that is asked for, so that the first user is on it.
    confirmed: ['create_it_contact'],
    turns: [
      async (call) => {
        expect((await call('list_organizations', { search: 'Elmgate' })).data).toEqual([]);
        expect((await call('list_organizations', { domains: ['elmgate.test'] })).data).toEqual([]);
      },
      async (call) => {
        organization = await call('create_organization', { name: 'Elmgate' });
      },
      async (call) => {
        domain = await call('create_organization_domain', {
          organization_id: organization.id,
          domain: 'elmgate.test',
        });
        expect(domain.verification_token).toEqual(expect.any(String));
      },
      async (call) => {
        await call('verify_organization_domain', { organization_domain_id: domain.id });
        const { state } = await call('get_organization_domain', { organization_domain_id: domain.id });
        expect(state).toBe('verified');
      },
      async (call) => {
        expect((await call('list_users', { email: 'ida@elmgate.test' })).data).toEqual([]);
        const invited = await call('create_invitation', {
          email: 'ida@elmgate.test',
          organization_id: organization.id,
        });
        expect(invited).toMatchObject({ state: 'pending', email: 'ida@elmgate.test' });
      },
      'nothing: the default role is right',
      async (call) => {
        expect((await call('list_it_contacts', { organization_id: organization.id })).data).toEqual([]);
        contact = await call('create_it_contact', { organization_id: organization.id, email: 'it@elmgate.test' });
      },
      async (call) => {
        await call('invite_it_contact', {
          organization_id: organization.id,
          it_contact_id: contact.id,
          intents: ['sso', 'directory_sync'],
        });
      },
      async (call) => {
        let after: string | undefined;
        const seen: string[] = [];
        for (let calls = 0; calls < 4 && seen.length < 2; calls += 1) {
          const waited = await call('wait_for_events', {
            events: ['connection.activated', 'dsync.activated'],
            organization_id: organization.id,
            ...(after !== undefined && { after }),
          });
          after = waited.after;
          seen.push(...waited.events.map(({ event }) => event));
        }
        expect(seen.sort()).toEqual(['connection.activated', 'dsync.activated']);
      },
      'nothing: the report is of what was seen',
    ],
  };
}

function setUpSso(): Job {
  let [contact, connection, domain] = [NOT_YET, NOT_YET, NOT_YET];
  return {
    grants: 'preset:onboarding,sso:read',
    args: { organization: `Cedarwick Press (${CEDARWICK})`, setup: 'SSO', domain: 'cedarwick.test' },
    unused: ['list_organizations', 'create_organization_domain', 'get_directory'],
    confirmed: ['verify_organization_domain'],
    turns: [
      'nothing: the ID is given',
      async (call) => {
        const { data } = await call('list_connections', { organization_id: CEDARWICK });
        expect(data.map(({ state }) => state)).toEqual(['inactive']);
      },
      async (call) => {
        const { domains } = await call('get_organization', { organization_id: CEDARWICK });
        domain = first(domains);
        expect(domain.state).toBe('pending');
      },
      async (call) => {
        await call('verify_organization_domain', { organization_domain_id: domain.id });
      },
      async (call) => {
        contact = first((await call('list_it_contacts', { organization_id: CEDARWICK })).data);
      },
      async (call) => {
        await call('invite_it_contact', {
          organization_id: CEDARWICK,
          it_contact_id: contact.id,
          intents: ['sso'],
        });
      },
      async (call) => {
        let after: string | undefined;
        // A model needs at most three calls to learn that it is done.
        for (let calls = 0; calls < 3 && connection === NOT_YET; calls += 1) {
          const waited = await call('wait_for_events', {
            events: ['connection.activated'],
            organization_id: CEDARWICK,
            ...(after !== undefined && { after }),
          });
          after = waited.after;
          connection = waited.events[0]?.data ?? NOT_YET;
        }
      },
      async (call) => {
        expect(await call('get_connection', { connection_id: connection.id })).toMatchObject({ state: 'active' });
      },
      async (call) => {
        const { url } = await call('get_sso_authorization_url', {
          connection: connection.id,
          redirect_uri: 'https://app.example.com/callback',
        });
        expect(url).toContain(connection.id);
      },
      'nothing: the report is of what was seen',
    ],
  };
}

const inviteMember: Job = {
  grants: 'users:read,memberships:read,roles:read,organizations:read,invitations:full,invitations:credentials',
  args: { email: 'nia@acme.example.com', organization: 'Acme', role: 'Billing' },
  unused: ['list_organization_memberships', 'resend_invitation'],
  // A role was chosen.
  confirmed: ['create_invitation'],
  turns: [
    async (call) => {
      expect(first((await call('list_organizations', { search: 'Acme' })).data).id).toBe(ACME);
    },
    async (call) => {
      expect((await call('list_users', { email: 'nia@acme.example.com' })).data).toEqual([]);
    },
    async (call) => {
      const found = await call('list_invitations', { organization_id: ACME, email: 'nia@acme.example.com' });
      expect(found.data).toEqual([]);
    },
    async (call) => {
      const { data } = await call('list_organization_roles', { organization_id: ACME });
      expect(data.find(({ name }) => name === 'Billing')?.permissions).toContain('invoices:write');
    },
    async (call) => {
      const invited = await call('create_invitation', {
        email: 'nia@acme.example.com',
        organization_id: ACME,
        role_slug: 'billing',
      });
      expect(invited).toMatchObject({ state: 'pending', expires_at: expect.any(String) });
    },
    'nothing: the report is of what was seen',
  ],
};

const sendAgain: Job = {
  grants: 'users:read,memberships:read,organizations:read,invitations:full',
  args: { email: 'grace@acme.example.com', organization: `Acme (${ACME})` },
  unused: ['list_organizations', 'list_organization_memberships', 'create_invitation'],
  confirmed: [],
  turns: [
    'nothing: the ID is given',
    async (call) => {
      expect((await call('list_users', { email: 'grace@acme.example.com' })).data).toEqual([]);
    },
    async (call) => {
      const found = await call('list_invitations', { organization_id: ACME, email: 'grace@acme.example.com' });
      const { id, state } = first(found.data);
      expect(state).toBe('pending');
      await call('resend_invitation', { invitation_id: id });
    },
    'nothing: she is invited',
    'nothing: the report is of what was seen',
  ],
};

function changeRole(): Job {
  let [user, membership] = [NOT_YET, NOT_YET];
  return {
    grants: 'users:read,organizations:read,memberships:write,memberships:credentials,memberships:read,roles:read',
    args: { email: 'ben@acme.example.com', organization: 'Acme', role: 'admin' },
    confirmed: ['update_organization_membership'],
    turns: [
      async (call) => {
        await call('list_organizations', { search: 'Acme' });
      },
      async (call) => {
        user = first((await call('list_users', { email: 'ben@acme.example.com' })).data);
      },
      async (call) => {
        const found = await call('list_organization_memberships', { user_id: user.id, organization_id: ACME });
        membership = first(found.data);
        expect(membership.role.slug).toBe('member');
      },
      async (call) => {
        const shown = await call('get_organization_membership', { organization_membership_id: membership.id });
        expect(shown).toMatchObject({ directory_managed: false });
      },
      async (call) => {
        const { data } = await call('list_organization_roles', { organization_id: ACME });
        const permissionsOf = (slug: string) => data.find((role) => role.slug === slug)?.permissions ?? [];
        const gained = permissionsOf('admin').filter((one) => !permissionsOf('member').includes(one));
        expect(gained).toEqual(expect.arrayContaining(['members:manage', 'invoices:write']));
      },
      'a person: says yes',
      async (call) => {
        const changed = await call('update_organization_membership', {
          organization_membership_id: membership.id,
          role_slug: 'admin',
        });
        expect(changed.role.slug).toBe('admin');
      },
      'nothing: the report is of what was seen',
    ],
  };
}

export const admittingJobs: Readonly<Record<string, readonly Job[]>> = {
  onboard_organization: [onboard()],
  set_up_sso: [setUpSso()],
  invite_member: [inviteMember, sendAgain],
  change_role: [changeRole()],
};
