import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { allowOnly } from '../access/grants.ts';
import { decide, narrow } from '../access/policy.ts';
import type { Approval } from '../call/confirm/approvals.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { StartError } from '../errors.ts';
import type { AgentAccess, AgentsConfig, JwtConditions, TemplateConfig } from '../settings/agents-config.ts';
import type { AgentGrants } from './agent-policy.ts';
import type { Challenge } from './challenge.ts';
import { createVerifier, FAILURE_COOLDOWN_MS, type TokenFault, type VerifierDeps } from './jwt.ts';
import { digestsById, isStatic, matches, parseToken } from './token.ts';

/** The agent that calls, from the file and its token. The same agent is the same object until its settings change. */
export type ResolvedAgent = AgentAccess & AgentGrants & { readonly name: string };

/** Why a request is refused, for the record and its counters. */
export type RefusalReason = TokenFault | 'missing' | 'unknown' | 'agent-expired' | 'unmatched' | 'grants';

export type Identity =
  | {
      readonly ok: true;
      readonly agent: ResolvedAgent;
      /** The person whose token it is, or else the approver for whom the agent works, where the file says so. */
      readonly requester?: Approval['requester'];
    }
  | {
      readonly ok: false;
      readonly status: 401 | 403 | 503;
      readonly reason: RefusalReason;
      /** For the client. Reveals nothing about the token or about the agents of this server. */
      readonly message: string;
      /**
       * The content of `WWW-Authenticate`. Set on a 401 only: on a 403 another token of the same caller would not help.
       */
      readonly challenge?: Challenge;
      readonly retryAfterSeconds?: number;
      /** The agent that a valid token belongs to, if known. */
      readonly agent?: string;
    };

type RefusedIdentity = Extract<Identity, { ok: false }>;

export type IdentifierDeps = VerifierDeps & { readonly catalog: Catalog };

const MESSAGES: Readonly<Record<RefusalReason, string>> = {
  missing: 'This server requires a bearer token.',
  malformed: 'The token is malformed.',
  unknown: 'This server does not recognize the token.',
  issuer: 'This server does not trust the issuer of the token.',
  algorithm: 'The token is signed with an algorithm that this server does not accept.',
  signature: 'The signature of the token is not valid.',
  audience: 'The token was not issued for this server.',
  expired: 'The token has expired.',
  early: 'The token is not valid yet.',
  claims: 'The token is not an access token that this server accepts.',
  'agent-expired': "This agent's access has expired.",
  unmatched: 'The token is valid, but its holder has not been given access to this server.',
  grants: 'The token is valid, but it carries no grants that this server accepts.',
  unverifiable: "This server cannot verify the token now, because it cannot fetch the issuer's keys. Try again later.",
};

const FORBIDDEN: readonly RefusalReason[] = ['unmatched', 'grants'];

function refuse(reason: RefusalReason, agent?: string): RefusedIdentity {
  const message = MESSAGES[reason];
  const who = agent === undefined ? {} : { agent };
  if (reason === 'unverifiable') {
    return { ok: false, status: 503, reason, message, retryAfterSeconds: FAILURE_COOLDOWN_MS / 1_000 };
  }
  if (FORBIDDEN.includes(reason)) return { ok: false, status: 403, reason, message, ...who };
  const challenge: Challenge = reason === 'missing' ? {} : { error: 'invalid_token', description: message };
  return { ok: false, status: 401, reason, message, challenge, ...who };
}

