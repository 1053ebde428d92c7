import { Pool } from 'undici';
import { authorize } from '../src/api/pipeline.ts';
import { retry } from '../src/api/retry.ts';
import { createTransport } from '../src/api/transport.ts';
import { createCall } from '../src/call.ts';
import { createCatalog } from '../src/catalog.ts';
import type { Log } from '../src/log.ts';
import { declarations } from '../tools/index.ts';

const now = () => performance.now();

/**
 * Milliseconds for 10,000 records, a hundred a page, from the call to its finished result, beside a bare undici loop over
 * the same pages. Each is the median of so many runs, taken in turns.
 */
export async function pages(url: string, runs: number): Promise<{ bare: number; ours: number }> {
  const pool = new Pool(url);
  const headers = { authorization: 'Bearer sk_test_bench', accept: 'application/json', 'user-agent': 'bench' };
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

  const transport = createTransport(url, { attemptTimeout: 10_000, maxReplyBytes: 8_388_608, now });
  const send = retry({ now, date: Date.now, random: Math.random, sleep: async () => {} })(
    authorize('sk_test_bench', 'bench')(transport.send),
  );
  const silent = () => {};
  const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
  const call = createCall({
    environment: { label: 'staging', baseUrl: url, apiKey: 'sk_test_bench', clientId: undefined },
    settings: { timeout: 30_000, maxItems: 10_000, maxResultBytes: 100_000_000, limits: {} },
    general: declarations.general,
    send,
    log,
    newKey: () => 'key',
    now,
  });
  const tool = createCatalog(declarations).tools.find(({ name }) => name === 'list_users');
  const walk = async () => {
    if (tool === undefined) throw new Error('list_users is gone');
    const result = await call(tool, { max_items: 10_000 }, { agent: 'bench', signal: new AbortController().signal });
    return Object(result.structuredContent).data.length;
  };

  const times = { bare: [] as number[], ours: [] as number[] };
  for (let run = -2; run < runs; run += 1) {
    for (const [name, go] of [
      ['bare', loop],
      ['ours', walk],
    ] as const) {
      const start = now();
      if ((await go()) !== 10_000) throw new Error('records are missing');
      if (run >= 0) times[name].push(now() - start);
    }
  }
  await Promise.all([transport.close(), pool.close()]);
  const median = (list: number[]) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
  return { bare: median(times.bare), ours: median(times.ours) };
}
