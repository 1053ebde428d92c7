import { knownFields } from '../../catalog/output.ts';
import type { Tool } from '../../catalog/tool.ts';
import { isObject, type JsonObject, parseJson } from '../../json.ts';
import { cleanValue, isPlain } from '../../visible.ts';
import { ReplyError } from '../../workos/errors.ts';
import type { Reply } from '../../workos/layer.ts';
import { withMoved } from './own-members.ts';

/** A successful answer of WorkOS, without invisible characters and without members that pass for the server's own. */
export type Answer = {
  readonly value: JsonObject;
  /** What the server says of it. */
  readonly notes: readonly string[];
  /** The number of invisible characters that were removed. */
  readonly removed: number;
  /** The declared members that they were removed from; a list's by the members of its items. */
  readonly places?: readonly string[] | undefined;
  /** Whether the text consisted of plain characters only. */
  readonly plain: boolean;
  /** Whether secrets were replaced by markers, which may be longer than the secrets. */
  readonly marked?: boolean;
  readonly reply: Reply;
};

type Answering = Pick<Tool, 'name' | 'method' | 'access' | 'output' | 'answersArray' | 'isList' | 'declared'>;

/**
 * The object that WorkOS answered a success with; a declared array as a list; `{ ok: true, status }` where a write is
 * answered without one. Members are taken as they come: WorkOS answers more kinds of values than it documents. Throws
 * ReplyError for every other reply.
 */
export function acceptReply(reply: Reply, tool: Answering): Answer {
  const { status, body } = reply;
  if (tool.method === 'DELETE' && status === 404 && reply.uncertain) {
    const note =
      'The object does not exist (404). The outcome of an earlier attempt is unknown: either that attempt deleted the object, or it never existed.';
    return toOk(reply, [note]);
  }
  if (status < 200 || status > 299) throw new ReplyError(reply);
  const isRead = tool.access === 'read';
  if (body.trim() === '') {
    if (isRead) throw new ReplyError(reply, 'but without a body');
    return toOk(reply, acceptedNotes(status));
  }
  const parsed = parseJson(body);
  if (parsed === 'too deep') throw new ReplyError(reply, 'but its JSON is nested too deeply to be read');
  if (parsed === 'too many values') throw new ReplyError(reply, 'but its JSON has too many values to be read');
  const read = parsed?.value;
  const object = tool.answersArray && Array.isArray(read) ? { object: 'list', data: read } : read;
  if (!isObject(object)) {
    // The status of a write says that it succeeded; of a read, the content is the point.
    if (isRead || (parsed === undefined && !isPlainText(reply))) throw new ReplyError(reply);
    return toOk(reply, acceptedNotes(status));
  }
  const fault = whyUnexpected(object, tool);
  if (fault !== undefined) throw new ReplyError(reply, fault);
  const notes = acceptedNotes(status);
  if (isPlain(body)) return { value: withMoved(object), notes, removed: 0, plain: true, reply };
  const cleaned = cleanValue(object);
  const places = toDeclared(cleaned.places, tool);
  return { value: withMoved(Object(cleaned.value)), notes, removed: cleaned.removed, places, plain: false, reply };
}

const toOk = (reply: Reply, notes: readonly string[]): Answer => ({
  value: { ok: true, status: reply.status },
  notes,
  removed: 0,
  plain: true,
  reply,
});

const acceptedNotes = (status: number): readonly string[] =>
  status === 202 ? ['WorkOS has accepted the call (202) and is still carrying it out.'] : [];

/** Whether a body that is not JSON is words such as OK, rather than a page of a gateway or JSON that broke off. */
function isPlainText({ headers, body }: Reply): boolean {
  return !/html|xml/i.test(headers['content-type'] ?? '') && !/^\s*[<{["]/.test(body);
}

/** Why an object is not what the tool is documented to answer with: a page of an error under 200, for one. */
function whyUnexpected(value: JsonObject, { name, output, isList }: Answering): string | undefined {
  if (output === undefined) return undefined;
  if (isList) return Array.isArray(value.data) ? undefined : 'but the answer is not a list';
  const known = knownFields(output);
  if (known.some((member) => Object.hasOwn(value, member))) return undefined;
  return `but the answer has none of the members of ${name} (${known.join(', ')})`;
}

/** The members as far as they are declared: other names come from outside, as values do. */
function toDeclared(places: readonly string[], { declared, isList }: Answering): readonly string[] {
  const { shown } = declared();
  const known = places.flatMap((place) => {
    const names = place.split('.');
    const paths = names.map((_, index) => names.slice(0, index + 1).join('.'));
    return paths.findLast((path) => shown.has(path)) ?? [];
  });
  return [...new Set(isList ? known.map((path) => path.replace(/^data\./, '')) : known)];
}
