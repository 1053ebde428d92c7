/** The shape of a WorkOS ID, such as `user_01E4ZCR3C56J083X43JQXF3JK5`. */
const SHAPE = '[a-z]+(?:_[a-z]+)*_[0-9A-Z]{20,32}';

const WHOLE = new RegExp(`^${SHAPE}$`);
const WITHIN = new RegExp(`\\b${SHAPE}\\b`);

/** Whether a value has the shape of a WorkOS ID. API keys do not count as IDs. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 100 && WHOLE.test(value) && !value.startsWith('sk_');
}

/** The first WorkOS ID in a text. */
export const idIn = (text: string): string | undefined => WITHIN.exec(text)?.[0];
