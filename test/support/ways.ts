/** The program answers past the SDK what it can. It can also do nothing of that, and then differs in speed alone. */
export const WAYS = ['past the SDK', 'by the SDK'] as const;
export type Way = (typeof WAYS)[number];
