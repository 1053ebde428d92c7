import type { Tool } from '../../catalog/tool.ts';
import { isObject, parseJson } from '../../json.ts';
import { cleanValue, isPlain } from '../../visible.ts';
import { ReplyError } from '../../workos/errors.ts';
import type { Reply } from '../../workos/layer.ts';

/** A successful answer of WorkOS, without invisible characters. */
export type Answer = {
  readonly value: Record<string, unknown>;
  /** The number of invisible characters that were removed. */
  readonly removed: number;
  /** Whether the text consisted of plain characters only. */
  readonly plain: boolean;
  /** Whether secrets were replaced by markers, which may be longer than the secrets. */
  readonly marked?: boolean;
  readonly reply: Reply;
};

/**
 * The object that WorkOS answered a success with; a declared array as a list; `{ ok: true, status }` where a write has
 * no body. Throws ReplyError for every other reply.
 */
export function acceptReply(reply: Reply, { method, answersArray }: Pick<Tool, 'method' | 'answersArray'>): Answer {
  const { status, body } = reply;
  if (method === 'DELETE' && status === 404 && reply.uncertain) {
    const note =
      'The object does not exist (404). The outcome of an earlier attempt is unknown: either that attempt deleted the object, or it never existed.';
    return { value: { ok: true, status, notes: [note] }, removed: 0, plain: true, reply };
  }
  if (status < 200 || status > 299) throw new ReplyError(reply);
  if (body.trim() === '') {
    if (method === 'GET') throw new ReplyError(reply, 'but without a body');
    return { value: { ok: true, status }, removed: 0, plain: true, reply };
  }
  const parsed = parseJson(body);
  if (parsed === 'too deep') throw new ReplyError(reply, 'but its JSON is nested too deeply to be read');
  const read = parsed?.value;
  const value = answersArray && Array.isArray(read) ? { object: 'list', data: read } : read;
  if (!isObject(value)) throw new ReplyError(reply);
  if (isPlain(body)) return { value, removed: 0, plain: true, reply };
  const cleaned = cleanValue(value);
  return { value: Object(cleaned.value), removed: cleaned.removed, plain: false, reply };
}
