/** What an ID of WorkOS's looks like, `user_01E4ZCR3C56J083X43JQXF3JK5`. */
const SHAPE = '[a-z]+(?:_[a-z]+)*_[0-9A-Z]{20,32}';

const WHOLE = new RegExp(`^${SHAPE}$`);
const WITHIN = new RegExp(`\\b${SHAPE}\\b`);

/** Whether a value is shaped like an ID. API keys are not. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 100 && WHOLE.test(value) && !value.startsWith('sk_');
}

/** The first ID in a text. */
export const idIn = (text: string): string | undefined => WITHIN.exec(text)?.[0];
