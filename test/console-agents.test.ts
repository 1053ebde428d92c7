import { describe, expect, it } from 'vitest';
import { createBudgets, DELETES, REQUESTS } from '../src/agents/budgets.ts';
import type { EntryFields } from '../src/audit/entry.ts';
import { RecordError } from '../src/audit/record.ts';
import { createApprovalStore } from '../src/call/confirm/approval-store.ts';
import { toAgentsRoutes } from '../src/console/pages/agents.ts';
import { createLastCalls, observeCalls } from '../src/start/last-calls.ts';
import { openPages, TODAY, toBrowser } from './support/console-pages.ts';

async function open({ isFailing = false } = {}) {
  const budgets = createBudgets(() => 0);
  const pages = await openPages(budgets);
  const approvals = createApprovalStore(() => TODAY);
  const recorded: EntryFields[] = [];
  const record = {
    append: async (fields: EntryFields) => {
      if (isFailing) throw new RecordError('The audit record cannot be written (the disk is full, ENOSPC).');
      return recorded.push(fields);
    },
  };
  const sayNo = async (caller: string) => {
    for (let no = 0; no < 3; no += 1) await approvals.countNo(caller);
  };
  return {
    ...pages,
    ...toBrowser(toAgentsRoutes({ ...pages, approvals, record })),
    budgets,
    approvals,
    recorded,
    sayNo,
  };
}

const [ada, ben, cleo] = ['ada', 'ben', 'cleo'] as const;

describe('the page of agents', () => {
  it.each([
    [ada, ['support-bot', 'staff'], ['ops-job']],
    [ben, ['ops-job'], ['support-bot', 'staff']],
    [cleo, ['support-bot', 'staff', 'ops-job'], []],
  ])('shows %s the agents of their entry alone', async (name, seen, unseen) => {
    const { get, viewerOf } = await open();
    const page = await get('/agents', { viewer: viewerOf(name) });
    for (const agent of seen) expect(page?.html).toContain(`href="/agents/${agent}"`);
    for (const agent of unseen) expect(page?.html).not.toContain(agent);
    for (const agent of seen) expect(await get(`/agents/${agent}`, { viewer: viewerOf(name) })).toBeDefined();
    for (const agent of unseen) expect(await get(`/agents/${agent}`, { viewer: viewerOf(name) })).toBeUndefined();
  });

  it('shows what each has used of its budgets, its last call and its expiry', async () => {
    const { get, viewerOf, budgets, lastCalls } = await open();
    for (let request = 0; request < 3; request += 1)
      await budgets.take(REQUESTS.keyOf('support-bot'), 30, REQUESTS.windowMs);
    await budgets.take(DELETES.keyOf('support-bot'), 20, DELETES.windowMs);
    lastCalls.countCall('delete_user', 'ok', 12, 'support-bot');
    lastCalls.countCall('get_user', 'refused', 0, 'staff.user_01E4');
    const page = await get('/agents', { viewer: viewerOf(ada) });
    expect(page?.text).toMatch(/support-bot production live person \d+ of \d+ 3 of 30 /);
    expect(page?.text).toContain(
      '3 of 30 1 of 20 2026-11-26 02:00:00 UTC : delete_user, ok 2027-01-31 token bbbbbbbbbb: 2026-11-25 expired',
    );
    expect(page?.text).toContain('600 each 20 each 2026-11-26 02:00:00 UTC : get_user, refused never');
  });

  it('says so where the entry names no agent', async () => {
    const { get, viewerOf } = await open();
    const viewer = viewerOf(ada);
    const page = await get('/agents', { viewer: { ...viewer, approver: { ...viewer.approver, agents: [] } } });
    expect(page?.text).toContain('Your entry in the settings file names no agent');
  });

  it('shows access by area as check does', async () => {
    const { get, viewerOf } = await open();
    const page = await get('/agents', { viewer: viewerOf(ben) });
    // users: all reading and writing, no deleting, with its credentials.
    expect(page?.text).toMatch(/ ops-job .* RW−\+ /);
  });
});

describe('the page of one agent', () => {
  it('has access by area, tokens and their expiry, and no token', async () => {
    const { get, viewerOf } = await open();
    const page = await get('/agents/support-bot', { viewer: viewerOf(ada) });
    expect(page?.text).toContain('aaaaaaaaaa never bbbbbbbbbb 2026-11-25 expired');
    expect(page?.html).not.toContain('0'.repeat(64));
    expect(page?.text).toMatch(/Area Read Write Delete Credentials users /);
    expect(page?.html).toContain('href="/calls?agent=support-bot"');
  });

  it('explains why a tool is on or off, and what would change it', async () => {
    const { get, viewerOf } = await open();
    const why = async (tool: string) => (await get(`/agents/ops-job?tool=${tool}`, { viewer: viewerOf(ben) }))?.text;
    expect(await why('get_user')).toContain('get_user is on');
    expect(await why('get_user')).toContain('state on by the grant *:full');
    expect(await why('delete_user')).toContain('delete_user is off');
    expect(await why('delete_user')).toContain('state off: deny users:delete');
    expect(await why('delete_user')).toContain('to switch on take deny users:delete away');
    expect(await why('delet_user')).toContain('There is no tool or area "delet_user".');
  });

  it('explains the tools of an area', async () => {
    const { get, viewerOf } = await open();
    const page = await get('/agents/ops-job?area=users', { viewer: viewerOf(ben) });
    expect(page?.text).toContain('delete_user delete off deny users:delete keeps it off take deny users:delete away');
    expect((await get('/agents/ops-job?area=user', { viewer: viewerOf(ben) }))?.text).toContain(
      'There is no tool or area "user"',
    );
  });

  it('puts nothing from the address into HTML', async () => {
    const { get, viewerOf } = await open();
    const hostile = encodeURIComponent('"><script>alert(1)</script>');
    for (const query of [`tool=${hostile}`, `area=${hostile}`]) {
      const page = await get(`/agents/ops-job?${query}`, { viewer: viewerOf(ben) });
      expect(page?.html).not.toContain('<script');
      expect(page?.text).toContain('There is no tool or area ""><script>alert(1)</script>"');
    }
    expect(await get(`/agents/${hostile}`, { viewer: viewerOf(cleo) })).toBeUndefined();
  });
});

