import { toAcceptance } from '../../sandbox/shapes.ts';
import type { Arguments } from '../../src/catalog/declaration.ts';

// IDs and secrets of the sandbox's seeded world.

export const ADA = 'user_01JADA0000000000000054K0EG';
export const CARA = 'user_01JCARA0000000000000XFSVH9';
export const ACME = 'org_01JACME00000000000006Y6V1G';
export const BLUEFERN = 'org_01JBFERN000000000000EFYD6Q';
export const CEDARWICK = 'org_01JCEDAR0000000000002EMKRD';
export const ACME_PENDING_DOMAIN = 'org_domain_01JACME2000000000000BP0MFV';
export const BLUEFERN_CONNECTION = 'conn_01JBFERN000000000000EFYD6Q';
export const CEDARWICK_CONNECTION = 'conn_01JCEDAR0000000000002EMKRD';
export const ACME_DIRECTORY = 'directory_01JACME00000000000006Y6V1G';
export const BLUEFERN_DIRECTORY = 'directory_01JBFERN000000000000EFYD6Q';
export const ADA_IN_DIRECTORY = 'directory_user_01JACMEADA000000000066HK02';
export const ENGINEERS = 'directory_group_01JACMEENG0000000000VKWNTR';
export const ADA_MAGIC_AUTH = 'magic_auth_01JADA0000000000000054K0EG';
export const DEV_FACTOR = 'auth_factor_01JDEV000000000000002NDXVD';
export const DEV_CHALLENGE = 'auth_challenge_01JDEV000000000000002NDXVD';
export const ACME_EXPORT = 'audit_log_export_01JACME00000000000006Y6V1G';
export const ADA_IN_ACME = 'om_01JADAACME0000000000SNRSJM';
export const GRACE_INVITATION = 'invitation_01JGRACE0000000000006AP1TD';
export const ADA_SESSION = 'session_01JADA100000000000002HA1PA';
export const BEN_VERIFICATION = 'email_verification_01JBEN00000000000000YG1GYX';
export const DEV_RESET = 'password_reset_01JDEV000000000000002NDXVD';
export const ACME_KEY = 'api_key_01JACME1000000000000AHQF47';
export const ACME_CONTACT = 'it_contact_01JACME00000000000006Y6V1G';
export const ACME_PROJECT = 'authz_resource_01JACMEHARBR00000000D0QNNS';
export const CLIENT_ID = 'client_01JSANDBX00000000000000000';
export const BEN = 'user_01JBEN00000000000000YG1GYX';
export const DEV = 'user_01JDEV000000000000002NDXVD';
export const MAYA = 'user_01JMAYA0000000000000JRE2ZS';
export const BLUEFERN_CONTACT = 'it_contact_01JBFERN000000000000EFYD6Q';
export const ACME_WAREHOUSE_KEY = 'api_key_01JACME2000000000000BP0MFV';
export const BEN_KEY = 'api_key_01JBEN00000000000000YG1GYX';
export const DEV_RESET_TOKEN = toAcceptance('password reset DEV').token;
export const ACME_KEY_VALUE = `sk_sandbox_${toAcceptance('key ACME1').token}`;
export const PASSWORD = 'sandbox-password';

/** What the server adds to a sign-in. */
export const CLIENT = { client_id: CLIENT_ID, client_secret: 'sk_test_sandbox' };

/** Values with which a plain call finds something, by argument; `AREA.ARGUMENT` where they differ between areas. */
export const VALUES: Arguments = {
  user_id: ADA,
  'users.external_id': 'hr-1',
  organization_id: ACME,
  'organizations.external_id': 'crm-1001',
  organization_domain_id: ACME_PENDING_DOMAIN,
  connection_id: BLUEFERN_CONNECTION,
  directory_id: ACME_DIRECTORY,
  directory_user_id: ADA_IN_DIRECTORY,
  directory_group_id: ENGINEERS,
  organization_membership_id: ADA_IN_ACME,
  invitation_id: GRACE_INVITATION,
  session_id: ADA_SESSION,
  email_verification_id: BEN_VERIFICATION,
  password_reset_id: DEV_RESET,
  'mfa.authentication_factor_id': DEV_FACTOR,
  api_key_id: ACME_KEY,
  it_contact_id: ACME_CONTACT,
  resource_id: ACME_PROJECT,
  resource_type_slug: 'project',
  'authorization_checks.external_id': 'project-harbor',
  permission_slug: 'invoices:read',
};
