import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createPolicy } from '../src/access/policy.ts';
import type { Tool } from '../src/catalog/tool.ts';
import { RefusedError } from '../src/errors.ts';
import { createOffer } from '../src/mcp/offer.ts';
import type { OpenEnvironment } from '../src/start/environments.ts';
import type { ServedAgents } from '../src/start/served-agents.ts';
import { type RecognizedAgent, toStillAllowed } from '../src/start/still-allowed.ts';
import { askAgain } from '../src/workos/ask-again.ts';
import type { Context, Layer, Reply, Slot } from '../src/workos/layer.ts';
import { limit } from '../src/workos/limits/limit.ts';
import { retry } from '../src/workos/retry.ts';
import { catalog, toGrants } from './support/catalog.ts';

const toolOf = (name: string): Tool => catalog.tools.find((tool) => tool.name === name) ?? expect.fail(name);
const CREATE = toolOf('create_organization');

// The decision compares environments, and uses nothing of them.
const environment = () => ({}) as OpenEnvironment;
const NORTH = environment();

type Settings = {
  readonly name?: string;
  readonly grants?: string;
  readonly opened?: OpenEnvironment;
  readonly confirm?: 'auto' | 'strict';
  readonly clientAsks?: 'trusted' | undefined;
  readonly samePerson?: 'allow' | 'refuse';
  readonly requester?: RecognizedAgent['requester'];
  readonly dryRun?: boolean;
};

function agentOf({
  name = 'ann',
  grants = '*:full',
  opened = NORTH,
  confirm = 'auto',
  clientAsks,
  samePerson,
  requester,
  dryRun = false,
}: Settings): RecognizedAgent {
  const policy = createPolicy(catalog, toGrants(grants));
  const offer = createOffer({
    agent: name,
    catalog,
    policy,
    environment: 'staging',
    confirm,
    clientAsks,
    samePerson,
    dryRun,
  });
  // Only its name is compared.
  return { agent: { name } as RecognizedAgent['agent'], opened, offer, requester };
}

/** The agents of one configuration. @param then what happens while they recognize a caller */
function generation(
  found: Settings | string,
  then = async () => {},
): ServedAgents & { asked: () => number; answer: (next: Settings | string) => void } {
  let asked = 0;
  return {
    identify: async () => expect.fail('identified anew, which counts a request'),
    recognize: async () => {
      asked += 1;
      await then();
      return typeof found === 'string'
        ? { ok: false, status: 401, reason: 'unknown', message: found }
        : { ok: true, caller: agentOf(found) };
    },
    asked: () => asked,
    answer: (next) => {
      found = next;
    },
  };
}

/** A call that began under `begun`, and that is asked about under `now`. */
function begin(begun: Settings, now?: ServedAgents) {
  const first = generation(begun);
  let current: ServedAgents = now ?? first;
  const reload = (next: ServedAgents) => {
    current = next;
  };
  let time = 0;
  const wait = (ms: number) => {
    time += ms;
  };
  const recognizeBy = (agents: ServedAgents) => agents.recognize('Bearer x', () => ({}));
  const deps = { first, current: () => current, now: () => time, recognizeBy };
  return { still: toStillAllowed(agentOf(begun), deps), first, reload, wait };
}

const ruleOf = async (asked: Promise<void> | undefined): Promise<string | undefined> => {
  try {
    await asked;
    return undefined;
  } catch (error) {
    return error instanceof RefusedError ? error.rule : expect.fail(String(error));
  }
};

