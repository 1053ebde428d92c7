import { expect } from 'vitest';
import type auditLogs from '../../tools/areas/audit-logs.ts';
import type { Cases } from '../support/case.ts';
import { deprecated, ORGANIZATION, PLAIN } from '../support/case-parts.ts';
import { ACME, ACME_EXPORT, ADA } from '../support/seeded.ts';

const ENTITY = { id: 'user_7', type: 'user', name: 'Ada', metadata: { admin: true, age: 36, note: 'x'.repeat(500) } };
const EVENT = {
  action: 'report.exported',
  occurred_at: '2026-01-05T10:00:00Z',
  actor: { id: 'u1', type: 'user', metadata: { admin: true, age: 4 } },
  targets: [{ id: 'r1', type: 'report' }],
  context: { location: '192.0.2.1' },
};
const SELECTS = 'selects events';

export default {
  create_audit_log_event: {
    opens: 'audit_logs:write',
    plain: {
      organization_id: PLAIN.organization,
      event: 'names an actor whom WorkOS does not verify, which the description says',
      idempotency_key: 'is made up by whoever calls',
    },
    calls: [
      {
        organization_id: ORGANIZATION,
        event: {
          action: 'user.signed_in',
          occurred_at: '2026-01-05T10:00:00.000+02:00',
          actor: ENTITY,
          targets: [ENTITY, { id: 'team_1', type: 'team' }],
          context: { location: '203.0.113.7', user_agent: 'Mozilla/5.0' },
          metadata: { source: 'web' },
          version: 1,
        },
        idempotency_key: '884793cd-bef4-46cf-8790-ed49257a09c6',
      },
    ],
    sandbox: {
      args: { organization_id: ACME, event: EVENT, idempotency_key: 'key-1' },
      sends: {
        method: 'POST',
        path: '/audit_logs/events',
        headers: expect.objectContaining({ 'idempotency-key': 'key-1' }),
        body: { organization_id: ACME, event: EVENT },
      },
      status: 200,
      answers: { success: true },
    },
    examples: [
      {
        args: {
          organization_id: ACME,
          event: {
            action: 'invoice.exported',
            occurred_at: '2025-02-04T10:00:00Z',
            actor: { id: ADA, type: 'user', name: 'Ada Hart' },
            targets: [{ id: 'invoice-7', type: 'invoice' }],
            context: { location: '192.0.2.10' },
          },
        },
      },
    ],
  },
  create_audit_log_export: {
    opens: 'audit_logs:write',
    untold: true,
    plain: {
      organization_id: PLAIN.organization,
      range_start: SELECTS,
      range_end: SELECTS,
      actions: SELECTS,
      actor_names: SELECTS,
      actor_ids: SELECTS,
      targets: SELECTS,
    },
    calls: [
      {
        organization_id: ORGANIZATION,
        range_start: '2026-01-01T00:00:00Z',
        range_end: '2026-02-01T00:00:00Z',
        actions: ['user.signed_in'],
        actor_names: ['Ada'],
        actor_ids: ['user_7'],
        targets: ['user', 'team'],
      },
    ],
    differs: { 'actors: absent': deprecated('actor_names') },
    sandbox: {
      args: {
        organization_id: ACME,
        range_start: '2026-01-01T00:00:00Z',
        range_end: '2026-02-01T00:00:00Z',
        targets: ['team'],
      },
      sends: {
        method: 'POST',
        path: '/audit_logs/exports',
        body: {
          organization_id: ACME,
          range_start: '2026-01-01T00:00:00Z',
          range_end: '2026-02-01T00:00:00Z',
          targets: ['team'],
        },
      },
      status: 201,
      answers: { object: 'audit_log_export' },
    },
    examples: [
      {
        args: {
          organization_id: ACME,
          range_start: '2025-02-01T00:00:00Z',
          range_end: '2025-03-01T00:00:00Z',
          actions: ['user.signed_in'],
        },
      },
    ],
  },
  get_audit_log_export: {
    opens: 'audit_logs:read',
    sandbox: {
      args: { audit_log_export_id: ACME_EXPORT },
      sends: { method: 'GET', path: `/audit_logs/exports/${ACME_EXPORT}` },
      status: 200,
      answers: { object: 'audit_log_export' },
    },
  },
} satisfies Cases<typeof auditLogs>;
