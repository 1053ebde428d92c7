import { describe, expect, it } from 'vitest';
import type { ApproverRules } from '../src/agents/approvers.ts';
import type { RowFilter } from '../src/audit/read/find-rows.ts';
import type { Row } from '../src/audit/read/rows.ts';
import { createApprovalStore } from '../src/call/confirm/approval-store.ts';
import type { Approval } from '../src/call/confirm/approvals.ts';
import { html } from '../src/console/html.ts';
import { decideAnswer } from '../src/console/pages/decide-answer.ts';
import { layout } from '../src/console/pages/layout.ts';
import { toLive } from '../src/console/pages/live.ts';
import { toWaitingRoutes } from '../src/console/pages/waiting.ts';
import type { ConsolePage, PageRequest, Viewer } from '../src/console/routes.ts';
import { ASKED_AT, toApproval, toUpdate, USER_ID } from './support/approval.ts';
import { handClock } from './support/hand-clock.ts';

const ann: Viewer = {
  approver: { name: 'ann', person: { issuer: 'acme', sub: 'user_ann' }, agents: ['*'], allow: ['*:full'] },
  by: { issuer: 'acme', sub: 'user_ann' },
  formToken: 'the form token',
};
const may: Pick<ApproverRules, 'whyNot' | 'isRequester'> = { whyNot: () => undefined, isRequester: () => false };

/** The pages over a store, with rules that a test can change while they are open. */
function openPages() {
  const clock = handClock(ASKED_AT + 185_000);
  const store = createApprovalStore(clock.now);
  const rules: { -readonly [Name in keyof ApproverRules]: ApproverRules[Name] } = {
    find: () => ann.approver,
    sees: () => true,
    hasApprover: () => true,
    ...may,
  };
  const logged: unknown[] = [];
  const log = { info: (fields: unknown) => logged.push(fields) };
  const record: { rows: readonly Row[]; readonly asked: RowFilter[]; readonly signals: AbortSignal[] } = {
    rows: [],
    asked: [],
    signals: [],
  };
  const [list, call] = toWaitingRoutes({
    recordFile: undefined,
    rowsOf: async function* (filter, signal) {
      record.asked.push(filter);
      record.signals.push(signal);
      yield* record.rows;
    },
    approvals: store,
    rules: () => rules,
    clock,
    today: clock.now,
    log: log as never, // the rest of it is not used
  });
  if (list?.follow === undefined || call?.act === undefined) throw new Error('the routes are missing');
  const toRequest = (handle: string, signal = new AbortController().signal): PageRequest => ({
    viewer: ann,
    params: { handle },
    query: new URLSearchParams(),
    signal,
  });
  return {
    clock,
    store,
    rules,
    record,
    logged,
    followList: (signal: AbortSignal) => list.follow?.(toRequest('', signal)),
    followCall: (handle: string, signal: AbortSignal) => call.follow?.(toRequest(handle, signal)),
    showList: async () => (await list.show?.(toRequest('')))?.main.html ?? expect.fail(),
    showListPage: async () => (await list.show?.(toRequest(''))) ?? expect.fail(),
    showCall: async (handle: string) => (await call.show?.(toRequest(handle))) ?? expect.fail(),
    act: async (handle: string, form: Record<string, string>) =>
      (await call.act?.({ ...toRequest(handle), form: new URLSearchParams(form) })) ?? expect.fail(),
  };
}

const isPage = (answer: { readonly to: string } | ConsolePage): answer is ConsolePage => 'main' in answer;
/** Its status, and its text without elements. */
const said = (answer: { readonly to: string } | ConsolePage) =>
  isPage(answer) ? `${answer.status ?? 200} ${toText(answer.main.html)}` : answer.to;
const toText = (html: string) =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

