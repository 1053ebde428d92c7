import type { ConfirmMode } from '../access/confirmation.ts';
import { takesToken, toConfirm } from '../access/confirmation.ts';
import { type ListSettings, toIsListed } from '../access/listed.ts';
import type { Policy } from '../access/policy.ts';
import { type OperatorLimits, policyOf, toGrants } from '../agents/agent-policy.ts';
import { type Budgets, DELETES, REQUESTS } from '../agents/budgets.ts';
import { wwwAuthenticate } from '../agents/challenge.ts';
import { HEADER_PREFIX, narrowByHeaders } from '../agents/headers.ts';
import { createIdentifier, type Identity, type ResolvedAgent } from '../agents/identify.ts';
import type { VerifierDeps } from '../agents/jwt.ts';
import type { Caller } from '../call/caller.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { RefusedError } from '../errors.ts';
import { createOffer } from '../mcp/offer.ts';
import { type OfferWithViews, withViews } from '../mcp/view/offer.ts';
import type { HeadersOf } from '../serve/http/guard.ts';
import type { AgentsConfig } from '../settings/agents-config.ts';
import type { OpenEnvironment } from './environments.ts';
import { createOwnTools } from './own-tools.ts';
import type { Rejection } from './rejections.ts';
import { type RecognizedAgent, toStillAllowed } from './still-allowed.ts';

/** One agent with what it takes to serve it. */
export type ServedAgent = RecognizedAgent & {
  /** Counts its calls against the agent's limits. */
  readonly budget: Required<Pick<Caller, 'spendDelete' | 'spendPage'>>;
  readonly stillAllowed: NonNullable<Caller['stillAllowed']>;
};

/** The answer to a client that is not authenticated or may not call now. */
export type RejectedRequest = {
  readonly ok: false;
  readonly status: 400 | 401 | 403 | 429 | 503;
  /** A word of the server's own. */
  readonly reason: string;
  /** The agent, if known. */
  readonly agent?: string | undefined;
  readonly message: string;
  readonly challenge?: string | undefined;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
};

/** Identifies the agent of a request by its `Authorization` header, narrowed by its other headers. */
type Identify<Found> = (
  authorization: string | undefined,
  headersOf: HeadersOf,
) => Promise<{ readonly ok: true; readonly caller: Found } | RejectedRequest>;

export type ServedAgents = {
  /** Counts the request against the agent's limit, unless it was counted before. */
  readonly identify: (
    authorization: string | undefined,
    headersOf: HeadersOf,
    isAgain: boolean,
  ) => ReturnType<Identify<ServedAgent>>;
  readonly recognize: Identify<RecognizedAgent>;
};

export type ServedAgentsDeps = {
  readonly catalog: Catalog;
  readonly config: AgentsConfig;
  readonly environments: ReadonlyMap<string, OpenEnvironment>;
  /** The agent of every client under --anonymous. */
  readonly anonymous?: ResolvedAgent | undefined;
  readonly forbidden: OperatorLimits;
  /** The mode of agents without one of their own. */
  readonly confirm: ConfirmMode | undefined;
  readonly dryRun: boolean;
  /** How tools are listed to agents without a mode of their own, what tools cost, and how much fits. */
  readonly list: Pick<ListSettings, 'mode' | 'tokens' | 'budget'>;
  /** Kept across reloads: a new configuration does not require fetching the issuers' keys again. */
  readonly keySets: VerifierDeps['keySets'];
  readonly fetchJwks: VerifierDeps['fetchJwks'];
  readonly onFetched: VerifierDeps['onFetched'];
  readonly publicUrl: string;
  readonly budgets: Budgets;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called for each page over the budget. */
  readonly onPageRefused: (rejection: Rejection) => void;
  /** The agents of the configuration that holds now. */
  readonly current: () => ServedAgents;
};

