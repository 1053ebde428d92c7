import type { Arguments } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import { identityOf } from './find-object.ts';

/** A "no" is about a tool and an object: another reason, another argument or the ID in other letters does not change it. */
export const toDeclined = (tool: Tool, args: Arguments): string =>
  declinedOf(tool.name, String(args[identityOf(tool).argument]));

/** The same, by the tool's name and the ID of the object. */
export const declinedOf = (tool: string, id: string): string => `${tool} ${toTyped(id.trim())}`;

/**
 * The case of letters is left open: IDs have capitals, and people type small letters. So are the code points that spell
 * one: an email may stand in the place of an ID.
 */
export const toTyped = (text: string): string => text.normalize('NFKC').toUpperCase();
