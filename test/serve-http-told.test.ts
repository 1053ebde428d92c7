import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { REFUSALS } from '../src/serve/http/responses.ts';
import { createCertificate, hasOpenssl } from './support/certificate.ts';
import { findPort } from './support/find-port.ts';
import {
  entriesIn,
  hashOf,
  newTokens,
  openFolder,
  openWorkos,
  post,
  postCall,
  waitFor,
} from './support/http-server.ts';
import { runProgram, startProgram } from './support/in-process.ts';
import { openIssuer } from './support/issuer.ts';

const KEY = 'sk_test_told_1234567890';
const token = newTokens('ann');
const folder = openFolder();
const IDS = /user_[0-9A-Z]{10}|sk_test|wmcp_[a-z2-7]{10}_|ada@/;
let workos: Awaited<ReturnType<typeof openWorkos>>;
let issuer: Awaited<ReturnType<typeof openIssuer>>;

beforeAll(async () => {
  [workos, issuer] = await Promise.all([openWorkos('north', KEY), openIssuer()]);
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  await Promise.all([workos.close(), issuer.close()]);
  folder.remove();
});

/** A server with a configuration, a record and metrics of its own, in this process, until the end of the test. */
async function start(name: string, more = '', args: readonly string[] = []) {
  const [port, metricsPort] = [await findPort(), await findPort()];
  const text = `
public-url: http://127.0.0.1:${port}/mcp
audit-log: ${folder.path}/${name}.jsonl
log-level: debug
metrics-port: ${metricsPort}
metrics-agents: true
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${workos.url}' }
agents:
  ann: { allow: ['users:read'], requests-per-minute: 2, tokens: ['${hashOf(token.ann)}'] }
${more}`;
  const config = folder.write(`${name}.yaml`, text);
  const flags = ['--config', config, '--port', `${port}`, ...args];
  const program = startProgram(['http', ...flags], { NORTH_KEY: KEY });
  const stop = async () => {
    program.signal('SIGTERM');
    expect(await program.exit).toBe(0);
  };
  onTestFinished(stop);
  await waitFor(
    () => program.log().includes('"serving http"'),
    () => program.log(),
  );
  const base = `http://127.0.0.1:${port}`;
  return {
    url: `${base}/mcp`,
    port,
    text,
    config,
    flags,
    stop,
    log: program.log,
    readyz: async () => (await fetch(`${base}/readyz`)).json(),
    metrics: async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
    logged: (msg: string) =>
      program
        .log()
        .split('\n')
        .flatMap((line) => (line.includes(`"msg":"${msg}"`) ? [JSON.parse(line)] : [])),
    notes: () =>
      entriesIn(readFileSync(`${folder.path}/${name}.jsonl`, 'utf8')).flatMap(({ kind, text }) =>
        kind === 'note' ? [text] : [],
      ),
    reload: async () => {
      const from = program.log().length;
      program.signal('SIGHUP');
      await waitFor(() => /configuration (reloaded|was not reloaded)/.test(program.log().slice(from)));
    },
  };
}

it('tells of an issuer that is down in the record, the metrics, the log and /readyz', async () => {
  const more = `  desk: { allow: ['users:read'], jwt: { sub: user_1 } }
issuers:
  desk: { issuer: '${issuer.url}', jwks-url: '${issuer.jwksUrl}', environment: other }
`;
  const server = await start('issuer', more);
  issuer.state.answer = 'error';
  const bearer = await issuer.sign({ sub: 'user_1', aud: server.url, exp: Math.floor(Date.now() / 1_000) + 60 });
  expect(await server.metrics()).not.toContain('workos_mcp_issuer_up{');
  for (let index = 0; index < 3; index += 1) expect((await post(server.url, bearer)).status).toBe(503);
  expect(await server.readyz()).toEqual({ status: 'failing', failed: ['issuers'] });
  const text = await server.metrics();
  expect(text).toContain('workos_mcp_http_requests_total{status="503",reason="unverifiable"} 3');
  expect(text).toContain('workos_mcp_issuer_up{issuer="desk"} 0');
  const { host } = new URL(issuer.url);
  expect(server.logged("an issuer's keys cannot be fetched")).toMatchObject([
    { level: 40, host, reason: 'it answered 500' },
  ]);
  issuer.state.answer = 'keys';
  await server.stop();
  expect(server.notes()).toEqual(['rejected requests: 3 unverifiable']);
});

