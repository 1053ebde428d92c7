import { type Declined, readDeclines, readNoes } from '../audit/read/declines.ts';
import { LIFTED } from '../call/confirm/approvals.ts';
import { declinedOf } from '../call/confirm/declined.ts';
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
    // The record holds IDs alone: not the email, say, that an invitation is for.
    const object = tool && ids[identityOf(tool).argument];
    const call = tool?.confirmable ? declinedOf(name, String(object ?? '')) : undefined;
    // The clock may have been set back: no entry holds for longer than a new one.
    return call === undefined ? [] : [{ caller: agent, call, ms: DECLINED_MS - Math.max(0, today - at) }];
  };
  return createPendingStore(now, readDeclines(auditLog, today - DECLINED_MS).flatMap(toKept));
}

/**
 * What approvers' noes add up to, where the record is a file: a hold lasts until it is lifted, over restarts as well.
 * @param today milliseconds since 1970
 */
export function keptNoes(auditLog: string | undefined, today: number): ReadonlyMap<string, Noes> {
  const noes = new Map<string, Noes>();
  if (auditLog === undefined || auditLog === 'stderr') return noes;
  for (const { agent, at, isLift } of readNoes(auditLog, LIFTED)) {
    if (isLift) noes.delete(agent);
    else noes.set(agent, withNo(noes.get(agent) ?? NO_NOES, Math.min(at, today)));
  }
  return noes;
}
