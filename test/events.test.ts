import { describe, expect, it } from 'vitest';
import { createPolicy } from '../src/access/policy.ts';
import { createPlaces } from '../src/events/place.ts';
import type { JsonObject } from '../src/json.ts';
import { eventKinds } from '../tools/event-kinds.ts';
import { type Calling, type CallingOptions, connectCalling } from './support/calling.ts';
import { catalog, toGrants } from './support/catalog.ts';
import { handClock } from './support/hand-clock.ts';
import { specifications } from './support/openapi.ts';

const BEGIN = Date.parse('2026-11-25T12:00:00Z');
const CANARY = 'canary-5c1f7e';
const ORG = 'org_01HQRG00000000000000000000';
const USER = 'user_01HQSR00000000000000000000';
const DOMAIN = 'org_domain_01HQDM00000000000000000000';
const GROUP = 'directory_group_01HQGRP0000000000000000000';
const DIRECTORY_USER = 'directory_user_01HQDS00000000000000000000';

/** A world in which the test makes events happen, and an agent in it. */
async function open({ grants = '*:full', ...more }: Partial<CallingOptions> = {}) {
  const clock = handClock(BEGIN);
  const events: JsonObject[] = [];
  const asked: URLSearchParams[] = [];
  const client = await connectCalling({
    grants,
    clock,
    ...more,
    workos: ({ path }) => {
      const query = new URL(path, 'https://workos.test').searchParams;
      asked.push(query);
      // It tells of types that nobody has asked for, so that the server's own decision is seen.
      const since = Date.parse(query.get('range_start') ?? '');
      const later = events.filter(({ created_at }) => !(Date.parse(String(created_at)) <= since));
      const place = events.findIndex(({ id }) => id === query.get('after'));
      const onwards = later.filter((event) => events.indexOf(event) > place);
      const data = query.get('order') === 'asc' ? onwards : later.toReversed();
      return { object: 'list', data: data.slice(0, Number(query.get('limit') ?? 10)), list_metadata: { after: null } };
    },
  });
  return {
    ...{ clock, client, asked },
    happen: (event: string, data: JsonObject, more: JsonObject = {}) => {
      const id = `event_01HQ${String(events.length + 1).padStart(22, '0')}`;
      events.push({ object: 'event', id, event, data, created_at: new Date(clock.date()).toISOString(), ...more });
      return id;
    },
  };
}

/** What an agent is told of one event, by the list and by a wait. */
async function told(grants: string, event: string, data: JsonObject, more: JsonObject = {}) {
  const { clock, client, happen } = await open({ grants });
  const waiting = client.call('wait_for_events', { wait_seconds: 5, fields: ['event', 'data', 'context'] });
  await clock.pass(1_000);
  happen(event, data, more);
  const listed = await client.call('list_events', { fields: ['event', 'data', 'context'] });
  await clock.pass(5_000);
  const waited = await waiting;
  await client.close();
  expect(Object(waited.structured).events).toEqual(Object(listed.structured).data);
  return { event: Object(listed.structured).data[0], text: listed.text + waited.text };
}

const GET_ALL = 'events:read users:read organizations:read organization_domains:read directory_sync:read sso:read';

