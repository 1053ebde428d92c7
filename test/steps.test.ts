import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createCall } from '../src/call/call.ts';
import type { Caller } from '../src/call/caller.ts';
import type { ConfirmationGate } from '../src/call/confirm/gate.ts';
import type { Exchange } from '../src/call/exchange.ts';
import type { Journal } from '../src/call/journal.ts';
import { STEPS, type StepDeps } from '../src/call/steps.ts';
import { lookFirst } from '../src/catalog/asking.ts';
import { CLIENT_ID, type Declaration, tool } from '../src/catalog/declaration.ts';
import { toTool } from '../src/catalog/tool.ts';
import { RefusedError } from '../src/errors.ts';
import type { Log } from '../src/log.ts';

const AREA = { name: 'things', title: 'Things' };
const refuse = (rule: string) => {
  throw new RefusedError('No.', rule);
};

const getThing = toTool(
  AREA,
  tool({
    name: 'get_thing',
    route: 'GET /things/{thing_id}',
    access: 'read',
    description: 'Get a thing.',
    input: { thing_id: z.string() },
  }),
);

type Changes = Partial<Declaration> & {
  readonly args?: Record<string, unknown>;
  readonly settings?: Partial<StepDeps['settings']>;
  readonly gate?: Partial<ConfirmationGate>;
  readonly caller?: Partial<Caller>;
  readonly onDecide?: () => void;
};

/** Calls a delete that a person has confirmed, with some of it changed, and tells all that it has done in order. */
async function traceOf({ args, settings, gate, caller, onDecide, ...declared }: Changes): Promise<readonly string[]> {
  const trace: string[] = [];
  const declaration: Declaration = {
    name: 'delete_thing',
    route: 'DELETE /things/{thing_id}',
    access: 'delete',
    description: 'Delete a thing.',
    input: { thing_id: z.string() },
    preview: { object: 'get_thing', named: 'name' },
    check: ({ thing_id }) => {
      trace.push('read the arguments');
      return [thing_id === 'thing_BAD' && 'thing_id is bad.'];
    },
    ...declared,
  };
  const called = toTool(AREA, declaration);
  const exchange: Exchange = async ({ name }, _, { deadline }) => {
    trace.push(deadline === 1_000 ? `send ${name}` : `send ${name} by ${deadline}`);
    const value = { id: 'thing_1', name: 'One' };
    return { value, notes: [], removed: 0, plain: true, marked: false, reply: { status: 200, headers: {}, body: '' } };
  };
  const journal: Journal = {
    begin: () => ({
      understand: () => {},
      answeredBy: () => {},
      decide: async (decision, rule, confirmation) => {
        trace.push(`record ${decision}, ${rule}, ${confirmation}`);
        onDecide?.();
      },
      close: async (outcome, rule) => {
        trace.push(`end: ${outcome}${outcome === 'not sent' ? `, ${rule}` : ''}`);
        return true;
      },
    }),
    refuse: async () => {},
    decline: async () => {},
    approve: async () => {},
  };
  const silent = () => {};
  const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
  const call = createCall({
    steps: {
      environment: { label: 'staging', baseUrl: 'https://workos.test', apiKey: 'sk_test_1', clientId: 'client_1' },
      settings: { timeout: 1_000, maxItems: 10, maxResultBytes: 10_000, ...settings },
      toolOf: (name) => (name === 'get_thing' ? getThing : undefined),
      exchange,
      gate: {
        pass: async () => {
          trace.push('ask whether it is confirmed');
          return { open: true, confirmation: 'client prompt', shown: 'the thing' };
        },
        ask: async () => {
          trace.push('ask a person');
          return { content: [] };
        },
        isSame: () => {
          trace.push('compare with what was shown');
          return true;
        },
        ...gate,
      },
      keepsPace: async () => {
        trace.push('count it');
        return true;
      },
      newKey: () => 'key',
      now: () => 0,
    },
    journal,
    log,
  });
  await call(called, args ?? { thing_id: 'thing_1' }, {
    agent: 'agent',
    verdictOn: ({ name }) => {
      if (name === called.name) trace.push('ask the policy');
      return { allowed: true, rule: 'things:delete' };
    },
    markerOf: ({ name }) => {
      if (name === called.name) trace.push('find what is confidential');
      return undefined;
    },
    confirm: 'auto',
    elicitation: { canAsk: true },
    dryRun: false,
    waitOutside: (wait) => wait(),
    signal: new AbortController().signal,
    spendDelete: async () => void trace.push('spend a delete'),
    ...caller,
  });
  return trace;
}

const [CONCEAL, ALLOW, PARSE, CONFIRM] = [
  'find what is confidential',
  'ask the policy',
  'read the arguments',
  'ask whether it is confirmed',
];
const DECIDE = 'record allowed, things:delete, client prompt';
const RECHECK = ['send get_thing', 'compare with what was shown'];
const ALL = [CONCEAL, ALLOW, PARSE, CONFIRM, DECIDE, ...RECHECK, 'spend a delete', 'send delete_thing', 'end: ok'];

