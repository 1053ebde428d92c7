import { appendFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EntryFields } from '../src/audit/entry.ts';
import { createAuditRecord } from '../src/audit/record.ts';
import { toCallsRoutes } from '../src/console/pages/calls.ts';
import { createRecordVerifier } from '../src/console/pages/verify-page.ts';
import { DECISION, folder, memorySink, START, USER } from './support/audit.ts';
import { linksOf, openPages, TODAY, toBrowser } from './support/console-pages.ts';

type DecisionFields = Extract<EntryFields, { kind: 'decision' }>;
type OutcomeFields = Extract<EntryFields, { kind: 'outcome' }>;

/** A record in a file, and its pages. Each entry is a second after the one before. */
async function open(run = 'run-1') {
  const file = join(folder(), 'audit.jsonl');
  writeFileSync(file, '');
  let time = Date.parse('2026-11-26T01:00:00Z');
  let step = 1_000;
  const sink = { ...memorySink().sink, append: (line: string) => appendFileSync(file, `${line}\n`) };
  const now = () => {
    time += step;
    return new Date(time);
  };
  const record = createAuditRecord({ sink, run, now });
  const pages = await openPages();
  const call = async (agent: string, more: Partial<DecisionFields> = {}, end?: Partial<OutcomeFields>) => {
    const { tool = 'get_user' } = more;
    const seq = await record.append({
      ...DECISION,
      agent,
      tool,
      access: 'read',
      text: `${agent} called ${tool}`,
      ...more,
    });
    if (end === undefined) return seq;
    const outcome = {
      kind: 'outcome',
      of: seq,
      agent,
      tool,
      environment: 'staging',
      text: `${agent} did ${tool}`,
    } as const;
    await record.append({ ...outcome, outcome: 'ok', ms: 12, ...end });
    return seq;
  };
  return {
    ...pages,
    ...toBrowser(toCallsRoutes({ ...pages, recordFile: file, record })),
    file,
    record,
    call,
    /** From now on each entry is that much later than the one before. @param ms 0 gives all the same time */
    stepBy: (ms: number) => {
      step = ms;
    },
  };
}

/** What each row of the table is about. */
const whatOf = (html: string): readonly string[] =>
  [...html.matchAll(/<div class="what"><bdi>([^<]*)/g)].map(([, what]) => what ?? '');

