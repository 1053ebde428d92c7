import { type Declined, readDeclines, readNoes } from '../audit/read/declines.ts';
import { HELD, LIFTED } from '../call/confirm/approvals.ts';
import { toDeclined } from '../call/confirm/declined.ts';
import { identityOf } from '../call/confirm/find-object.ts';
import { NO_NOES, type Noes, withNo } from '../call/confirm/noes.ts';
import { createPendingStore, DECLINED_MS, type PendingStore } from '../call/confirm/pending.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Clock } from '../clock.ts';

/**
 * What is pending, kept in memory. A person's no holds beyond a restart, where the record is a file: a
 * model that makes its client start the server again is not asked about anew.
 * @param today milliseconds since 1970
 */
export function openPending(
  catalog: Pick<Catalog, 'tools'>,
  auditLog: string | undefined,
  { now }: Pick<Clock, 'now'>,
  today: number,
): PendingStore {
  if (auditLog === undefined || auditLog === 'stderr') return createPendingStore(now);
  const tools = new Map(catalog.tools.map((tool) => [tool.name, tool]));
  const toKept = ({ agent, tool: name, ids, at }: Declined) => {
    const tool = tools.get(name);
    if (!tool?.confirmable) return [];
    // An email, in the place of an ID, is not on record: the no holds for all that it may have been about.
    const call = Object.hasOwn(ids, identityOf(tool).argument) ? toDeclined(tool, ids) : name;
    // The clock may have been set back: no entry holds for longer than a new one.
    return [{ caller: agent, call, ms: DECLINED_MS - Math.max(0, today - at) }];
  };
  return createPendingStore(now, readDeclines(auditLog, today - DECLINED_MS).flatMap(toKept));
}

/**
 * What approvers' noes add up to, where the record is a file: a hold does not end with a restart, but with a lift.
 * @param today milliseconds since 1970
 */
export function keptNoes(auditLog: string | undefined, today: number): ReadonlyMap<string, Noes> {
  const noes = new Map<string, Noes>();
  if (auditLog === undefined || auditLog === 'stderr') return noes;
  for (const { agent, at, what } of readNoes(auditLog, { lift: LIFTED, hold: HELD })) {
    const before = noes.get(agent) ?? NO_NOES;
    if (what === 'lift') noes.delete(agent);
    else noes.set(agent, what === 'hold' ? { ...before, isHeld: true } : withNo(before, Math.min(at, today)));
  }
  return noes;
}
