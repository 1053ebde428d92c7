import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { isObject, jsonOf } from '../json.ts';
import type { ErrorAnswer } from './message.ts';

/** The JSON of a message. What a call has written of its result already is not written again. */
export function writeMessage(message: JSONRPCMessage | ErrorAnswer): string {
  if (!('result' in message) || !isObject(message.result.structuredContent)) return JSON.stringify(message);
  return toJson(message, (name, member) =>
    name === 'result' && isObject(member) ? toJson(member, written) : undefined,
  );
}

const written = (name: string, member: unknown): string | undefined =>
  name === 'structuredContent' && isObject(member) ? jsonOf(member) : undefined;

/** The JSON of an object, in the order of its members. @param known the JSON of a member, where it need not be written */
function toJson(value: object, known: (name: string, member: unknown) => string | undefined): string {
  const members = Object.entries(value).flatMap(([name, member]) => {
    const json = known(name, member) ?? JSON.stringify(member);
    return json === undefined ? [] : `${JSON.stringify(name)}:${json}`;
  });
  return `{${members.join(',')}}`;
}
