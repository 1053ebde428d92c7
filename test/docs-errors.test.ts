import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { createCatalog } from '../src/catalog/catalog.ts';
import { partFor } from '../src/settings/command-line.ts';
import { declarations } from '../tools/index.ts';
import { runConsoleRefusals } from './support/docs-console.ts';
import { EXAMPLES } from './support/docs-examples.ts';
import {
  REFUSED,
  runFailures,
  STATUSES,
  UNANSWERED,
  UNCONFIRMED,
  UNUSABLE,
  withCode,
} from './support/docs-failures.ts';
import { runHttpRefusals } from './support/docs-http.ts';
import { between, code, table } from './support/docs-markdown.ts';
import { SELDOM } from './support/docs-seldom.ts';
import { type Said, saidBy, saidIn, withoutHoles } from './support/docs-sources.ts';
import { parseStop, runStops, stopTables } from './support/docs-starts.ts';
import { run } from './support/http-server.ts';
import { runProgram } from './support/in-process.ts';

const root = `${import.meta.dirname}/..`;
const PAGE = `${root}/docs/errors.md`;

/** Next steps that tools declare for codes of WorkOS's. */
const steps = createCatalog(declarations).tools.flatMap(({ name, nextSteps = {} }) =>
  Object.entries(nextSteps).map(([code, step]) => ({ name, code, step })),
);

type Rows = readonly (readonly [when: string, text: string])[];

let stops: Awaited<ReturnType<typeof runStops>>;
let http: Awaited<ReturnType<typeof runHttpRefusals>>;
let console: Awaited<ReturnType<typeof runConsoleRefusals>>;
const rows: Record<'refused' | 'unconfirmed' | 'unanswered' | 'unusable' | 'statuses' | 'codes', Rows> = {
  refused: [],
  unconfirmed: [],
  unanswered: [],
  unusable: [],
  statuses: [],
  codes: [],
};

beforeAll(async () => {
  [stops, http, console] = await Promise.all([runStops(), runHttpRefusals(), runConsoleRefusals(), runGroups()]);
  const budget = "More deletes than the agent's `deletes-per-hour`";
  rows.refused = [...rows.refused, [budget, http.overBudget]];
}, 120_000);

async function runGroups(): Promise<void> {
  [rows.refused, rows.unconfirmed, rows.unanswered, rows.unusable, rows.statuses, rows.codes] = await Promise.all([
    runFailures(REFUSED),
    runFailures(UNCONFIRMED),
    runFailures(UNANSWERED),
    runFailures(UNUSABLE),
    runFailures(STATUSES),
    runFailures(steps.map(({ name, code }) => withCode(name, EXAMPLES[name]?.[0]?.args ?? {}, code))),
  ]);
}

const messages = (): readonly string[] => [
  ...Object.values(stops).flatMap((group) => group.map(({ message }) => message)),
  ...Object.values(rows).flatMap((own) => own.map(([, text]) => text)),
  ...http.rows.map(([, , , message]) => message),
  ...console.map(([, , message]) => message),
];

/** Everything that the sources can say of an error. */
const SAID: readonly Said[] = [
  ...saidBy('StartError', 'RefusedError', 'TransportError', 'ReplyError', 'RecordError'),
  ...['explainOpenly', 'effectOf', 'retryAdvice', 'nextStep', 'idHints'].flatMap((name) =>
    saidIn('src/call/answer/failure.ts', `function ${name}`),
  ),
  ...saidIn('src/call/arguments.ts', 'export function parseArguments'),
  ...saidIn('src/call/arguments.ts', 'function toSentence'),
  ...saidIn('src/call/answer/size.ts', 'export function tooLarge'),
  ...saidIn('src/workos/transport.ts', 'function createBody'),
  ...[
    'const NOT_SENT',
    'const MAYBE_SENT',
    'const PROXY',
    'function toCertificateRemedy',
    'function toProxyFault',
    'function toEarlyFault',
    'export function toTransportError',
  ].flatMap((beginning) => saidIn('src/workos/faults.ts', beginning)),
  ...['export function whyUnsafe', 'function whyUnsafePlace'].flatMap((beginning) =>
    saidIn('src/files/file-owner.ts', beginning),
  ),
  ...saidIn('src/agents/identify.ts', 'const MESSAGES'),
  ...saidIn('src/agents/headers.ts', 'export function narrowByHeaders'),
  ...saidIn('src/mcp/prompts/text.ts', 'export function parseGiven'),
  ...saidIn('src/serve/http/guard.ts', 'export function whyMalformed'),
  ...saidIn('src/serve/http/responses.ts', 'export const REFUSALS'),
  ...saidIn('src/console/request-checks.ts', 'const CONSOLE_REFUSALS'),
  ...saidIn('src/console/sign-in.ts', 'export function createSignIn'),
  ...saidIn('src/console/issuers.ts', 'export function createIssuers'),
];

