import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StartError } from '../src/errors.ts';
import { readTracing } from '../src/start/open-tracing.ts';
import type { TracedCall } from '../src/tracing/spans.ts';
import { createTracer } from '../src/tracing/tracer.ts';
import { runProgram, startProgram } from './support/in-process.ts';
import { listen } from './support/upstream.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const CALL: TracedCall = {
  tool: 'get_user',
  outcome: 'ok',
  begun: 1_000,
  ms: 250,
  attempts: [{ route: 'GET /user_management/users/{user_id}', begun: 1_100, ms: 100, status: 200 }],
  trace: undefined,
};

function open({
  ratio = 1,
  random = () => 0,
  post = async () => {},
}: Partial<Parameters<typeof createTracer>[0]> = {}) {
  const bodies: string[] = [];
  const dropped: [spans: number, reason: string][] = [];
  const tracer = createTracer({
    serviceName: 'desk',
    version: '1.2.3',
    ratio,
    random,
    post: async (body) => {
      bodies.push(body);
      await post(body);
    },
    toDate: (time) => 1_700_000_000_000 + time,
    onDropped: (...args) => dropped.push(args),
  });
  onTestFinished(tracer.close);
  const spans = () => bodies.flatMap((body) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans);
  return { ...tracer, bodies, dropped, spans };
}

describe('a tracer', () => {
  it('makes a span of a call and of each attempt, within the trace of the client', async () => {
    const { endCall, close, bodies, spans } = open();
    endCall({ ...CALL, trace: `00-${TRACE}-${PARENT}-00` });
    await close();
    const { resource, scopeSpans } = JSON.parse(bodies[0] ?? '').resourceSpans[0];
    expect(resource.attributes).toEqual([
      { key: 'service.name', value: { stringValue: 'desk' } },
      { key: 'service.version', value: { stringValue: '1.2.3' } },
    ]);
    expect(scopeSpans[0].scope).toEqual({ name: 'workos-mcp', version: '1.2.3' });
    const [call, attempt] = spans();
    expect(call).toEqual({
      traceId: TRACE,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      parentSpanId: PARENT,
      name: 'tools/call get_user',
      kind: 2,
      startTimeUnixNano: '1700000001000000000',
      endTimeUnixNano: '1700000001250000000',
      attributes: [
        { key: 'mcp.method.name', value: { stringValue: 'tools/call' } },
        { key: 'gen_ai.tool.name', value: { stringValue: 'get_user' } },
        { key: 'workos_mcp.outcome', value: { stringValue: 'ok' } },
      ],
      status: { code: 0 },
    });
    expect(attempt).toMatchObject({
      traceId: TRACE,
      parentSpanId: call.spanId,
      name: 'GET /user_management/users/{user_id}',
      kind: 3,
      attributes: [
        { key: 'http.request.method', value: { stringValue: 'GET' } },
        { key: 'url.template', value: { stringValue: '/user_management/users/{user_id}' } },
        { key: 'http.response.status_code', value: { intValue: '200' } },
      ],
    });
  });

  it('begins a trace of its own without one', async () => {
    const { endCall, close, spans } = open();
    endCall(CALL);
    endCall(CALL);
    await close();
    const [first, , second] = spans();
    expect(first.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(first.traceId).not.toBe(second.traceId);
    expect(first).not.toHaveProperty('parentSpanId');
  });

  it.each(['00', '01'])('samples by its own ratio, whatever the flag %s of the client says', async (flag) => {
    const draws = [0.1, 0.9, 0.2, 0.8];
    const { endCall, close, spans } = open({ ratio: 0.5, random: () => draws.shift() ?? 1 });
    for (let index = 0; index < 4; index += 1) endCall({ ...CALL, trace: `00-${TRACE}-${PARENT}-${flag}` });
    await close();
    expect(spans()).toHaveLength(4); // two calls, each with an attempt
  });

  it('drops spans rather than to wait or to grow', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { endCall, close, dropped, spans } = open({ post: () => released });
    for (let index = 0; index < 5_000; index += 1) endCall(CALL);
    expect(dropped.reduce((sum, [count]) => sum + count, 0)).toBe(10_000 - 2_048 - 512);
    release();
    await close();
    expect(spans()).toHaveLength(2_048 + 512);
  });

  it('says so if the collector does not take them', async () => {
    const { endCall, close, dropped } = open({ post: () => Promise.reject(new Error('it answered 500')) });
    endCall(CALL);
    await close();
    expect(dropped).toEqual([[2, 'it answered 500']]);
  });
});

