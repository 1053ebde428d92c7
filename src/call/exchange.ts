import type { Arguments, Limit } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import type { KeyedEnvironment } from '../workos/environment.ts';
import { TransportError } from '../workos/errors.ts';
import type { ApiRequest, Attempted, Context, Reply, Send, Watch } from '../workos/layer.ts';
import { createOwners, type LimitSettings, toSlots } from '../workos/limits/slots.ts';
import { toRequest } from '../workos/request.ts';
import { type Answer, acceptReply } from './answer/accept-reply.ts';
import { type Confidential, withoutSecrets, withoutValues } from './confidential.ts';

/** What one call has sent and received so far. */
export type Traffic = {
  /** Whether a request was handed to the layers that send it. */
  sent: boolean;
  requests: number;
  attempts: number;
  reply?: Reply;
  /** Its attempts so far, if the call is traced. */
  readonly traced?: TracedAttempts | undefined;
};

type TracedAttempts = (Attempted & {
  /** The template of the route. */
  readonly route: string;
})[];

/** Attempts of one call that are traced. A walk over pages may make any number. */
const MAX_TRACED_ATTEMPTS = 128;

export const createTraffic = (traced?: TracedAttempts): Traffic => ({ sent: false, requests: 0, attempts: 0, traced });

/** Whose requests those are that no agent's call makes. */
export const SERVER_ITSELF = 'the server itself';

/** The agent and deadline of a request, whether it may still be sent, and where it is counted. */
export type ExchangeContext = Pick<Context, 'signal' | 'agent' | 'deadline' | 'stillAllowed'> & {
  readonly traffic: Traffic;
  readonly confidential: Confidential;
};

/**
 * Sends one request of a tool to WorkOS, and returns the answer without confidential values.
 * @param request the request, if it is already built
 */
export type Exchange = (tool: Tool, args: Arguments, given: ExchangeContext, request?: ApiRequest) => Promise<Answer>;

/** Counts events of the requests of tools. */
export type Observer = {
  readonly countWait: (tool: string, ms: number) => void;
  readonly countRetry: (tool: string) => void;
  readonly countLimited: (tool: string) => void;
  /** @param route of the template, such as `GET /users/{user_id}` */
  readonly countAttempt: (route: string, ms: number) => void;
};

export type ExchangeDeps = {
  readonly environment: KeyedEnvironment;
  readonly send: Send;
  /** The limit on all requests of an API key. */
  readonly general: Limit;
  readonly limits: LimitSettings;
  readonly observer?: Observer | undefined;
};

export function createExchange({ environment, send, general, limits, observer }: ExchangeDeps): Exchange {
  const owners = createOwners();
  return async (tool, args, given, request = toRequest(tool, args, environment)) => {
    const { traffic, confidential, signal, agent, deadline, stillAllowed } = given;
    const context: Context = {
      signal,
      agent,
      deadline,
      stillAllowed,
      repeat: tool.repeat,
      slots: toSlots(tool, args, general, limits, owners),
      watch: toWatch(tool, observer, traffic.traced),
    };
    traffic.sent = true;
    let reply: Reply;
    try {
      reply = await send(request, context);
    } catch (error) {
      if (error instanceof TransportError) traffic.attempts += error.attempts;
      throw error;
    }
    traffic.reply = reply;
    traffic.requests += 1;
    traffic.attempts += reply.attempts ?? 1;
    const success = acceptReply(reply, tool);
    owners.learn(tool.allLimits, success.value);
    // The key was already removed from a plain answer, and it is the only value that every call has.
    const isStruck = success.plain && confidential.values.length < 2;
    const struck = isStruck ? success.value : withoutValues(success.value, confidential);
    const shown = withoutSecrets(struck, confidential);
    const { notes, removed, places, plain } = success;
    return { value: Object(shown), notes, removed, places, plain, marked: shown !== struck, reply };
  };
}

function toWatch(
  { name, route }: Tool,
  observer: Observer | undefined,
  traced: TracedAttempts | undefined,
): Watch | undefined {
  if (observer === undefined && traced === undefined) return undefined;
  return {
    waited: (ms) => observer?.countWait(name, ms),
    repeated: () => observer?.countRetry(name),
    limited: () => observer?.countLimited(name),
    attempted: (attempt) => {
      observer?.countAttempt(route, attempt.ms);
      if (traced !== undefined && traced.length < MAX_TRACED_ATTEMPTS) traced.push({ route, ...attempt });
    },
  };
}
