/**
 * What IDs of WorkOS begin with, those of its emulator included. An agent chooses its arguments: of any other beginning
 * it could make a sentence. API keys and tokens are not among them.
 */
const PREFIXES: ReadonlySet<string> = new Set(
  `action_endpoint action_execution agent_identity agent_reg agent_reg_claim agent_reg_claim_attempt agent_reg_credential
  ala als api_key audit_action audit_event audit_export audit_log_export auth_app auth_challenge auth_code auth_factor
  auth_res authorized_connect_app authz_resource client client_secret conn conn_acct conn_app conn_domain connect_app cors
  cors_origin data_installation data_integration dek dev_auth di_auth dik directory directory_group directory_grp
  directory_token directory_user email_verification environment event evt ext_auth ff ff_target flag gra group identity
  inv invitation key magic_auth om org org_domain password_reset perm pipe_conn prof ra radar_att radar_attempt
  radar_auth_attempt radar_challenge redir ref resource role role_assignment rp ruri secret sess session sso_auth user
  vrf waitlist we wl_user`.split(/\s+/),
);

/** A ULID, in which no letter can be mistaken for a digit. */
const ULID = '[0-7][0-9A-HJKMNP-TV-Z]{25}';

const WHOLE = new RegExp(`^([a-z_]{2,40})_${ULID}$`);
const WITHIN = new RegExp(`(?<![A-Za-z0-9_])([a-z_]{2,40})_${ULID}(?![A-Za-z0-9_])`, 'g');

/** Whether a value is like an ID of WorkOS, such as `user_01E4ZCR3C56J083X43JQXF3JK5`. API keys do not count as IDs. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && PREFIXES.has(WHOLE.exec(value)?.[1] ?? '');
}

/** The first ID of WorkOS in a text. */
export function idIn(text: string): string | undefined {
  for (const [id, prefix = ''] of text.matchAll(WITHIN)) if (PREFIXES.has(prefix)) return id;
  return undefined;
}
