import { StartError } from '../../errors.ts';
import { type AccessSettings, type JwtSettings, whyInvalidTime } from '../../settings/agents-schema.ts';
import type { Given } from '../../settings/option-value.ts';
import { OPTIONS, type Option } from '../../settings/options.ts';

const limit = { kind: 'whole', range: [1, 10_000] } as const;

/** The settings of an agent as flags, in the order in which they are written. */
const ACCESS_OPTIONS = {
  environment: { kind: 'text', value: 'NAME', help: 'The environment of the file that it is to work in' },
  allow: OPTIONS.allow,
  deny: OPTIONS.deny,
  'read-only': OPTIONS['read-only'],
  'production-writes': OPTIONS['production-writes'],
  confirm: OPTIONS.confirm,
  list: OPTIONS.list,
  'client-asks': {
    kind: 'choice',
    choices: ['trusted'],
    help: 'Under confirm: person, a yes that the client brings counts as well',
  },
  'same-person': {
    kind: 'choice',
    choices: ['allow', 'refuse'],
    help: 'Whether the person for whom the agent calls may say yes in the console (allow unless set)',
  },
  owner: { kind: 'text', value: 'NAME', help: 'The approver for whom an agent with tokens works' },
  'affects-approvers': {
    kind: 'choice',
    choices: ['accepted'],
    help: 'Start although the agent could change who signs in to the console as an approver',
  },
  'status-tool': { kind: 'switch', help: 'Give it get_access_status, which tells it what it may do' },
  'requests-per-minute': { ...limit, help: 'HTTP requests that it may send (600 unless set)' },
  'deletes-per-hour': { ...limit, help: 'Calls of tools that delete (20 unless set)' },
  expires: {
    kind: 'text',
    value: 'TIME',
    help: 'From when on the agent is refused: 2027-01-31, or a time with its zone',
  },
} as const satisfies Record<keyof AccessSettings | 'allow', Option>;

/** The conditions of an agent that an issuer's access tokens identify. */
const JWT_OPTIONS = {
  'jwt-issuer': { kind: 'text', value: 'NAME', help: 'The issuer of the file whose access tokens identify the agent' },
  'jwt-sub': { kind: 'text', value: 'ID', help: 'The claim sub that they must have: the user or application' },
  'jwt-client-id': { kind: 'text', value: 'ID', help: 'The claim client_id: the OAuth client' },
  'jwt-org-id': { kind: 'text', value: 'ID', help: 'The claim org_id: the organization' },
  'jwt-permission': { kind: 'text', value: 'NAME', help: 'An item of the list in permissions' },
} as const satisfies Record<`jwt-${keyof JwtSettings}`, Option>;

export const AGENT_OPTIONS = { ...ACCESS_OPTIONS, ...JWT_OPTIONS };

export const tokenExpires = {
  kind: 'text',
  value: 'TIME',
  help: 'From when on the token is refused: 2027-01-31, or a time with its zone (never unless set)',
} as const satisfies Option;

/** Settings of an agent by key, as they stand in the file. The file is read again before it is written. */
export type AgentSettings = Readonly<Record<string, unknown>>;

/** What the flags say of an agent. */
export function toSettings(flags: Given): AgentSettings {
  const access = pick(flags, ACCESS_OPTIONS);
  const jwt = pick(flags, JWT_OPTIONS).map(([name, value]) => [name.replace(/^jwt-/, ''), value] as const);
  return Object.fromEntries([...access, ...(jwt.length === 0 ? [] : [['jwt', Object.fromEntries(jwt)] as const])]);
}

function pick(flags: Given, options: Readonly<Record<string, Option>>) {
  return Object.entries(options).flatMap(([name, { kind }]) => {
    const texts = flags[name];
    return texts === undefined ? [] : [[name, toValue(kind, texts)] as const];
  });
}

function toValue(kind: Option['kind'], texts: readonly string[]): unknown {
  const [text = ''] = texts;
  if (kind === 'list') return [...texts];
  if (kind === 'switch') return text === 'true';
  return kind === 'whole' ? Number(text) : text;
}

/**
 * The expiry of a new token, as `--token-expires` gives it.
 * @param now milliseconds since 1970
 * @throws StartError for one that is not a time, or is over
 */
export function toTokenExpiry(flags: Given, now: number): string | undefined {
  const text = flags['token-expires']?.[0];
  if (text === undefined) return undefined;
  const fault = whyInvalidTime(text) ?? (Date.parse(text) <= now ? 'is over already' : undefined);
  if (fault !== undefined) throw new StartError(`--token-expires "${text}" ${fault}.`);
  return text;
}
