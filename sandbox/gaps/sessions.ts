import { type Gap, type GapReply, invalid, record, serving, unknown } from '../gap.ts';
import { newestFirst, toListReply } from '../pages.ts';
import { toSession } from '../shapes.ts';

const refused = (message: string): GapReply => ({ status: 400, body: { message } });

export const sessionGaps: readonly Gap[] = serving(
  'sessions have neither auth_method, status, expires_at nor ended_at, lists of them and of identities have no pages ' +
    'or another shape, and a revoked session is forgotten while its refresh token works on',
  {
    'GET /user_management/users/{id}/sessions'({ id, query }, { records }) {
      if (!records.users.get(id)) return unknown('user', id);
      const items = newestFirst(records.sessions.findBy('user_id', id)).map(toSession);
      return toListReply(
        items.filter(({ status }) => status === 'active'),
        query,
        invalid,
      );
    },
    'POST /user_management/sessions/revoke'({ body }, world) {
      const { records } = world;
      const session = records.sessions.get(String(body.session_id));
      if (!session) return refused(`There is no session '${String(body.session_id)}'.`);
      if (toSession(session).status !== 'active') return refused('The session has ended already.');
      const ended = records.sessions.update(session.id, { status: 'revoked', ended_at: new Date().toISOString() });
      records.refreshTokens.deleteBy('session_id', session.id);
      record(world, 'session.revoked', toSession(ended ?? session));
      return { status: 200 };
    },
    'GET /user_management/users/{id}/identities'({ id }, { records }) {
      if (!records.users.get(id)) return unknown('user', id);
      const identities = records.identities.findBy('user_id', id);
      return {
        status: 200,
        body: identities.map(({ provider_id, type, provider }) => ({ idp_id: provider_id, type, provider })),
      };
    },
  },
);
