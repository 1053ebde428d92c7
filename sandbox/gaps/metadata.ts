import { type Gap, toFields } from '../gap.ts';

const user = 'PUT /user_management/users/{id}';
const organization = 'PUT /organizations/{id}';

/** https://workos.com/docs/authkit/metadata */
const merged: Gap = {
  name: 'metadata of an update',
  routes: [user, organization],
  reason: 'replaces all pairs, where WorkOS changes those that are given, and null removes one',
  fill(call, next, { records }) {
    const given = Object.entries(toFields(call.body.metadata));
    if (given.length === 0) return next(call);
    const before = records.users.get(call.id) ?? records.organizations.get(call.id);
    const pairs = Object.entries({ ...before?.metadata, ...Object.fromEntries(given) });
    const metadata = Object.fromEntries(pairs.filter(([, value]) => value !== null));
    return next({ ...call, body: { ...call.body, metadata } });
  },
};

export const metadataGaps: readonly Gap[] = [merged];