describe('calls that three noes hold', () => {
  it('are told on both pages, also of a template’s agents, to approvers who see the agent', async () => {
    const { get, viewerOf, sayNo } = await open();
    await sayNo('staff.user_01E4');
    for (const address of ['/agents', '/agents/staff']) {
      const page = await get(address, { viewer: viewerOf(ada) });
      expect(page?.text).toContain('Calls of staff.user_01E4 that wait for an approver are held');
      expect(page?.html).toContain('action="/agents/staff.user_01E4/lift"');
      expect(page?.html).toContain('<input type="hidden" name="token" value="token of ada">');
    }
    expect((await get('/agents', { viewer: viewerOf(ben) }))?.text).not.toContain('are held');
    expect((await get('/agents/support-bot', { viewer: viewerOf(ada) }))?.text).not.toContain('are held');
  });

  it('are asked about again once that is on record', async () => {
    const { post, viewerOf, sayNo, approvals, recorded } = await open();
    await sayNo('support-bot');
    expect(await post('/agents/support-bot/lift', { viewer: viewerOf(ada) })).toEqual({ to: '/agents/support-bot' });
    expect(recorded).toEqual([
      { kind: 'note', agent: 'support-bot', text: 'calls are asked about again, lifted by ada' },
    ]);
    expect(await approvals.isHeld('support-bot')).toBe(false);
    await sayNo('staff.user_01E4');
    expect(await post('/agents/staff.user_01E4/lift', { viewer: viewerOf(ada) })).toEqual({ to: '/agents/staff' });
  });

  it.each([
    ['an approver of other agents', ben, 'support-bot', 404, 'There is no such agent, or you may not see it.'],
    ['an agent whose calls are not held', ada, 'staff', 409, 'Calls of staff are not held.'],
  ])('stay as they are for %s', async (_, name, agent, status, text) => {
    const { post, viewerOf, sayNo, approvals, recorded } = await open();
    await sayNo('support-bot');
    const answer = await post(`/agents/${agent}/lift`, { viewer: viewerOf(name) });
    expect(answer).toEqual({ status, text: expect.stringContaining(text) });
    expect(await approvals.isHeld('support-bot')).toBe(true);
    expect(recorded).toEqual([]);
  });

  it('stay held where the lift cannot be recorded', async () => {
    const { post, viewerOf, sayNo, approvals } = await open({ isFailing: true });
    await sayNo('support-bot');
    const answer = await post('/agents/support-bot/lift', { viewer: viewerOf(ada) });
    expect(answer).toEqual({ status: 503, text: expect.stringContaining('calls of support-bot are still held') });
    expect(await approvals.isHeld('support-bot')).toBe(true);
  });
});

describe('the last calls', () => {
  it('are kept by agents of the file and by templates, and bounded', () => {
    let at = 0;
    const { countCall, lastCallOf } = createLastCalls(() => at);
    for (at = 1; at <= 1_001; at += 1) countCall('get_user', 'ok', 1, `a${at}`);
    expect(lastCallOf('a1')).toBeUndefined();
    expect(lastCallOf('a2')).toEqual({ at: 2, tool: 'get_user', outcome: 'ok' });
    countCall('list_users', 'error', 1, 'a2');
    countCall('get_user', 'ok', 1, 'b.c.d');
    expect([lastCallOf('a2')?.tool, lastCallOf('b')?.tool, lastCallOf('a3')]).toEqual([
      'list_users',
      'get_user',
      undefined,
    ]);
  });

  it('are kept beside the metrics, and neither is there without a reason', () => {
    const counted: string[] = [];
    const ignore = () => {};
    const metrics = {
      countWait: ignore,
      countRetry: ignore,
      countLimited: ignore,
      countAttempt: (route: string) => counted.push(route),
      countCall: (tool: string) => counted.push(tool),
    };
    const kept = createLastCalls(() => 0);
    const both = observeCalls(metrics, kept);
    both?.countCall('get_user', 'ok', 1, 'a');
    both?.countAttempt('GET /', 1);
    expect([counted, kept.lastCallOf('a')?.tool]).toEqual([['get_user', 'GET /'], 'get_user']);
    observeCalls(undefined, kept)?.countCall('list_users', 'ok', 1, 'a');
    expect(kept.lastCallOf('a')?.tool).toBe('list_users');
    expect([observeCalls(metrics, undefined), observeCalls(undefined, undefined)]).toEqual([metrics, undefined]);
  });
});
