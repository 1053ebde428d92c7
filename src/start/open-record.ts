import type { Policy } from '../access/policy.ts';
import { toHeadText } from '../audit/chain.ts';
import type { EntryFields } from '../audit/entry.ts';
import { openAuditFile } from '../audit/file-sink.ts';
import { type AuditRecord, createAuditRecord, newRun, RecordError } from '../audit/record.ts';
import { createStderrSink } from '../audit/stderr-sink.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Environment } from '../catalog/declaration.ts';
import type { Listing } from '../catalog/listing.ts';
import { StartError } from '../errors.ts';
import type { ProcessUser } from '../files/file-owner.ts';
import type { createLog, Log } from '../log.ts';
import type { Config } from '../settings/config.ts';
import type { Stderr } from '../stderr.ts';

/** Milliseconds between log lines with the head of the record, which reveal a truncated record. */
const HEAD_INTERVAL_MS = 60_000;

/**
 * Requires that the operator has chosen where to write the record if an agent may write in production.
 * @throws StartError if the operator has not
 */
export function requireRecord(
  { auditLog }: Pick<Config, 'auditLog'>,
  catalog: Catalog<Listing>,
  environment: Environment['label'] | undefined,
  policy: Policy,
): void {
  if (environment !== 'production' || auditLog !== undefined) return;
  if (catalog.tools.some((tool) => tool.changes && policy.whyOff(tool) === undefined)) {
    throw new StartError(
      'A production key that may write needs an audit log: --audit-log FILE, or --audit-log stderr if your host keeps stderr.',
    );
  }
}

/**
 * Opens the record that the settings name.
 * @throws StartError if it cannot be written
 */
export async function openRecord(
  { auditLog, auditLogMaxBytes }: Pick<Config, 'auditLog' | 'auditLogMaxBytes'>,
  { log, stderr }: { readonly log: Pick<Log, 'error'>; readonly stderr: Stderr },
  user: ProcessUser,
): Promise<AuditRecord> {
  const run = newRun();
  const now = () => new Date();
  const sink =
    auditLog === undefined || auditLog === 'stderr'
      ? createStderrSink(stderr)
      : await openAuditFile(auditLog, { maxBytes: auditLogMaxBytes, run, now, user });
  const onFailing = (error: string) => log.error({ error }, 'the record cannot be written');
  return createAuditRecord({ sink, run, now, onFailing });
}

/**
 * Writes the first entry of a run, and then regularly the head of the record to stderr, whatever the log level: it is
 * the only witness to what is removed from the end of the record.
 * @returns a function that writes the last entry
 * @throws StartError if the entry cannot be written: the server would refuse every call, so it does not start
 */
export async function beginRecord(
  record: AuditRecord,
  { log, stderr }: { readonly log: ReturnType<typeof createLog>; readonly stderr: Stderr },
  start: Omit<Extract<EntryFields, { kind: 'start' }>, 'kind'>,
): Promise<(reason: string) => Promise<void>> {
  try {
    await record.append({ kind: 'start', ...start });
  } catch (error) {
    throw error instanceof RecordError ? new StartError(error.message) : error;
  }
  let told = 0;
  const tellHead = () => {
    const head = record.head();
    if (head.seq === told) return;
    told = head.seq;
    // As the log writes its lines.
    const line = { level: 30, time: new Date().toISOString(), head: toHeadText(head), msg: 'record' };
    stderr.offer(JSON.stringify(line));
  };
  const heads = setInterval(tellHead, HEAD_INTERVAL_MS).unref();
  return async (reason) => {
    clearInterval(heads);
    try {
      await record.append({ kind: 'stop', reason });
      await record.close();
    } catch (error) {
      log.error({ error: error instanceof Error ? error.message : '' }, 'the record is incomplete');
    }
    // Behind what was logged before: the log begins to write later than this.
    await log.written();
    tellHead();
  };
}
