import * as z from 'zod';
import { area, tool } from '../../src/catalog/declaration.ts';
import { deprecated, detail, explained, secret } from '../../src/catalog/output.ts';
import { directoryGroupId, directoryId, directoryUserId, organizationId, page, search } from '../arguments.ts';
import { directoryUsers } from '../limits.ts';
import { kind, list, object, pairs, text, textOrNull, times } from '../members.ts';
import { assignedRole } from './roles.ts';

const directory = object({
  object: kind,
  id: text,
  organization_id: textOrNull,
  external_key: secret(detail(textOrNull)),
  type: text,
  state: explained(text, 'only linked is connected'),
  name: text,
  domain: textOrNull,
  metadata: object({ users: object({ active: z.number(), inactive: z.number() }), groups: z.number() }),
  ...times,
});

const directoryGroup = object({
  object: kind,
  id: text,
  idp_id: text,
  directory_id: text,
  // The same for all of a directory.
  organization_id: detail(textOrNull),
  name: text,
  raw_attributes: detail(pairs),
  ...times,
});

const directoryUser = object({
  object: kind,
  id: text,
  directory_id: text,
  // The same for all of a directory.
  organization_id: detail(textOrNull),
  idp_id: text,
  email: textOrNull,
  first_name: textOrNull,
  last_name: textOrNull,
  name: textOrNull,
  emails: deprecated(z.array(object({ primary: z.boolean(), type: text, value: textOrNull }))),
  job_title: deprecated(textOrNull),
  username: deprecated(textOrNull),
  state: text,
  raw_attributes: deprecated(pairs),
  custom_attributes: pairs,
  role: assignedRole,
  roles: z.array(assignedRole),
  groups: deprecated(z.array(directoryGroup)),
  ...times,
});

export default area({
  name: 'directory_sync',
  title: 'Directory Sync',
  meaning:
    'directories of an organization (directory_…), with users (directory_user_…) and groups (directory_group_…) as its identity provider has them: these users are not those who sign in',
  signIn: true,
  tools: [
    tool({
      name: 'list_directories',
      route: 'GET /directories',
      access: 'read',
      listed: true,
      words: 'scim okta entra azure google workspace sync provisioning connected',
      description: 'List directories.',
      input: { organization_id: organizationId.optional(), search, ...page },
      output: list(directory),
    }),
    tool({
      name: 'get_directory',
      route: 'GET /directories/{directory_id}',
      access: 'read',
      words: 'scim sync provisioning status state broken linked unlinked',
      description: 'Get one directory and its counts.',
      input: { directory_id: directoryId },
      output: directory,
    }),
    tool({
      name: 'delete_directory',
      route: 'DELETE /directories/{directory_id}',
      access: 'delete',
      words: 'remove disconnect turn off disable scim provisioning sync stop',
      description: 'Delete a directory for good, its users and groups too: syncing stops.',
      input: { directory_id: directoryId },
      preview: {
        object: 'get_directory',
        named: ['name', 'organization_id'],
        dependents: { list_directory_users: 'directory', list_directory_groups: 'directory' },
      },
    }),
    tool({
      name: 'list_directory_users',
      route: 'GET /directory_users',
      access: 'read',
      listed: true,
      words: 'scim synced provisioned employees people staff identity provider suspended',
      description: 'List the users of a directory or group.',
      limits: [directoryUsers],
      input: {
        directory: directoryId.optional(),
        group: directoryGroupId.optional(),
        email: z.string().min(1).describe('Primary email, compared exactly, case too; needs directory').optional(),
        idp_id: z.string().min(1).describe("The identity provider's ID; needs directory").optional(),
        ...page,
      },
      output: list(directoryUser),
      atLeastOne: ['directory', 'group'],
      caseSensitive: ['email'],
      check: ({ directory, email, idp_id }) => [
        directory === undefined && email !== undefined && 'email needs directory.',
        directory === undefined && idp_id !== undefined && 'idp_id needs directory.',
      ],
    }),
    tool({
      name: 'get_directory_user',
      route: 'GET /directory_users/{directory_user_id}',
      access: 'read',
      listed: true,
      words: 'scim synced provisioned employee person attributes manager job title suspended',
      description: 'Get one directory user, with attributes.',
      limits: [directoryUsers],
      input: { directory_user_id: directoryUserId },
      output: directoryUser,
    }),
    tool({
      name: 'list_directory_groups',
      route: 'GET /directory_groups',
      access: 'read',
      listed: true,
      words: 'scim synced provisioned teams departments identity provider',
      description: 'List the groups of a directory or directory user.',
      input: { directory: directoryId.optional(), user: directoryUserId.optional(), ...page },
      output: list(directoryGroup),
      atLeastOne: ['directory', 'user'],
    }),
    tool({
      name: 'get_directory_group',
      route: 'GET /directory_groups/{directory_group_id}',
      access: 'read',
      words: 'scim synced provisioned team department details',
      description: 'Get one directory group.',
      input: { directory_group_id: directoryGroupId },
      output: directoryGroup,
    }),
  ],
});
