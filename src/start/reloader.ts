import type { AuditRecord } from '../audit/record.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { StartError, withoutKeys } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Certificate, certificateWarning, readCertificate } from './certificate.ts';
import { judgeClientSecrets } from './console-settings.ts';
import type { Host, Loaded } from './host.ts';
import { type Connections, connectAll, labelsOf } from './http-settings.ts';
import { toReload, validateReload } from './reload.ts';
import { shortDigestOf } from './settings-digest.ts';
import { agentWarnings } from './start-warnings.ts';

type ReloaderDeps = {
  readonly catalog: Catalog;
  readonly host: Host;
  readonly log: Log;
  readonly record: Pick<AuditRecord, 'append'>;
  /** The configuration and the certificate that hold now. */
  readonly running: () => { readonly loaded: Loaded; readonly certificate: Certificate | undefined };
  /** Prepares a configuration. What it returns makes the configuration hold. */
  readonly prepare: (loaded: Loaded, connections: Connections, certificate: Certificate | undefined) => () => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Reloads the configuration, the keys in files and the certificate: all of it, or nothing. */
export function createReloader({ catalog, host, log, record, running, prepare, now }: ReloaderDeps) {
  let succeeded = true;
  let succeededAt = now();

  const attempt = async (): Promise<void> => {
    const before = running();
    const next = await host.load();
    if (next.config.http.anonymous !== before.loaded.config.http.anonymous)
      throw new StartError('--anonymous cannot change without a restart.');
    const reload = toReload(before.loaded, next);
    const { loaded, afterRestart } = reload;
    const connections = await connectAll(loaded, host);
    const labels = labelsOf(connections);
    validateReload(next, reload, labels, catalog);
    judgeClientSecrets(loaded, host);
    const certificate = readCertificate(loaded.config, host);
    const take = prepare(loaded, connections, certificate);
    const text = `configuration reloaded, settings ${shortDigestOf(loaded)}`;
    // Before it takes effect: what cannot be recorded is not done.
    await record.append({ kind: 'note', text }, { beforehand: true });
    take();
    if (afterRestart.length > 0) log.warn({ settings: afterRestart }, 'these settings take effect after a restart');
    const expiry = certificate && certificateWarning(certificate, now());
    const told = agentWarnings(loaded, labels, catalog, now());
    for (const warning of [...told, ...(expiry === undefined ? [] : [expiry])]) log.warn({}, warning);
    const hasNew = certificate?.tls.cert !== before.certificate?.tls.cert;
    log.info(
      {
        agents: next.agents.agents.length,
        settings: shortDigestOf(loaded),
        certificate: certificate && (hasNew ? 'changed' : 'unchanged'),
      },
      'configuration reloaded',
    );
  };

  return {
    reload: async (): Promise<void> => {
      try {
        await attempt();
        succeeded = true;
        succeededAt = now();
      } catch (error) {
        succeeded = false;
        const fault = withoutKeys(error instanceof Error ? error.message : String(error));
        log.error({ error: fault }, 'the configuration was not reloaded, the previous one stays in effect');
        // Without the fault, which may quote the file.
        const text = `configuration not reloaded, settings ${shortDigestOf(running().loaded)} stay in effect`;
        await record.append({ kind: 'note', text }).catch(() => {}); // the record keeps what it cannot write
      }
    },
    /** Whether the last reload succeeded, and when the configuration that holds began to hold. */
    state: () => ({ succeeded, succeededAt }),
  };
}
