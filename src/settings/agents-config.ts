import type { ListMode } from '../access/list-mode.ts';
import { StartError } from '../errors.ts';
import {
  type AccessSettings,
  type ALGORITHMS,
  type CONFIRM_MODES,
  type JwtSettings,
  OTHER,
  schema,
} from './agents-schema.ts';
import {
  type ApproverConfig,
  namesOf,
  type Refuse,
  type SignInConfig,
  toApprovers,
  toSignIn,
  unknownName,
} from './approvers-config.ts';
import { parseBySchema } from './schema-fault.ts';
import type { SettingsFile } from './settings-file.ts';

export type { ApproverConfig } from './approvers-config.ts';

export type EnvironmentConfig = {
  readonly name: string;
  /** Where the key is: exactly one of the two is set. */
  readonly apiKeyEnv: string | undefined;
  readonly apiKeyFile: string | undefined;
  readonly clientId: string | undefined;
  readonly baseUrl: string | undefined;
  readonly expect: 'staging' | 'production' | undefined;
};

export type IssuerConfig = {
  readonly name: string;
  /** As it stands in `iss`, to the letter. */
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly algorithms: readonly (typeof ALGORITHMS)[number][];
  /** The audience of its machine-to-machine tokens, if the server takes them. */
  readonly m2mAudience: string | undefined;
  /** The environment whose users it signs in; `other` stands for one outside this file. */
  readonly environment: string | undefined;
  /** The application by which approvers sign in to the console with this issuer. */
  readonly signIn: SignInConfig | undefined;
};

/** What agents and templates have in common. */
export type AgentAccess = {
  readonly environment: string;
  readonly deny: readonly string[];
  readonly readOnly: boolean;
  readonly productionWrites: boolean;
  readonly confirm: (typeof CONFIRM_MODES)[number] | undefined;
  /** Whether an answer that the client brings counts under confirm: person. */
  readonly clientAsks: 'trusted' | undefined;
  /** Whether the person for whom a call is made may say yes to it. */
  readonly samePerson: 'allow' | 'refuse';
  /** The operator accepts that the agent could change who signs in as an approver. */
  readonly affectsApprovers: 'accepted' | undefined;
  readonly statusTool: boolean;
  readonly list: ListMode | undefined;
  readonly requestsPerMinute: number;
  readonly deletesPerHour: number;
  /** Milliseconds since 1970: from then on no request is accepted as this agent. */
  readonly expires: number | undefined;
};

/** The hash of a token by the token's ID. */
export type TokenHash = {
  readonly id: string;
  readonly sha256: string;
  /** Milliseconds since 1970: from then on the token is refused. */
  readonly expires?: number | undefined;
};

/** What the claims of an issuer's token must hold; at least one condition, and all of them. */
export type JwtConditions = {
  /** By its name in this file. */
  readonly issuer: string;
  readonly conditions: readonly {
    readonly claim: 'sub' | 'client_id' | 'org_id' | 'permission';
    readonly value: string;
  }[];
};

export type AgentConfig = AgentAccess & {
  readonly name: string;
  readonly allow: readonly string[];
  readonly tokens: readonly TokenHash[];
  readonly jwt: JwtConditions | undefined;
  /** The approver for whom an agent with static tokens works. */
  readonly owner: string | undefined;
};

export type TemplateConfig = AgentAccess & {
  readonly name: string;
  readonly jwt: JwtConditions;
  readonly grantsClaim: string;
  readonly ceiling: readonly string[];
};

/** Who may call over HTTP, in the order of the file. */
export type AgentsConfig = {
  /** Empty where the flat settings name the one environment there is, which is DEFAULT_ENVIRONMENT then. */
  readonly environments: readonly EnvironmentConfig[];
  readonly issuers: readonly IssuerConfig[];
  readonly agents: readonly AgentConfig[];
  readonly templates: readonly TemplateConfig[];
  readonly approvers: readonly ApproverConfig[];
};

/** What the environment of the flat settings (WORKOS_API_KEY and so on) is called. */
export const DEFAULT_ENVIRONMENT = 'default';

const REQUESTS_PER_MINUTE = 600;
const DELETES_PER_HOUR = 20;

/**
 * Who may call over HTTP, as the settings file says. Grants are only read here: checkAgents holds them against the
 * tools.
 * @param mayLackTokens whether an agent may be without a way to authenticate, which it is to be given next
 * @throws StartError naming file and line
 */
