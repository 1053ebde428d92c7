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
import type { Log } from '../log.ts';
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
  stderr: Stderr,
): Promise<AuditRecord> {
  const run = newRun();
  const now = () => new Date();
  const sink =
    auditLog === undefined || auditLog === 'stderr'
      ? createStderrSink(stderr)
      : await openAuditFile(auditLog, { maxBytes: auditLogMaxBytes, run, now });
  return createAuditRecord({ sink, run, now });
}

/**
 * Writes the first entry of a run, and then regularly the head of the record to the log.
 * @returns a function that writes the last entry
 * @throws StartError if the entry cannot be written: the server would refuse every call, so it does not start
 */
export async function beginRecord(
  record: AuditRecord,
  log: Log,
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
    log.info({ head: toHeadText(head) }, 'record');
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
    tellHead();
  };
}
