import { type Cell, type Look, paint, type Style, table } from '../table.ts';

/** What one check came to. */
export type Finding = {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it, where something is wrong. */
  readonly fix: string | null;
};

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found, fix: null });
export const warn = (check: string, found: string, fix: string): Finding => ({ check, state: 'warn', found, fix });
export const fail = (check: string, found: string, fix: string): Finding => ({ check, state: 'fail', found, fix });

/**
 * What is wrong in the words of the error that a start would end with.
 * @throws the error where it is another one
 */
export function toFailure(check: string, error: unknown, fix: string): Finding {
  if (!isStartError(error)) throw error;
  return fail(check, error.message, fix);
}

/** By name: what is bundled apart has a class of its own. */
export const isStartError = (error: unknown): error is Error => error instanceof Error && error.name === 'StartError';

const STATES: Readonly<Record<Finding['state'], { readonly text: string; readonly style: Style }>> = {
  ok: { text: 'ok', style: 'green' },
  warn: { text: 'warn', style: 'yellow' },
  fail: { text: 'FAIL', style: 'red' },
};

/** The findings for people: a line each, with the way to set it right below. */
export function toText(findings: readonly Finding[], look: Look): string {
  const rows = findings.flatMap(({ check, state, found, fix }): readonly (readonly Cell[])[] => {
    const [first = '', ...more] = found.split('\n');
    return [
      [STATES[state], check, first],
      ...more.map((line) => ['', '', line]),
      ...(fix === null ? [] : [['', '', { text: `→ ${fix}`, style: 'bold' as const }]]),
    ];
  });
  const count = (state: Finding['state']) => findings.filter((finding) => finding.state === state).length;
  const [failed, doubtful] = [count('fail'), count('warn')];
  const wrong = failed === 0 ? 'Nothing is wrong' : `${failed} of ${findings.length} checks failed`;
  const summary = `${wrong}${doubtful === 0 ? '' : `, ${doubtful} to look at`}.`;
  return `${table(rows, look)}\n${paint({ text: summary, style: 'bold' }, look.colour)}\n`;
}
