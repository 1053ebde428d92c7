import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { type ChainHead, toHeadText } from '../../audit/chain.ts';
import { toSeries } from '../../audit/read/files.ts';
import { toPlain } from '../../audit/read/plain-line.ts';
import { reportWords, verdictWords } from '../../audit/read/report-words.ts';
import { type VerifyReport, verifyFiles } from '../../audit/read/verify.ts';
import { type Html, html } from '../html.ts';
import { clockTime } from './clock-time.ts';

export type Verification =
  | { readonly what: 'report'; readonly report: VerifyReport; readonly at: number }
  /** The files have more bytes than are read for a page. */
  | { readonly what: 'too large' };

export type RecordVerifier = {
  /** @throws StartError if a file cannot be read */
  readonly verify: () => Promise<Verification>;
};

/** Bytes of all files that are verified for a page. A command can take its time, and a processor of its own. */
const MAX_VERIFIED_BYTES = 1_073_741_824;
/** Milliseconds in which a result is shown again. */
const RESULT_MS = 10_000;

export type RecordVerifierDeps = {
  readonly file: string;
  readonly head: () => ChainHead;
  /** Milliseconds since 1970. */
  readonly today: () => number;
  readonly maxBytes?: number;
};

/** Verifies the files of a record, once at a time: all who ask meanwhile get the same result. */
export function createRecordVerifier({
  file,
  head,
  today,
  maxBytes = MAX_VERIFIED_BYTES,
}: RecordVerifierDeps): RecordVerifier {
  let last: { readonly at: number; readonly result: Promise<Verification> } | undefined;
  let isRunning = false;
  const run = async (): Promise<Verification> => {
    const files = toSeries([file])
      .flat()
      .map(({ path }) => path);
    if (files.reduce((bytes, path) => bytes + sizeOf(path), 0) > maxBytes) return { what: 'too large' };
    // What the process has written since must be there. A process that died before its first entry has none.
    const heads = [head()].filter(({ seq }) => seq > 0);
    return { what: 'report', report: await verifyFiles(files, { heads, nameOf: basename }), at: today() };
  };
  return {
    verify: () => {
      const age = last === undefined ? Number.POSITIVE_INFINITY : today() - last.at;
      if (last !== undefined && (isRunning || (age >= 0 && age < RESULT_MS))) return last.result;
      isRunning = true;
      const result = run().finally(() => {
        isRunning = false;
      });
      last = { at: today(), result };
      return result;
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** @param seesAll whether the viewer sees the calls of all agents */
export function verifyPage(
  verification: Verification,
  { file, head, seesAll }: { readonly file: string; readonly head: ChainHead; readonly seesAll: boolean },
): Html {
  return html`<p class="crumb"><a href="/calls">Calls</a></p>
<h1>Verification of the record</h1>
${verification.what === 'report' ? verdict(verification, seesAll) : tooLarge(file)}
${headWords(head)}
<p class="quiet">A head that is kept outside of this machine shows whether the end of the record was changed or removed: <code>workos-mcp audit verify ${file} --head RUN:SEQ:HASH</code></p>`;
}

const tooLarge = (file: string): Html =>
  html`<p class="wrong">The files of the record are larger than this page verifies. Run this where they are: <code>workos-mcp audit verify ${file}</code></p>`;

function verdict({ report, at }: Extract<Verification, { what: 'report' }>, seesAll: boolean): Html {
  const shown = seesAll ? report : { ...report, runs: report.runs.map(withoutCalls) };
  return html`<p${!report.whole && html` class="wrong"`}><strong>${verdictWords(report)}</strong> Verified ${clockTime(at)}.</p>
<div class="scroll" role="region" tabindex="0" aria-label="Report"><pre class="report">${reportWords(shown)
    .map((line) => `${toPlain(line)}\n`)
    .join('')}</pre></div>`;
}

/** The calls of agents that the viewer may not see are counted, and not shown. */
const withoutCalls = (run: VerifyReport['runs'][number]): VerifyReport['runs'][number] => ({
  ...run,
  unknown: { ...run.unknown, calls: [] },
});

/** The last entry that this process has written. */
export const headWords = (head: ChainHead): Html | undefined =>
  head.seq === 0 ? undefined : html`<p>Head of the record now: <code>${toHeadText(head)}</code></p>`;