describe('the steps of a call', () => {
  it('stand in this order', () => {
    expect(STEPS.map(({ name }) => name)).toEqual([
      'conceal',
      'allow',
      'stillAllowed',
      'parse',
      'admit',
      'answerLocally',
      'build',
      'hearNo',
      'look',
      'dryRun',
      'confirm',
      'decide',
      'recheck',
      'spend',
      'waitForEvents',
      'send',
    ]);
  });

  it('are all taken by a delete that a person has confirmed', async () => {
    expect(await traceOf({})).toEqual(ALL);
  });

  it('have less time after a wait in line', async () => {
    const sent = (await traceOf({ caller: { waitedMs: 400 } })).filter((step) => step.startsWith('send'));
    expect(sent).toEqual(['send get_thing by 600', 'send delete_thing by 600']);
  });

  it.each<[step: string, changes: Changes, trace: readonly string[]]>([
    [
      'allow refuses',
      { args: { thing_id: 'thing_BAD' }, caller: { verdictOn: () => ({ allowed: false, rule: 'it is off' }) } },
      [CONCEAL, 'end: not sent, it is off'],
    ],
    [
      'stillAllowed refuses',
      {
        args: { thing_id: 'thing_BAD' },
        caller: { stillAllowed: () => Promise.reject(new RefusedError('No.', 'a reload')) },
      },
      [CONCEAL, ALLOW, 'end: not sent, a reload'],
    ],
    [
      'parse refuses',
      { args: { thing_id: 'thing_BAD' } },
      [CONCEAL, ALLOW, PARSE, 'end: not sent, the arguments do not fit'],
    ],
    [
      'answerLocally refuses',
      { local: () => refuse('it cannot be answered'), caller: { dryRun: true } },
      [CONCEAL, ALLOW, PARSE, 'end: not sent, it cannot be answered'],
    ],
    [
      'answerLocally ends it',
      { local: () => ({}), caller: { dryRun: true } },
      [CONCEAL, ALLOW, PARSE, 'record allowed, things:delete, undefined', 'end: ok'],
    ],
    [
      'dryRun refuses',
      { args: { thing_id: 'a/b' }, caller: { dryRun: true } },
      [CONCEAL, ALLOW, PARSE, 'end: not sent, the arguments do not fit'],
    ],
    [
      'dryRun ends it',
      { caller: { dryRun: true } },
      [CONCEAL, ALLOW, PARSE, 'record allowed, things:delete, undefined', 'end: dry run'],
    ],
    [
      'hearNo refuses, before anything is read',
      {
        before: lookFirst({
          look: { thing: { tool: 'get_thing', with: (args) => args } },
          waits: '',
          decide: () => 'plain',
        }),
        caller: { elicitation: { canAsk: true, state: 'id', response: { action: 'decline' } } },
        gate: { pass: async () => refuse('a no') },
      },
      [CONCEAL, ALLOW, PARSE, 'end: not sent, a no'],
    ],
    [
      'build refuses',
      { args: { thing_id: 'a/b' } },
      [CONCEAL, ALLOW, PARSE, 'end: not sent, the arguments do not fit'],
    ],
    [
      'confirm refuses',
      { gate: { pass: async () => refuse('the client passed on a no') } },
      [CONCEAL, ALLOW, PARSE, 'end: not sent, the client passed on a no'],
    ],
    [
      'confirm ends it',
      { gate: { pass: async () => ({ open: false }) } },
      [CONCEAL, ALLOW, PARSE, 'record ask, things:delete, undefined', 'send get_thing', 'ask a person', 'end: asked'],
    ],
    [
      'decide refuses',
      { onDecide: () => refuse('it could not be recorded') },
      [CONCEAL, ALLOW, PARSE, CONFIRM, DECIDE, 'end: not sent, it could not be recorded'],
    ],
    [
      'recheck refuses',
      { gate: { isSame: () => false } },
      [
        CONCEAL,
        ALLOW,
        PARSE,
        CONFIRM,
        DECIDE,
        'send get_thing',
        'end: not sent, the object has changed since the preview',
      ],
    ],
    [
      'spend refuses',
      { caller: { spendDelete: async () => refuse('no deletes are left') } },
      [CONCEAL, ALLOW, PARSE, CONFIRM, DECIDE, ...RECHECK, 'end: not sent, no deletes are left'],
    ],
  ])('go no further where %s', async (_, changes, trace) => {
    expect(await traceOf(changes)).toEqual(trace);
  });

  it('hand a tool that answers by itself what it may know', async () => {
    const handed: unknown[] = [];
    const local: Declaration['local'] = (...given) => ({ count: handed.push(...given) });
    await traceOf({ constants: { client_id: CLIENT_ID }, local });
    expect(handed).toEqual([
      { thing_id: 'thing_1', client_id: 'client_1' },
      { label: 'staging', baseUrl: 'https://workos.test' },
    ]);
  });
});