describe('the settings of tracing', () => {
  const read = (variables: Record<string, string>) => readTracing((name) => variables[name]);
  const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';

  it('are those of OpenTelemetry', () => {
    expect(read({})).toBeUndefined();
    expect(read({ [ENDPOINT]: ' ' })).toBeUndefined();
    const settings = read({
      [ENDPOINT]: 'https://collector.test/otlp/',
      OTEL_EXPORTER_OTLP_HEADERS: 'Api-Key=a%20b, x=1',
      OTEL_SERVICE_NAME: 'desk',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    });
    expect(settings).toMatchObject({ headers: { 'api-key': 'a b', x: '1' }, serviceName: 'desk', ratio: 0.25 });
    expect(settings?.url.href).toBe('https://collector.test/otlp/v1/traces');
  });

  it.each([
    { [ENDPOINT]: 'canary' },
    { [ENDPOINT]: 'grpc://canary:4317' },
    { [ENDPOINT]: 'https://user:canary@collector.test' },
    { [ENDPOINT]: 'https://collector.test?key=canary' },
    { [ENDPOINT]: 'https://collector.test', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    { [ENDPOINT]: 'https://collector.test', OTEL_EXPORTER_OTLP_HEADERS: 'canary' },
    { [ENDPOINT]: 'https://collector.test', OTEL_EXPORTER_OTLP_HEADERS: 'a=canary%0d%0ab' },
    { [ENDPOINT]: 'https://collector.test', OTEL_EXPORTER_OTLP_HEADERS: 'a=%canary' },
    { [ENDPOINT]: 'https://collector.test', OTEL_TRACES_SAMPLER_ARG: '2' },
  ])('stop the start where they are not valid, and are not quoted: %j', (variables) => {
    expect(() => read(variables)).toThrow(StartError);
    expect(() => read(variables)).toThrow(/^(?!.*canary)/s);
  });

  it('are judged by check as by a start', async () => {
    const env = { [ENDPOINT]: 'nowhere' };
    const args = ['--sandbox', '--anonymous', '--allow', '*:read'];
    const started = await runProgram(['http', ...args], env);
    expect(started).toMatchObject({ code: 2, stderr: expect.stringContaining('OTEL_EXPORTER_OTLP_ENDPOINT is not') });
    expect(await runProgram(['check', ...args], env)).toMatchObject({ code: 2, stderr: started.stderr });
  });
});

it('sends a collector routes and names of tools, and nothing of a call', async () => {
  const collector = await listen(() => new Response('{}'));
  onTestFinished(collector.close);
  const canary = `canary${randomBytes(4).toString('hex')}`;
  const { stdin, stdout, log, exit } = startProgram(
    ['--sandbox', '--allow', '*:full', '--confirm', 'off', '--agent', canary],
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20of-the-collector',
    },
  );
  const send = (message: object) => stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const call = (id: number, name: string, args: object) =>
    send({ id, method: 'tools/call', params: { name, arguments: args } });
  let text = '';
  stdout.on('data', (chunk) => {
    text += chunk;
  });
  const info = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: canary, version: '1' } };
  send({ id: 1, method: 'initialize', params: info });
  send({ method: 'notifications/initialized' });
  call(2, 'list_users', { email: `${canary}@example.com` });
  call(3, 'create_user', { email: `${canary}@example.com`, first_name: canary });
  call(4, 'get_user', { user_id: `user_${canary}` });
  call(5, `tool_${canary}`, {});
  await expect.poll(() => [2, 3, 4, 5].every((id) => text.includes(`"id":${id}`))).toBe(true);
  stdin.end();
  expect(await exit).toBe(0);

  expect(collector.received).toMatchObject([
    {
      method: 'POST',
      path: '/v1/traces',
      headers: { 'content-type': 'application/json', authorization: 'Bearer of-the-collector' },
    },
  ]);
  const told = JSON.stringify(collector.received.map(({ body }) => body));
  expect(told).not.toContain(canary);
  expect(told).not.toMatch(/user_[0-9A-Z]{26}|sk_|@example|of-the-collector/);
  const names = [...told.matchAll(/"name":"([^"]+)"/g)].map(([, name]) => name);
  expect(new Set(names)).toEqual(
    new Set([
      'workos-mcp',
      'tools/call list_users',
      'GET /user_management/users',
      'tools/call create_user',
      'POST /user_management/users',
      'tools/call get_user',
      'GET /user_management/users/{user_id}',
    ]),
  );
  expect(log()).not.toContain('of-the-collector');
});