describe('the page of calls', () => {
  it('shows the newest first, each with a link to its entry', async () => {
    const { get, viewerOf, call } = await open();
    await call('ops-job', { tool: 'get_user' }, { request_id: 'req_1' });
    await call('ops-job', { tool: 'list_users', decision: 'refused', rule: 'deny users:read' });
    const page = await get('/calls', { viewer: viewerOf('ben') });
    expect(page?.status).toBe(200);
    expect(whatOf(page?.html ?? '')).toEqual(['ops-job called list_users', 'ops-job did get_user']);
    expect(page?.text).toContain('2026-11-26 01:00:01 UTC ok ops-job did get_user users:delete, 12 ms');
    expect(linksOf(page?.html ?? '')).toEqual(
      expect.arrayContaining(['/calls/run-1/1', '/calls/run-1/3', '/calls/verify']),
    );
  });

  it.each([
    ['ada', ['support-bot did it', 'staff.user_01E4 did it']],
    ['ben', ['ops-job did it']],
    ['cleo', ['note', 'gone did it', 'ops-job did it', 'support-bot did it', 'staff.user_01E4 did it', 'start']],
  ])('shows %s the calls of the agents that their entry names', async (name, seen) => {
    const { get, viewerOf, call, record } = await open();
    const { agent: _, ...start } = START as Extract<EntryFields, { kind: 'start' }>;
    await record.append({ ...start, transport: 'http' });
    for (const agent of ['staff.user_01E4', 'support-bot', 'ops-job', 'gone'])
      await call(agent, {}, { text: `${agent} did it` });
    await record.append({ kind: 'note', text: 'note' });
    const page = await get('/calls', { viewer: viewerOf(name) });
    expect(whatOf(page?.html ?? '').map((what) => what.replace(/^workos-mcp.*/, 'start'))).toEqual(seen);
    // The entries as well: those of others are not there for them.
    const there = [];
    for (const seq of [1, 2, 4, 6, 8, 10])
      if (await get(`/calls/run-1/${seq}`, { viewer: viewerOf(name) })) there.push(seq);
    expect(there).toEqual({ ada: [2, 4], ben: [6], cleo: [1, 2, 4, 6, 8, 10] }[name]);
  });

  it.each([
    ['agent=ops-job', ['c', 'b', 'a']],
    ['agent=staff', ['d']],
    ['agent=staff.user_01E4', ['d']],
    ['tool=list_users', ['b']],
    ['outcome=refused', ['b']],
    ['outcome=unknown', ['c']],
    [`object=${USER}`, ['d', 'c', 'a']],
    ['object=org_01E4', ['b']],
    ['object=dom_01E4', ['a']],
    ['since=2026-11-26T01:00:03Z', ['d', 'c', 'b']],
    ['since=59m', ['d', 'c', 'b', 'a'].slice(0, 0)],
    ['until=2026-11-26T01:00:03Z', ['a']],
    ['agent=ops-job&outcome=ok&tool=get_user&object=&since=', ['a']],
    ['agent=nobody', []],
  ])('filters by %s', async (query, seen) => {
    const { get, viewerOf, call } = await open();
    await call('ops-job', { text: 'ops-job a' }, { text: 'ops-job a', object: 'dom_01E4' });
    await call('ops-job', {
      tool: 'list_users',
      text: 'ops-job b',
      decision: 'refused',
      ids: { organization_id: 'org_01E4' },
    });
    await call('ops-job', { text: 'ops-job c' });
    await call('staff.user_01E4', { text: 'staff.user_01E4 d' }, { text: 'staff.user_01E4 d' });
    const page = await get(`/calls?${query}`, { viewer: viewerOf('cleo') });
    expect(page?.status).toBe(200);
    expect(whatOf(page?.html ?? '').map((what) => what.split(' ')[1]?.charAt(0))).toEqual(seen);
    // The form holds what was asked for.
    for (const [name, value] of new URLSearchParams(query))
      if (value !== '')
        expect(page?.html).toMatch(
          name === 'outcome' ? `value="${value}" selected` : `name="${name}" value="${value}"`,
        );
  });

  it.each([
    ['agnt=x', 'agnt is not a filter. There are agent, tool, outcome, object, since, until.'],
    ['agent=a&agent=b', 'agent is given more than once.'],
    ['outcome=fine', 'fine is not a valid outcome.'],
    ['since=yesterday', 'since yesterday: give a date or time such as 2026-11-22T10:57Z'],
    ['until=2026-02-30', 'until 2026-02-30: give a date or time'],
    ['since=1h&until=2h', 'since 1h is not before until 2h: no entry can be between them.'],
    [`tool=${'x'.repeat(101)}`, 'tool has more than 100 characters.'],
    ['skip=100', 'skip is not a filter.'],
    ['before=run-1', 'before is not valid. Follow the link Older of a page.'],
    ['before=run-1:x:', 'before is not valid. Follow the link Older of a page.'],
    ['before=run-1:1:&before=run-1:2:', 'before is given more than once.'],
    ['before=run-1:9:', 'The record no longer has the last entry of the previous page. Show the newest calls again.'],
    ['outcome=%3Cscript%3E', '<script> is not a valid outcome.'],
  ])('refuses %s', async (query, fault) => {
    const { get, viewerOf, call } = await open();
    await call('ops-job', {}, {});
    const page = await get(`/calls?${query}`, { viewer: viewerOf('cleo') });
    expect(page?.status).toBe(400);
    expect(page?.text).toContain(fault);
    expect(page?.html).not.toContain('<script');
    expect(whatOf(page?.html ?? '')).toEqual([]);
  });

  it.each([
    'agent=staff',
    'agent=staff.user_01E4',
    'agent=support-bot',
    'outcome=note',
    'tool=get_user',
    '',
  ])('shows by %s nothing of agents that the viewer does not see', async (query) => {
    const { get, viewerOf, call, record } = await open();
    for (const agent of ['staff.user_01E4', 'support-bot']) await call(agent, { tool: 'get_user' }, {});
    await record.append({ kind: 'note', text: 'of no agent' });
    await record.append({ kind: 'note', text: 'of another', agent: 'support-bot' });
    expect(whatOf((await get(`/calls?${query}`, { viewer: viewerOf('ben') }))?.html ?? '')).toEqual([]);
  });

  /** The rows of each page, as the links from one to the next lead. */
  async function pagesFrom(
    first: string,
    { get, viewerOf }: Awaited<ReturnType<typeof open>>,
    between = async () => {},
  ) {
    const pages: (readonly string[])[] = [];
    for (let address: string | undefined = first; address !== undefined; await between()) {
      const page = await get(address, { viewer: viewerOf('ben') });
      expect(page?.status).toBe(200);
      pages.push(whatOf(page?.html ?? ''));
      address = linksOf(page?.html.match(/<a rel="next"[^>]*>/)?.[0].replace('rel="next" ', '') ?? '')[0];
    }
    return pages;
  }
  const newestFirst = (count: number) => Array.from({ length: count }, (_, index) => `ops-job ${count - 1 - index}`);

  it('leads to all rows by its links, also where many have the same millisecond', async () => {
    const opened = await open();
    for (let index = 0; index < 330; index += 1) {
      if (index === 40) opened.stepBy(0);
      await opened.call('ops-job', { text: `ops-job ${index}`, decision: 'refused' });
    }
    const pages = await pagesFrom('/calls?agent=ops-job', opened);
    expect(pages.map(({ length }) => length)).toEqual([100, 100, 100, 30]);
    expect(pages.flat()).toEqual(newestFirst(330));
  });

  it.each([-500, -5_000, 3_600_000, -7_200_000])('leads to all rows where a clock was set by %d ms', async (ms) => {
    const opened = await open();
    // Around the border of the first page.
    for (let index = 0; index < 230; index += 1) {
      opened.stepBy(index % 3 === 0 && index > 110 && index < 150 ? ms : 1_000);
      await opened.call('ops-job', { text: `ops-job ${index}`, decision: 'refused' });
    }
    expect((await pagesFrom('/calls?agent=ops-job', opened)).flat()).toEqual(newestFirst(230));
  });

  it.each([
    '',
    '?outcome=unknown', // the last row of a page is no longer among those of the filter
  ])('leads by /calls%s to all rows, each once, while calls end and begin', async (query) => {
    const opened = await open();
    const seqs: number[] = [];
    for (let index = 0; index < 230; index += 1) seqs.push(await opened.call('ops-job', { text: `ops-job ${index}` }));
    const common = { kind: 'outcome', agent: 'ops-job', tool: 'get_user', environment: 'staging' } as const;
    let ending = [130, 129]; // the last row of the first page, and the first of the second
    const between = async () => {
      // Also an outcome whose decision is not on record.
      for (const [index, of] of [...ending.map((index) => [index, seqs[index] ?? 0] as const), [0, 9_999] as const])
        await opened.record.append({ ...common, of, text: `ops-job ${index}`, outcome: 'ok', ms: 1 });
      await opened.call('ops-job', { text: 'ops-job new' });
      ending = [];
    };
    const texts = (await pagesFrom(`/calls${query}`, opened, between)).flat();
    const all = newestFirst(230).map((text) => `${text}: outcome unknown`);
    expect(texts).toEqual(query === '' ? all.with(100, 'ops-job 129') : all.toSpliced(100, 1));
  });

  it('says so where nothing is found, and where the record goes to stderr', async () => {
    const { get, viewerOf, rules, agents, today, record } = await open();
    expect((await get('/calls', { viewer: viewerOf('ben') }))?.text).toContain('no such call that you may see');
    const stderr = toBrowser(toCallsRoutes({ rules, agents, today, record, recordFile: undefined }));
    expect((await stderr.get('/calls', { viewer: viewerOf('ben') }))?.text).toContain('goes to stderr');
    const gone = toBrowser(toCallsRoutes({ rules, agents, today, record, recordFile: '/nowhere/audit.jsonl' }));
    for (const address of ['/calls', '/calls/run-1/1', '/calls/verify']) {
      const page = await gone.get(address, { viewer: viewerOf('ben') });
      expect([page?.status, page?.text]).toEqual([503, 'Calls audit.jsonl cannot be read (ENOENT). Calls']);
    }
  });
});

