import type { AuditRecord } from '../audit/record.ts';
import type { SharedStores } from '../redis/stores.ts';
import type { Checks } from '../serve/http/health.ts';
import type { Certificate } from './certificate.ts';
import type { OpenEnvironment } from './environments.ts';
import type { Loaded } from './host.ts';
import type { openIssuerKeys } from './issuer-keys.ts';

type ReadinessDeps = {
  /** What holds now. */
  readonly running: () => {
    readonly loaded: Loaded;
    readonly opened: ReadonlyMap<string, OpenEnvironment>;
    readonly certificate: Certificate | undefined;
  };
  readonly record: Pick<AuditRecord, 'append' | 'isFailing'>;
  readonly shared: Pick<SharedStores, 'check'> | undefined;
  readonly issuerKeys: Pick<ReturnType<typeof openIssuerKeys>, 'reach'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** What has to work for the server to be ready. */
export const toChecks = ({ running, record, shared, issuerKeys, now }: ReadinessDeps): Checks => ({
  workos: async () => void (await Promise.all([...running().opened.values()].map(({ probe }) => probe()))),
  record: async () => {
    // Only an attempt to write shows whether the record can be written again.
    if (record.isFailing()) await record.append({ kind: 'note', text: 'the record can be written again' });
  },
  ...(shared && { redis: shared.check }),
  issuers: async () => void (await Promise.all(running().loaded.agents.issuers.map(issuerKeys.reach))),
  certificate: async () => {
    if ((running().certificate?.expires ?? Number.POSITIVE_INFINITY) <= now()) throw new Error('it has expired');
  },
});