it.each(specifications)('each type of the official file, $version, has an area and a reader, once', (file) => {
  const answer = JSON.stringify(file.operation('GET /events')?.answer);
  const documented = [...new Set([...answer.matchAll(/"event":\{[^{}]*"const":"([^"]+)"/g)].map(([, type]) => type))];
  const known = eventKinds.flatMap(({ types }) => types);
  expect(new Set(known).size).toBe(known.length);
  if (file.version === '0.61.0') expect(known.toSorted()).toEqual(documented.toSorted());
  expect(documented.length).toBeGreaterThan(80);
  // Gone from the newer file.
  const gone = file.version === 'npm' ? ['dsync.deactivated'] : [];
  expect(documented.filter((type) => !known.some((one) => one === type))).toEqual(gone);
  for (const { area, reader, parts = {} } of eventKinds) {
    const isServed = catalog.areas.some(({ name }) => name === area);
    const tool = catalog.tools.find(({ name }) => name === reader);
    if (isServed) expect(tool, reader).toMatchObject({ area, access: 'read', needsCredentials: false });
    for (const part of Object.values(parts)) expect(catalog.tools.map(({ name }) => name)).toContain(part);
  }
});

describe('an agent is shown a type of event', () => {
  it('only where it has the tool that reads its object, and a deny wins', async () => {
    expect((await told('events:read users:read', 'user.created', { id: USER })).event).toBeDefined();
    for (const grants of ['events:read organizations:read', 'events:read users:read organizations:read !get_user']) {
      const { event, text } = await told(grants, 'user.created', { id: USER, email: CANARY });
      expect(event).toBeUndefined();
      expect(text).not.toContain(USER);
    }
  });

  it('of which this server has no tool never', async () => {
    expect((await told('*:full *:credentials', 'vault.data.read', { kv_name: CANARY })).text).not.toContain(CANARY);
    expect((await told('*:full *:credentials', 'never.heard_of', { name: CANARY })).text).not.toContain(CANARY);
  });

  it.each([
    [
      'users:read events:read',
      'organization.created',
      'events: organization.created is shown where get_organization is on, and it is off: needs the grant organizations:read.',
    ],
    [
      'users:read events:read organizations:read !organizations:read',
      'organization.created',
      'it is off: --deny organizations:read keeps it off.',
    ],
    ['*:full', 'vault.data.read', 'events: vault.data.read is of the area vault, of which this server reads nothing.'],
    ['*:full', 'user.creatd', 'events: there is no type "user.creatd". Did you mean "user.created"?'],
  ])('and asking for another is an error that names why: %s, %s', async (grants, type, said) => {
    const { client, asked } = await open({ grants });
    for (const name of ['list_events', 'wait_for_events']) {
      const { isError, text } = await client.call(name, { events: [type] });
      expect(isError).toBe(true);
      expect(text).toContain(said);
    }
    expect(asked).toEqual([]);
    await client.close();
  });

  it('and WorkOS is asked for no other', async () => {
    const { clock, client, asked } = await open({ grants: 'events:read users:read' });
    await client.call('list_events', {});
    const waiting = client.call('wait_for_events', { wait_seconds: 5 });
    await clock.pass(5_000);
    await waiting;
    expect(asked.length).toBeGreaterThan(3);
    const types = asked.map((query) => query.get('events'));
    expect(types.flatMap((text) => text?.split(',').toSorted().join())).toEqual(
      types.map(() => 'user.created,user.deleted,user.updated'),
    );
    await client.close();
  });

  it('and events:read by itself opens nothing', () => {
    expect(() => createPolicy(catalog, toGrants('events:read'))).toThrow(
      '--allow events:read opens nothing by itself: list_events shows only what the agent may read, so it also needs a grant such as users:read.',
    );
    expect(() => createPolicy(catalog, toGrants('list_events audit_logs:read'))).toThrow(
      '--allow list_events: shows nothing without a grant that reads what it is about, such as users:read.',
    );
  });
});

describe('within an event', () => {
  const domain = { object: 'organization_domain', id: DOMAIN, domain: CANARY, organization_id: ORG };
  const user = { object: 'directory_user', id: DIRECTORY_USER, email: CANARY, emails: [{ value: CANARY }] };

  it.each<[what: string, grants: string, type: string, data: JsonObject, cut: JsonObject]>([
    [
      'domains of an organization',
      'events:read organizations:read',
      'organization.updated',
      { id: ORG, domains: [domain], previous_attributes: { domains: [domain] } },
      {
        id: ORG,
        domains: [{ id: DOMAIN, organization_id: ORG }],
        previous_attributes: { domains: [{ id: DOMAIN, organization_id: ORG }] },
      },
    ],
    [
      'the user of a group',
      'events:read directory_sync:read !get_directory_user',
      'dsync.group.user_added',
      { group: { id: GROUP, name: 'Engineers' }, user },
      { group: { id: GROUP, name: 'Engineers' }, user: { id: DIRECTORY_USER } },
    ],
    [
      'what it is not known to have',
      'events:read users:read',
      'user.updated',
      { id: USER, metadata: { plan: 'pro' }, employer: { id: ORG, name: CANARY, idp_id: 'a@b.test' } },
      { id: USER, metadata: { plan: 'pro' }, employer: { id: ORG } },
    ],
  ])('%s is cut to its IDs unless the agent may read it', async (_, grants, type, data, cut) => {
    const { event, text } = await told(grants, type, data);
    expect(event.data).toEqual(cut);
    expect(text).not.toContain(CANARY);
    if (JSON.stringify(data).includes('employer')) return;
    expect((await told(GET_ALL, type, data)).event.data).toEqual(data);
  });

  it('who acted is cut to IDs, and what changed is shown as the object is', async () => {
    const context = {
      actor: { id: USER, name: CANARY, source: 'dashboard' },
      client_id: 'client_01HQCC00000000000000000000',
      previous_attributes: { name: 'Old', domains: [domain] },
    };
    const { event, text } = await told(
      'events:read organizations:read',
      'organization.updated',
      { id: ORG },
      { context },
    );
    expect(event.context).toEqual({
      actor: { id: USER },
      client_id: 'client_01HQCC00000000000000000000',
      previous_attributes: { name: 'Old', domains: [{ id: DOMAIN, organization_id: ORG }] },
    });
    expect(text).not.toContain(CANARY);
  });

  it('a secret is shown only with the credentials of its own area', async () => {
    const data = { id: 'directory_01HQDR00000000000000000000', external_key: CANARY, token: CANARY };
    const without = 'events:read directory_sync:read sso:read';
    for (const grants of [without, `${without} sso:credentials`, '*:full *:credentials !directory_sync:credentials']) {
      expect((await told(grants, 'dsync.activated', data)).text).not.toContain(CANARY);
      const previous = { id: data.id, previous_attributes: { external_key: CANARY } };
      expect((await told(grants, 'dsync.activated', previous)).text).not.toContain(CANARY);
    }
    const shown = await told(`${without} directory_sync:credentials`, 'dsync.activated', data);
    expect(shown.event.data).toEqual(data);
  });

  it('nothing withheld is found by asking', async () => {
    const data = { id: ORG, domains: [domain], external_key: CANARY };
    const { client, happen } = await open({ grants: 'events:read organizations:read' });
    happen('organization.created', data);
    for (const where of [`data.domains.domain=${CANARY}`, `data.domains.organization_id=${CANARY}`]) {
      const { structured } = await client.call('list_events', { where: [where], count_only: true });
      expect(structured).toMatchObject({ count: 0 });
    }
    expect((await client.call('list_events', { where: [`data.external_key=${CANARY}`] })).isError).toBe(true);
    await client.close();
  });

  it('a list shows the IDs and what changed, and fields the rest', async () => {
    const { client, happen } = await open();
    happen('user.updated', { id: USER, email: 'ada@acme.test', previous_attributes: { email: 'a@acme.test' } });
    const { structured } = await client.call('list_events', {});
    expect(Object(structured).data).toEqual([
      {
        id: 'event_01HQ0000000000000000000001',
        event: 'user.updated',
        created_at: '2026-11-25T12:00:00.000Z',
        data: { id: USER, previous_attributes: { email: 'a@acme.test' } },
      },
    ]);
    expect(Object((await client.call('list_events', { fields: ['data.email'] })).structured).data).toEqual([
      { data: { email: 'ada@acme.test' } },
    ]);
    await client.close();
  });
});

describe('a call that waits', () => {
  const waitIn = ({ client }: { client: Calling }, args: object = {}) => client.call('wait_for_events', args);

  it('ends with the event, and goes on behind it without a gap', async () => {
    const world = await open();
    const first = waitIn(world);
    await world.clock.pass(3_000);
    const one = world.happen('user.created', { id: USER });
    await world.clock.pass(2_000);
    const { structured } = await first;
    expect(structured).toMatchObject({ events: [{ id: one, event: 'user.created' }] });
    const two = world.happen('user.updated', { id: USER });
    const next = await waitIn(world, { after: structured?.after });
    expect(Object(next.structured).events).toMatchObject([{ id: two }]);
    await world.client.close();
  });

  it('ends after its time with the same place', async () => {
    const world = await open();
    const begun = waitIn(world, { wait_seconds: 1 });
    await world.clock.pass(1_000);
    const { after } = Object((await begun).structured);
    const again = waitIn(world, { after });
    await world.clock.pass(45_000);
    expect((await again).structured).toMatchObject({
      events: [],
      after,
      notes: ['Nothing yet. Call again with after.'],
    });
    await world.client.close();
  });

  it('takes no place but one that this agent was given, not older than 30 days', async () => {
    const world = await open();
    const places = createPlaces('sk_test_1');
    const hidden = world.happen('vault.data.read', {});
    for (const after of [hidden, 'x', places.seal('another', { id: hidden, at: BEGIN })]) {
      const { isError, text } = await waitIn(world, { after });
      expect([isError, text]).toEqual([
        true,
        expect.stringContaining('after: this is not a place that you were given.'),
      ]);
    }
    const old = places.seal('agent', { at: BEGIN - 30 * 86_400_000 - 1 });
    expect((await waitIn(world, { after: old })).text).toContain('after: this place is more than 30 days old');
    expect(world.asked).toEqual([]);
    await world.client.close();
  });

  it('matches about and organization_id by what the agent is shown alone', async () => {
    const world = await open({ grants: 'events:read organizations:read' });
    const about = 'conn_01HQHD00000000000000000000';
    const waits = [{ about: USER }, { organization_id: ORG }, { about }].map((args) =>
      waitIn(world, { ...args, wait_seconds: 10 }),
    );
    await world.clock.pass(1_000);
    world.happen(
      'organization.updated',
      { id: ORG, domains: [{ id: DOMAIN, note: about }] },
      { context: { note: about } },
    );
    world.happen('user.created', { id: USER });
    await world.clock.pass(10_000);
    const found = (await Promise.all(waits)).map(({ structured }) => Object(structured).events.length);
    expect(found).toEqual([0, 1, 0]);
    expect((await waitIn(world, { about: 'Ada' })).text).toContain('give an ID of WorkOS');
    await world.client.close();
  });

  it('is decided on again when the event comes', async () => {
    const world = await open({
      stillAllowed: (tool) => (tool.name === 'get_user' ? Promise.reject(new Error('the grant is gone')) : undefined),
    });
    const waiting = waitIn(world);
    await world.clock.pass(1_000);
    world.happen('user.created', { id: USER });
    await world.clock.pass(2_000);
    const { isError, text } = await waiting;
    expect(isError).toBe(true);
    expect(text).not.toContain(USER);
    await world.client.close();
  });

  it('is one of four of an agent', async () => {
    const world = await open();
    const waits = [1, 2, 3, 4].map(() => waitIn(world));
    await world.clock.pass(1_000);
    expect((await waitIn(world)).text).toContain('Too many calls are waiting');
    await world.clock.pass(45_000);
    expect((await Promise.all(waits)).every(({ isError }) => isError === undefined)).toBe(true);
    await world.client.close();
  });

  it('is recorded as a call, without what came', async () => {
    const world = await open();
    const waiting = waitIn(world, { wait_seconds: 2 });
    await world.clock.pass(2_000);
    await waiting;
    expect(world.client.record()).toMatchObject([
      { kind: 'decision', tool: 'wait_for_events', decision: 'allowed' },
      { kind: 'outcome', tool: 'wait_for_events', outcome: 'ok' },
    ]);
    await world.client.close();
  });
});
