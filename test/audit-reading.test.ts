import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findRows, type ReadingSettings, readRows } from '../src/audit/read/find-rows.ts';
import { STATES } from '../src/audit/read/rows.ts';
import { DECISION, folder, outcome } from './support/audit.ts';
import { all, BEGIN, isWanted, OBJECTS, scan, write } from './support/record-lines.ts';

const AGENTS = ['support-bot', 'ops-bot', 'a "quoted" one', 'bot.é'];
const TOOLS = ['get_user', 'delete_user'];
const OUTCOMES = ['ok', 'error', 'unknown', 'not sent', 'asked', 'cancelled', 'dry run'];

/** Far smaller than those of a server, so that short records have all that they make a difference to. */
const SETTINGS: ReadingSettings = { slackMs: 2_000, grainBytes: 2_000, linesApart: 12 };

/** What one line of a record comes to. Runs take turns, calls end late or never, and clocks go back by up to the slack. */
const step = fc.record({
  run: fc.constantFrom('run-1', 'run-2', '8c5e1f01-6f0b-4c57-9d43-2f1f6f6c2b11'),
  kind: fc.constantFrom('start', 'decision', 'decision', 'decision', 'outcome', 'outcome', 'outcome', 'note', 'stop'),
  goneBy: fc.nat(900),
  setBack: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, fc.nat(SETTINGS.slackMs)),
  agent: fc.constantFrom(...AGENTS),
  tool: fc.constantFrom(...TOOLS),
  object: fc.constantFrom(...OBJECTS),
  answers: fc.option(fc.constantFrom(...OBJECTS)),
  decision: fc.constantFrom('allowed', 'allowed', 'ask', 'refused'),
  outcome: fc.constantFrom(...OUTCOMES),
  /** Which of the calls in flight ends. One that is not is of an older file, or ends twice. */
  of: fc.nat(6),
  /** Whether it names another agent or tool than its decision, which the server never writes. */
  isTampered: fc.boolean(),
  oddness: fc.constantFrom(
    ...Array(12).fill('none'),
    'torn',
    'torn before',
    'log',
    'empty',
    'long',
    'spaced',
    'escaped',
  ),
  isRotated: fc.constantFrom(...Array(20).fill(false), true),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The files of a record, oldest first. */
function toFiles(steps: readonly Step[], endsTorn: boolean): readonly string[] {
  const files = [''];
  const seqs = new Map<string, number>();
  const calls = new Map<string, { seq: number; agent: string; tool: string }[]>();
  let now = BEGIN;
  for (const each of steps) {
    now += each.goneBy;
    const seq = (seqs.get(each.run) ?? 0) + 1;
    seqs.set(each.run, seq);
    const { agent, tool, object, run, kind } = each;
    const begun = calls.get(run) ?? [];
    calls.set(run, begun);
    const call = begun.at(-1 - each.of);
    const time = new Date(now - each.setBack).toISOString();
    const common = { v: 1, run, seq, time, prev: '0'.repeat(64), kind };
    const same = call === undefined || each.isTampered ? { agent, tool } : { agent: call.agent, tool: call.tool };
    if (kind === 'decision') begun.push({ seq, agent, tool });
    const entry = {
      start: {
        ...common,
        version: '1',
        environment: 'staging',
        config: 'c',
        tools: 1,
        confirm: 'auto',
        transport: 'http',
      },
      decision: { ...common, ...DECISION, agent, tool, ids: { user_id: object }, decision: each.decision },
      outcome: {
        ...common,
        ...outcome(call?.seq ?? 77),
        ...same,
        outcome: each.outcome,
        object: each.answers ?? undefined,
      },
      note: { ...common, text: `of ${agent}`, agent },
      stop: { ...common, reason: 'SIGTERM' },
    }[kind];
    const line = JSON.stringify(entry);
    const written = {
      torn: `${line.slice(0, 150)}\n${line}\n`,
      'torn before': `${line.slice(0, 250)}${line}\n`,
      log: `{"level":"info","agent":"${agent}"}\n${line}\n`,
      empty: `\n${line}\n`,
      long: `${'x'.repeat(70_000)}\n${line}\n`,
      spaced: `${line.replaceAll('":', '": ')}\n`,
      escaped: `${line.replace('"support-bot"', '"support\\u002dbot"')}\n`,
    }[String(each.oddness)];
    if (each.isRotated) files.push('');
    files[files.length - 1] += written ?? `${line}\n`;
  }
  if (endsTorn) files[files.length - 1] += '{"v":1,"run":"run-1","seq":9';
  return files;
}

const time = fc.option(
  fc.integer({ min: -3_000, max: 90_000 }).map((ms) => new Date(BEGIN + ms)),
  { nil: undefined },
);
const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const filters = fc.record({
  agent: maybe(AGENTS),
  agents: maybe([(agent?: string) => agent === undefined || agent.endsWith('bot')]),
  tool: maybe([...TOOLS, 'none']),
  state: maybe([...STATES, 'note']),
  object: maybe(OBJECTS),
  refused: fc.constantFrom(false, false, true),
  since: time,
  until: time,
});

describe('reading a part of a record', () => {
  it('shows what a look at every line would, from either end', async () => {
    const at = folder();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 40, maxLength: 120 }),
        fc.boolean(),
        fc.array(filters, { minLength: 2, maxLength: 2 }),
        async (steps, endsTorn, wanted) => {
          count += 1;
          mkdirSync(join(at, `${count}`));
          const files = toFiles(steps, endsTorn);
          const path = write(files, join(at, `${count}`));
          // A file whose last line is torn goes on with the next file.
          const rows = scan(files.join(''), SETTINGS.linesApart);
          for (const filter of [{}, ...wanted, ...wanted.map(({ since, until }) => ({ since, until }))]) {
            const expected = rows.filter(isWanted(filter));
            expect(await all(readRows([path], filter, { settings: SETTINGS }))).toEqual(expected);
            expect(await all(readRows([path], filter, { settings: SETTINGS, newestFirst: true }))).toEqual(
              expected.toReversed(),
            );
            expect(await findRows([path], filter, { settings: SETTINGS, newestFirst: true, limit: 3 })).toEqual(
              expected.toReversed().slice(0, 3),
            );
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});
