import * as z from 'zod';
import { area, tool } from '../../src/catalog/declaration.ts';
import { secret } from '../../src/catalog/output.ts';
import { dateTime, id, organizationId, page, userId } from '../arguments.ts';
import { userManagement } from '../limits.ts';
import { kind, list, object, text, textOrNull, texts, times } from '../members.ts';

const organizationApiKey = object({
  object: kind,
  id: text,
  name: text,
  owner: object({ type: text, id: text }),
  obfuscated_value: text,
  permissions: texts,
  last_used_at: textOrNull,
  expires_at: textOrNull,
  ...times,
});

/** Of either owner. */
const apiKey = organizationApiKey.extend({ owner: object({ type: text, id: text, organization_id: text }) });

const value = { value: secret(text) };

const validation = object({ api_key: apiKey.nullable(), agent_registration_id: text });

const newKey = {
  name: z.string().min(1).describe('Tells it from others'),
  permissions: z.array(z.string().min(1)).describe('Slugs, from list_organization_roles').optional(),
  expires_at: dateTime.describe('Default never').optional(),
};

const whole = 'the value acts for its owner, and a key whose value is withheld has no holder';

/** Keys are found in the list of their owner alone. */
const found = {
  api_key_id: id('api_key_…, from list_organization_api_keys or list_user_api_keys'),
  organization_id: organizationId.describe('Owner, if an organization').optional(),
  user_id: userId.describe('Owner, if a user').optional(),
};

const preview = {
  of: 'api_key_id',
  object: ['list_organization_api_keys', 'list_user_api_keys'],
  named: ['name', 'obfuscated_value', 'owner.id'],
} as const;

export default area({
  name: 'api_keys',
  title: 'API keys',
  meaning: 'keys that your customers call your API with (api_key_…), of an organization or a user',
  tools: [
    tool({
      name: 'list_organization_api_keys',
      route: 'GET /organizations/{organization_id}/api_keys',
      access: 'read',
      description: 'List the API keys of an organization, with their values obscured.',
      words: 'tokens programmatic access who holds unused last used expiring customer company',
      input: { organization_id: organizationId, ...page },
      output: list(organizationApiKey),
    }),
    tool({
      name: 'list_user_api_keys',
      route: 'GET /user_management/users/{user_id}/api_keys',
      access: 'read',
      description: 'List the API keys of a user, with their values obscured.',
      words: 'personal tokens programmatic access who holds unused last used expiring person',
      limits: [userManagement.get],
      input: { user_id: userId, organization_id: organizationId.optional(), ...page },
      output: list(apiKey),
    }),
    tool({
      name: 'create_organization_api_key',
      route: 'POST /organizations/{organization_id}/api_keys',
      access: 'write',
      description: 'Create an API key of an organization; its value is shown once.',
      words: 'new issue generate token programmatic access rotate customer company',
      toldBy: 'list_organization_api_keys',
      input: { organization_id: organizationId, ...newKey },
      output: organizationApiKey.extend(value),
      credentials: { whole, identity: ['permissions'] },
    }),
    tool({
      name: 'create_user_api_key',
      route: 'POST /user_management/users/{user_id}/api_keys',
      access: 'write',
      description: 'Create an API key of a user in one organization; its value is shown once.',
      words: 'new issue generate personal token programmatic access rotate person',
      limits: [userManagement.other],
      toldBy: 'list_user_api_keys',
      input: { user_id: userId, organization_id: organizationId, ...newKey },
      output: apiKey.extend(value),
      credentials: { whole, identity: ['permissions'] },
    }),
    tool({
      name: 'validate_api_key',
      route: 'POST /api_keys/validations',
      access: 'read',
      effect: 'none',
      description: "Check an API key's value; returns whose it is and what it may do.",
      words: 'whose token working valid check leaked owner',
      input: { value: z.string().min(1).describe('Of the key') },
      output: validation,
      credentials: { secrets: ['value'] },
    }),
    tool({
      name: 'expire_api_key',
      route: 'POST /api_keys/{api_key_id}/expire',
      access: 'delete',
      effect: 'ends',
      description: 'End an API key at once: calls with it fail.',
      words: 'revoke disable end stop rotate leaked token expiry',
      toldBy: 'list_organization_api_keys',
      input: { ...found, expires_at: dateTime.describe('End it then').optional() },
      in: { organization_id: 'preview', user_id: 'preview' },
      output: apiKey,
      // A later date lengthens the life of a credential.
      credentials: { identity: ['expires_at'], description: 'expires_at ends it later instead.' },
      exactlyOne: ['organization_id', 'user_id'],
      preview,
    }),
    tool({
      name: 'delete_api_key',
      route: 'DELETE /api_keys/{api_key_id}',
      access: 'delete',
      description: 'Delete an API key for good: calls with it fail.',
      words: 'remove revoke destroy leaked token',
      input: found,
      in: { organization_id: 'preview', user_id: 'preview' },
      exactlyOne: ['organization_id', 'user_id'],
      preview,
    }),
  ],
});
