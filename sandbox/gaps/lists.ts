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
import { toListReply } from '../pages.ts';

const lists = [
  'GET /user_management/users',
  'GET /organizations',
  'GET /connections',
  'GET /directories',
  'GET /directory_users',
  'GET /directory_groups',
];

/** Every item that the emulator lists for this call, newest first, or its error. */
async function everyItem(call: GapRequest, next: Next): Promise<readonly JsonObject[] | GapReply> {
  const items: JsonObject[] = [];
  let after: string | undefined;
  do {
    const query = new URLSearchParams(call.query);
    query.delete('before');
    query.delete('after');
    query.set('limit', '100');
    query.set('order', 'desc');
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
    const items = await everyItem(call, next);
    return 'status' in items ? items : toListReply(items, call.query);
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