/** The syntax of RFC 6750. A comma, as in a joined repeated header, does not match. */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Identifies the agent by the `Authorization` header of a request. Never throws. */
export function createIdentifier(
  config: AgentsConfig,
  deps: IdentifierDeps,
): (authorization: string | undefined) => Promise<Identity> {
  const verify = createVerifier(config.issuers, deps);
  const agents = config.agents.map((agent) => {
    const { tokens, jwt, owner, ...resolved } = agent;
    return { tokens, jwt, owner: owner === undefined ? undefined : { owner }, resolved: Object.freeze(resolved) };
  });
  const digests = digestsById(agents.flatMap(({ tokens }) => tokens));
  const byToken = new Map(
    agents.flatMap(({ tokens, resolved, owner }) =>
      tokens.map(({ id, expires }) => [id, { agent: resolved, owner, expires }] as const),
    ),
  );
  const resolve = createTemplates(deps.catalog);

  const isOver = (expires: number | undefined) => expires !== undefined && expires <= deps.now();
  const admit = (agent: ResolvedAgent, requester: Approval['requester']): Identity =>
    isOver(agent.expires)
      ? refuse('agent-expired', agent.name)
      : { ok: true, agent, ...(requester !== undefined && { requester }) };

  return async (authorization) => {
    if (authorization === undefined) return refuse('missing');
    const credential = BEARER.exec(authorization)?.[1];
    if (credential === undefined) return refuse('malformed');

    if (isStatic(credential)) {
      const token = parseToken(credential);
      if (token === undefined) return refuse('malformed');
      const isRight = matches(token, digests);
      const known = byToken.get(token.id);
      if (!isRight || known === undefined) return refuse('unknown');
      return isOver(known.expires) ? refuse('expired', known.agent.name) : admit(known.agent, known.owner);
    }

    // Without issuers no other token can be valid.
    if (config.issuers.length === 0) return refuse('unknown');
    const verified = await verify(credential);
    if (!verified.ok) return refuse(verified.reason);
    const { issuer, claims, isMachine } = verified;
    const agent = agents.find(
      ({ jwt }) => jwt !== undefined && (!isMachine || isClientAlone(jwt)) && fits(jwt, issuer, claims),
    );
    // The subject of an application's own token is the application.
    const { sub, client_id: client } = claims;
    const person = isMachine || sub === undefined || sub === client ? undefined : { issuer, sub };
    if (agent !== undefined) return admit(agent.resolved, person ?? agent.owner);
    if (isMachine) return refuse('unmatched');
    const template = config.templates.find(({ jwt }) => fits(jwt, issuer, claims));
    if (template === undefined) return refuse('unmatched');
    const resolved = resolve(template, claims);
    return resolved === undefined ? refuse('grants') : admit(resolved, person);
  };
}

/** Only the operator's own list of applications admits machines: all other claims are those of people. */
const isClientAlone = ({ conditions }: JwtConditions): boolean =>
  conditions.every(({ claim }) => claim === 'client_id');

function fits(jwt: JwtConditions, issuer: string, claims: JWTPayload): boolean {
  return (
    jwt.issuer === issuer &&
    jwt.conditions.every(({ claim, value }) => {
      if (claim !== 'permission') return claims[claim] === value;
      return Array.isArray(claims.permissions) && claims.permissions.includes(value);
    })
  );
}

/** Agents of templates kept in memory, so that the same caller is the same object. */
const MAX_CACHED_AGENTS = 1_000;
const MAX_GRANTS = 100;

function createTemplates(catalog: Catalog) {
  const kept = new Map<string, ResolvedAgent | undefined>();

  return (template: TemplateConfig, claims: JWTPayload): ResolvedAgent | undefined => {
    const allow = toGrants(claims[template.grantsClaim]);
    if (allow === undefined || typeof claims.sub !== 'string' || claims.sub === '') return undefined;
    const key = JSON.stringify([template.name, claims.sub, allow]);
    if (kept.has(key)) return kept.get(key);
    const agent = opensSomething(catalog, allow, template) ? toAgent(template, claims.sub, allow) : undefined;
    const [oldest] = kept.keys();
    if (kept.size >= MAX_CACHED_AGENTS && oldest !== undefined) kept.delete(oldest);
    kept.set(key, agent);
    return agent;
  };
}

/** The grants of a claim: a list of strings, or one string with commas. Any other item invalidates the whole claim. */
function toGrants(claim: unknown): readonly string[] | undefined {
  const items: unknown = typeof claim === 'string' ? claim.split(',').map((item) => item.trim()) : claim;
  if (!Array.isArray(items) || items.length === 0 || items.length > MAX_GRANTS) return undefined;
  return items.every((item) => typeof item === 'string') ? items : undefined;
}

/** Whether all grants of a claim are known and switch on at least one tool within the ceiling. */
function opensSomething(catalog: Catalog, allow: readonly string[], { ceiling, deny, readOnly }: TemplateConfig) {
  try {
    const policy = narrow(
      decide(catalog, { ...allowOnly(allow), deny, readOnly }),
      decide(catalog, allowOnly(ceiling)),
      '',
    );
    return catalog.tools.some((tool) => policy.whyOff(tool) === undefined);
  } catch (error) {
    if (error instanceof StartError) return false;
    throw error;
  }
}

function toAgent(template: TemplateConfig, subject: string, allow: readonly string[]): ResolvedAgent {
  const { name, ceiling, jwt: _, grantsClaim: __, ...access } = template;
  return Object.freeze({ ...access, name: nameOf(name, subject), allow, within: { template: name, ceiling } });
}

/**
 * The name of a template's agent, at most 64 characters. Agents of the file have no dot in their names, and a subject
 * with other characters is replaced by its digest. So two callers never share a name, and with it a budget.
 */
function nameOf(template: string, subject: string): string {
  const plain = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(subject) && template.length + 1 + subject.length <= 64;
  const digest = createHash('sha256').update(subject).digest('hex').slice(0, 24);
  return `${template}.${plain ? subject : `-${digest}`}`;
}
