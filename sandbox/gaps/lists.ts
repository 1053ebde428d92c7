import {
  type Gap,
  type GapReply,
  type GapRequest,
  type JsonObject,
  type Next,
  toFields,
  toItems,
  toText,
  type World,
} from '../gap.ts';

const lists = [
  'GET /user_management/users',
  'GET /organizations',
  'GET /connections',
  'GET /directories',
  'GET /directory_users',
  'GET /directory_groups',
];

type Cursors = { readonly before: string | null; readonly after: string | null };
type ListPage = { readonly data: readonly JsonObject[]; readonly list_metadata: Cursors };

/** The page before or after a cursor, or undefined when no item has the cursor's ID. */
function toPage(items: readonly JsonObject[], cursors: Cursors, limit: number): ListPage | undefined {
  const place = (cursor: string | null, none: number) =>
    cursor === null ? none : items.findIndex((item) => item.id === cursor);
  const after = place(cursors.after, -1);
  const before = place(cursors.before, items.length);
  if ((cursors.after !== null && after < 0) || before < 0) return undefined;
  // `before` alone selects the nearest items before the cursor; `after`, or both, the first ones after it.
  const start = cursors.before !== null && cursors.after === null ? Math.max(0, before - limit) : after + 1;
  const end = Math.min(before, start + limit);
  const data = items.slice(start, end);
  const idAt = (item: JsonObject | undefined) => toText(item?.id) ?? null;
  return {
    data,
    list_metadata: {
      before: start > 0 ? idAt(data[0]) : null,
      after: end < items.length ? idAt(data.at(-1)) : null,
    },
  };
}

const swapped = (cursors: Cursors): Cursors => ({ before: cursors.after, after: cursors.before });

function pageFault(query: URLSearchParams): GapReply | undefined {
  const limit = query.get('limit') ?? '10';
  if (!/^\d+$/.test(limit) || Number(limit) < 1 || Number(limit) > 100)
    return { status: 422, body: { message: 'limit must be an integer between 1 and 100.' } };
  if (!['normal', 'desc', 'asc'].includes(query.get('order') ?? 'desc'))
    return { status: 422, body: { message: 'order must be one of normal, desc, asc.' } };
  return undefined;
}

/** Every item that the emulator lists for this call, or its error. */
async function everyItem(call: GapRequest, next: Next, order: string): Promise<readonly JsonObject[] | GapReply> {
  const items: JsonObject[] = [];
  let after: string | undefined;
  do {
    const query = new URLSearchParams(call.query);
    query.delete('before');
    query.delete('after');
    query.set('limit', '100');
    query.set('order', order);
    if (after) query.set('after', after);
    const answer = await next({ ...call, query });
    if (answer.status !== 200) return answer;
    const body = toFields(answer.body);
    items.push(...toItems(body.data));
    after = toText(toFields(body.list_metadata).after);
  } while (after);
  return items;
}

const paging: Gap = {
  name: 'paging',
  routes: lists,
  reason:
    'before gives the first page instead of the nearest one, order=normal is ascending, ' +
    'an invalid limit or order is accepted, and an unknown cursor silently restarts at the first page',
  async fill(call, next) {
    const fault = pageFault(call.query);
    if (fault) return fault;
    const order = call.query.get('order') ?? 'desc';
    const items = await everyItem(call, next, order === 'asc' ? 'asc' : 'desc');
    if ('status' in items) return items;
    const asked = { before: call.query.get('before'), after: call.query.get('after') };
    // The specification: "normal" is descending with reversed cursors (before fetches older records).
    const cursors = order === 'normal' ? swapped(asked) : asked;
    const page = toPage(items, cursors, Number(call.query.get('limit') ?? '10'));
    // What WorkOS does here is not documented. Refused, because starting again would make a paging loop endless.
    if (!page) return { status: 422, body: { message: 'No item of this list has the ID given as the cursor.' } };
    const list_metadata = order === 'normal' ? swapped(page.list_metadata) : page.list_metadata;
    return { status: 200, body: { object: 'list', data: page.data, list_metadata } };
  },
};

type Test = (item: JsonObject, value: string, world: World) => boolean;

function filtering(route: string, reason: string, tests: Readonly<Record<string, Test>>): Gap {
  return {
    name: `filter ${route}`,
    routes: [route],
    reason,
    async fill(call, next, world) {
      const query = new URLSearchParams(call.query);
      const active = Object.entries(tests).flatMap(([name, test]) => {
        const value = query.getAll(name).join(',');
        query.delete(name);
        return value === '' ? [] : [(item: JsonObject) => test(item, value, world)];
      });
      const answer = await next({ ...call, query });
      const body = toFields(answer.body);
      if (answer.status !== 200) return answer;
      return {
        ...answer,
        body: { ...body, data: toItems(body.data).filter((item) => active.every((test) => test(item))) },
      };
    },
  };
}

const contains = (text: unknown, part: string): boolean =>
  typeof text === 'string' && text.toLowerCase().includes(part.toLowerCase());

const isMember = (user: string, organization: string, { records }: World): boolean =>
  records.organizationMemberships.findBy('user_id', user).some((item) => item.organization_id === organization);

const unknownParent: Gap = {
  name: 'unknown directory, group or user',
  routes: ['GET /directory_users', 'GET /directory_groups'],
  reason: 'an unknown directory, group or user gives an empty list instead of 404; idp_id and email need no directory',
  fill(call, next, { records }) {
    const parents = { directory: records.directories, group: records.directoryGroups, user: records.directoryUsers };
    for (const [name, collection] of Object.entries(parents)) {
      const id = call.query.get(name);
      if (id && !collection.get(id)) return { status: 404, body: { message: `There is no ${name} '${id}'.` } };
    }
    const needsDirectory = ['idp_id', 'email'].find((name) => call.query.has(name));
    if (needsDirectory && !call.query.has('directory'))
      return { status: 422, body: { message: `${needsDirectory} can only be used together with directory.` } };
    return next(call);
  },
};

export const listGaps: readonly Gap[] = [
  paging,
  unknownParent,
  filtering('GET /user_management/users', 'the deprecated filter organization is ignored', {
    organization: (item, value, world) => isMember(String(item.id), value, world),
  }),
  filtering('GET /organizations', 'search is ignored, and domains takes a single domain only', {
    search: (item, value) => contains(item.name, value),
    domains: (item, value) => toItems(item.domains).some((each) => value.split(',').includes(String(each.domain))),
  }),
  filtering('GET /connections', 'search is ignored', { search: (item, value) => contains(item.name, value) }),
  filtering('GET /directories', 'the deprecated filter domain is ignored', {
    domain: (item, value) => item.domain === value,
  }),
  filtering('GET /directory_users', 'reads directory_id and group_id instead of the documented names', {
    directory: (item, value) => item.directory_id === value,
    group: (item, value) => toItems(item.groups).some((group) => group.id === value),
    idp_id: (item, value) => item.idp_id === value,
    email: (item, value) => item.email === value,
  }),
  filtering('GET /directory_groups', 'reads directory_id instead of directory, and has no filter user', {
    directory: (item, value) => item.directory_id === value,
    user: (item, value, { records }) =>
      records.directoryUsers.get(value)?.groups.some((group) => group.id === item.id) ?? false,
  }),
];