/** Creates the agents of one configuration. A reload creates new ones: they share no state with these. */
export function createServedAgents(deps: ServedAgentsDeps): ServedAgents {
  const { catalog, config, environments, anonymous, forbidden, publicUrl, budgets, now, current, onPageRefused } = deps;
  const ownToolsOf = createOwnTools(catalog);
  const identify = createIdentifier(config, deps);
  const known = new WeakMap<ResolvedAgent, RecognizedAgent & { readonly policy: Policy }>();

  const offerOf = (
    agent: ResolvedAgent,
    { environment: { label } }: OpenEnvironment,
    policy: Policy,
  ): OfferWithViews => {
    const confirm = toConfirm(agent.confirm ?? deps.confirm, label);
    const grants = toGrants(agent, label, forbidden);
    const { dryRun } = deps;
    const { statusTool, clientAsks, samePerson } = agent;
    const mode = agent.list ?? deps.list.mode;
    const isListed = toIsListed(catalog, policy, {
      ...deps.list,
      mode,
      statusTool,
      confirmToken: takesToken(confirm),
    });
    const own = ownToolsOf({ name: agent.name, grants, policy, confirm, dryRun }, { statusTool, isListed });
    const modes = { confirm, clientAsks, samePerson, dryRun };
    return withViews(createOffer({ agent: agent.name, catalog, policy, environment: label, ...modes, ...own }));
  };

  const memberOf = (agent: ResolvedAgent) => {
    const found = known.get(agent);
    if (found !== undefined) return found;
    const opened = environments.get(agent.environment);
    if (opened === undefined) throw new Error(`${agent.name} is in an environment that is not open`);
    const policy = policyOf(catalog, agent, opened.environment.label, forbidden);
    const member = { agent, opened, policy, offer: offerOf(agent, opened, policy) };
    known.set(agent, member);
    return member;
  };

  const reject = (
    { name }: ResolvedAgent,
    reason: string,
    rejected: Omit<RejectedRequest, 'ok' | 'reason' | 'agent'>,
  ): RejectedRequest => ({ ok: false, reason, agent: name, ...rejected });

  const agents: ServedAgents = {
    recognize: async (authorization, headersOf) => {
      const identity: Identity =
        anonymous === undefined ? await identify(authorization) : { ok: true, agent: anonymous };
      if (!identity.ok) {
        const { status, reason, agent, message, challenge, retryAfterSeconds: retryAfter } = identity;
        const header = challenge && wwwAuthenticate(publicUrl, config.issuers, challenge);
        return { ok: false, status, reason, agent, message, challenge: header, retryAfter };
      }
      const { agent, requester } = identity;
      const { policy, opened, offer: own } = memberOf(agent);
      const narrowed = narrowByHeaders(catalog, policy, headersOf(HEADER_PREFIX));
      if (!narrowed.ok) return reject(agent, 'headers', narrowed);
      const offer = narrowed.policy === policy ? own : offerOf(agent, opened, narrowed.policy);
      return { ok: true, caller: { agent, opened, offer, requester } };
    },
    identify: async (authorization, headersOf, isAgain) => {
      const recognized = await agents.recognize(authorization, headersOf);
      if (!recognized.ok) return recognized;
      const { agent } = recognized.caller;
      const taken = isAgain ? TAKEN : await takeRequest(budgets, agent).catch(refusedOnly);
      if (taken instanceof RefusedError)
        return reject(agent, 'no-redis', { status: 503, message: taken.message, retryAfter: 5 });
      if (!taken.ok) {
        const retryAfter = Math.ceil(taken.retryAfterMs / 1_000);
        return reject(agent, OVER_BUDGET, { status: 429, message: overBudget(agent, retryAfter), retryAfter });
      }
      const budget = {
        spendDelete: () => spendDelete(budgets, agent),
        spendPage: () => spendPage(budgets, agent, () => onPageRefused({ reason: OVER_BUDGET, agent: agent.name })),
      };
      const recognizeBy = (other: ServedAgents) => other.recognize(authorization, headersOf);
      const stillAllowed = toStillAllowed(recognized.caller, { first: agents, current, now, recognizeBy });
      return { ok: true, caller: { ...recognized.caller, budget, stillAllowed } };
    },
  };
  return agents;
}

/** The reason as the record counts it. */
const OVER_BUDGET = 'over-budget';

const TAKEN = { ok: true } as const;

const takeRequest = (budgets: Budgets, { name, requestsPerMinute }: ResolvedAgent) =>
  budgets.take(REQUESTS.keyOf(name), requestsPerMinute, REQUESTS.windowMs);

const overBudget = ({ name, requestsPerMinute }: ResolvedAgent, seconds: number): string =>
  `${name} has reached its limit of ${count(requestsPerMinute, 'request')} a minute. Wait ${count(seconds, 'second')}.`;

async function spendPage(budgets: Budgets, agent: ResolvedAgent, onRefused: () => void): Promise<void> {
  const taken = await takeRequest(budgets, agent);
  if (taken.ok) return;
  // The call that walks the pages ends with those that it has, and is on record as one that succeeded.
  onRefused();
  const message = overBudget(agent, Math.ceil(taken.retryAfterMs / 1_000));
  throw new RefusedError(message, 'the limit of requests a minute is reached');
}

async function spendDelete(budgets: Budgets, { name, deletesPerHour }: ResolvedAgent): Promise<void> {
  const taken = await budgets.take(DELETES.keyOf(name), deletesPerHour, DELETES.windowMs);
  if (taken.ok) return;
  const minutes = Math.ceil(taken.retryAfterMs / 60_000);
  throw new RefusedError(
    `You have reached your limit of ${count(deletesPerHour, 'delete')} an hour. Wait ${count(minutes, 'minute')}.`,
    'the limit of deletes an hour is reached',
  );
}

function refusedOnly(error: unknown): RefusedError {
  if (error instanceof RefusedError) return error;
  throw error;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
