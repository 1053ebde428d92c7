import type { ConfirmMode } from '../../access/confirmation.ts';
import type { Arguments } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import { identityOf } from './find-object.ts';
import type { PendingStore } from './pending.ts';

/** A "no" is about a tool and an object: another reason, another argument or the ID in other letters does not change it. */
export const toDeclined = (tool: Tool, args: Arguments): string =>
  declinedOf(tool.name, String(args[identityOf(tool).argument]));

type DeclinableCall = {
  readonly tool: Tool;
  readonly args: Arguments;
  readonly caller: string;
  readonly mode: ConfirmMode;
};

/**
 * Whether a person has declined the same for a call that needs no confirmation now: it may have needed one then, or be
 * the harmless part of one that did. Where the store cannot be reached, only a no that this process was told holds: a call
 * that needs no confirmation does not depend on the store.
 */
export const isDeclinedFor = async (
  store: Pick<PendingStore, 'isDeclined'>,
  { tool, args, caller, mode }: DeclinableCall,
): Promise<boolean> =>
  mode !== 'off' &&
  tool.confirmable &&
  (await store.isDeclined(caller, toDeclined(tool, args)).catch(unlessRefused)) === true;

/** The same, by the tool's name and the ID of the object. */
export const declinedOf = (tool: string, id: string): string => `${tool} ${toTyped(id.trim())}`;

/**
 * The case of letters is left open: IDs have capitals, and people type small letters. So are the code points that spell
 * one: an email may stand in the place of an ID.
 */
export const toTyped = (text: string): string => text.normalize('NFKC').toUpperCase();

/** Lets a no be heard where the store cannot be reached: it holds at this server all the same, and is on record. */
export function unlessRefused(error: unknown): undefined {
  if (!(error instanceof RefusedError)) throw error;
  return undefined;
}
