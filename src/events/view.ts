import type { EventKind } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import { isId } from '../ids.ts';
import { isObject, type JsonObject } from '../json.ts';
import { type Declared, isNested, withhold } from '../secrets/withhold.ts';
import { didYouMean, inShort } from '../wording.ts';

/** What decides which events an agent is shown. */
export type EventAccess = {
  readonly toolOf: (name: string) => Tool | undefined;
  readonly verdictOn: (tool: Tool) => { readonly allowed: boolean; readonly rule: string };
  /** The placeholder for a tool's secrets, if the agent may not see them. */
  readonly markerOf: (tool: Tool) => string | undefined;
};

/** The events of an environment as one agent may see them. */
export type EventView = {
  /**
   * The types to ask WorkOS for.
   * @throws RefusedError for a type that does not exist, that the agent may not see, and where it may see none
   */
  readonly choose: (asked: unknown) => readonly string[];
  /** All types that the agent may see. */
  readonly types: readonly string[];
  /** The tools on which the view rests. */
  readonly readers: readonly Tool[];
  /** The event without what the agent may not see; `undefined` if it may not see the event. */
  readonly show: (event: JsonObject) => JsonObject | undefined;
};

export function createEventView(kinds: readonly EventKind[], access: EventAccess): EventView {
  const byType = new Map(kinds.flatMap((kind) => kind.types.map((type) => [type, kind] as const)));
  const mayRead = (name: string): Tool | undefined => {
    const tool = access.toolOf(name);
    return tool !== undefined && access.verdictOn(tool).allowed ? tool : undefined;
  };
  const types = kinds.filter(({ reader }) => mayRead(reader) !== undefined).flatMap((kind) => kind.types);

  const whyNot = (type: string): string | undefined => {
    const kind = byType.get(type);
    if (kind === undefined) return `there is no type "${inShort(type)}".${didYouMean(inShort(type), types)}`;
    const tool = access.toolOf(kind.reader);
    if (tool === undefined) return `${type} is of the area ${kind.area}, of which this server reads nothing.`;
    const { allowed, rule } = access.verdictOn(tool);
    return allowed ? undefined : `${type} is shown where ${tool.name} is on, and it is off: ${rule}.`;
  };

  const conceal = (value: JsonObject, reader: Tool, kind?: Pick<EventKind, 'own' | 'secrets'>): JsonObject => {
    const marker = access.markerOf(reader);
    if (marker === undefined) return value;
    const { secrets, shown } = ofOne(reader);
    const { own = [], secrets: more = [] } = kind ?? {};
    const declared = { secrets: new Set([...secrets, ...more]), shown: new Set([...shown, ...own]) };
    return Object(withhold(value, declared, marker));
  };

  const showPart = (value: unknown, name: string | undefined): unknown => {
    const reader = name === undefined ? undefined : mayRead(name);
    if (reader === undefined) return toIds(value);
    if (Array.isArray(value)) return value.map((element) => (isObject(element) ? conceal(element, reader) : element));
    return isObject(value) ? conceal(value, reader) : value;
  };

  const showPayload = (payload: JsonObject, kind: EventKind, reader: Tool): JsonObject => {
    const { shown } = ofOne(reader);
    const members = Object.entries(payload).map(([name, value]): readonly [string, unknown] => {
      if (name === 'previous_attributes') return [name, isObject(value) ? showPayload(value, kind, reader) : null];
      if (!isNested(value) || (Array.isArray(value) && !value.some(isNested))) return [name, value];
      const part = kind.parts !== undefined && Object.hasOwn(kind.parts, name) ? kind.parts[name] : undefined;
      const isOwn = part === undefined && (shown.has(name) || kind.own?.includes(name) === true);
      return [name, isOwn ? value : showPart(value, part)];
    });
    return conceal(Object.fromEntries(members), reader, kind);
  };

  return {
    types,
    readers: [...new Set(kinds.flatMap(({ reader, parts = {} }) => [reader, ...Object.values(parts)]))].flatMap(
      (name) => mayRead(name) ?? [],
    ),
    choose: (asked) => {
      const wanted = Array.isArray(asked) ? [...new Set(asked.map(String))] : undefined;
      const faults = (wanted ?? []).flatMap((type) => whyNot(type) ?? []);
      if (faults.length > 0)
        throw new RefusedError(
          faults
            .slice(0, 10)
            .map((fault) => `events: ${fault}`)
            .join(' '),
          'a type of event is not shown',
        );
      if (types.length === 0) {
        throw new RefusedError(
          'You may see no events: an event is shown where you have the tool that reads its object, such as get_user.',
          'no type of event is shown',
        );
      }
      return wanted ?? types;
    },
    show: ({ object, id, event, data, context, created_at }) => {
      const kind = typeof event === 'string' ? byType.get(event) : undefined;
      const reader = kind && mayRead(kind.reader);
      if (kind === undefined || reader === undefined) return undefined;
      const { previous_attributes: previous } = Object(context);
      return {
        object,
        id,
        event,
        data: isObject(data) ? showPayload(data, kind, reader) : {},
        // Who acted, and through what, are objects of other areas.
        ...(isObject(context) && {
          context: {
            ...Object(toIds({ ...context, previous_attributes: undefined })),
            ...(isObject(previous) && { previous_attributes: showPayload(previous, kind, reader) }),
          },
        }),
        created_at,
      };
    },
  };
}

/** What a list shows of an event: the IDs in it, and what changed. */
export function toBrief({ id, event, data, context, created_at }: JsonObject): JsonObject {
  const changes = [data, context].map((part) => Object(part).previous_attributes).find(isNested);
  const ids = Object(toIds({ ...Object(data), previous_attributes: undefined }));
  return { id, event, created_at, data: { ...ids, ...(changes !== undefined && { previous_attributes: changes }) } };
}

/** A JSON value without anything but the IDs in it, each in its place. */
export function toIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toIds).filter((element) => isNested(element) && !isEmpty(element));
  if (!isNested(value)) return undefined;
  const members = Object.entries(value).flatMap(([name, member]): (readonly [string, unknown])[] => {
    if (!ID_NAME.test(name)) {
      const inner = NAME.test(name) ? toIds(member) : undefined;
      return inner === undefined || isEmpty(inner) ? [] : [[name, inner]];
    }
    return isId(member) ? [[name, member]] : [];
  });
  return Object.fromEntries(members);
}

/** The names of members come from outside, too. */
const NAME = /^[a-z][a-z_]{0,39}$/;
const ID_NAME = /^(?:[a-z][a-z_]{0,39}_)?id$/;

const isEmpty = (value: unknown): boolean => Object.keys(Object(value)).length === 0;

/** What a tool declares of one of its objects; a list declares it of its items. */
function ofOne(tool: Tool): Declared {
  const declared = tool.declared();
  if (!tool.isList) return declared;
  const own = (paths: ReadonlySet<string>) => new Set([...paths].map((path) => path.replace(/^data\./, '')));
  return { secrets: own(declared.secrets), shown: own(declared.shown) };
}
