import { describe, expect, it } from 'vitest';
import { eventKinds } from '../tools/event-kinds.ts';
import { connectCalling } from './support/calling.ts';
import { isSecret, ONE, OTHER, withCanary } from './support/canaries.ts';
import { catalog } from './support/catalog.ts';
import { handClock } from './support/hand-clock.ts';
import { specifications } from './support/openapi.ts';
import { sample } from './support/samples.ts';

// An agent without an area's credentials learns nothing of its secrets from events: listed, asked about, counted, waited
// for, or read out of what an error quotes. What it is told does not depend on what the secrets are.

const BEGIN = Date.parse('2026-11-25T12:00:00Z');

/** The members that are a secret of some area, so that no type is spared for documenting none. */
const ANY = {
  token: 'x',
  accept_invitation_url: 'x',
  code: 'x',
  secret: 'x',
  external_key: 'x',
  value: 'x',
  link: 'x',
};

const answer = specifications.find(({ version }) => version === '0.61.0')?.operation('GET /events')?.answer;

/** The payload of each type by the official file. */
const payloads = new Map<unknown, unknown>();
for (const schema of schemasIn(answer)) {
  const { event, data } = Object(schema.properties);
  if (event?.const !== undefined && data !== undefined) payloads.set(event.const, sample(data));
}

function* schemasIn(schema: unknown): Generator<Record<string, unknown>> {
  if (typeof schema !== 'object' || schema === null) return;
  if (!Array.isArray(schema)) yield Object(schema);
  for (const inner of Object.values(schema)) yield* schemasIn(inner);
}

/** One event of each type that says something of an area's objects, with the canary wherever a secret could be. */
const eventsOf = (area: string, canary: string) =>
  eventKinds
    .filter((kind) => kind.area === area)
    .flatMap(({ types }) => types)
    .map((event, index) => {
      // The code of an error says why a sign-in failed, and is shown.
      const { error, ...documented } = Object(payloads.get(event));
      const payload = { ...Object(withCanary({ ...documented, ...ANY }, area, canary)), ...(error && { error }) };
      const nested = { ...payload, inner: payload, list: [payload] };
      return {
        object: 'event',
        id: `event_01HQ${String(index + 1).padStart(22, '0')}`,
        event,
        data: { ...nested, previous_attributes: nested },
        context: { ...payload, previous_attributes: nested },
        created_at: new Date(BEGIN + 2_000 + index).toISOString(),
      };
    });

const grantsWithout = (area: string): string =>
  catalog.tools.some((tool) => tool.area === area && tool.handlesCredentials)
    ? `*:full *:credentials !${area}:credentials`
    : '*:full';

/** All that an agent is told of the events of an area, in every way there is. */
async function toldOf(area: string, canary: string, grants: string): Promise<string> {
  const clock = handClock(BEGIN);
  const happened: ReturnType<typeof eventsOf>[number][] = [];
  const client = await connectCalling({
    grants,
    clock,
    workos: ({ path }) => {
      const query = new URL(path, 'https://workos.test').searchParams;
      const since = Date.parse(query.get('range_start') ?? '');
      const place = happened.findIndex(({ id }) => id === query.get('after'));
      const later = happened.slice(place + 1).filter(({ created_at }) => !(Date.parse(created_at) <= since));
      return {
        object: 'list',
        data: query.get('order') === 'asc' ? later : happened.toReversed(),
        list_metadata: { after: null },
      };
    },
  });
  const fields = ['id', 'event', 'data', 'context'];
  const waiting = client.call('wait_for_events', { wait_seconds: 10, fields });
  await clock.pass(1_000);
  happened.push(...eventsOf(area, canary));
  await clock.pass(10_000);
  const said: unknown[] = [await waiting];
  said.push(await client.call('list_events', {}), await client.call('list_events', { fields }));
  const members = Object.keys(ANY).filter((member) => isSecret(area, member));
  for (const member of members) {
    for (const path of [`data.${member}`, `data.previous_attributes.${member}`]) {
      said.push(await client.call('list_events', { fields: [path] }));
      said.push(await client.call('list_events', { where: [`${path}=${ONE}`], count_only: true }));
      said.push(await client.call('list_events', { where: [`${path}!=${ONE}`] }));
    }
  }
  said.push(await client.call('list_events', { events: [canary] }), client.asked, client.record());
  await client.close();
  return JSON.stringify(said);
}

/** What is made up for each call: the sealed place, IDs of the record's lines, times and hashes. */
const MADE_UP = /"(?:after|arguments|call|time|hash|prev|ms|run|at|waited_seconds)\\?":\\?"?[^,}"\\]*/g;

/** The area asked about by its own canary: an error quotes it. */
const quoted = (text: string) => text.replaceAll(MADE_UP, '').replace(/there is no type \\?"canary-[\w-]+/g, '');

const areas = [...new Set(eventKinds.map(({ area }) => area))].filter((area) =>
  catalog.areas.some(({ name }) => name === area),
);

describe('events', () => {
  it.each(areas)('tell nothing of the secrets of %s', async (area) => {
    const [one, other] = await Promise.all([ONE, OTHER].map((canary) => toldOf(area, canary, grantsWithout(area))));
    expect(quoted(other ?? '')).not.toContain(OTHER);
    expect(quoted(one ?? '')).toBe(quoted(other ?? ''));
  });

  it('tell them with the grant, so that the test looks where they are', async () => {
    const shown: string[] = [];
    for (const area of areas)
      if (
        (await toldOf(area, OTHER, '*:full *:credentials')).replaceAll(/no type \\?"canary[^"]+/g, '').includes(OTHER)
      )
        shown.push(area);
    expect(shown).toEqual(expect.arrayContaining(['invitations', 'magic_auth', 'email_verification']));
  });
});
