/** The least that an audit log event takes, for tests that are about something else. */
export const auditEvent = {
  organization_id: 'org_1',
  event: {
    action: 'a',
    occurred_at: '2026-01-01T00:00:00Z',
    actor: { id: '1', type: 'user' },
    targets: [{ id: '2', type: 'team' }],
    context: { location: '192.0.2.1' },
  },
};
