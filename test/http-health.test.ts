import { get } from 'node:http';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createReadiness } from '../src/serve/http/health.ts';
import { createMetrics, serveMetrics } from '../src/serve/http/metrics.ts';
import { startHttp } from './support/http.ts';

afterEach(() => {
  vi.useRealTimers();
});

const fails = () => Promise.reject(new Error('redis://user:secret@host refused'));
const works = async () => {};

describe('a probe', () => {
  it.each<[path: string, checks: Record<string, () => Promise<void>>, status: number, body: unknown]>([
    ['/healthz', { redis: fails }, 200, { status: 'ok' }],
    ['/readyz', { key: works, redis: works }, 200, { status: 'ok' }],
    ['/readyz', { key: works, redis: fails, record: fails }, 503, { status: 'failing', failed: ['redis', 'record'] }],
  ])('of %s needs no token and learns no more than names', async (path, checks, status, body) => {
    const server = await startHttp({ checks });
    const response = await fetch(new URL(path, server.url));
    expect([response.status, await response.json()]).toEqual([status, body]);
    expect((await fetch(new URL(path, server.url), { method: 'HEAD' })).status).toBe(status);
    expect((await fetch(new URL(path, server.url), { method: 'POST' })).status).toBe(405);
  });

  it('comes under a host that is served', async () => {
    const server = await startHttp();
    expect(await statusOf(new URL('/healthz', server.url), 'evil.test')).toBe(403);
  });

  it('runs the checks once, however many ask, and again after 30 seconds', async () => {
    let at = 0;
    let runs = 0;
    const failing = createReadiness(
      {
        a: async () => {
          runs += 1;
        },
      },
      () => at,
    );
    await Promise.all(Array.from({ length: 10 }, failing));
    at = 29_999;
    await failing();
    expect(runs).toBe(1);
    at = 30_000;
    await failing();
    expect(runs).toBe(2);
  });

  it('does not wait for a check that hangs, nor stumble over one that throws', async () => {
    vi.useFakeTimers();
    const failing = createReadiness(
      {
        hangs: () => new Promise(() => {}),
        throws: () => {
          throw new Error('at once');
        },
      },
      () => 0,
    );
    const answer = failing();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await answer).toEqual(['hangs', 'throws']);
  });
});

describe('the metrics', () => {
  it('count calls, times, waits, retries and 429s by tool', async () => {
    const metrics = await createMetrics({ tools: ['get_user'] });
    metrics.countCall('get_user', 'ok', 200, 'ann');
    metrics.countCall('get_user', 'failed', 50, 'ann');
    metrics.countWait('get_user', 500);
    metrics.countRetry('get_user');
    metrics.countLimited('get_user');
    const text = await metrics.text();
    for (const line of [
      'workos_mcp_calls_total{tool="get_user",outcome="ok"} 1',
      'workos_mcp_calls_total{tool="get_user",outcome="failed"} 1',
      'workos_mcp_call_duration_seconds_sum{tool="get_user"} 0.25',
      'workos_mcp_wait_seconds_bucket{le="0.5",tool="get_user"} 1',
      'workos_mcp_retries_total{tool="get_user"} 1',
      'workos_mcp_rate_limited_total{tool="get_user"} 1',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('know no tool but those there are', async () => {
    const metrics = await createMetrics({ tools: ['get_user'] });
    for (let index = 0; index < 1_000; index += 1) metrics.countCall(`user_${index}`, 'refused', 1, 'ann');
    const text = await metrics.text();
    expect(text).toContain('workos_mcp_calls_total{tool="unknown",outcome="refused"} 1000');
    expect(text).not.toContain('user_1');
  });

  it('are served on a port of their own, on loopback to no page', async () => {
    const metrics = await createMetrics({ tools: [] });
    const served = await serveMetrics({ host: '127.0.0.1', port: 0, metrics });
    onTestFinished(served.close);
    const response = await fetch(served.url);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    expect(await response.text()).toContain('# TYPE workos_mcp_calls_total counter');
    expect(await statusOf(new URL(served.url), 'evil.test')).toBe(403);
    expect((await fetch(new URL('/', served.url))).status).toBe(404);
    expect((await fetch(served.url, { method: 'POST' })).status).toBe(405);
  });
});

function statusOf({ hostname, port, pathname }: URL, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ hostname, port, path: pathname, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}