it('says so where reading takes too long, and passes other failures on', async () => {
  const { rules, agents, today, record, viewerOf } = await open();
  const failing = (error: Error) => {
    const fail = () => Promise.reject(error);
    return toBrowser(
      toCallsRoutes({ rules, agents, today, record, recordFile: 'a.jsonl', reader: { find: fail, findEntry: fail } }),
    );
  };
  const { get } = failing(new DOMException('', 'TimeoutError'));
  for (const address of ['/calls', '/calls/run-1/1']) {
    const page = await get(address, { viewer: viewerOf('ben') });
    expect(page?.status).toBe(503);
    expect(page?.text).toContain(
      'Reading the record took more than 20 seconds. Set Since or Until to read less of it.',
    );
  }
  const gone = failing(new DOMException('', 'AbortError'));
  await expect(gone.get('/calls', { viewer: viewerOf('ben') })).rejects.toThrow(DOMException);
});

it('offers the names of agents that the viewer sees, and of all tools', async () => {
  const { get, viewerOf } = await open();
  const page = await get('/calls', { viewer: viewerOf('ada') });
  const [, agents = ''] = page?.html.match(/<datalist id="known-agent">(.*?)<\/datalist>/) ?? [];
  expect([...agents.matchAll(/value="([^"]+)"/g)].map(([, name]) => name)).toEqual(['support-bot', 'staff']);
  expect(page?.html).toContain('<option value="delete_user"></option>');
});

describe('the page of an entry', () => {
  it('has all that the record holds of it', async () => {
    const { get, viewerOf, call } = await open();
    const more = {
      confirmation: 'client prompt',
      via: 'call_delete_tool',
      trace: '00-1-2-01',
      rule: 'users:full',
    } as const;
    await call(
      'ops-job',
      { tool: 'delete_user', ...more },
      { status: 204, request_id: 'req_1', attempts: 2, object: 'user_9' },
    );
    const page = await get('/calls/run-1/1', { viewer: viewerOf('ben') });
    for (const text of [
      'Outcome: ok',
      'Decision allowed Rule users:full Confirmation client prompt',
      'Called through call_delete_tool',
      `IDs user_id: ${USER}`,
      'Trace context 00-1-2-01',
      `Digest of the arguments ${'a'.repeat(64)}`,
      'Object user_9',
      'Status of the answer of WorkOS 204 Request ID of WorkOS req_1 Attempts 2 Milliseconds 12',
      'Outcome of entry 1',
      `Number in the run 1 Hash of the entry before ${'0'.repeat(64)}`,
    ])
      expect(page?.text).toContain(text);
    expect(linksOf(page?.html ?? '')).toEqual(
      expect.arrayContaining([`/calls?object=${USER}`, '/calls?tool=delete_user', '/calls?agent=ops-job']),
    );
    // By the number of its outcome, it is the same call.
    expect((await get('/calls/run-1/2', { viewer: viewerOf('ben') }))?.html).toBe(page?.html);
  });

  it('shows values of an altered record as text in one line', async () => {
    const { get, viewerOf, file } = await open();
    const hostile = '<img src=x onerror=alert(1)>\u202e\u0007"\n`';
    const entry = { v: 1, run: 'r/..<>', seq: 1, prev: hostile, time: hostile, kind: 'note', agent: 'ops-job' };
    appendFileSync(
      file,
      `${JSON.stringify({ ...entry, text: hostile, [hostile]: { [hostile]: [hostile] }, ids: { [hostile]: hostile } })}\n`,
    );
    const list = await get('/calls', { viewer: viewerOf('ben') });
    const [link = ''] = linksOf(list?.html ?? '').filter((address) => address.startsWith('/calls/r'));
    expect(link).toBe('/calls/r%2F..%3C%3E/1');
    const page = await get(link, { viewer: viewerOf('ben') });
    for (const html of [list?.html, page?.html]) {
      expect(html).toContain('&lt;img src=x');
      expect(html).not.toContain('<img');
      for (const hidden of ['\u202e', '\u0007']) expect(html).not.toContain(hidden);
    }
  });

  it.each([
    '/calls/run-1/0',
    '/calls/run-1/x',
    '/calls/run-1/9',
    '/calls/run-2/1',
    `/calls/run-1/${'1'.repeat(16)}`,
  ])('is not there at %s', async (address) => {
    const { get, viewerOf, call } = await open();
    await call('ops-job', {}, {});
    expect(await get(address, { viewer: viewerOf('cleo') })).toBeUndefined();
  });
});

describe('verification', () => {
  it('tells that the record is whole up to the head of the server', async () => {
    const { get, viewerOf, call, record } = await open();
    await call('ops-job', {}, {});
    const page = await get('/calls/verify', { viewer: viewerOf('ben') });
    const { run, seq, hash } = record.head();
    expect(page?.text).toContain('The record is whole.');
    expect(page?.text).toContain(`head ${run}:${seq}:${hash}: reached`);
    expect(page?.text).toContain(`Head of the record now: run-1:2:${hash}`);
  });

  it('tells that entries are missing that the server has written', async () => {
    const { get, viewerOf, call, file } = await open();
    await call('ops-job', {}, {});
    writeFileSync(file, '');
    const page = await get('/calls/verify', { viewer: viewerOf('ben') });
    expect(page?.text).toContain('The record is NOT whole.');
    expect(page?.text).toContain('BROKEN: the files have no entry of that run');
  });

  it('names files without their folder', async () => {
    const { get, viewerOf, call, file } = await open();
    await call('ops-job', {}, {});
    appendFileSync(file, '{"level":"info"}\n');
    const page = await get('/calls/verify', { viewer: viewerOf('cleo') });
    expect(page?.text).toContain('1 line is not part of the record: audit.jsonl:3');
    expect(page?.text).toContain('workos-mcp audit verify audit.jsonl --head');
    expect(page?.html).not.toContain(dirname(file));
  });

  it('shows calls with an unknown outcome to approvers of all agents alone', async () => {
    const { get, viewerOf, call } = await open();
    await call('ops-job', { text: 'ops-job asked for something' });
    const seen = async (name: string) => (await get('/calls/verify', { viewer: viewerOf(name) }))?.text;
    expect(await seen('cleo')).toContain('ops-job asked for something');
    expect(await seen('ada')).not.toContain('ops-job');
    expect(await seen('ada')).toContain('1 call with outcome unknown');
  });

  it('runs once at a time, and is bounded in bytes', async () => {
    const { file, call, record } = await open();
    await call('ops-job', {}, {});
    let now = TODAY;
    const parts = { file, head: record.head, today: () => now };
    const verifier = createRecordVerifier(parts);
    const first = verifier.verify();
    expect(verifier.verify()).toBe(first);
    await first;
    expect(verifier.verify()).toBe(first);
    now += 10_000;
    const second = verifier.verify();
    expect(second).not.toBe(first);
    expect(await second).toMatchObject({ what: 'report', report: { whole: true } });
    expect(await createRecordVerifier({ ...parts, maxBytes: 100 }).verify()).toEqual({ what: 'too large' });
  });
});
