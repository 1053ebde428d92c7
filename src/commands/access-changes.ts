import { StartError } from '../errors.ts';
import { isObject, parseJson } from '../json.ts';
import type { Review, ReviewedAgent, ReviewedTool } from './access-review.ts';
import type { ReviewedApprover } from './approvers-report.ts';

/** What one agent or approver may do now and could not before, and the reverse; a clause each. */
type AgentChange = { readonly name: string; readonly gained: readonly string[]; readonly lost: readonly string[] };

/**
 * What agents have gained and lost since a review was saved. A confirmation that is weaker now is a gain, as is a dry run
 * that has ended, and another environment.
 */
export function toChangesSince(saved: Review, now: Review): readonly AgentChange[] {
  const approvers = changesOf(saved.approvers ?? [], now.approvers ?? [], approverGains);
  return [
    ...changesOf(saved.agents, now.agents, gains),
    ...approvers.map(({ name, ...change }) => ({ name: `approver ${name}`, ...change })),
  ];
}

function changesOf<T extends { readonly name: string }>(
  saved: readonly T[],
  now: readonly T[],
  gainsOf: (before: T | undefined, after: T | undefined) => readonly string[],
): readonly AgentChange[] {
  const names = [...new Set([...saved, ...now].map(({ name }) => name))].sort();
  return names
    .map((name) => {
      const [before, after] = [saved, now].map((all) => all.find((one) => one.name === name));
      return { name, gained: gainsOf(before, after), lost: gainsOf(after, before) };
    })
    .filter(({ gained, lost }) => gained.length + lost.length > 0);
}

/** For people, and what the command ends with: 1 where something was gained. */
export function changesReport(
  changes: readonly AgentChange[],
  json: boolean,
): { readonly text: string; readonly code: 0 | 1 } {
  const code = changes.some(({ gained }) => gained.length > 0) ? 1 : 0;
  if (json) return { text: `${JSON.stringify({ agents: changes }, undefined, 2)}\n`, code };
  if (changes.length === 0) return { text: 'No agent has gained or lost anything.\n', code };
  const lines = changes.flatMap(({ name, gained, lost }) => [
    name,
    ...gained.map((what) => `  gained  ${what}`),
    ...lost.map((what) => `  lost    ${what}`),
  ]);
  return { text: `${lines.join('\n')}\n`, code };
}

/** From the most careful mode to the least. */
const MODES = ['person', 'strict', 'auto', 'off'];
const WAITS = ['always', 'sometimes', 'never'];

/** What `after` may do that `before` could not. */
function gains(before: ReviewedAgent | undefined, after: ReviewedAgent | undefined): readonly string[] {
  if (after === undefined) return [];
  const known = new Map(toolsOf(before).map((tool) => [tool.name, tool]));
  const isWeaker = (order: readonly string[], was: string | null = null, is: string | null = null) =>
    was !== null && is !== null && order.indexOf(is) > order.indexOf(was);
  return [
    before === undefined && 'the agent itself',
    isOther(before?.environment, after.environment) && `the environment ${after.environment}`,
    before?.dryRun === true && !after.dryRun && 'calls that are sent instead of a dry run',
    isWeaker(MODES, before?.confirm, after.confirm) && `--confirm ${after.confirm} instead of ${before?.confirm}`,
    before?.confirm === 'person' &&
      before.clientAsks === undefined &&
      after.clientAsks === 'trusted' &&
      'answers that its client brings',
    before?.samePerson === 'refuse' && after.samePerson === undefined && 'answers of the person for whom it calls',
    ...toolsOf(after).flatMap((tool) => {
      const was = known.get(tool.name);
      if (was === undefined)
        return [`${tool.name}, by ${tool.grant}${tool.credentials === 'shown' ? ', with credentials' : ''}`];
      return [
        tool.credentials === 'shown' && was.credentials !== 'shown' && `credentials of ${tool.name}`,
        isWeaker(WAITS, was.confirmed, tool.confirmed) &&
          `${tool.name} ${tool.confirmed === 'never' ? 'without' : 'partly without'} a confirmation`,
      ];
    }),
  ].filter((gain) => typeof gain === 'string');
}

/** What an approver may answer now and could not before. */
function approverGains(before: ReviewedApprover | undefined, after: ReviewedApprover | undefined): readonly string[] {
  if (after === undefined) return [];
  const { person, agents, allow } = after;
  const isSame = before?.person?.issuer === person?.issuer && before?.person?.sub === person?.sub;
  const signIn = person === null ? 'a sign-in by a link' : `a sign-in as ${person.sub} of ${person.issuer}`;
  return [
    ...(before === undefined ? ['the approver itself'] : isSame ? [] : [signIn]),
    ...agents.flatMap((agent) => (before?.agents.includes(agent) ? [] : [`the calls of ${agent}`])),
    ...allow.flatMap((grant) => (before?.allow.includes(grant) ? [] : [`calls that take ${grant}`])),
  ];
}

/** Without a key an environment is not known, and nothing can be said of it. */
const isOther = (was: string | null = null, is: string | null): boolean => was !== null && is !== null && was !== is;

const toolsOf = (agent: ReviewedAgent | undefined): readonly ReviewedTool[] =>
  agent === undefined ? [] : agent.areas.flatMap(({ on }) => on);

/**
 * Reads a review that was saved.
 * @throws StartError for a file that is not one
 */
export function parseReview(text: string, path: string): Review {
  // The operator's own file: it grows with agents and tools.
  const parsed = parseJson(text, Number.POSITIVE_INFINITY);
  const value = typeof parsed === 'object' ? parsed.value : undefined;
  if (!isReview(value)) {
    throw new StartError(
      `--against: ${path} is not a review that this version can read. Save one with "workos-mcp check --json".`,
    );
  }
  return value;
}

/** What `toChangesSince` reads of it. */
function isReview(value: unknown): value is Review {
  return (
    isObject(value) &&
    value.format === 1 &&
    Array.isArray(value.agents) &&
    value.agents.every(isReviewed) &&
    (value.approvers === undefined || (Array.isArray(value.approvers) && value.approvers.every(isReviewedApprover)))
  );
}

const isReviewedApprover = (approver: unknown): boolean =>
  isObject(approver) &&
  isPlainText(approver.name) &&
  (approver.person === null ||
    (isObject(approver.person) && isPlainText(approver.person.issuer) && isPlainText(approver.person.sub))) &&
  [approver.agents, approver.allow].every((list) => Array.isArray(list) && list.every(isPlainText));

const isReviewed = (agent: unknown): boolean =>
  isObject(agent) &&
  isPlainText(agent.name) &&
  (agent.environment === null || isPlainText(agent.environment)) &&
  (agent.confirm === null || MODES.includes(String(agent.confirm))) &&
  typeof agent.dryRun === 'boolean' &&
  Array.isArray(agent.areas) &&
  agent.areas.every((area) => isObject(area) && Array.isArray(area.on) && area.on.every(isReviewedTool));

const isReviewedTool = (tool: unknown): boolean =>
  isObject(tool) &&
  isPlainText(tool.name) &&
  isPlainText(tool.grant) &&
  [undefined, 'shown', 'withheld'].some((state) => state === tool.credentials) &&
  WAITS.includes(String(tool.confirmed));

/** Of texts that are printed: nothing in them may move a terminal's cursor. */
const isPlainText = (value: unknown): boolean => typeof value === 'string' && !/\p{C}/u.test(value);
