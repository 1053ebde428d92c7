import type { Grants } from '../../src/access/grants.ts';
import { createCatalog } from '../../src/catalog/catalog.ts';
import type { Area } from '../../src/catalog/declaration.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import { declarations } from '../../tools/index.ts';

export const catalog = createCatalog(declarations);

/** The tools that literal lists and counts in tests are about. None is added with a new endpoint. */
export const FIXED: ReadonlySet<string> = new Set(
  `create_user get_user list_users update_user delete_user authenticate_user create_magic_auth get_magic_auth
  enroll_auth_factor challenge_auth_factor verify_auth_challenge create_organization get_organization list_organizations
  update_organization delete_organization create_organization_domain get_organization_domain verify_organization_domain
  get_sso_authorization_url get_sso_profile_and_token list_connections get_connection delete_connection list_directories
  get_directory delete_directory list_directory_users get_directory_user list_directory_groups get_directory_group
  create_audit_log_event create_audit_log_export get_audit_log_export list_environment_roles
  list_organization_roles`.split(/\s+/),
);

/** Those of them that wait for a person, in the catalogue's order. */
export const ASKED: readonly string[] = [
  'update_user',
  'delete_user',
  'update_organization',
  'delete_organization',
  'create_organization_domain',
  'verify_organization_domain',
  'delete_connection',
  'delete_directory',
];

const fixed = ({ tools, ...area }: Area): Area => ({
  ...area,
  tools: tools.filter(({ name }) => FIXED.has(name)).map(withFixedDependents),
});

/** Without what is counted in a preview by other tools. */
function withFixedDependents(declaration: Area['tools'][number]): Area['tools'][number] {
  const { preview } = declaration;
  if (preview?.dependents === undefined) return declaration;
  const dependents = Object.fromEntries(Object.entries(preview.dependents).filter(([name]) => FIXED.has(name)));
  return { ...declaration, preview: { ...preview, dependents } };
}

const fixedAreas = declarations.areas.map(fixed).filter(({ tools }) => tools.length > 0);

/** Whether a grant of a preset says something of the fixed tools. */
const isFixed = (grant: string): boolean =>
  FIXED.has(grant) || fixedAreas.some(({ name }) => grant.startsWith(`${name}:`));

/** The catalogue of the fixed tools. What grants open of all the others is for test/matrix.test.ts and its table. */
export const fixedCatalog = createCatalog({
  ...declarations,
  areas: fixedAreas,
  presets: Object.fromEntries(
    Object.entries(declarations.presets).map(([name, { meaning, grants }]) => [
      name,
      { meaning, grants: grants.filter(isFixed) },
    ]),
  ),
  prompts: [],
});

/** The names of the tools that the grants AREA:ACCESS open by themselves, by what their declarations say. */
export const openedBy = (area: string, ...accesses: readonly Tool['access'][]): readonly string[] =>
  catalog.tools
    .filter((tool) => (area === '*' || tool.area === area) && accesses.includes(tool.access) && !tool.needsCredentials)
    .map(({ name }) => name);

/** Grants as flags: "a:read b:write !c:full ro guard". */
export function toGrants(text: string): Grants {
  const words = text.split(' ').filter((word) => word !== '');
  return {
    allow: words.filter((word) => !word.startsWith('!') && word !== 'ro' && word !== 'guard'),
    deny: words.filter((word) => word.startsWith('!')).map((word) => word.slice(1)),
    readOnly: words.includes('ro'),
    productionGuard: words.includes('guard'),
  };
}
