import { randomUUID } from 'node:crypto';
import {
  type Answered,
  type Approval,
  type ApprovalAnswer,
  type ApprovalStore,
  MAX_APPROVALS,
  MAX_APPROVALS_BYTES,
  toKept,
  unanswered,
} from '../call/confirm/approvals.ts';
import { MAX_PENDING } from '../call/confirm/pending.ts';
import type { Clock } from '../clock.ts';
import { RefusedError } from '../errors.ts';
import { seal, unseal } from '../keys.ts';
import type { Log } from '../log.ts';
import {
  ANSWER,
  CHANGE,
  DROP_ANSWER,
  LIST,
  LOOK,
  PUT,
  READ,
  READ_SOME,
  TAKE,
  toMember,
  VERSION,
} from './approvals-script.ts';
import { createChanges } from './changes.ts';
import { type Redis, RedisAway, type Script, unlessAway } from './connect.ts';
import { createRedisNoes } from './noes.ts';
import { digest, toPrefix } from './script.ts';

/** Milliseconds between two looks for an answer, and for what others changed. */
const POLL_MS = 500;
/** Approvals that are read at a time: each has up to 90 KB in Redis, and a command has 300 ms. */
const CHUNK = 10;

export type RedisApprovalsDeps = {
  readonly redis: Redis;
  /** Equal in all replicas of a deployment, and different from that of other deployments. */
  readonly scope: string;
  /** The key of the seals, derived from the deployment key. */
  readonly key: Uint8Array;
  /** Milliseconds since 1970. */
  readonly today: () => number;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Log, 'warn'>;
  readonly pollMs?: number;
};

/**
 * Keeps the calls that wait for approvers in Redis, for all replicas.
 *
 * Another client of that Redis can read or write none of it: each value is sealed for its kind and its handle, of which
 * Redis has the digest. A value that was changed or moved, or whose end is over, counts as absent. What that client can
 * do is to remove values, so that a call is refused or has to be asked about anew, and to put back what it has copied.
 * So each process remembers which approvals were taken at it and which it has answered: there, neither counts twice. At
 * another replica the agent could carry out a call again that an approver said yes to, until the approval's end, and
 * while what they were shown is still so.
 */
