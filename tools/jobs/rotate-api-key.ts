import { prompt } from '../../src/catalog/prompt.ts';
import { findOrganization, organization } from './shared-parts.ts';

export default prompt({
  name: 'rotate_api_key',
  title: 'Rotate an API key',
  description: 'Replace an API key of an organization by a new one, without a gap.',
  arguments: {
    organization: { ...organization, required: true },
    key: { description: 'Name or ID of the key to replace', required: true },
  },
  needs: ['list_organization_api_keys', 'create_organization_api_key'],
  steps: [
    findOrganization,
    'Find the key with {list_organization_api_keys}, and note its permissions, expires_at and last_used_at. If several have that name, ask which one is meant.',
    'Show the person the key, by name and obfuscated_value, and ask who uses it and who takes the new value. Go on only after a yes.',
    'Create the new key with {create_organization_api_key}, with a name that tells the two apart, the same permissions, and an expires_at if the person wants one.',
    'Hand over the value at once: it is shown only this time. Write it nowhere else, and do not repeat it.',
    'Once the person says that the new key is in use, list the keys again with {list_organization_api_keys}: last_used_at of the new key has to move, that of the old one to stand still. Look again when they ask for it, after as long as the slowest job takes that uses the key.',
    [
      'End the old key with {expire_api_key}, by api_key_id and organization_id.',
      'End the old key with {delete_api_key}, by api_key_id and organization_id.',
      'Ask a person to end the old key in the WorkOS Dashboard.',
    ],
    'Report both keys, by name and ID, and when the old one ended. Do not repeat the value.',
  ],
});
