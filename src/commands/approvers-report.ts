import type { ApproverConfig } from '../settings/agents-config.ts';
import { header, type Look, table } from './table.ts';

/** An approver, as `check --json` prints it. */
export type ReviewedApprover = {
  readonly name: string;
  /** `null` for one who signs in by a link. */
  readonly person: { readonly issuer: string; readonly sub: string } | null;
  readonly agents: readonly string[];
  readonly allow: readonly string[];
};

export const toReviewedApprovers = (approvers: readonly ApproverConfig[]): readonly ReviewedApprover[] =>
  approvers
    .map(({ name, person = null, agents, allow }) => ({ name, person, agents, allow }))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

export const signInWords = ({ person }: Pick<ApproverConfig, 'person'>): string =>
  person === undefined ? 'by a link' : `with ${person.issuer}`;

/** Who may answer the calls of which agents, for people. @param url of the console, if there is one */
export function approversReport(approvers: readonly ApproverConfig[], url: string | undefined, look: Look): string {
  if (approvers.length === 0) return '';
  const rows = approvers.map((approver) => [
    { text: approver.name, style: 'bold' as const },
    signInWords(approver),
    approver.agents.join(', '),
    approver.allow.join(', '),
  ]);
  return [
    '\n',
    table([header('APPROVER', 'SIGNS IN', 'AGENTS', 'MAY ANSWER CALLS THAT TAKE'), ...rows], look),
    url === undefined ? '' : `Approvers answer in the console at ${url}.\n`,
    '\n',
  ].join('');
}
