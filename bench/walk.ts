import { Pool } from 'undici';
import { createBudgets } from '../src/agents/budgets.ts';
import { createAuditRecord, newRun } from '../src/audit/record.ts';
import type { Caller } from '../src/call/caller.ts';
import { createPendingStore } from '../src/call/confirm/pending.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import type { Log } from '../src/log.ts';
import { createBytePool } from '../src/memory/byte-pool.ts';
import { compose } from '../src/start/compose.ts';
import { createTransport } from '../src/workos/transport.ts';
import { declarations } from '../tools/index.ts';

const now = () => performance.now();

/** As long as keys are: each answer is searched for it. */
const KEY = `sk_test_${'bench'.repeat(8)}`;

/**
 * What reads 10,000 records, a hundred a page, from the call to its finished result, beside a bare undici loop over the
 * same pages. Each resolves to how many it has.
 */
export function contenders(url: string) {
  const pool = new Pool(url);
  const headers = { authorization: `Bearer ${KEY}`, accept: 'application/json', 'user-agent': 'bench' };
  const loop = async () => {
    const records: unknown[] = [];
    for (let after = ''; ; ) {
      const query = `limit=100${after === '' ? '' : `&after=${after}`}`;
      const { body } = await pool.request({ method: 'GET', path: `/user_management/users?${query}`, headers });
      const page = Object(await body.json());
      records.push(...page.data);
      if (page.list_metadata.after === null) return records.length;
      after = page.list_metadata.after;
    }
  };

  const transport = createTransport(url, {
    attemptTimeout: 10_000,
    maxReplyBytes: 2_097_152,
    answers: createBytePool(16_777_216),
    now,
  });
  const silent = () => {};
  const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
  const catalog = createCatalog(declarations);
  const { call } = compose({
    catalog,
    environment: { label: 'staging', baseUrl: url, apiKey: KEY, clientId: undefined },
    send: transport.send,
    settings: {
      timeout: 30_000,
      maxItems: 10_000,
      maxResultBytes: 100_000_000,
      // The bench asks for more pages than WorkOS would allow.
      limits: ['general=1000000/1', 'user_management_reads=1000000/1'],
    },
    record: createAuditRecord({
      sink: { append: silent, sync: async () => {}, close: async () => {} },
      run: newRun(),
      now: () => new Date(),
    }),
    pending: createPendingStore(now),
    budgets: createBudgets(() => performance.now()),
    log,
    version: 'bench',
  });
  const tool = catalog.tools.find(({ name }) => name === 'list_users');
  const caller: Caller = {
    agent: 'bench',
    confirm: 'auto',
    verdictOn: () => ({ allowed: true, rule: '*:read' }),
    markerOf: () => undefined,
    dryRun: false,
    waitOutside: (wait) => wait(),
    elicitation: { canAsk: false },
    signal: new AbortController().signal,
  };
  const walk = async () => {
    if (tool === undefined) throw new Error('list_users is gone');
    const result = await call(tool, { max_items: 10_000 }, caller);
    return Object(result.structuredContent).data.length;
  };

  const close = async () => {
    await Promise.all([transport.close(), pool.close()]);
  };
  return { bare: loop, ours: walk, close };
}
