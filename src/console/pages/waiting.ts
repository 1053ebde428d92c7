import { type RowFilter, readRows } from '../../audit/read/find-rows.ts';
import type { Row } from '../../audit/read/rows.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { type Html, html } from '../html.ts';
import type { ConsolePage, ConsoleRoute, PageRequest, Viewer } from '../routes.ts';
import { decideAnswer, wordsIn } from './decide-answer.ts';
import { createKnownCalls, type KnownCall } from './known-calls.ts';
import { toLive } from './live.ts';
import { within } from './record-reader.ts';
import { drawCall } from './waiting-call.ts';
import { drawWaiting } from './waiting-list.ts';

export type WaitingPageDeps = Pick<ConsoleDeps, 'approvals' | 'rules' | 'recordFile' | 'clock' | 'today' | 'log'> & {
  /** The rows of the record, instead of those of its file. */
  readonly rowsOf?: (filter: RowFilter, signal: AbortSignal) => AsyncIterable<Row>;
};

/** Milliseconds for which the record is read for the page of a call. */
const READING_MS = 2_000;

/** Whether a row of an agent, a tool and an object is that of a call which an approver has answered. */
const isAnswered = ({ state, entries }: Row): boolean =>
  state !== 'confirmation' && entries.some((entry) => entry.kind === 'decision' && entry.approver !== undefined);

/** The pages of the calls that wait for approvers. */
export function toWaitingRoutes(deps: WaitingPageDeps): readonly ConsoleRoute[] {
  const { approvals, rules, recordFile, clock, today, log } = deps;
  const calls = createKnownCalls(approvals, today);
  const rowsOf: WaitingPageDeps['rowsOf'] =
    deps.rowsOf ??
    (recordFile === undefined ? undefined : (filter, signal) => readRows([recordFile], filter, { signal }));

  /** What the record has of a call that its agent took an approver's yes for. */
  const entryOf = async ({ approval, stage, answer }: KnownCall, signal: AbortSignal): Promise<Row | undefined> => {
    if (rowsOf === undefined || stage !== 'taken' || answer?.answer !== 'yes') return undefined;
    const { caller, tool, shown } = approval;
    const filter = { agent: caller, tool, object: shown.id, since: new Date(answer.at) };
    try {
      for await (const row of rowsOf(filter, within(signal, READING_MS))) if (isAnswered(row)) return row;
    } catch {
      // The page is of use without it, and the page of calls says what is wrong with the file.
    }
    return undefined;
  };

  /** The viewer by the configuration that holds now; `undefined` if it does not name them as an approver. */
  const toViewer = (viewer: Viewer): Viewer | undefined => {
    const approver = rules().find(viewer.by, viewer.approver.name);
    return approver && { ...viewer, approver };
  };
  /** A call that the viewer sees. What they do not see is to them as if there were no such call. */
  const find = async (handle: string, { approver }: Viewer): Promise<KnownCall | undefined> => {
    const call = await calls.find(handle);
    return call !== undefined && rules().sees(approver, call.approval.caller) ? call : undefined;
  };

  const toListPage = async ({ approver, formToken }: Viewer): Promise<ConsolePage> => {
    const { sees, whyNot } = rules();
    const [waiting, held] = await Promise.all([approvals.list(), approvals.heldCallers()]);
    const entries = waiting
      .filter(({ caller }) => sees(approver, caller))
      .map((approval) => ({ approval, whyNot: whyNot(approver, approval) }));
    const seen = held.filter((agent) => sees(approver, agent));
    return { ...drawWaiting({ entries, held: seen, formToken, now: today() }), isLive: true };
  };
  const toCallPage = async (
    call: KnownCall | undefined,
    { viewer, signal }: Pick<PageRequest, 'viewer' | 'signal'>,
    wrong?: { status: number; message: string },
  ): Promise<ConsolePage> => {
    if (call === undefined) return toGone(wrong?.status ?? 404);
    const { whyNot, isRequester } = rules();
    const { approver } = viewer;
    const { approval } = call;
    const page = drawCall({
      ...call,
      viewer,
      whyNot: whyNot(approver, approval),
      isRequester: isRequester(approver, approval),
      wrong: wrong?.message,
      entry: await entryOf(call, signal),
    });
    return { ...page, ...(wrong === undefined ? { isLive: true } : { status: wrong.status }) };
  };
  const follow = ({ viewer, signal }: PageRequest, toPage: (viewer: Viewer) => Promise<ConsolePage>) =>
    toLive(
      async () => {
        const now = toViewer(viewer);
        return now && (await toPage(now)).main;
      },
      { onChange: approvals.onChange, clock, signal },
    );
  const handleOf = ({ params }: PageRequest) => params.handle ?? '';

  return [
    {
      path: '/waiting',
      show: ({ viewer }) => toListPage(viewer),
      follow: (request) => follow(request, toListPage),
    },
    {
      path: '/waiting/:handle',
      show: async (request) => toCallPage(await find(handleOf(request), request.viewer), request),
      follow: (request) =>
        follow(request, async (viewer) => toCallPage(await find(handleOf(request), viewer), { ...request, viewer })),
      act: async (request) => {
        const handle = handleOf(request);
        // Asked at the act: a rule, or the approver, may have gone since the page was shown.
        const viewer = toViewer(request.viewer);
        if (viewer === undefined) return REMOVED;
        const now = { ...request, viewer };
        const call = await find(handle, viewer);
        const toEnded = async (ended: KnownCall | undefined) =>
          isRepeated(ended, viewer, request.form) ? { to: pathOf(handle) } : toCallPage(ended, now, ENDED);
        if (call?.stage !== 'waiting') return toEnded(call);
        const decision = decideAnswer(request.form, call.approval, viewer, rules());
        if (!decision.isAnswer) return toCallPage(call, now, decision);
        const { isAnswer: _, ...answer } = decision;
        const { name } = viewer.approver;
        const isFirst = await calls.answer(handle, { ...answer, approver: name, by: viewer.by, at: today() });
        if (!isFirst) return toEnded(await find(handle, viewer));
        const { caller, tool } = call.approval;
        log.info({ approver: name, answer: answer.answer, agent: caller, tool }, 'an approver answered a call');
        return { to: pathOf(handle) };
      },
    },
  ];
}

const pathOf = (handle: string): string => `/waiting/${encodeURIComponent(handle)}`;

/** Whether it is the answer that counts already: a button was clicked twice, or a page was sent again. */
const isRepeated = (call: KnownCall | undefined, { approver }: Viewer, form: URLSearchParams): boolean =>
  call?.answer?.approver === approver.name &&
  call.answer.answer === form.get('answer') &&
  (call.answer.words ?? '') === wordsIn(form);

const ENDED = { status: 409, message: 'Your answer does not count: this call was no longer waiting.' };

const toNotice = (status: number, title: string, text: Html): ConsolePage => ({
  title,
  status,
  main: html`<p class="crumb"><a href="/waiting">All waiting calls</a></p>
<div class="sheet"><h1>${title}</h1><p>${text}</p></div>`,
});

const REMOVED = toNotice(
  403,
  'You are no longer an approver',
  html`The settings file no longer names you as an approver. Nothing was answered.`,
);

const toGone = (status: number): ConsolePage =>
  toNotice(
    status,
    'No such call waits',
    html`It was answered, it has expired, or you may not see it. The page <a href="/calls">Calls</a> shows what became of calls.`,
  );
