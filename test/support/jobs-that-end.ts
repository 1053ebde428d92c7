import { expect } from 'vitest';
import { first, type Job, type Known, NOT_YET } from './jobs.ts';

// The jobs of prompts that end accesses.

const ACME = 'org_01JACME00000000000006Y6V1G';
const ALL = ['active', 'inactive', 'pending'];

function offboard(): Job {
  let user = NOT_YET;
  let memberships: readonly Known[] = [];
  return {
    grants:
      'users:read,memberships:full,sessions:read,revoke_session,api_keys:full,invitations:full,organizations:read,directory_sync:read',
    args: { email: 'cara@acme.example.com' },
    unused: ['delete_organization_membership', 'revoke_invitation'],
    confirmed: ['expire_api_key'],
    turns: [
      async (call) => {
        user = first((await call('list_users', { email: 'cara@acme.example.com' })).data);
      },
      'a person: says that she has left',
      async (call) => {
        memberships = (await call('list_organization_memberships', { user_id: user.id, statuses: ALL })).data;
        expect(memberships.map(({ status }) => status)).toEqual(['active', 'active']);
      },
      async (call) => {
        for (const { organization_id } of memberships) {
          for (const { id } of (await call('list_directories', { organization_id })).data) {
            const byEmail = await call('list_directory_users', { directory: id, email: 'cara@acme.example.com' });
            expect(byEmail.data).toEqual([]);
            const byName = await call('list_directory_users', { directory: id, where: ['last_name=Webb'] });
            expect(byName.data.map(({ state }) => state)).toEqual(['active']);
          }
        }
      },
      async (call) => {
        for (const { id } of memberships)
          await call('deactivate_organization_membership', { organization_membership_id: id });
      },
      async (call) => {
        const { data } = await call('list_user_sessions', { user_id: user.id });
        expect(data).toHaveLength(1);
        for (const { id } of data) await call('revoke_session', { session_id: id, user_id: user.id });
      },
      async (call) => {
        const { data } = await call('list_user_api_keys', { user_id: user.id });
        expect(data.map(({ name }) => name)).toEqual(['Spreadsheet']);
        for (const { id } of data) await call('expire_api_key', { api_key_id: id, user_id: user.id });
      },
      async (call) => {
        expect((await call('list_invitations', { email: 'cara@acme.example.com' })).data).toEqual([]);
      },
      async (call) => {
        const left = await call('list_organization_memberships', { user_id: user.id, statuses: ['active'] });
        expect(left.data).toEqual([]);
        expect((await call('list_user_sessions', { user_id: user.id })).data).toEqual([]);
      },
      'nothing: the report is of what was seen',
    ],
  };
}

function rotateApiKey(): Job {
  let [old, made] = [NOT_YET, NOT_YET];
  return {
    grants: 'organizations:read,api_keys:full,api_keys:credentials',
    args: { organization: 'Acme', key: 'Production' },
    confirmed: ['expire_api_key'],
    turns: [
      async (call) => {
        await call('list_organizations', { search: 'Acme' });
      },
      async (call) => {
        const { data } = await call('list_organization_api_keys', { organization_id: ACME });
        old = data.find(({ name }) => name === 'Production') ?? expect.fail();
      },
      'a person: says yes',
      async (call) => {
        made = await call('create_organization_api_key', {
          organization_id: ACME,
          name: 'Production, from November',
          permissions: old.permissions,
        });
        expect(made.value).toMatch(/^sk_/);
      },
      'a person: takes the value',
      async (call) => {
        const { data } = await call('list_organization_api_keys', { organization_id: ACME });
        expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining([old.id, made.id]));
      },
      async (call) => {
        await call('expire_api_key', { api_key_id: old.id, organization_id: ACME });
      },
      'nothing: the report is of what was seen',
    ],
  };
}

export const endingJobs: Readonly<Record<string, readonly Job[]>> = {
  offboard_user: [offboard()],
  rotate_api_key: [rotateApiKey()],
};
