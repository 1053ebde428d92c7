import { expect } from 'vitest';
import { first, type Job, type Known, NOT_YET } from './jobs.ts';

// The jobs of prompts that find something out.

const ACME = 'org_01JACME00000000000006Y6V1G';
const BLUEFERN = 'org_01JBFERN000000000000EFYD6Q';
const ALL = ['active', 'inactive', 'pending'];

function explainSignIn(): Job {
  let user = NOT_YET;
  let failure = NOT_YET;
  const about = { where: ['data.email=gwen@bluefern.test'], fields: ['event', 'created_at', 'data'] };
  return {
    grants: 'preset:support,mfa:read',
    args: { email: 'gwen@bluefern.test', time: 'an hour ago' },
    confirmed: [],
    turns: [
      async (call) => {
        user = first((await call('list_users', { email: 'gwen@bluefern.test' })).data);
      },
      async (call) => {
        const types = ['authentication.sso_failed', 'authentication.sso_timed_out', 'authentication.password_failed'];
        failure = first((await call('list_events', { ...about, events: types })).data);
        expect(failure).toMatchObject({ data: { error: { code: 'saml_response_signature_invalid' } } });
      },
      async (call) => {
        const { data } = await call('list_events', { ...about, events: ['authentication.sso_succeeded'] });
        expect(data).toEqual([]);
      },
      async (call) => {
        expect((await call('list_user_sessions', { user_id: user.id })).data).toEqual([]);
      },
      async (call) => {
        expect((await call('list_user_auth_factors', { user_id: user.id })).data).toEqual([]);
      },
      async (call) => {
        const { data } = await call('list_organization_memberships', { user_id: user.id, statuses: ALL });
        expect(data.map(({ status }) => status)).toEqual(['active']);
      },
      async (call) => {
        const { connection_id } = Object(Object(failure.data).sso);
        expect(await call('get_connection', { connection_id })).toMatchObject({ state: 'active' });
      },
      async (call) => {
        const { data } = await call('list_directories', { organization_id: BLUEFERN });
        for (const { id } of data) await call('list_directory_users', { directory: id });
      },
      'nothing: the report is of what was seen',
    ],
  };
}

function debugSso(): Job {
  let connection = NOT_YET;
  return {
    grants: 'preset:sso-debug',
    args: { organization: 'Bluefern Health', email: 'gwen@bluefern.test' },
    confirmed: [],
    turns: [
      async (call) => {
        expect(first((await call('list_organizations', { search: 'Bluefern' })).data).id).toBe(BLUEFERN);
      },
      async (call) => {
        const { data } = await call('list_events', {
          organization_id: BLUEFERN,
          events: ['authentication.sso_failed', 'authentication.sso_timed_out'],
          fields: ['event', 'created_at', 'data.email', 'data.sso', 'data.error'],
        });
        expect(data.map(({ event }) => event)).toEqual(['authentication.sso_timed_out', 'authentication.sso_failed']);
      },
      async (call) => {
        const { data } = await call('list_events', {
          organization_id: BLUEFERN,
          events: [
            'connection.activated',
            'connection.deactivated',
            'connection.saml_certificate_renewal_required',
            'connection.saml_certificate_renewed',
          ],
        });
        expect(data.map(({ event }) => event)).toEqual(['connection.activated']);
      },
      async (call) => {
        connection = first((await call('list_connections', { organization_id: BLUEFERN })).data);
      },
      'nothing: it has one',
      async (call) => {
        await call('get_connection', { connection_id: connection.id });
      },
      async (call) => {
        const { domains } = await call('get_organization', { organization_id: BLUEFERN });
        expect(domains.map(({ state }) => state)).toEqual(['verified']);
      },
      async (call) => {
        expect((await call('list_users', { email: 'gwen@bluefern.test' })).data).toHaveLength(1);
      },
      async (call) => {
        const { data } = await call('list_directories', { organization_id: BLUEFERN });
        for (const { id } of data) await call('list_directory_users', { directory: id });
      },
      async (call) => {
        await call('get_sso_authorization_url', {
          connection: connection.id,
          redirect_uri: 'https://app.example.com/callback',
        });
      },
      'nothing: the report is of what was seen',
    ],
  };
}

function debugDirectorySync(): Job {
  let [directory, person] = [NOT_YET, NOT_YET];
  return {
    grants: 'preset:sso-debug',
    args: { organization: 'Acme', email: 'ada.hart@acme.example.com' },
    confirmed: [],
    turns: [
      async (call) => {
        await call('list_organizations', { search: 'Acme' });
      },
      async (call) => {
        directory = first((await call('list_directories', { organization_id: ACME })).data);
      },
      async (call) => {
        expect(await call('get_directory', { directory_id: directory.id })).toMatchObject({ state: 'linked' });
      },
      async (call) => {
        const found = await call('list_directory_users', {
          directory: directory.id,
          email: 'ada.hart@acme.example.com',
        });
        person = first(found.data);
      },
      async (call) => {
        await call('get_directory_user', { directory_user_id: person.id });
      },
      async (call) => {
        await call('list_directory_groups', { user: person.id });
      },
      async (call) => {
        await call('list_directory_groups', { directory: directory.id });
      },
      'nothing: the report is of what was seen',
    ],
  };
}

function reviewAccess(): Job {
  let memberships: readonly Known[] = [];
  const all = { organization_id: ACME, max_items: 200 };
  return {
    grants: 'preset:security-review',
    args: { organization: 'Acme', unused_days: '60' },
    confirmed: [],
    turns: [
      async (call) => {
        await call('list_organizations', { search: 'Acme' });
      },
      async (call) => {
        const fields = ['id', 'email', 'email_verified', 'created_at', 'last_sign_in_at'];
        expect((await call('list_users', { ...all, fields })).data.length).toBeGreaterThan(3);
      },
      async (call) => {
        await call('get_organization', { organization_id: ACME });
      },
      async (call) => {
        await call('list_connections', { organization_id: ACME });
      },
      async (call) => {
        for (const { id } of (await call('list_directories', { organization_id: ACME })).data)
          await call('list_directory_users', { directory: id, max_items: 200 });
      },
      async (call) => {
        memberships = (await call('list_organization_memberships', { ...all, statuses: ALL })).data;
        expect(memberships.filter(({ role }) => role.slug === 'admin')).toHaveLength(1);
        await call('list_organization_roles', { organization_id: ACME });
      },
      async (call) => {
        const { data } = await call('list_invitations', { organization_id: ACME });
        expect(data.map(({ state }) => state)).toContain('pending');
      },
      async (call) => {
        const { data } = await call('list_organization_api_keys', { organization_id: ACME });
        expect(data.map(({ name }) => name)).toContain('Data warehouse');
      },
      async (call) => {
        const admin = memberships.find(({ role }) => role.slug === 'admin') ?? expect.fail();
        await call('list_user_api_keys', { user_id: Object(admin).user?.id ?? 'user_01JADA0000000000000054K0EG' });
      },
      async (call) => {
        const { id } = await call('create_audit_log_export', {
          organization_id: ACME,
          range_start: '2025-01-01T00:00:00.000Z',
          range_end: '2025-02-01T00:00:00.000Z',
        });
        expect(await call('get_audit_log_export', { audit_log_export_id: id })).toHaveProperty('state');
      },
      'nothing: the report is of what was seen',
    ],
  };
}

export const readingJobs: Readonly<Record<string, readonly Job[]>> = {
  explain_sign_in: [explainSignIn()],
  debug_sso: [debugSso()],
  debug_directory_sync: [debugDirectorySync()],
  review_access: [reviewAccess()],
};