// `vitest run -u` rewrites the tables.
describe('the error catalogue', () => {
  it('is current', async () => {
    const when = (own: Rows) =>
      table(
        ['when', 'says'],
        own.map(([when, text]) => [when, code(text.replaceAll(/\n+/g, ' ⏎ '))]),
      );
    const blocks: Readonly<Record<string, string>> = {
      starts: stopTables(stops),
      refused: when(rows.refused),
      unconfirmed: when(rows.unconfirmed),
      unanswered: when(rows.unanswered),
      unusable: when(rows.unusable),
      statuses: when(rows.statuses),
      codes: table(
        ['tool', 'code', 'next step'],
        steps.map(({ name, code: named, step }) => [code(name), code(named), code(step)]),
      ),
      http: table(
        ['when', 'status', 'code', 'says'],
        http.rows.map(([when, status, number, message]) => [when, status, number, code(message)]),
      ),
      console: table(
        ['when', 'status', 'says'],
        console.map(([when, status, message]) => [when, status, code(message)]),
      ),
      seldom: table(
        ['when', 'says'],
        SELDOM.map(([, text, when]) => [when, code(withoutHoles(text))]),
      ),
    };
    const page = await readFile(PAGE, 'utf8');
    const expected = Object.entries(blocks).reduce((text, [marker, block]) => between(text, marker, block), page);
    await expect(expected).toMatchFileSnapshot(PAGE);
  });

  it('has all that the sources can say of an error', () => {
    const shown = messages();
    const excused = SELDOM.map(([, text]) => text);
    const absent = SAID.filter(({ text, fits }) => !excused.includes(text) && !shown.some(fits));
    expect(absent.map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
  });

  it('calls nothing seldom that it shows, or that nothing says', async () => {
    const shown = messages();
    for (const [file, text] of SELDOM) {
      const said = SAID.find((one) => one.file === file && one.text === text);
      expect(said !== undefined && shown.some(said.fits), `${text} is shown`).toBe(false);
      expect((await readFile(`${root}/${file}`, 'utf8')).replaceAll("\\'", "'"), file).toContain(text);
    }
  });

  it('tells the next step that a tool declares for a code', () => {
    for (const [index, { step }] of steps.entries()) expect(rows.codes[index]?.[1]).toContain(step);
  });

  it('has the messages of a process', async () => {
    const all = Object.values(stops).flatMap((group) => group.filter(({ stop }) => typeof stop === 'string'));
    const parts = all.map(({ stop }) => partFor(parseStop(stop).argv));
    expect(new Set(parts)).toEqual(new Set(['stdio', 'http', 'commands']));
    for (const { stop, message } of all.filter((_, index) => parts.indexOf(parts[index] ?? 'http') === index)) {
      const { argv, env } = parseStop(stop);
      expect(await run(argv, env)).toEqual({ code: 2, stdout: '', stderr: `workos-mcp: ${message}\n` });
    }
  });

  it.each([
    [0, '--version'],
    [0, "check --sandbox --allow '*:read'"],
    [1, 'doctor'],
    [1, 'audit verify package.json'],
    [2, 'audit verify'],
    [2, 'check'],
  ])('says that the program ends with %i: %s', async (code, line) => {
    const { argv, env } = parseStop(line);
    expect(await runProgram(argv, env)).toMatchObject({ code });
  });
});