describe('what a form answers', () => {
  const NOTHING = 'Nothing was answered.';
  const OTHER = `You typed something other than 4N2B0C, the end of its ID. ${NOTHING}`;
  const yes = { isAnswer: true, answer: 'yes', isSamePerson: false };
  const no = { isAnswer: true, answer: 'no', isSamePerson: false };
  const wrong = (message: string) => ({ isAnswer: false, status: 400, message: `${message} ${NOTHING}` });
  const other = { isAnswer: false, status: 400, message: OTHER };
  const once = wrong('The form has to say yes or no, once.');

  it.each<[form: string, expected: object]>([
    ['answer=yes&typed=4N2B0C', yes],
    ['answer=yes&typed=+4n2b0c+', yes],
    [`answer=yes&typed=${USER_ID.toLowerCase()}`, yes],
    ['answer=yes&typed=', other],
    ['answer=yes', other],
    ['answer=yes&typed=4N2B0', other],
    ['answer=yes&typed=user_4N2B0C', other],
    ['answer=yes&typed=4N2B0C&words=be+quick', wrong('Only a no comes with a text for the agent.')],
    ['answer=yes&typed=4N2B0C&words=+', yes],
    ['answer=no', no],
    ['answer=no&typed=anything', no],
    ['answer=no&words=+Ask+Bob+first.%0D%0AThen+again.+', { ...no, words: 'Ask Bob first.\nThen again.' }],
    ['answer=no&words=%E2%80%AEdrow%E2%80%8B', { ...no, words: 'drow' }],
    [`answer=no&words=${'x'.repeat(500)}`, { ...no, words: 'x'.repeat(500) }],
    [
      `answer=no&words=${'x'.repeat(501)}`,
      wrong('The text for the agent has 501 characters, and may have 500 at most.'),
    ],
    ['', once],
    ['answer=', once],
    ['answer=Yes&typed=4N2B0C', once],
    ['answer=no&answer=yes&typed=4N2B0C', once],
    ['answer=yes&answer=yes&typed=4N2B0C', once],
    ['answer=yes&typed=x&typed=4N2B0C', wrong('The form has a field more than once.')],
    ['answer=no&words=a&words=b', wrong('The form has a field more than once.')],
  ])('reads %s', (form, expected) => {
    expect(decideAnswer(new URLSearchParams(form), toApproval('one'), ann, may)).toEqual(expected);
  });

  it('takes a button where nothing is typed', () => {
    expect(decideAnswer(new URLSearchParams('answer=yes'), toUpdate('one'), ann, may)).toEqual(yes);
  });

  it.each([
    'answer=yes&typed=4N2B0C',
    'answer=no',
    'answer=',
  ])('refuses %s of an approver who may not answer', (form) => {
    const rules = { ...may, whyNot: () => 'the call is about your own user' };
    expect(decideAnswer(new URLSearchParams(form), toApproval('one'), ann, rules)).toEqual({
      isAnswer: false,
      status: 403,
      message: `You may not answer this call: the call is about your own user. ${NOTHING}`,
    });
  });

  it('says that requester and approver are one person', () => {
    const rules = { ...may, isRequester: () => true };
    expect(decideAnswer(new URLSearchParams('answer=no'), toApproval('one'), ann, rules)).toMatchObject({
      isSamePerson: true,
    });
  });
});