export function createRedisApprovals(deps: RedisApprovalsDeps): ApprovalStore {
  const { redis, scope, key, today, clock, log, pollMs = POLL_MS } = deps;
  const prefix = toPrefix('approvals', scope);
  const warn = () =>
    log.warn({ kind: 'approvals' }, 'A value in Redis was not sealed by this deployment and was ignored');
  const changes = createChanges(async () => `${(await runOr(VERSION)) ?? 'away'}`, pollMs);
  /** The ends of the approvals that were taken here, and the answers that were given here, by name. */
  const taken = new Map<string, number>();
  const answered = new Map<string, { readonly answer: ApprovalAnswer; readonly until: number }>();
  /** Those that `list` has opened: they do not change. */
  let opened: ReadonlyMap<string, Approval> = new Map();

  async function run(script: Script, ...args: (string | number)[]): Promise<unknown> {
    try {
      return await redis.run(script, prefix, args);
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
      throw new RefusedError(
        'This server keeps the calls that wait for an approver in Redis and cannot reach it. Nothing was sent to WorkOS. Try again in a minute. If the error persists, tell the operator of this server.',
        'Redis, which holds the calls that wait for an approver, is unreachable',
      );
    }
  }
  const runOr = (script: Script, ...args: (string | number)[]) => redis.run(script, prefix, args).catch(unlessAway);
  /** Runs a script that takes a new version first, and returns whether it changed something. */
  async function change(script: Script, ...args: (string | number)[]): Promise<boolean> {
    const isChanged = (await run(script, randomUUID(), ...args)) === 1;
    if (isChanged) changes.tell();
    return isChanged;
  }
  const noes = createRedisNoes({ run, key, today, warn });
  const msUntil = (until: number) => Math.max(1, Math.ceil(until - today()));
  const expire = () => {
    for (const [name, until] of taken) if (until <= today()) taken.delete(name);
    for (const [name, { until }] of answered) if (until <= today()) answered.delete(name);
  };

  function openApproval(name: string, value: string): Approval | undefined {
    if (value === '') return undefined;
    const text = unseal(key, toContext('approval', name), value);
    if (text === undefined || taken.has(name)) return void warn();
    const approval = JSON.parse(text) as Approval; // the seal shows that put wrote it
    return approval.until > today() ? approval : undefined;
  }
  /** The answer to an approval. One that this deployment did not write is removed: it would keep others out. */
  async function openAnswer(name: string, value: string): Promise<ApprovalAnswer | undefined> {
    const own = answered.get(name)?.answer;
    if (own !== undefined || value === '') return own;
    const text = unseal(key, toContext('answer', name), value);
    if (text !== undefined) return JSON.parse(text) as ApprovalAnswer; // the seal shows that answer wrote it
    warn();
    await runOr(DROP_ANSWER, name, value);
    return undefined;
  }
  async function read(name: string): Promise<(Answered & { readonly sealed: string }) | undefined> {
    expire();
    const [value = '', sealed = ''] = toTexts(await run(READ, name));
    const approval = openApproval(name, value);
    return approval && { approval, answer: await openAnswer(name, sealed), sealed };
  }
  /** In the order in which they were asked. */
  async function readAll(isMeant: (answer?: ApprovalAnswer) => boolean): Promise<readonly Answered[]> {
    expire();
    const found = toTexts(await run(LIST, MAX_APPROVALS));
    const answers = new Map<string, ApprovalAnswer | undefined>();
    for (let index = 0; index < found.length; index += 2) {
      const [name = '', sealed = ''] = [found[index], found[index + 1]];
      const answer = await openAnswer(name, sealed);
      if (isMeant(answer)) answers.set(name, answer);
    }
    const names = [...answers.keys()];
    const known = new Map(opened);
    const missing = names.filter((name) => !known.has(name));
    for (let from = 0; from < missing.length; from += CHUNK) {
      const some = missing.slice(from, from + CHUNK);
      const values = toTexts(await run(READ_SOME, ...some));
      for (const [index, name] of some.entries()) {
        const approval = openApproval(name, values[index] ?? '');
        if (approval !== undefined) known.set(name, approval);
      }
    }
    opened = new Map(names.flatMap((name) => toEntry(name, known.get(name))));
    return [...opened]
      .filter(([name, { until }]) => !taken.has(name) && until > today())
      .map(([name, approval]) => ({ approval, answer: answers.get(name) }))
      .sort((one, other) => one.approval.askedAt - other.approval.askedAt);
  }
  /** While Redis is unreachable, a call waits on. */
  async function isWaiting(name: string): Promise<boolean> {
    const found = await runOr(LOOK, name);
    if (found === undefined) return true;
    const [isThere, sealed = ''] = toTexts(found);
    return isThere === '1' && (await openAnswer(name, sealed)) === undefined;
  }

  return {
    put: async (approval) => {
      const { json, bytes } = toKept(approval);
      if (noes.count() >= MAX_APPROVALS) return false;
      const name = digest(approval.handle);
      const sealed = seal(key, toContext('approval', name), json);
      const ms = msUntil(approval.until);
      const bounds = [MAX_PENDING, MAX_APPROVALS, MAX_APPROVALS_BYTES];
      return change(PUT, name, digest(approval.caller), sealed, bytes, ms, ...bounds);
    },
    find: async (handle) => {
      const found = await read(digest(handle));
      return found && { approval: found.approval, answer: found.answer };
    },
    list: async () => unanswered(await readAll((answer) => answer === undefined)),
    all: () => readAll(() => true),
    answer: async (handle, answer) => {
      const name = digest(handle);
      const found = await read(name);
      if (found === undefined || found.answer !== undefined) return false;
      const { until } = found.approval;
      const sealed = seal(key, toContext('answer', name), JSON.stringify(answer));
      const isFirst = await change(ANSWER, name, sealed, msUntil(until));
      if (isFirst) answered.set(name, { answer, until });
      return isFirst;
    },
    take: async (handle) => {
      const name = digest(handle);
      const found = await read(name);
      if (found?.answer === undefined) return undefined;
      const { approval, answer, sealed } = found;
      const member = toMember(name, digest(approval.caller), toKept(approval).bytes);
      if (!(await change(TAKE, name, sealed, member))) return undefined;
      taken.set(name, approval.until);
      return { approval, answer };
    },
    waitFor: async (handle, ms, signal) => {
      const end = clock.now() + ms;
      const left = () => Math.min(pollMs, end - clock.now());
      while (!signal.aborted && left() > 0 && (await isWaiting(digest(handle)))) await changes.pause(left(), signal);
    },
    countNo: async (caller) => {
      await noes.countNo(caller);
      await change(CHANGE);
    },
    isHeld: noes.isHeld,
    heldCallers: noes.heldCallers,
    lift: async (caller) => {
      await noes.lift(caller);
      await change(CHANGE);
    },
    onChange: changes.listen,
  };
}

const toContext = (kind: 'approval' | 'answer', name: string): string => JSON.stringify([kind, name]);

const toTexts = (found: unknown): string[] => [found].flat().map((value) => String(value ?? ''));

const toEntry = (name: string, approval: Approval | undefined) =>
  approval === undefined ? [] : [[name, approval] as const];
