import * as z from 'zod';
import { implied } from '../src/catalog/output.ts';

/**
 * What WorkOS documents of its answers. No answer is held against it: it says which members there are, which of them are
 * secrets, and which a list leaves out.
 */
export const object = <S extends z.core.$ZodLooseShape>(shape: S) => z.looseObject(shape).partial();

export const text = z.string();
export const textOrNull = text.nullable();
export const texts = z.array(text);
export const pairs = z.record(text, z.unknown());

/** The kind of object, which the tool's name says already. */
export const kind = implied(text);
/** The instructions name updated_at for all lists. */
export const times = { created_at: text, updated_at: implied(text) };

/** What WorkOS Radar knows a sign-in by. */
export const radarAttempt = { radar_auth_attempt_id: text.optional() };

const envelope = (item: z.ZodObject) => ({ object: kind, data: z.array(item) });

/** One page of a list. */
export const list = (item: z.ZodObject) =>
  object({ ...envelope(item), list_metadata: object({ before: textOrNull, after: textOrNull }) });

/** A list that comes as a whole. */
export const wholeList = (item: z.ZodObject) => object(envelope(item));
