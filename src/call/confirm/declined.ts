import type { Arguments } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import { identityOf } from './find-object.ts';

/** A "no" is about a tool and an object: another reason, another argument or the ID in other letters does not change it. */
export const toDeclined = (tool: Tool, args: Arguments): string =>
  declinedOf(tool.name, String(args[identityOf(tool).argument]));

/** The same, by the tool's name and the ID of the object. */
export const declinedOf = (tool: string, id: string): string => `${tool} ${toTyped(id.trim())}`;

/** A "no" to a tool whose object is not known: it is about all of them. @param declined a "no" to one of them */
export const declinedAll = (declined: string): string => declined.slice(0, declined.indexOf(' ') + 1);

/** The case of letters is left open: IDs have capitals, and people type small letters. */
export const toTyped = (text: string): string => text.toUpperCase();