export function toAgents(file: SettingsFile, { mayLackTokens = false } = {}): AgentsConfig {
  const sections = parseBySchema(schema, file);
  const refuse: Refuse = (path, message) => {
    throw new StartError(`${file.at(path)}: ${path.join('.')} ${message}`);
  };
  const entries = <T>(section: Readonly<Record<string, T>> | undefined) => Object.entries(section ?? {});

  const environments = entries(sections.environments).map(([name, given]) => {
    const path = ['environments', name];
    const { 'api-key-env': apiKeyEnv, 'api-key-file': apiKeyFile } = given;
    if (name === OTHER)
      refuse(path, `cannot be named "other": for issuers, that name means an environment outside this file.`);
    if ((apiKeyEnv === undefined) === (apiKeyFile === undefined)) {
      refuse(path, 'needs exactly one source for its key: api-key-env (a variable) or api-key-file.');
    }
    return {
      name,
      apiKeyEnv,
      apiKeyFile,
      clientId: given['client-id'],
      baseUrl: given['base-url'],
      expect: given.expect,
    };
  });

  const environmentNames = environments.length === 0 ? [DEFAULT_ENVIRONMENT] : environments.map(({ name }) => name);
  const issuerNames = entries(sections.issuers).map(([name]) => name);
  /** The named one of several, or the only one there is. */
  const choose = (
    path: readonly string[],
    what: string,
    given: string | undefined,
    known: readonly string[],
  ): string => {
    if (given !== undefined && known.includes(given)) return given;
    if (given !== undefined) return refuse([...path, what], unknownName(given, known));
    const [only] = known;
    return only !== undefined && known.length === 1 ? only : refuse(path, `must name an ${what}. ${namesOf(known)}`);
  };

  const issuers = entries(sections.issuers).map(([name, given]) => {
    const path = ['issuers', name];
    const isAuthKit = new URL(given.issuer).hostname.endsWith('.authkit.app');
    if (isAuthKit && given.issuer.endsWith('/'))
      refuse([...path, 'issuer'], 'must not end in "/": issuers of AuthKit have no trailing slash.');
    return {
      name,
      issuer: given.issuer,
      jwksUrl:
        given['jwks-url'] ??
        (isAuthKit
          ? `${given.issuer}/oauth2/jwks`
          : refuse(
              path,
              'needs jwks-url: use the jwks_uri from /.well-known/oauth-authorization-server (for AuthKit on a custom domain, ISSUER/oauth2/jwks).',
            )),
      algorithms: given.algorithms ?? (['RS256'] as const),
      m2mAudience: given.m2m?.audience,
      environment:
        given.environment === undefined
          ? undefined
          : choose(path, 'environment', given.environment, [...environmentNames, OTHER]),
      signIn: given['sign-in'] && toSignIn([...path, 'sign-in'], given['sign-in'], refuse),
    };
  });
  for (const [index, { name, issuer }] of issuers.entries()) {
    const twin = issuers.slice(0, index).find((other) => other.issuer === issuer);
    if (twin !== undefined) refuse(['issuers', name, 'issuer'], `is that of ${twin.name} already.`);
  }

  const toAccess = (path: readonly string[], given: AccessSettings): AgentAccess => ({
    environment: choose(path, 'environment', given.environment, environmentNames),
    deny: given.deny ?? [],
    readOnly: given['read-only'] ?? false,
    productionWrites: given['production-writes'] ?? false,
    confirm: given.confirm,
    clientAsks: given['client-asks'],
    samePerson: given['same-person'] ?? 'allow',
    affectsApprovers: given['affects-approvers'],
    statusTool: given['status-tool'] ?? false,
    list: given.list,
    requestsPerMinute: given['requests-per-minute'] ?? REQUESTS_PER_MINUTE,
    deletesPerHour: given['deletes-per-hour'] ?? DELETES_PER_HOUR,
    expires: given.expires === undefined ? undefined : Date.parse(given.expires),
  });

  const toConditions = (path: readonly string[], given: JwtSettings): JwtConditions => {
    const conditions = [
      { claim: 'sub', value: given.sub },
      { claim: 'client_id', value: given['client-id'] },
      { claim: 'org_id', value: given['org-id'] },
      { claim: 'permission', value: given.permission },
    ] as const;
    const issuer = choose(path, 'issuer', given.issuer, issuerNames);
    const set = conditions.flatMap(({ claim, value }) => (value === undefined ? [] : [{ claim, value }]));
    if (set.length === 0) {
      refuse(
        path,
        'needs a condition on sub, client-id, org-id or permission: every user of an issuer has valid tokens.',
      );
    }
    return { issuer, conditions: set };
  };

  const ids = new Map<string, string>();
  const agents = entries(sections.agents).map(([name, given]) => {
    const path = ['agents', name];
    const tokens = (given.tokens ?? []).map((text, index) => {
      const [id = '', sha256 = '', ...time] = text.split(':');
      const owner = ids.get(id);
      if (owner !== undefined) refuse([...path, 'tokens', String(index)], `is a token of ${owner} already: ${id}.`);
      ids.set(id, name);
      return { id, sha256, ...(time.length > 0 && { expires: Date.parse(time.join(':')) }) };
    });
    if (tokens.length === 0 && given.jwt === undefined && !mayLackTokens) {
      refuse(path, `has no way to authenticate: add a token with "workos-mcp agent add ${name}", or a jwt section.`);
    }
    const jwt = given.jwt && toConditions([...path, 'jwt'], given.jwt);
    return { name, ...toAccess(path, given), allow: given.allow, tokens, jwt, owner: given.owner };
  });

  const templates = entries(sections.templates).map(([name, given]) => {
    const path = ['templates', name];
    return {
      name,
      ...toAccess(path, given),
      jwt: toConditions([...path, 'jwt'], given.jwt),
      grantsClaim: given['grants-claim'],
      ceiling: given.ceiling,
    };
  });

  const known: { readonly path: readonly string[]; readonly jwt: JwtConditions }[] = [];
  for (const [section, members] of [['agents', agents] as const, ['templates', templates] as const]) {
    for (const { name, jwt } of members) {
      if (jwt === undefined) continue;
      const path = [section, name, 'jwt'];
      const before = known.find((other) => takesAllOf(other.jwt, jwt));
      if (before !== undefined)
        refuse(path, `can never match: ${before.path.join('.')} comes first and matches everything it would.`);
      known.push({ path, jwt });
    }
  }
  const approvers = toApprovers(sections, issuers, refuse);
  return { environments, issuers, agents, templates, approvers };
}

/** Whether each token that meets the second conditions meets the first as well. */
function takesAllOf(first: JwtConditions, second: JwtConditions): boolean {
  return (
    first.issuer === second.issuer &&
    first.conditions.every((one) =>
      second.conditions.some(({ claim, value }) => claim === one.claim && value === one.value),
    )
  );
}