describe('the page of all waiting calls', () => {
  it('shows the calls that the viewer sees, the longest waiting first', async () => {
    const { store, rules, showList } = openPages();
    await store.put(toApproval('first', { caller: 'cleaner' }));
    await store.put(toApproval('other', { caller: 'secret-agent' }));
    await store.put(toApproval('second', { caller: 'support.bob', askedAt: ASKED_AT + 180_000 }));
    rules.sees = (_, agent) => agent !== 'secret-agent';
    rules.whyNot = (_, { handle }) => (handle === 'second' ? 'its grant is not within yours' : undefined);
    const page = await showList();
    expect(toText(page)).toBe(
      `Waiting 2 calls wait for a yes. production Delete user ada@acme.test ${USER_ID} Agent cleaner asked for delete_user 3 minutes ago. production Delete user ada@acme.test ${USER_ID} Agent support.bob asked for delete_user less than a minute ago. You may not answer it: its grant is not within yours.`,
    );
    expect(page).toContain('href="/waiting/first"');
    expect(page).not.toContain('other');
  });

  it('says that nothing waits', async () => {
    expect(toText(await openPages().showList())).toBe(
      'Waiting No call waits. Calls that need a yes appear here as soon as agents make them.',
    );
  });

  it('shows a hundred calls, and how many more there are', async () => {
    const { store, showList } = openPages();
    for (let n = 0; n < 103; n += 1) await store.put(toApproval(`call-${n}`, { caller: `agent-${n}` }));
    const page = await showList();
    expect(page.match(/<li class="sheet">/g)).toHaveLength(100);
    expect(page).toContain('data-title="(103) Waiting"');
    expect(toText(page)).toMatch(/3 more calls wait\. They appear once these are answered\.$/);
  });

  it('offers to lift what holds the calls of an agent that the viewer sees', async () => {
    const { store, rules, showList } = openPages();
    for (const caller of ['tpl.alice/bob', 'secret-agent']) for (let n = 0; n < 3; n += 1) await store.countNo(caller);
    rules.sees = (_, agent) => agent !== 'secret-agent';
    const page = await showList();
    expect(toText(page)).toContain(
      'Calls of tpl.alice/bob that wait for an approver are held : approvers said no 3 times within an hour. Ask again about calls of tpl.alice/bob',
    );
    expect(page).toContain('<form method="post" action="/agents/tpl.alice%2Fbob/lift">');
    expect(page).toContain('<input type="hidden" name="token" value="the form token">');
    expect(page).not.toContain('secret-agent');
    for (let n = 0; n < 103; n += 1) for (let no = 0; no < 3; no += 1) await store.countNo(`agent-${n}`);
    expect(toText(await showList())).toContain('Calls of 4 more agents are held.');
  });
});

