import { expect } from 'vitest';
import type events from '../../tools/areas/events.ts';
import type { Cases } from '../support/case.ts';
import { ORGANIZATION, PAGE } from '../support/case-parts.ts';

const { limit, after } = PAGE;
const NEWEST_FIRST = 'The tool that waits goes onwards; an argument costs every conversation.';

export default {
  list_events: {
    opens: 'events:read',
    calls: [
      {
        limit,
        after,
        events: ['user.created', 'organization.created'],
        organization_id: ORGANIZATION,
        range_start: '2026-01-01T00:00:00Z',
        range_end: '2026-02-01T00:00:00Z',
      },
    ],
    differs: { 'before: absent': NEWEST_FIRST, 'order: absent': NEWEST_FIRST },
    sandbox: {
      args: { events: ['connection.activated'], limit: 1 },
      sends: { method: 'GET', path: '/events', query: { events: 'connection.activated', limit: '1' } },
      status: 200,
      answers: { data: [{ event: 'connection.activated', data: { organization_id: expect.any(String) } }] },
    },
    examples: [
      { args: { events: ['connection.activated', 'connection.deleted'], limit: 2 } },
      {
        says: 'With all that an event says.',
        args: { events: ['dsync.user.created'], limit: 1, fields: ['event', 'data'] },
      },
    ],
  },
} satisfies Cases<typeof events>;