it('tells of an agent over its budget in the record, the metrics and the log', async () => {
  const server = await start('budget');
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await postCall(server.url, token.ann.token, 'get_user', { user_id: 'user_01E4ZCR3C56J083X43JQXF3JK5' });
  await post(server.url, token.ann.token);
  expect((await post(server.url, token.ann.token, { headers: { traceparent } })).status).toBe(429);
  await post(server.url, 'a-token');
  expect(await server.readyz()).toEqual({ status: 'ok' });
  const text = await server.metrics();
  for (const line of [
    'workos_mcp_http_requests_total{status="429",reason="over-budget"} 1',
    'workos_mcp_http_requests_total{status="200",reason="none"} 3',
    'workos_mcp_http_requests_total{status="401",reason="unknown"} 1',
    'workos_mcp_agent_calls_total{agent="ann",outcome="ok"} 1',
    'workos_mcp_upstream_seconds_count{route="GET /user_management/users/{user_id}"} 1',
    'workos_mcp_http_in_flight 0',
    'workos_mcp_http_waiting 0',
    'workos_mcp_outside_waits 0',
    'workos_mcp_record_stuck 0',
    'workos_mcp_build_info{version="0.0.0"} 1',
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
  expect(text).not.toMatch(IDS);
  await waitFor(() => server.logged('request').length >= 5);
  expect(server.logged('request')).toContainEqual({
    level: 20,
    time: expect.any(String),
    status: 429,
    reason: 'over-budget',
    agent: 'ann',
    ms: expect.any(Number),
    trace: traceparent,
    msg: 'request',
  });
  expect(
    server
      .logged('request')
      .map(JSON.stringify as (line: unknown) => string)
      .join('\n'),
  ).not.toMatch(IDS);
  await server.stop();
  expect(server.notes()).toEqual(['rejected requests of ann: 1 over-budget', 'rejected requests: 1 unknown']);
});

it('tells of a refused reload in the record, the metrics and the log, and check names the same settings', async () => {
  const server = await start('reload');
  const digest = async () => {
    const { code, stdout } = await runProgram(['check', ...server.flags], { NORTH_KEY: KEY });
    expect(code).toBe(0);
    return /^Settings ([0-9a-f]{12}), as the record names them\.$/m.exec(stdout)?.[1] ?? expect.fail(stdout);
  };
  const first = await digest();
  expect(await server.metrics()).toContain(`workos_mcp_settings_info{settings="${first}"} 1`);
  expect(readFileSync(`${folder.path}/reload.jsonl`, 'utf8')).toContain(`"config":"${first}`);
  folder.write('reload.yaml', `${server.text}  bob: { allow: ['ada@example.com'] }\n`);
  await server.reload();
  expect(await server.metrics()).toContain('\nworkos_mcp_reload_succeeded 0\n');
  expect(server.logged('the configuration was not reloaded, the previous one stays in effect')).toHaveLength(1);
  expect(server.notes()).toEqual([`configuration not reloaded, settings ${first} stay in effect`]);
  expect(await server.readyz()).toEqual({ status: 'ok' });
  folder.write('reload.yaml', `dry-run: true\n${server.text}`);
  const second = await digest();
  expect(second).not.toBe(first);
  await server.reload();
  const text = await server.metrics();
  expect(text).toContain('\nworkos_mcp_reload_succeeded 1\n');
  expect(text).toMatch(/\nworkos_mcp_reload_success_timestamp_seconds \d+/);
  expect(text).toContain(`workos_mcp_settings_info{settings="${second}"} 1`);
  expect(server.notes().at(-1)).toBe(`configuration reloaded, settings ${second}`);
  expect(server.logged('configuration reloaded')).toMatchObject([{ agents: 1, settings: second }]);
});

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');

it('has every metric that the alert rules and the page name, and names each on the page', async () => {
  const text = await (await start('names')).metrics();
  const types = [...text.matchAll(/^# TYPE (workos_mcp_\w+) (\w+)$/gm)];
  const names = types.flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  const used = [...read('deploy/alerts.yaml').matchAll(/\bworkos_mcp_\w+/g)].map(([name]) => name);
  expect(used.length).toBeGreaterThan(10);
  expect(used.filter((name) => !names.includes(name))).toEqual([]);
  const onPage = [...read('docs/remote.md').matchAll(/^\| `(workos_mcp_\w+)`/gm)].map(([, name]) => name);
  expect(onPage.toSorted()).toEqual(types.map(([, name]) => name).toSorted());
});

it('uses reasons in the alert rules that requests are turned away for', () => {
  const reasons = [...read('deploy/alerts.yaml').matchAll(/reason=~?"([^"]+)"/g)].flatMap(([, one = '']) =>
    one.split('|'),
  );
  const known = [...Object.values(REFUSALS).map(({ reason }) => reason), 'unverifiable', 'over-budget'];
  expect(reasons.filter((reason) => !known.some((one) => new RegExp(`^(?:${reason})$`).test(one)))).toEqual([]);
});

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
it.skipIf(!hasPromtool)('has alert rules that promtool takes', () => {
  const { status, stderr } = spawnSync('promtool', ['check', 'rules', 'deploy/alerts.yaml'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});

/** The serial number of the certificate that is presented to a new connection, and what /readyz answers. */
const ask = (port: number) =>
  new Promise<{ serial: string; body: unknown }>((resolve, reject) => {
    const request = get({ port, host: '127.0.0.1', path: '/readyz', rejectUnauthorized: false, agent: false });
    request.on('error', reject).on('response', (response) => {
      const serial = (response.socket as TLSSocket).getPeerCertificate().serialNumber; // it speaks TLS
      response.on('data', (chunk) => resolve({ serial, body: JSON.parse(String(chunk)) }));
    });
  });

it.skipIf(!hasOpenssl)('warns of a certificate that expires, and reads it again on SIGHUP', async () => {
  const [first, second] = [createCertificate(), createCertificate()];
  onTestFinished(() => {
    first.remove();
    second.remove();
  });
  const files = { cert: folder.write('cert.pem', first.cert), key: folder.write('key.pem', first.key) };
  const server = await start('certificate', '', ['--tls-cert', files.cert, '--tls-key', files.key]);
  const warned = () => server.log().match(/The TLS certificate expires at [\d-]+T[\d:.]+Z\. Renew it/g) ?? [];
  await waitFor(() => warned().length === 1);
  const expiry = Number(/^workos_mcp_certificate_expiry_timestamp_seconds (\S+)/m.exec(await server.metrics())?.[1]);
  expect(Math.round((expiry - Date.now() / 1_000) / 86_400)).toBe(2);
  const { serial, body } = await ask(server.port);
  expect(body).toEqual({ status: 'ok' });

  folder.write('cert.pem', second.cert); // without its key
  await server.reload();
  expect(server.log()).toContain('The TLS certificate and key cannot be used');
  expect((await ask(server.port)).serial).toBe(serial);
  folder.write('key.pem', second.key);
  await server.reload();
  await server.reload();
  expect(server.logged('configuration reloaded')).toMatchObject([
    { certificate: 'changed' },
    { certificate: 'unchanged' },
  ]);
  expect((await ask(server.port)).serial).not.toBe(serial);
});

it.skipIf(!hasOpenssl)('is not ready with a certificate that has expired', async () => {
  const certificate = createCertificate();
  onTestFinished(certificate.remove);
  const server = await start('expired', '', ['--tls-cert', certificate.certFile, '--tls-key', certificate.keyFile]);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * 86_400_000 });
  expect((await ask(server.port)).body).toEqual({ status: 'failing', failed: ['certificate'] });
});