describe('the page of one waiting call', () => {
  it('calls an ID that is typed whole its ID', async () => {
    const { store, showCall } = openPages();
    await store.put(toApproval('one', { shown: { id: 'u_1', typed: 'u_1' } }));
    expect(toText((await showCall('one')).main.html)).toContain('To confirm, type u_1 , its ID:');
  });

  it('shows all that the preview has, and the words of the agent below it', async () => {
    const { store, showCall } = openPages();
    await store.put(
      toApproval('one', {
        reason: 'She has left.',
        requester: { issuer: 'acme', sub: 'user_bob' },
        environment: 'live',
        environmentLabel: 'live (production)',
        shown: {
          changes: [
            { name: 'email', before: '"a@acme.test"', after: '"b@acme.test"' },
            { name: 'metadata', after: '{} (600 characters)' },
          ],
          lines: ['You are asked because the user is an `admin`.'],
          hidden: ['groups'],
          warnings: ['Careful: the word `аda` mixes Cyrillic and Latin letters.'],
        },
      }),
    );
    const { title, main, status, isLive } = await showCall('one');
    expect({ title, status, isLive }).toEqual({ title: 'Delete user?', status: undefined, isLive: true });
    expect(toText(main.html)).toBe(
      [
        'All waiting calls production Delete user?',
        `ada@acme.test ${USER_ID} What it changes Field Now Then`,
        'email &quot;a@acme.test&quot; &quot;b@acme.test&quot; metadata not known {} (600 characters)',
        'You are asked because the user is an admin . Linked to it: organization memberships (3).',
        'Not shown, because it could not be read: groups. Careful: the word аda mixes Cyrillic and Latin letters.',
        'This cannot be undone.',
        'Agent cleaner Works for user_bob of issuer acme Tool delete_user in live (production)',
        'Asked 02:14 UTC , waits until 03:14 UTC',
        'The agent gives this reason, in its own words: She has left.',
        'To confirm, type 4N2B0C , the end of its ID: Yes, delete user',
        'No, refuse it A message for the agent (optional): No, do not delete user',
      ].join(' '),
    );
  });

  it('has a form for each answer, both with the token, and a field only where a text is typed', async () => {
    const { store, showCall } = openPages();
    await store.put(toApproval('one'));
    await store.put(toUpdate('two'));
    const fieldsOf = (html: string) => [...html.matchAll(/ name="(\w+)"(?: value="([^"]*)")?/g)].map((m) => m.slice(1));
    const token = ['token', 'the form token'];
    const [yes, no] = [
      ['answer', 'yes'],
      ['answer', 'no'],
    ];
    const { main } = await showCall('one');
    expect(fieldsOf(main.html)).toEqual([token, yes, ['typed', undefined], token, no, ['words', undefined]]);
    expect(main.html.match(/<form method="post" action="\/waiting\/one">/g)).toHaveLength(2);
    expect(fieldsOf((await showCall('two')).main.html)).toEqual([token, yes, token, no, ['words', undefined]]);
    expect(main.html).not.toContain('autofocus');
  });

  it('says why the viewer may not answer, without a form', async () => {
    const { store, rules, showCall } = openPages();
    await store.put(toApproval('one'));
    rules.whyNot = () => 'it is about your own user';
    const { main } = await showCall('one');
    expect(toText(main.html)).toMatch(/You may not answer this call: it is about your own user\.$/);
    expect(main.html).not.toContain('<form');
  });

  it('says that the viewer asked for it', async () => {
    const { store, rules, showCall } = openPages();
    await store.put(toApproval('one', { requester: { owner: 'ann' } }));
    rules.isRequester = () => true;
    expect(toText((await showCall('one')).main.html)).toContain(
      'Works for ann , who owns the agent Tool delete_user Asked 02:14 UTC , waits until 03:14 UTC You asked for this call yourself. The record says so if you answer it.',
    );
  });

  it.each<[what: string, handle: string, sees: boolean]>([
    ['there is no such call', 'none', true],
    ['the viewer does not see it', 'one', false],
  ])('says the same where %s', async (_, handle, sees) => {
    const { store, rules, showCall } = openPages();
    await store.put(toApproval('one'));
    rules.sees = () => sees;
    const { status, isLive, main } = await showCall(handle);
    expect({ status, isLive }).toEqual({ status: 404, isLive: undefined });
    expect(toText(main.html)).toBe(
      'All waiting calls No such call waits It was answered, it has expired, or you may not see it. The page Calls shows what became of calls.',
    );
  });
});

describe('an answer', () => {
  const yes = { answer: 'yes', typed: '4N2B0C' };

  it('is kept with its approver, and the page then says it', async () => {
    const { store, act, showCall, logged } = openPages();
    await store.put(toApproval('one'));
    expect(said(await act('one', yes))).toBe('/waiting/one');
    expect((await store.find('one'))?.answer).toEqual({
      answer: 'yes',
      approver: 'ann',
      by: { issuer: 'acme', sub: 'user_ann' },
      isSamePerson: false,
      at: ASKED_AT + 185_000,
    });
    expect(logged).toEqual([{ approver: 'ann', answer: 'yes', agent: 'cleaner', tool: 'delete_user' }]);
    const text = async () => toText((await showCall('one')).main.html);
    expect(await text()).toContain(
      'Yes , said by ann (signed in by acme ) at 02:17 UTC . The call continues once its agent repeats it.',
    );
    await store.take('one');
    expect(await text()).toContain("at 02:17 UTC . The agent's call continues.");
  });

  it('is told to its approver also where the agent takes it before the page is loaded again', async () => {
    const { store, act, showCall } = openPages();
    await store.put(toApproval('one'));
    await act('one', yes);
    await store.take('one');
    expect(toText((await showCall('one')).main.html)).toContain('Yes , said by ann (signed in by acme )');
  });

  it('is followed by what the record has of the call once its agent took a yes', async () => {
    const { store, act, showCall, record } = openPages();
    const toRow = (state: string, seq: number, approver?: string): Row => ({
      time: '2026-11-26T02:17:10.000Z',
      run: 'r1',
      state,
      text: 'delete_user deleted a user',
      agent: 'cleaner',
      details: [],
      entries: [{ kind: 'decision', seq, approver } as never], // the page reads no more of it
    });
    // Calls for the same object that no approver has answered came in between.
    record.rows = [
      toRow('confirmation', 6),
      ...Array.from({ length: 30 }, () => toRow('refused', 6)),
      toRow('ok', 7, 'ann'),
      toRow('refused', 9, 'ann'),
    ];
    await store.put(toApproval('one'));
    await act('one', yes);
    const text = async () => (await showCall('one')).main.html;
    expect(toText(await text())).toContain('Find it in the record');
    expect(record.asked).toEqual([]);
    await store.take('one');
    expect(toText(await text())).toContain('at 02:17 UTC . On record: ok , delete_user deleted a user');
    expect(await text()).toContain('<a href="/calls/r1/7">ok</a>');
    expect(record.asked[0]).toEqual({
      agent: 'cleaner',
      tool: 'delete_user',
      object: USER_ID,
      since: new Date(ASKED_AT + 185_000),
    });
  });

  it('reads the record no longer than its client stays', async () => {
    const { store, act, followCall, record } = openPages();
    await store.put(toApproval('one'));
    await act('one', yes);
    await store.take('one');
    const leaving = new AbortController();
    const pages = followCall('one', leaving.signal)?.[Symbol.asyncIterator]();
    await pages?.next();
    expect(record.signals.map(({ aborted }) => aborted)).toEqual([false]);
    leaving.abort();
    expect(record.signals.map(({ aborted }) => aborted)).toEqual([true]);
    await pages?.return?.();
  });

  it('is shown also where the record cannot be read', async () => {
    const { store, act, showCall, record } = openPages();
    Object.defineProperty(record, 'rows', { get: () => expect.fail('the file is away') });
    await store.put(toApproval('one'));
    await act('one', yes);
    await store.take('one');
    const { main } = await showCall('one');
    expect(main.html).toContain(`<a href="/calls?agent=cleaner&amp;object=${USER_ID}">Find it in the record</a>`);
  });

  it('keeps the words of a no for the agent, and neither shows nor logs them', async () => {
    const { store, act, showCall, logged } = openPages();
    await store.put(toApproval('one'));
    await act('one', { answer: 'no', words: 'Not on a Friday.' });
    expect((await store.find('one'))?.answer).toMatchObject({ answer: 'no', words: 'Not on a Friday.' });
    const { main } = await showCall('one');
    expect(toText(main.html)).toContain('No , said by ann (signed in by acme ) at 02:17 UTC . Nothing was sent');
    expect(main.html + JSON.stringify(logged)).not.toContain('Friday');
  });

  it('answers nothing where another text was typed, and says so', async () => {
    const { store, act } = openPages();
    await store.put(toApproval('one'));
    const page = await act('one', { answer: 'yes', typed: '4N2B0D' });
    expect(said(page)).toMatch(
      /^400 .*You typed something other than 4N2B0C, the end of its ID\. Nothing was answered\./,
    );
    expect(isPage(page) && page.isLive).toBe(undefined);
    expect(await store.list()).toHaveLength(1);
  });

  it('counts once: the second approver is told who was first', async () => {
    const { store, act } = openPages();
    await store.put(toApproval('one'));
    await store.answer('one', { answer: 'no', approver: 'bob', by: 'link', isSamePerson: false, at: ASKED_AT });
    const ended = 'Your answer does not count: this call was no longer waiting.';
    expect(said(await act('one', yes))).toContain(`409 All waiting calls production Delete user ada@acme.test`);
    expect(said(await act('one', yes))).toContain(
      `${ended} No , said by bob (signed in by a link) at 02:14 UTC . Nothing was sent, and the agent is told.`,
    );
    expect((await store.find('one'))?.answer).toMatchObject({ answer: 'no', approver: 'bob' });
  });

  it('counts once where two come at the same time', async () => {
    const { store, act } = openPages();
    await store.put(toApproval('one'));
    const answers = await Promise.all([act('one', yes), act('one', { answer: 'no' })]);
    expect(answers.map((answer) => said(answer).slice(0, 12))).toEqual(['/waiting/one', '409 All wait']);
    expect((await store.find('one'))?.answer).toMatchObject({ answer: 'yes' });
  });

  it('counts once where the approver sends it again, who is not told that it does not count', async () => {
    const { store, act } = openPages();
    await store.put(toApproval('one'));
    const answers = [...(await Promise.all([act('one', yes), act('one', yes)])), await act('one', yes)];
    expect(answers).toEqual(Array.from({ length: 3 }, () => ({ to: '/waiting/one' })));
    await store.take('one');
    expect(await act('one', yes)).toEqual({ to: '/waiting/one' });
    await store.put(toApproval('two'));
    const no = { answer: 'no', words: 'Stop!\r\nNow.' };
    expect([await act('two', no), await act('two', no)]).toEqual([{ to: '/waiting/two' }, { to: '/waiting/two' }]);
    // Another answer is not that one, and other words do not reach the agent any more.
    for (const [handle, other] of [
      ['one', { answer: 'no' }],
      ['two', { answer: 'no', words: 'Go on.' }],
      ['two', { answer: 'yes' }],
    ] as const)
      expect(said(await act(handle, other))).toMatch(/^409 .*Your answer does not count/);
  });

  it('comes too late', async () => {
    const { store, act, clock, showCall } = openPages();
    await store.put(toApproval('one'));
    await showCall('one');
    await clock.pass(60 * 60_000);
    const late = 'Too late: it waited until 03:14 UTC . Nothing was sent, unless it was answered on another server.';
    expect(said(await act('one', yes))).toMatch(/^409 .*Your answer does not count/);
    expect(said(await act('one', yes))).toContain(late);
    expect(said(await showCall('one'))).toContain(late);
  });

  it('is forgotten an hour after the time of its call', async () => {
    const { store, clock, act, showCall } = openPages();
    await store.put(toApproval('one'));
    await act('one', yes);
    await store.take('one');
    await clock.pass(2 * 60 * 60_000);
    await store.put(toApproval('two', { until: clock.now() + 1_000 }));
    await showCall('two');
    expect((await showCall('one')).status).toBe(404);
  });

  it.each<[what: string, change: (rules: ApproverRules) => ApproverRules, expected: RegExp]>([
    [
      'the approver was removed',
      (rules) => ({ ...rules, find: () => undefined }),
      /^403 .*You are no longer an approver/,
    ],
    [
      'the approver sees the agent no longer',
      (rules) => ({ ...rules, sees: () => false }),
      /^409 .*No such call waits/,
    ],
    [
      'the approver may not answer it any more',
      (rules) => ({ ...rules, whyNot: () => 'its grant is not within yours' }),
      /^403 .*You may not answer this call: its grant is not within yours\.$/,
    ],
  ])('does not count where %s since the page was shown', async (_, change, expected) => {
    const { store, rules, act } = openPages();
    await store.put(toApproval('one'));
    Object.assign(rules, change(rules));
    expect(said(await act('one', yes))).toMatch(expected);
    expect((await store.list()).map(({ handle }) => handle)).toEqual(['one']);
  });

  it('rejects with what the store says where it cannot be reached', async () => {
    const { store, act } = openPages();
    await store.put(toApproval('one'));
    Object.assign(store, { answer: () => Promise.reject(new Error('Redis is away')) });
    await expect(act('one', yes)).rejects.toThrow('Redis is away');
  });
});

describe('a page that is followed', () => {
  const next = async (
    stream: AsyncIterator<{ readonly html: string }>,
    clock: ReturnType<typeof handClock>,
    ms = 0,
  ) => {
    const result = stream.next();
    await clock.pass(ms);
    const { value } = await result;
    return value && toText(value.html);
  };
  const open = (stream: AsyncIterable<{ readonly html: string }> | undefined) =>
    stream?.[Symbol.asyncIterator]() ?? expect.fail();

  it('is sent when a call comes and when it is answered', async () => {
    const { store, clock, followList, act } = openPages();
    const stream = open(followList(new AbortController().signal));
    expect(await next(stream, clock)).toContain('No call waits.');
    await store.put(toApproval('one'));
    expect(await next(stream, clock, 250)).toContain('1 call waits for a yes.');
    await act('one', { answer: 'no' });
    expect(await next(stream, clock, 250)).toContain('No call waits.');
  });

  it('is sent again when its times have changed, and not when all is as it was', async () => {
    const { store, clock, followList } = openPages();
    await store.put(toApproval('one'));
    const stream = open(followList(new AbortController().signal));
    expect(await next(stream, clock)).toContain('3 minutes ago');
    const second = stream.next();
    await clock.pass(54_000);
    await expect(Promise.race([second, 'nothing yet'])).resolves.toBe('nothing yet');
    await clock.pass(15_000);
    expect(toText((await second).value?.html ?? '')).toContain('4 minutes ago');
  });

  it('takes changes together', async () => {
    const clock = handClock(0);
    let tell = () => {};
    let drawn = 0;
    const onChange = (listener: () => void) => {
      tell = listener;
      return () => {};
    };
    const draw = async () => {
      drawn += 1;
      return html`${drawn}`;
    };
    const stream = toLive(draw, { onChange, clock, signal: new AbortController().signal });
    expect((await stream.next()).value).toMatchObject({ html: '1' });
    const second = stream.next();
    await clock.pass(100);
    for (let n = 0; n < 1_000; n += 1) tell();
    await clock.pass(100);
    expect(drawn).toBe(1);
    await clock.pass(100);
    expect((await second).value).toMatchObject({ html: '2' });
    expect(drawn).toBe(2);
  });

  it('ends when the viewer is no longer an approver', async () => {
    const { clock, followList, rules } = openPages();
    const stream = open(followList(new AbortController().signal));
    await next(stream, clock);
    rules.find = () => undefined;
    expect(await next(stream, clock, 15_250)).toBe(undefined);
  });

  it('shows no more of a call once the viewer does not see it', async () => {
    const { store, clock, followCall, rules } = openPages();
    await store.put(toApproval('one'));
    const stream = open(followCall('one', new AbortController().signal));
    expect(await next(stream, clock)).toContain('ada@acme.test');
    rules.sees = () => false;
    expect(await next(stream, clock, 15_250)).toMatch(/^All waiting calls No such call waits/);
  });

  it('says of an open call that another approver answered it, also when the agent has taken that', async () => {
    const { store, clock, followCall } = openPages();
    await store.put(toApproval('one'));
    const stream = open(followCall('one', new AbortController().signal));
    await next(stream, clock);
    await store.answer('one', { answer: 'yes', approver: 'bob', by: 'link', isSamePerson: false, at: ASKED_AT });
    expect(await next(stream, clock, 250)).toContain('Yes , said by bob (signed in by a link)');
    await store.take('one');
    expect(await next(stream, clock, 15_250)).toContain("The agent's call continues.");
  });

  it.each(['before it', 'while it waits'])('ends when the client goes %s, and leaves no listener', async (when) => {
    const gone = new AbortController();
    let listeners = 0;
    const onChange = () => {
      listeners += 1;
      return () => {
        listeners -= 1;
      };
    };
    const clock = handClock(0);
    const stream = toLive(async () => html`page`, { onChange, clock, signal: gone.signal });
    if (when === 'before it') gone.abort();
    else await stream.next();
    const end = stream.next();
    await clock.pass(1_000);
    gone.abort();
    await expect(end).resolves.toEqual({ value: undefined, done: true });
    expect(listeners).toBe(0);
  });
});

describe('what comes from outside', () => {
  const HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202egnp.exe\u200b';
  const LONG = 'x'.repeat(5_000);

  it('stays text, on every page', async () => {
    const { store, rules, showCall, showListPage, act } = openPages();
    const hostile: Approval = toApproval('one', {
      caller: HOSTILE,
      tool: HOSTILE,
      environmentLabel: HOSTILE,
      reason: `${HOSTILE} \`${LONG}`,
      requester: { issuer: HOSTILE, sub: HOSTILE },
      shown: {
        action: HOSTILE,
        names: [`\`${HOSTILE}\``, HOSTILE, '`'],
        id: HOSTILE,
        changes: [{ name: HOSTILE, before: HOSTILE, after: `"${HOSTILE}` }],
        lines: [`${HOSTILE}\`${HOSTILE}`],
        linked: [{ what: HOSTILE, count: HOSTILE }],
        hidden: [HOSTILE],
        warnings: [HOSTILE],
        typed: HOSTILE,
      },
    });
    await store.put(hostile);
    for (let n = 0; n < 3; n += 1) await store.countNo(HOSTILE);
    rules.whyNot = () => HOSTILE;
    const refused = await showCall('one');
    rules.whyNot = () => undefined;
    const pages = [refused, await showCall('one'), await showListPage()];
    const wrong = await act('one', { answer: 'yes', typed: HOSTILE.slice(1) });
    if (isPage(wrong)) pages.push(wrong);
    await store.answer('one', {
      answer: 'no',
      approver: HOSTILE,
      by: { issuer: HOSTILE, sub: HOSTILE },
      words: HOSTILE,
      isSamePerson: false,
      at: ASKED_AT,
    });
    pages.push(await showCall('one'));
    expect(pages).toHaveLength(5);
    const viewer = { ...ann, approver: { ...ann.approver, name: HOSTILE }, formToken: HOSTILE };
    for (const page of pages) {
      const document = layout({ ...page, title: HOSTILE }, { viewer, path: HOSTILE });
      expect(document.match(/<script[^>]*>/g)).toEqual(['<script src="/console.js" defer>']);
      expect(document).not.toMatch(/<img|\son\w+=(?!alert)|style=|javascript:|[\u202e\u200b]/);
    }
  });
});

it('lets no text cover what stands around it, by marks that are stacked up', () => {
  // The zero-width space between them is taken out first.
  expect(html`<p>${`a\u0301\u0301\u200b${'\u0301'.repeat(50)}b`}</p>`.html).toBe('<p>a\u0301\u0301b</p>');
});

it('takes nothing for HTML that only looks like it', () => {
  const forged = JSON.parse('{ "html": "<b>Safe</b>" }');
  expect(() => html`<p>${forged}</p>`).toThrow();
  expect(html`<p>${html`<b>${'<i>'}</b>`}</p>`.html).toBe('<p><b>&lt;i&gt;</b></p>');
});

describe('the layout', () => {
  const page: ConsolePage = { title: 'Waiting', main: html`<h1>Waiting</h1>` };

  it('leads to all pages and out, and marks where the viewer is', () => {
    const document = layout(page, { viewer: ann, path: '/waiting/one' });
    expect(document.match(/<a [^>]*>/g)).toEqual([
      '<a class="skip" href="#main">',
      '<a href="/waiting" aria-current="page">',
      '<a href="/agents">',
      '<a href="/calls">',
    ]);
    expect(document).toContain(
      'method="post" action="/sign-out"><input type="hidden" name="token" value="the form token">',
    );
    expect(document).toContain('<title>Waiting · workos-mcp</title>');
  });

  it('leads nowhere without a viewer', () => {
    const document = layout(page, { path: '/link' });
    expect(document).not.toMatch(/<nav|<form/);
  });

  it.each<[isLive: boolean | undefined, main: string]>([
    [true, '<main id="main" tabindex="-1" data-live><h1>'],
    [undefined, '<main id="main" tabindex="-1"><h1>'],
  ])('says whether the page is followed: %s', (isLive, main) => {
    expect(layout(isLive === undefined ? page : { ...page, isLive }, { viewer: ann, path: '/waiting' })).toContain(
      main,
    );
  });
});