describe('whether a call is still allowed', () => {
  it('is not asked without a reload', () => {
    const { still, first } = begin({});
    expect([still(CREATE), first]).toMatchObject([undefined, {}]);
  });

  const CHANGED = 'the settings changed while the call waited';
  it.each<[what: string, now: Settings | string, rule: string | undefined]>([
    ['the same configuration allows it', {}, undefined],
    ['a grant of another tool has gone', { grants: 'organizations:full' }, undefined],
    [
      'the token was revoked',
      'This server does not recognize the token.',
      'the caller was refused after the call had waited',
    ],
    ['its grant has gone', { grants: '*:read' }, 'needs the grant organizations:write'],
    ['the token is now another agent', { name: 'bob' }, CHANGED],
    ['the environment or its key has changed', { opened: environment() }, CHANGED],
    ['a person has to confirm from now on', { confirm: 'strict' }, CHANGED],
    ['writes are a dry run from now on', { dryRun: true }, CHANGED],
    ['what a client asks counts from now on', { clientAsks: 'trusted' }, CHANGED],
    ['requester and approver have to differ', { samePerson: 'refuse' }, CHANGED],
    ['the agent works for another approver', { requester: { owner: 'bob' } }, CHANGED],
    ['credentials are shown now', { grants: '*:full *:credentials' }, CHANGED],
  ])('after a reload, where %s', async (_, now, rule) => {
    expect(await ruleOf(begin({}, generation(now)).still(CREATE))).toBe(rule);
  });

  it('is no where credentials are withheld from now on', async () => {
    const now = generation({ grants: '*:full' });
    const { still } = begin({ grants: '*:full *:credentials' }, now);
    expect(await ruleOf(still(toolOf('create_user')))).toBe(CHANGED);
  });

  it('says why', async () => {
    const { still } = begin({}, generation('This server does not recognize the token.'));
    await expect(still(CREATE)).rejects.toThrow(
      'The server checked the caller again after the call had waited. This server does not recognize the token.',
    );
  });

  it('is asked without a reload after a longer wait: a token may have expired', async () => {
    const call = begin({});
    call.wait(4_999);
    expect(call.still(CREATE)).toBeUndefined();
    call.wait(1);
    expect(await ruleOf(call.still(CREATE))).toBeUndefined();
    expect(call.still(CREATE)).toBeUndefined();
    expect(call.first.asked()).toBe(1);
    call.first.answer('The token has expired.');
    call.wait(5_000);
    expect(await ruleOf(call.still(CREATE))).toBe('the caller was refused after the call had waited');
  });

  it('is asked once a reload, and anew where another reload comes meanwhile', async () => {
    const call = begin({});
    const last = generation({ grants: '*:read' });
    const second = generation({}, async () => call.reload(last));
    call.reload(second);
    expect(await ruleOf(call.still(CREATE))).toBe('needs the grant organizations:write');
    expect(await ruleOf(call.still(CREATE))).toBe('needs the grant organizations:write');
    expect([second.asked(), last.asked()]).toEqual([1, 1]);
  });
});

describe('right before a request is sent', () => {
  const request = { method: 'POST', path: '/organizations', headers: {}, body: '{}' } as const;
  const slot: Slot = { name: 'general', requests: 1, seconds: 10, key: '' };
  const timers: (() => void)[] = [];
  let now = 0;
  const clock = {
    now: () => now,
    date: () => now,
    setTimer: (callback: () => void) => {
      timers.push(callback);
      return () => {};
    },
  };
  const context = (over: Partial<Context>): Context => ({
    signal: new AbortController().signal,
    deadline: 60_000,
    agent: 'ann',
    repeat: 'unknown',
    slots: [],
    ...over,
  });
  const refuse = () => Promise.reject(new RefusedError('No.', 'revoked'));
  const stack = (layers: readonly Layer[], replies: readonly Partial<Reply>[]) => {
    const sent: string[] = [];
    const send = async (): Promise<Reply> => {
      sent.push('sent');
      return { status: 200, headers: {}, body: '', ...replies[sent.length - 1] };
    };
    return { sent, send: [...layers, askAgain].reduceRight<ReturnType<Layer>>((next, layer) => layer(next), send) };
  };

  it('a call that waited for the rate limits is asked about, and its place is free again', async () => {
    const { sent, send } = stack([limit(clock)], []);
    await send(request, context({ slots: [slot] }));
    let isRevoked = false;
    const stillAllowed = () => (isRevoked ? refuse() : undefined);
    const waiting = send(request, context({ slots: [slot], stillAllowed }));
    const refused = expect(waiting).rejects.toThrow('No.');
    isRevoked = true;
    for (let seconds = 0; seconds < 11; seconds += 1) {
      now += 1_000;
      for (const timer of timers.splice(0)) timer();
      await immediate();
    }
    await refused;
    await send(request, context({ slots: [slot] }));
    expect(sent).toHaveLength(2);
  });

  it('an attempt after a pause is asked about, and the first one stays the outcome', async () => {
    let isRevoked = false;
    const sleep = async () => {
      isRevoked = true;
    };
    const { sent, send } = stack([retry({ ...clock, random: () => 0, sleep })], [{ status: 503 }]);
    const reply = await send(request, context({ stillAllowed: () => (isRevoked ? refuse() : undefined) }));
    expect([reply.status, reply.attempts, sent.length]).toEqual([503, 1, 1]);
  });
});
